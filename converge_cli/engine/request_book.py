"""The approval requests of a run, as its events tell: what was asked, what was decided, what is still open."""

from collections.abc import Iterable

import msgspec

from converge_cli.core import event as e
from converge_cli.core.approval import Approval
from converge_cli.engine.run import Asked

OPEN = frozenset({"pending", "approved"})
"""Requests that still count for something: nobody has decided, or what was decided is not used yet."""


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


def decide(asked: Asked, approval: Approval) -> None:
    """Count a decision that the human path accepted: one no ends it, yes needs the quorum."""
    asked.approvals = (*asked.approvals, approval)
    if approval.decision == "rejected":
        asked.status = "rejected"
    elif len({item.by for item in asked.approvals if item.decision == "approved"}) >= asked.request.quorum:
        asked.status = "approved"


def time_out(asked: Asked, action: str, role: str | None, until: str | None) -> None:
    """A request's time was up: rejected, or handed to another role until a new time."""
    if action == "reject":
        asked.status = "rejected"
    else:
        asked.request = msgspec.structs.replace(
            asked.request, role=role, until=until, on_timeout="reject", escalates_to=None
        )


def _end(chosen: Iterable[Asked], status: str) -> None:
    for asked in chosen:
        if asked.status in OPEN:
            asked.status = status
