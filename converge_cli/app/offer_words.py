"""Offers words for a half-typed command line: truths, runs, packs, points, people, inputs. Reads; compiles nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converge_cli.app.record.recorded_run import events_of, find_row, readable
from converge_cli.app.services import Services
from converge_cli.core.stop_reason import StopReason
from converge_cli.truth.catalog import project_of

Offer = tuple[str, str]
"""A word and a line about it."""

_MOST_RUNS = 100
_DECIDING = ("approve", "reject")
_RUNNING = ("run", "plan")
_HEAD = 4096
"""Characters of a truth.yaml that its kind is looked for in."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Where the word stands.

    Attributes:
        given: the arguments before it.
        begun: what is there of it.
    """

    services: Services
    command: str
    given: Sequence[str]
    begun: str


def offer_words(services: Services, metavar: str, command: str, given: Sequence[str], begun: str) -> Sequence[Offer]:
    """What a word of this metavar could be; nothing for metavars that stand for words of one's own, or for files.

    Raises:
        ConvergeError: the project is broken.
    """
    offering = OFFERED.get(metavar)
    return offering(_Asked(services, command, given, begun)) if offering is not None else ()


def _truths(asked: _Asked) -> Sequence[Offer]:
    """By the names of their folders; to run, only jobs."""
    project = project_of(asked.services.folder)
    roots = [asked.services.shipped] if project is None else [project, asked.services.shipped]
    found: dict[str, Path] = {}
    for root in roots:
        for file in sorted(root.glob("truths/*/truth.yaml")):
            found.setdefault(file.parent.name, file)
    return [(key, "") for key, file in found.items() if asked.command not in _RUNNING or _is_job(file)]


def _is_job(file: Path) -> bool:
    from converge_cli.truth.truth_kind import kind_of_broken  # noqa: PLC0415  only to run one

    with file.open(encoding="utf-8", errors="replace") as opened:
        return kind_of_broken(opened.read(_HEAD)) == "job"


def _runs(asked: _Asked) -> Sequence[Offer]:
    status = "paused" if asked.command in _DECIDING else None
    rows, _ = readable(asked.services.experience.rows(status=status, limit=_MOST_RUNS))
    return [(row.run, f"{row.truth}, {row.reason or row.status}") for row in rows]


def _requests(asked: _Asked) -> Sequence[Offer]:
    """What waits in the run that was named: its points, its facts, its requests."""
    from converge_cli.engine.request_book import requests_of  # noqa: PLC0415  only to decide

    run = find_row(asked.services, asked.given[0]).run
    pending = [
        item.request for item in requests_of(events_of(asked.services, run)).values() if item.status == "pending"
    ]
    points = [(request.point, request.summary) for request in pending]
    facts = [(request.fact, request.summary) for request in pending]
    return [*points, *facts, *((request.id, request.summary) for request in pending)]


def _packs(asked: _Asked) -> Sequence[Offer]:
    return [(name, "") for name in asked.services.packs(project_of(asked.services.folder)).names()]


def _people(asked: _Asked) -> Sequence[Offer]:
    return list(_holding(asked, None))


def _holding(asked: _Asked, role: Any) -> Iterator[Offer]:
    """The people who hold a role; everybody where no role is asked for."""
    for person in _listed(_people_file(asked), "people"):
        if role is None or role in (person.get("roles") or ()):
            yield str(person["id"]), str(person.get("name", ""))


def _roles(asked: _Asked) -> Sequence[Offer]:
    """The roles that people hold, with who holds them."""
    held: dict[str, list[str]] = {}
    for person in _listed(_people_file(asked), "people"):
        for role in person.get("roles") or ():
            held.setdefault(str(role), []).append(str(person["id"]))
    return [(role, ", ".join(people)) for role, people in held.items()]


def _points(asked: _Asked) -> Sequence[Offer]:
    """`POINT=` of the truth that was named, then `POINT=WHO` of those who may decide there."""
    chosen, equals, _ = asked.begun.rpartition("=")
    points = _listed(_contract(asked), "approval_points")
    if equals:
        wanted = next((item.get("role") for item in points if item["id"] == chosen.partition(":")[0]), None)
        return [(f"{chosen}={who}", about) for who, about in _holding(asked, wanted)]
    return [(f"{item['id']}=", f"decided by {item.get('role', '')}") for item in points]


def _inputs(asked: _Asked) -> Sequence[Offer]:
    """`NAME=` of the truth that was named; the rest is a file's path."""
    inputs = _contract(asked).get("inputs")
    return [(f"{name}=", "") for name in inputs] if isinstance(inputs, dict) and "=" not in asked.begun else []


