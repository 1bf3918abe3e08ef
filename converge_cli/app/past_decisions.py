"""What people decided on the like before: the same point of the same truth, in earlier runs."""

from dataclasses import dataclass

from converge_cli.app.record.recorded_run import events_of, readable
from converge_cli.app.services import Services
from converge_cli.core import event as e
from converge_cli.core.approval import Approval, ApprovalRequest
from converge_cli.core.errors import ConvergeError

_RUNS = 30
_EVENTS = 20_000
"""How much is looked through: somebody waits for the answer."""


@dataclass(frozen=True, slots=True)
class PastDecision:
    """One decision of an earlier run, with what it was about."""

    at: str
    request: ApprovalRequest
    approval: Approval


def past_decisions(
    services: Services, truth: str, run: str, request: ApprovalRequest, most: int = 3
) -> tuple[PastDecision, ...]:
    """Decisions at the same point on the same kind, in other runs of a truth.

    Those about the same fact come first, then the newest. A run whose record can't be read is passed over: what it
    held would only have been a help.
    """
    found: list[PastDecision] = []
    left = _EVENTS
    for row in readable(services.experience.rows(truth=truth, limit=_RUNS))[0]:
        if row.run == run or row.seq > left:
            continue
        left -= row.seq
        try:
            found += _decisions_of(services, row.run, request)
        except ConvergeError:
            continue
    found.sort(key=lambda item: item.at, reverse=True)
    found.sort(key=lambda item: item.request.fact != request.fact)
    return tuple(found[:most])


def _decisions_of(services: Services, run: str, like: ApprovalRequest) -> list[PastDecision]:
    asked: dict[str, ApprovalRequest] = {}
    found = []
    for event in events_of(services, run):
        if isinstance(event, e.ApprovalRequested):
            asked[event.request.id] = event.request
        elif isinstance(event, e.ApprovalDecided):
            request = asked[event.approval.request]
            if (request.point, request.kind) == (like.point, like.kind):
                found.append(PastDecision(event.at, request, event.approval))
    return found
