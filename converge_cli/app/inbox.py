"""What waits for people, across all runs. To look is a touch: what nobody decided in time is settled then."""

from dataclasses import dataclass

from converge_cli.app.recorded_run import events_of
from converge_cli.app.services import Services
from converge_cli.core.approval import ApprovalRequest
from converge_cli.core.errors import ConcurrentAppendError, ConvergeError, RunBusyError
from converge_cli.core.port import RunRow
from converge_cli.engine.decision import record_timers
from converge_cli.engine.request_book import requests_of
from converge_cli.engine.run import Asked
from converge_cli.engine.timers import overdue


@dataclass(frozen=True, slots=True)
class Waiting:
    """One pending request with its run."""

    row: RunRow
    request: ApprovalRequest


def inbox(services: Services, *, limit: int = 1000) -> tuple[tuple[Waiting, ...], tuple[ConvergeError, ...]]:
    """Pending requests of paused runs, the oldest first, and the runs whose record can't be read."""
    waiting: list[Waiting] = []
    unreadable: list[ConvergeError] = []
    for row in services.experience.rows(status="paused", limit=limit):
        if not row.pending:
            continue
        try:
            requests = _on_time(services, row)
        except ConvergeError as error:
            unreadable.append(error)
            continue
        waiting += [Waiting(row, asked.request) for asked in requests.values() if asked.status == "pending"]
    return tuple(sorted(waiting, key=lambda item: item.request.requested_at)), tuple(unreadable)


def _on_time(services: Services, row: RunRow) -> dict[str, Asked]:
    """The requests of a run, after its timers have fired; a run that somebody else touches just now is left alone."""
    requests = requests_of(events_of(services, row.run))
    if overdue(requests, services.clock.now()):
        try:
            with services.experience.driving(row.run):
                record_timers(requests, row, services.experience, services.clock)
        except (RunBusyError, ConcurrentAppendError):
            return requests_of(events_of(services, row.run))
    return requests
