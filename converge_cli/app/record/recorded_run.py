"""Reads recorded runs: rows and events. Needs no truth and no pack, so it is quick and always possible."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from converge_cli.app.services import Services
from converge_cli.core.budget import Budget
from converge_cli.core.errors import ConvergeError, RecordCorruptError, RunNotFoundError
from converge_cli.core.event import RunEvent, RunResumed, RunStarted, decode_event
from converge_cli.core.port import RunFilter, RunRow
from converge_cli.core.recorded import PackRecord

_PAGE = 200
_RESUMED = b'"type":"RunResumed"'


def find_row(services: Services, run: str) -> RunRow:
    """The run of an id, or of an unmistakable beginning of one.

    Raises:
        RunNotFoundError: none, or several.
        RecordCorruptError: none that can be read, and what can't be may be it.
    """
    try:
        return services.experience.row(run)
    except RunNotFoundError:
        rows, damaged = readable(services.experience.rows(limit=10_000))
        near = [row.run for row in rows if row.run.startswith(run)]
        if len(near) == 1:
            return services.experience.row(near[0])
        if damaged is not None and not near:
            raise damaged from None
        raise RunNotFoundError(run, near or [row.run for row in rows]) from None


def row_data(row: RunRow) -> dict[str, Any]:
    """A run's line in the index as data, without what only its store can look up."""
    said = msgspec.structs.asdict(row)
    del said["waiting"]
    return {"run_id": said.pop("run"), **said}


def every_run(services: Services) -> list[RunRow]:
    """All runs of the store, the newest first.

    Raises:
        RecordCorruptError: an entry of the index is damaged; names all that are.
    """
    unreadable: list[ConvergeError] = []
    rows = list(runs_of(services, RunFilter(), unreadable))
    if unreadable:
        raise unreadable[0]
    return rows


def readable(rows: Iterable[RunRow]) -> tuple[list[RunRow], ConvergeError | None]:
    """The rows that are as they were written, and the error that names those that are not."""
    found: list[RunRow] = []
    try:
        for row in rows:
            found.append(row)  # noqa: PERF402  what came before the error is kept
    except RecordCorruptError as error:
        return found, error
    return found, None


def runs_of(services: Services, wanted: RunFilter, unreadable: list[ConvergeError]) -> Iterator[RunRow]:
    """Every run that a filter means, the newest first, however many there are.

    Args:
        services: the store.
        wanted: which runs.
        unreadable: gets the error that names damaged entries of the index.
    """
    while True:
        rows, damaged = readable(services.experience.query(wanted, _PAGE))
        yield from rows
        if damaged is not None:
            unreadable.append(damaged)
        if len(rows) < _PAGE:
            return
        wanted = msgspec.structs.replace(wanted, before=rows[-1].run)


def events_of(services: Services, run: str, after: int = 0) -> Iterator[RunEvent]:
    """The events of a run with a sequence above `after`, verified against its head.

    Raises:
        RecordCorruptError: the record is damaged, or of an unknown schema.
    """
    for data in services.experience.read(run, after):
        yield read_event(run, data)


def read_event(run: str, data: bytes) -> RunEvent:
    """The event of recorded bytes.

    Raises:
        RecordCorruptError: it is of an unknown schema.
    """
    try:
        return decode_event(data)
    except msgspec.MsgspecError as error:
        raise RecordCorruptError(
            f"run {run} holds an event that this version can't read: {error}",
            hint="was it recorded by a newer version? converge version",
            where=run,
        ) from error


class Driven(NamedTuple):
    """What a run was driven with last: its packs, and the digest of its people ("" for nobody)."""

    packs: tuple[PackRecord, ...]
    people: str


def driven_with(services: Services, run: str) -> Driven:
    """What the run began with, or what stood there at a later resume."""
    first = started(services, run)
    packs, people = first.packs, first.people
    for data in services.experience.read(run):
        if _RESUMED in data:
            event = read_event(run, data)
            if isinstance(event, RunResumed):
                packs = event.packs or first.packs
                people = first.people if event.people is None else event.people
    return Driven(packs, people)


def budget_of(services: Services, run: str) -> Budget:
    """What the run may spend in all: as it began, and what was added since."""
    budget = started(services, run).budget
    for data in services.experience.read(run):
        if _RESUMED in data:
            event = read_event(run, data)
            if isinstance(event, RunResumed):
                budget = budget.add(event.added)
    return budget


def started(services: Services, run: str) -> RunStarted:
    """The first event of a run."""
    first = next(events_of(services, run), None)
    if not isinstance(first, RunStarted):
        raise RecordCorruptError(f"run {run} does not begin with RunStarted", where=run)
    return first
