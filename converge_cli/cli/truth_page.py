"""A truth as a page for people, from the data of `truths show`. Nothing is left out for want of room: lines wrap."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from converge_cli.cli.page import Page
from converge_cli.trace.when import duration

if TYPE_CHECKING:
    from rich.console import Console

_ELSEWHERE = {"constraint", "criterion"}
"""Clauses that are their own check: they stand among the criteria and the checks."""

PURPOSE = {"actor": "actor", "functional": "job", "so_that": "so that", "outcome": "outcome", "goal": "goal"}
"""What a truth says of its purpose, and how pages label it."""

_UNITS = {"cost_usd": "USD"}

Item = Mapping[str, Any]
Numbers = Mapping[str, int]


def show_truth_page(console: "Console", data: dict[str, Any]) -> None:
    """Print the page; examples are numbered, and what they speak of cites the numbers."""
    page = Page(console)
    page.title(data["title"], data["key"])
    page.pairs(list(_head(data)))
    numbers = {item["id"]: number for number, item in enumerate(data["examples"], 1)}
    clauses = [item for item in data["clauses"] if item["clause"] not in _ELSEWHERE]
    for heading, items, tell in (
        ("clauses, and what keeps them", clauses, _clause),
        ("success criteria", data.get("criteria", ()), _criterion),
        ("checks", data["checks"], _check),
        ("approvals", data["approvals"], _approval),
    ):
        page.section(heading)
        page.rows([row for item in items for row in _block(item["id"], [*tell(item), _cited(item, numbers)])])
    show_entity_states(page, data.get("entity_states", ()))
    page.section("examples")
    page.rows([(f"{numbers[item['id']]:>2}  {item['declared'] or ''}", item["title"]) for item in data["examples"]])


def show_entity_states(page: Page, machines: Sequence[Item]) -> None:
    """How the entities of each kind may move."""
    page.section("entity states")
    page.rows([row for item in machines for row in _block(item["kind"], _machine(item))])


def _block(name: str, lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield name, lines[0]
    yield from (("", line) for line in lines[1:])


def _head(data: Item) -> Iterator[tuple[str, str]]:
    yield "kind", data["kind"]
    yield "file", data["file"]
    if "purpose" not in data:
        yield "applies to", ", ".join(data["applies_to"]) or "no job yet"
        if data["pack"]:
            yield "pack", data["pack"]
        return
    yield from ((label, data["purpose"][name]) for name, label in PURPOSE.items() if data["purpose"].get(name))
    yield "acts as", data["principal"] or "nobody"
    yield from (
        (label, data[name]) for label, name in (("expires", "expires"), ("escalates", "escalates_to")) if data[name]
    )
    yield "packs", ", ".join(f"{pack['name']} {pack['version']}" for pack in data["packs"])
    if data["merged"]:
        yield "merged in", ", ".join(data["merged"])
    for item in data["inputs"]:
        yield "input", _input(item)
    yield "budget", budget_words(data["budget"])
    yield from (("output", f"{name}: {words}") for name, words in data["outputs"].items())


def _input(item: Item) -> str:
    source = item.get("file") or "given at run"
    optional = "" if item["required"] else ", may be absent"
    return f"{item['name']}: {item.get('shape', 'rows')} of {item['kind']} from {source}{optional}"


def budget_words(budget: Item) -> str:
    """The limits that are set: `50 cycles, 100000 facts, 5 m`."""
    limits = ((name, value) for name, value in budget.items() if value is not None)
    return ", ".join(
        duration(value) if name == "time" else f"{value} {_UNITS.get(name, name)}" for name, value in limits
    )


def _clause(item: Item) -> list[str]:
    said = f"{item['clause'].replace('_', ' ')}: {item['text']}"
    if item["check"] is None:
        return [said, f"deferred: {item['deferred']}{_at(item['declared'])}"]
    if item["check"] == item["id"]:
        return [said, f"a criterion of this name{_at(item['declared'])}"]
    return [said, f"kept by {item['check']}{_at(item['check_declared'])}"]


def _criterion(item: Item) -> list[str]:
    required = "" if item["required"] else " (not required)"
    waits = f"may wait for {', '.join(item['blocked_by'])}" if item["blocked_by"] else ""
    lines = [f"{item['description']}{required}", *item["then"], waits, item["declared"] or ""]
    return [line for line in lines if line]


def _check(item: Item) -> list[str]:
    sort = ("soft " if item["soft"] else "") + item["sort"]
    of = f" of {item['suggestor']}" if item["suggestor"] else ""
    return [item["title"], f"{sort}{of}{_at(item['declared'])}"]


def _machine(item: Item) -> list[str]:
    """Where entities of a kind begin and end, and a line for each move."""
    final = f"; {', '.join(item['final'])} is final" if item["final"] else ""
    return [f"{item['field']} begins as {' or '.join(item['initial'])}{final}", *map(_move, item["transitions"])]


def _move(item: Item) -> str:
    gates = (
        f", once {' and '.join(item['gates'])} {'is' if len(item['gates']) == 1 else 'are'} passed"
        if item["gates"]
        else ""
    )
    asked = f", with the yes of a {item['role']}" if item["role"] else ""
    return f"{item['from']} to {item['to']}{gates}{asked}"


def _approval(item: Item) -> list[str]:
    holders = ", ".join(f"{person['id']} ({person['name']})" for person in item["holders"])
    return [
        f"{item['role']} decides on {item['approves']}",
        f"held by {holders or 'nobody among the people'}",
        f"{_terms(item)}{_at(item['declared'])}",
    ]


def _terms(item: Item) -> str:
    terms = ["required before anything that it approves"] if item["required"] else []
    terms.append(f"decided {' or '.join(item['modes'])}")
    if item["quorum"] > 1:
        terms.append(f"{item['quorum']} different people must say yes")
    if item["not_by"]:
        terms.append(f"not by {' or '.join(map(_barred, item['not_by']))}")
    if item["timeout"]:
        terms.append(f"after {duration(item['timeout']['seconds'])}: {item['timeout']['action']}")
    return "; ".join(terms)


def _barred(who: str) -> str:
    """The principal, or whoever a field of the proposal names."""
    return "the principal" if who == "principal" else f"the person in field {who}"


def _at(place: str | None) -> str:
    return f", {place}" if place else ""


def _cited(item: Item, numbers: Numbers) -> str:
    """The examples that speak of it."""
    cited = [str(numbers[name]) for name in item["examples"] if name in numbers]
    return f"example{'s' if len(cited) > 1 else ''} {', '.join(cited)}" if cited else "no example speaks of it"
