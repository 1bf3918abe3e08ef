"""The approval requests of a run, as its events tell: what was asked, what was decided, what is still open."""

from collections.abc import Iterable

from converge_cli.core import event as e
from converge_cli.engine.approval_desk import OPEN, decide, time_out
from converge_cli.engine.run import Asked


def requests_of(events: Iterable[e.RunEvent]) -> dict[str, Asked]:
    """Every request of a run by id, in the order in which they were asked."""
    requests: dict[str, Asked] = {}
    for event in events:
        note(requests, event)
    return requests


def note(requests: dict[str, Asked], event: e.RunEvent) -> None:
    """Apply one event."""
    if isinstance(event, e.ApprovalRequested):
        requests[event.request.id] = Asked(event.request)
    elif isinstance(event, e.ApprovalDecided):
        decide(requests[event.approval.request], event.approval)
    elif isinstance(event, e.TimerFired):
        time_out(requests[event.request], event.action, event.role, event.until)
    elif isinstance(event, e.ApprovalSpent):
        for request in event.requests:
            requests[request].status = "spent"
    elif isinstance(event, e.ProposalWithdrawn):
        _end([requests[request] for request in event.requests], "superseded")
    elif requests and isinstance(event, e.ProposalDenied | e.FactPromoted):
        # A fact has no open questions; those that it spent are named by the ApprovalSpent that follows.
        proposal = (event.key, event.id)
        _end([asked for asked in requests.values() if (asked.request.key, asked.request.fact) == proposal], "closed")


def _end(chosen: Iterable[Asked], status: str) -> None:
    for asked in chosen:
        if asked.status in OPEN:
            asked.status = status
