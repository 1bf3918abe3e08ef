"""What waits for people, across all runs. To look is a touch: what nobody decided in time is settled then."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from converge_cli.app.kept_requests import kept_requests
from converge_cli.app.load_truth import require_person
from converge_cli.app.open_run import people_of_run
from converge_cli.app.record.recorded_run import events_of, readable
from converge_cli.app.services import Services
from converge_cli.app.touched_run import touched_run
from converge_cli.core import event as e
from converge_cli.core.approval import Approval, ApprovalRequest, OpenRequest, OpenRequests
from converge_cli.core.errors import ConvergeError, RunBusyError
from converge_cli.core.person import Person
from converge_cli.core.port import RunRow
from converge_cli.core.stop_reason import StopReason
from converge_cli.engine.decision import Statement, judge_decision
from converge_cli.engine.request_book import note
from converge_cli.engine.run import Asked, open_requests

_NEVER = "9999"
"""Later than any time: where nothing is urgent."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One pending request with its run.

    Attributes:
        given: who has said yes already, where several people are needed.
        people: those of its project; nobody when that is gone.
    """

    row: RunRow
    request: ApprovalRequest
    given: tuple[Approval, ...] = ()
    people: tuple[Person, ...] = ()


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
    rows, damaged = readable(services.experience.rows(status="paused", limit=limit))
    waiting: list[Waiting] = []
    ready: list[RunRow] = []
    unreadable: list[ConvergeError] = [] if damaged is None else [damaged]
    look = _Look(services, who, role)
    for row in rows:
        if row.reason != StopReason.HUMAN_INTERVENTION_REQUIRED and not row.pending:
            continue
        try:
            now, book = _on_time(services, row)
            if not book.pending and book.touched:
                ready.append(now)
            waiting += [
                Waiting(now, item.request, item.given, look.people(now)) for item in look.chosen(now, book.pending)
            ]
        except ConvergeError as error:
            unreadable.append(error)
    look.require_known()
    return Inbox(tuple(sorted(waiting, key=_urgency)), tuple(ready), tuple(unreadable))


def _on_time(services: Services, row: RunRow) -> tuple[RunRow, OpenRequests]:
    """What a run asks of people, after its timers have fired; one that somebody else touches just now is left alone."""
    book = _open_requests(services, row)
    now = services.clock.now()
    if not any(item.request.until is not None and item.request.until <= now for item in book.pending):
        return row, book
    with suppress(RunBusyError), touched_run(services, row.run, looks=1):
        pass
    row = services.experience.row(row.run)
    return row, _open_requests(services, row)


def _open_requests(services: Services, row: RunRow) -> OpenRequests:
    """What is kept beside the index entry, so that the cost of a look does not grow with the run."""
    kept = kept_requests(services, row)
    return _told(events_of(services, row.run)) if kept is None else kept


def _told(events: Iterable[e.RunEvent]) -> OpenRequests:
    """The same as the events tell it."""
    requests: dict[str, Asked] = {}
    touched = False
    for event in events:
        note(requests, event)
        if isinstance(event, e.RunPaused):
            touched = False
        elif isinstance(event, e.ApprovalDecided | e.TimerFired):
            touched = True
    return open_requests(requests, touched=touched)


class _Look:
    """Chooses the requests that somebody asked to see; people are read once a project."""

    def __init__(self, services: Services, who: str | None, role: str | None) -> None:
        self._services = services
        self._who = who
        self._role = role
        self._people: dict[tuple[str, str], dict[str, Person]] = {}

    def chosen(self, row: RunRow, pending: Iterable[OpenRequest]) -> list[OpenRequest]:
        """Those of a run."""
        items = [item for item in pending if self._role in {None, item.request.role}]
        if self._who is None or not items:
            return items
        person = self._known(row).get(self._who)
        return [] if person is None else [item for item in items if self._may_decide(item, person, row)]

    def people(self, row: RunRow) -> tuple[Person, ...]:
        """The people of a run's project, to name those who may decide."""
        try:
            return tuple(self._known(row).values())
        except ConvergeError:
            return ()

    def require_known(self) -> None:
        """Raises: UnknownPersonError: nobody of that id is among the people of any run that waits."""
        known = {name: person for people in self._people.values() for name, person in people.items()}
        if self._who is not None and known:
            require_person(tuple(known.values()), self._who)

    def _known(self, row: RunRow) -> dict[str, Person]:
        place = (row.location, row.truth)
        if place not in self._people:
            self._people[place] = {person.id: person for person in people_of_run(self._services, row)}
        return self._people[place]

    def _may_decide(self, item: OpenRequest, person: Person, row: RunRow) -> bool:
        """Whether a decision of this person would count now, by any way that the request allows."""
        unsigned = Person(person.id, person.name, person.roles, person.authority, person.domains)
        said = Statement("approved", "looking", item.request.modes[0])
        asked = Asked(item.request, approvals=item.given)
        return judge_decision(asked, unsigned, said, row, self._services.clock.now()).code is None


def _urgency(item: Waiting) -> tuple[str, str]:
    return item.request.until or _NEVER, item.request.requested_at
