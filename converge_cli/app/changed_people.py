"""Tells when the people of a run are no longer those whom it was driven with last.

That needs nobody's consent: a decision counts for the person as known when it is made, and the record holds whom it was
judged with. But nobody shall find out by accident.
"""

from collections.abc import Iterator, Sequence

import msgspec

from converge_cli.app.record.recorded_run import driven_with
from converge_cli.app.services import Services
from converge_cli.core.errors import RecordCorruptError
from converge_cli.core.person import Person

_TOLD = ("roles", "authority", "domains", "public_key")


def people_changes(services: Services, run: str, people: Sequence[Person]) -> tuple[str, ...]:
    """What is different, person by person: `mona: roles procurement_manager -> clerk`, `zoe is new`."""
    before = {person.id: person for person in _people(services, run)}
    now = {person.id: person for person in people}
    return tuple(
        sentence for name in dict.fromkeys((*before, *now)) for sentence in _told(name, before.get(name), now.get(name))
    )


def _people(services: Services, run: str) -> tuple[Person, ...]:
    digest = driven_with(services, run).people
    try:
        return msgspec.json.decode(services.experience.get_blob(digest), type=tuple[Person, ...]) if digest else ()
    except msgspec.MsgspecError as error:
        raise RecordCorruptError(f"the people of run {run} can't be read: {error}", where=digest) from error


def _told(name: str, before: Person | None, now: Person | None) -> Iterator[str]:
    if before is None:
        yield f"{name} is new"
    elif now is None:
        yield f"{name} is gone"
    else:
        for field in _TOLD:
            old, new = _words(getattr(before, field)), _words(getattr(now, field))
            if old != new:
                yield f"{name}: {field.replace('_', ' ')} {old} -> {new}"


def _words(value: object) -> str:
    return (", ".join(value) if isinstance(value, tuple) else str(value or "")) or "none"
