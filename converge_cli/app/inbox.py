"""What waits for people, across all runs. To look is a touch: what nobody decided in time is settled then."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from converge_cli.app.load_truth import require_person
from converge_cli.app.open_run import people_of_run
from converge_cli.app.recorded_run import events_of
from converge_cli.app.services import Services
from converge_cli.core import event as e
from converge_cli.core.approval import Approval, ApprovalRequest
from converge_cli.core.errors import ConcurrentAppendError, ConvergeError, RunBusyError
from converge_cli.core.person import Person
from converge_cli.core.port import RunRow
from converge_cli.engine.decision import Statement, judge_decision, record_timers
from converge_cli.engine.request_book import note
from converge_cli.engine.run import Asked
from converge_cli.engine.timers import overdue

_NEVER = "9999"
"""Later than any time: where nothing is urgent."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One pending request with its run.

    Attributes:
        given: who has said yes already, where several people are needed.
    """

    row: RunRow
    request: ApprovalRequest
    given: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True)
class Inbox:
    """What there is to do.

    Attributes:
        waiting: pending requests, the most urgent first: by the end of their time, then the oldest.
        ready: paused runs in which everything has been decided since; they can go on.
        unreadable: why some runs are not looked into: their record is damaged, or their project is elsewhere.
    """

    waiting: tuple[Waiting, ...]
    ready: tuple[RunRow, ...]
    unreadable: tuple[ConvergeError, ...]


def inbox(services: Services, *, who: str | None = None, role: str | None = None, limit: int = 1000) -> Inbox:
    """Look at the paused runs, the newest first.

    Args:
        who: a person's id: only what this person may decide.
        role: only what this role decides.
        limit: how many runs are looked at.

    Raises:
        ConvergeError: nobody of that id is among the people of any run that waits.
    """
    waiting: list[Waiting] = []
    ready: list[RunRow] = []
    unreadable: list[ConvergeError] = []
    people: dict[str, Person] = {}
    for row in _readable(services, limit, unreadable):
        try:
            book = _on_time(services, row)
            pending = [Waiting(row, asked.request, asked.approvals) for asked in book.requests if _is_open(asked)]
            if not pending and book.touched:
                ready.append(row)
            waiting += _chosen(services, row, book, pending, who, role, people)
        except ConvergeError as error:
            unreadable.append(error)
    if who is not None and people and who not in people:
        require_person(tuple(people.values()), who)
    return Inbox(tuple(sorted(waiting, key=_urgency)), tuple(ready), tuple(unreadable))


@dataclass(slots=True)
class _Book:
    requests: list[Asked]
    touched: bool


def _readable(services: Services, limit: int, unreadable: list[ConvergeError]) -> Iterator[RunRow]:
    """The paused runs that people have been asked about; a damaged line of the index is told and hides no other."""
    try:
        for row in services.experience.rows(status="paused", limit=limit):
            if row.reason == "HumanInterventionRequired" or row.pending:
                yield row
    except ConvergeError as error:
        unreadable.append(error)


def _on_time(services: Services, row: RunRow) -> _Book:
    """The requests of a run, after its timers have fired; a run that somebody else touches just now is left alone."""
    requests, book = _read(events_of(services, row.run))
    if overdue(requests, services.clock.now()):
        try:
            with services.experience.driving(row.run):
                record_timers(requests, row, services.experience, services.clock)
        except (RunBusyError, ConcurrentAppendError):
            return _read(events_of(services, row.run))[1]
        book.touched = True
    return book


def _read(events: Iterable[e.RunEvent]) -> tuple[dict[str, Asked], _Book]:
    requests: dict[str, Asked] = {}
    touched = False
    for event in events:
        note(requests, event)
        if isinstance(event, e.RunPaused):
            touched = False
        elif isinstance(event, e.ApprovalDecided | e.TimerFired):
            touched = True
    return requests, _Book(list(requests.values()), touched)


def _chosen(
    services: Services,
    row: RunRow,
    book: _Book,
    pending: list[Waiting],
    who: str | None,
    role: str | None,
    people: dict[str, Person],
) -> list[Waiting]:
    """The requests that somebody asked to see."""
    if role is not None:
        pending = [item for item in pending if item.request.role == role]
    if who is None or not pending:
        return pending
    known = {person.id: person for person in people_of_run(services, row)}
    people.update(known)
    asked = {item.request.id: item for item in book.requests}
    return [item for item in pending if who in known and _may_decide(asked[item.request.id], known[who], row, services)]


def _may_decide(asked: Asked, person: Person, row: RunRow, services: Services) -> bool:
    """Whether a decision of this person would count now, by any way that the request allows."""
    unsigned = Person(person.id, person.name, person.roles, person.authority, person.domains)
    said = Statement("approved", "looking", asked.request.modes[0])
    return judge_decision(asked, unsigned, said, row, services.clock.now()).code is None


def _is_open(asked: Asked) -> bool:
    return asked.status == "pending"


def _urgency(item: Waiting) -> tuple[str, str]:
    return item.request.until or _NEVER, item.request.requested_at
