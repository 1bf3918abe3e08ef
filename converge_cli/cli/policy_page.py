"""What `converge policy` prints for people."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from converge_cli.app.policy.check_policy import CheckedPolicies, CheckedPolicy
from converge_cli.app.policy.decide_policy import Decided, values_seen
from converge_cli.app.policy.try_policy import TriedCase, TriedPolicy
from converge_cli.cli.findings import show_findings
from converge_cli.cli.page import Page
from converge_cli.trace.glyphs import glyph
from converge_cli.trace.wording import ids_text, plural

if TYPE_CHECKING:
    from rich.console import Console

Pair = tuple[str, str]


def show_decided(console: "Console", decided: Decided) -> None:
    """An answer: what was asked, by which rules, with the values they saw, and what would unlock it."""
    page = Page(console)
    page.title(decided.decision.outcome, _about(decided))
    page.pairs([*_asked(decided), *_why(decided), *_unlock(decided)])
    page.section("rules, and what they saw")
    page.rows([_rule(decided, number) for number in range(len(decided.rules))])


def _about(decided: Decided) -> str:
    if decided.gate is None or decided.request is None:
        return f"pack {decided.pack}"
    return f"{decided.gate.name} of {decided.request.resource.id}, pack {decided.pack}"


def _asked(decided: Decided) -> Iterator[Pair]:
    if decided.request is not None:
        who, passed = decided.request.principal, decided.request.resource.gates_passed
        yield "asked for", f"{who.id} ({who.authority}; {', '.join(who.domains) or 'no domain'})"
        yield "gates passed", ", ".join(passed) or "none"


def _why(decided: Decided) -> Iterator[Pair]:
    decision = decided.decision
    if decision.missing:
        yield "missing", f"gate {', '.join(decision.missing)}"
    if decision.detail:
        yield ("error" if decision.source == "error" else "why"), decision.detail


def _unlock(decided: Decided) -> Iterator[Pair]:
    decision = decided.decision
    if decision.outcome == "ESCALATE":
        points = [f"approval of {point}" for point in decision.approvals]
        who = [f"somebody of authority {decision.authority}"] if decision.authority else []
        yield "unlocked by", " and ".join([*points, *who])
    elif decision.outcome == "REJECT" and decision.source == "policy":
        yield "unlocked by", "no approval that is declared"


def _rule(decided: Decided, number: int) -> tuple[str, str, str]:
    rule = decided.rules[number]
    assert decided.request is not None  # noqa: S101  a rule decided it
    assert decided.gate is not None  # noqa: S101
    verb = "permits"
    if rule.effect == "forbid":
        verb = "forbids"
    elif decided.decision.outcome == "ESCALATE":
        verb = "would permit"
    seen = ", ".join(f"{path} {value}" for path, value in values_seen(rule, decided.request, decided.gate))
    return f"{verb} {rule.id}", seen, rule.where


def show_checked(console: "Console", checked: CheckedPolicies) -> None:
    """The findings, then each pack with its gates and who could pass them."""
    found = checked.validation
    show_findings(console, found.diagnostics)
    page = Page(console)
    for item in checked.packs:
        page.line(f"{item.pack}  {plural(item.rules, 'rule')}, {plural(len(item.tried), 'gate')}")
        for gate, count in item.tried.items():
            page.line(f"    {gate}  {_reach(item, gate, count)}")
    mark = glyph("rejected" if found.errors else "done")
    suppressed = f", {len(found.suppressed)} suppressed" if found.suppressed else ""
    page.line(f"{mark} {plural(found.errors, 'error')}, {plural(found.warnings, 'warning')}{suppressed}")


def _reach(item: CheckedPolicy, gate: str, count: int) -> str:
    if not count:
        return "not looked at: its rules name too many values to try every combination, or every one of them errs"
    if not item.people:
        return f"{plural(count, 'request')} tried; there is no people.yaml, so nobody to pass it"
    people = item.passed_by[gate]
    who = f": {ids_text(people)}" if people else ""
    return f"{plural(count, 'request')} tried; {len(people)} of {_people(item.people)} can pass it{who}"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def show_tried(console: "Console", tried: Sequence[TriedPolicy]) -> None:
    """Each pack with its failed cases and what no case decides."""
    page = Page(console)
    for item in tried:
        mark = glyph("rejected" if item.failed else "done" if item.cases else "note")
        page.line(f"{mark} {item.pack}  {_counts(item)}")
        for case in item.failed:
            page.line(f"    {glyph('rejected')} {_place(case)}  {case.case.name}")
            for difference in case.differences:
                page.line(f"        {difference}")
            if case.decided.decision.detail:
                page.line(f"        {case.decided.decision.detail}")
        for rule in item.undecided_rules:
            page.line(f"    {glyph('note')} no case decides rule {rule.id} ({rule.where})")
        for gate in item.untried_gates:
            page.line(f"    {glyph('note')} no case asks gate {gate}")


def _counts(item: TriedPolicy) -> str:
    if not item.cases:
        return "no table"
    passed, rules = len(item.cases) - len(item.failed), len(item.rules)
    decided = rules - len(item.undecided_rules)
    failed = f", {len(item.failed)} failed" if item.failed else ""
    return (
        f"{plural(len(item.cases), 'case')} in {plural(len(item.tables), 'table')}: {passed} passed{failed}; "
        f"{decided} of {plural(rules, 'rule')} decided"
    )


def _place(case: TriedCase) -> str:
    return f"{case.case.file}:{case.case.line}"