def _parameters(asked: _Asked) -> Sequence[Offer]:
    """`PACK.PATH=` for each value that the truth itself sets."""
    return list(_leaves((), _contract(asked).get("parameters")))


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[Offer]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves((*path, str(name)), inner)
    elif path and not isinstance(value, list):
        yield f"{'.'.join(path)}=", f"{value} in the truth"


def _codes(asked: _Asked) -> Sequence[Offer]:
    """Codes, or names and groups where a small letter has begun; several may be joined by commas."""
    from converge_cli.truth.codes import CATALOGUE, GROUPS  # noqa: PLC0415

    others, comma, begun = asked.begun.rpartition(",")
    if begun[:1].islower():
        offers = [*((kind.name, kind.code) for kind in CATALOGUE), *((group, "a group") for group in GROUPS)]
    else:
        offers = [(kind.code, kind.name) for kind in CATALOGUE]
    return [(f"{others}{comma}{word}", about) for word, about in offers]


def _location(asked: _Asked) -> Any:
    """Where the truth is that was named, or that the named run is of."""
    from converge_cli.truth.catalog import find_truth  # noqa: PLC0415

    name = asked.given[0]
    if asked.command not in {"run", "plan"}:
        name = find_row(asked.services, name).truth
    return find_truth(name, asked.services.folder, asked.services.shipped)


def _contract(asked: _Asked) -> dict[str, Any]:
    return _read(_location(asked).file)


def _people_file(asked: _Asked) -> dict[str, Any]:
    path = asked.services.people or _location(asked).people
    return {} if path is None else _read(path)


def _read(path: Path) -> dict[str, Any]:
    from converge_cli.truth.files import read_source  # noqa: PLC0415  YAML takes a moment to import
    from converge_cli.truth.findings import Findings  # noqa: PLC0415
    from converge_cli.truth.yaml_source import plain, read_yaml  # noqa: PLC0415

    values = plain(read_yaml(read_source(path), Findings()))
    return values if isinstance(values, dict) else {}


def _listed(values: dict[str, Any], key: str) -> list[dict[str, Any]]:
    items = values.get(key)
    return [item for item in items if isinstance(item, dict) and "id" in item] if isinstance(items, list) else []


def _identities(asked: _Asked) -> Sequence[Offer]:
    """Whose keys are here: by the names of their files, which are not opened."""
    from converge_cli.app.identity import SUFFIX  # noqa: PLC0415  only to sign

    return [(path.name.removesuffix(SUFFIX), "") for path in sorted(asked.services.identities.glob(f"*{SUFFIX}"))]


OFFERED: dict[str, Callable[[_Asked], Sequence[Offer]]] = {
    "TRUTH": _truths,
    "KEY": _truths,
    "RUN": _runs,
    "[RUN]": _runs,
    "REASON": lambda _: [(reason.value, "") for reason in StopReason],
    "RUN|CODE": lambda asked: [*_runs(asked), *_codes(asked)],
    "IDENTITY": _identities,
    "REQUEST|POINT|FACT": _requests,
    "PACK": _packs,
    "[PACK]": _packs,
    "PERSON": _people,
    "ROLE": _roles,
    "POINT[:FACT]=WHO": _points,
    "NAME=PATH": _inputs,
    "PACK.PATH=VALUE": _parameters,
    "CODE": _codes,
    "CODES": _codes,
}
"""How the help calls a word -> what offers for it."""
