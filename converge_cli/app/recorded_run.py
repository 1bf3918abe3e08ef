"""Reads recorded runs: rows and events. Needs no truth and no pack, so it is quick and always possible."""

from collections.abc import Iterator

import msgspec

from converge_cli.app.services import Services
from converge_cli.core.errors import RecordCorruptError, RunNotFoundError
from converge_cli.core.event import RunEvent, RunStarted, decode_event
from converge_cli.core.port import RunRow


def find_row(services: Services, run: str) -> RunRow:
    """The run of an id, or of an unmistakable beginning of one.

    Raises:
        RunNotFoundError: none, or several.
    """
    try:
        return services.experience.row(run)
    except RunNotFoundError:
        known = [row.run for row in services.experience.rows(limit=10_000)]
        near = [name for name in known if name.startswith(run)]
        if len(near) == 1:
            return services.experience.row(near[0])
        raise RunNotFoundError(run, near or known) from None


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


def started(services: Services, run: str) -> RunStarted:
    """The first event of a run."""
    first = next(events_of(services, run), None)
    if not isinstance(first, RunStarted):
        raise RecordCorruptError(f"run {run} does not begin with RunStarted", where=run)
    return first
