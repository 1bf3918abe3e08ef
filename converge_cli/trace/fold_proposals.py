"""Folds what became of proposals: promoted, rejected, parked, denied, withdrawn. Pure, as `fold` is."""

from collections.abc import Callable
from typing import Any

from converge_cli.core.approval import ApprovalRequest
from converge_cli.core.event import FactPromoted, ProposalDenied, ProposalParked, ProposalRejected, ProposalWithdrawn
from converge_cli.trace.state import MAX_LINES, MAX_OPEN, Activity, ContextLine, Mark, Origin, SuggestorLine, TraceState

_LOUDEST_LAST: tuple[Activity, ...] = (
    "idle",
    "running",
    "proposed",
    "denied",
    "rejected",
    "promoted",
    "parked",
    "failed",
)


def origin_of(state: TraceState, execution: int | None, position: int) -> Origin | None:
    """The proposal that an event names, if it is still remembered."""
    if execution is None:
        return None
    held = state.undecided.get((execution, position))
    if held is not None:
        return held
    executed = state.proposals.get(execution)
    if executed is None or position >= len(executed.proposals):
        return None
    return Origin(executed.suggestor, executed.proposals[position])


def promoted(state: TraceState, event: FactPromoted) -> None:
    """A proposal became a fact, or the engine wrote one."""
    if event.execution is None:
        return
    state.facts += 1
    origin = origin_of(state, event.execution, event.position)
    line = _settled(state, event, origin)
    if line is not None:
        line.promoted += 1
        _say(line, "promoted")
    _show(state, event, origin, "promoted", "", approvals=event.approvals)


def rejected(state: TraceState, event: ProposalRejected) -> None:
    """A check of the promotion gate failed."""
    origin = origin_of(state, event.execution, event.position)
    line = _settled(state, event, origin)
    if line is not None:
        line.rejected += 1
        _say(line, "rejected")
    state.rejection_count += 1
    state.rejections.append(_show(state, event, origin, "rejected", event.code, reason=event.reason))


def parked(state: TraceState, event: ProposalParked) -> None:
    """People are asked."""
    origin = origin_of(state, event.execution, event.position)
    line = _settled(state, event, origin)
    if line is not None:
        line.parked += 1
        _say(line, "parked")
    _hold(state, event, origin)
    _show(state, event, origin, "parked", ", ".join(event.points))


def denied(state: TraceState, event: ProposalDenied) -> None:
    """A gate or a person refused; its other requests are closed."""
    origin = origin_of(state, event.execution, event.position)
    line = _settled(state, event, origin)
    if line is not None:
        line.denied += 1
        _say(line, "denied")
    _hold(state, event, origin)
    _close(state, lambda request: (request.key, request.fact) == (event.key, event.id))
    _show(state, event, origin, "denied", f"{event.cause} by {', '.join(event.by)}")


def withdrawn(state: TraceState, event: ProposalWithdrawn) -> None:
    """It no longer stands; its requests are closed."""
    origin = origin_of(state, event.execution, event.position)
    _settled(state, event, origin)
    _close(state, lambda request: request.id in event.requests)
    _show(state, event, origin, "withdrawn", "", reason=event.reason)


def _settled(state: TraceState, event: Any, origin: Origin | None) -> SuggestorLine | None:
    """Forget that the proposal was held, and return its suggestor's line."""
    line = None if origin is None else state.suggestors.get(origin.suggestor)
    standing = state.context.get((event.key, event.id))
    held = state.undecided.pop((event.execution, event.position), None)
    if line is not None and held is not None and standing is not None:
        if standing.mark == "parked" and line.parked:
            line.parked -= 1
        elif standing.mark == "denied" and line.denied:
            line.denied -= 1
        if not line.parked and line.activity == "parked":
            line.activity = "idle"
    return line


def _hold(state: TraceState, event: Any, origin: Origin | None) -> None:
    if origin is not None:
        state.undecided[event.execution, event.position] = origin
        trim(state.undecided, MAX_OPEN)


def _say(line: SuggestorLine, activity: Activity) -> None:
    if _LOUDEST_LAST.index(activity) > _LOUDEST_LAST.index(line.activity):
        line.activity = activity


def _show(
    state: TraceState,
    event: Any,
    origin: Origin | None,
    mark: Mark,
    note: str,
    *,
    reason: str = "",
    approvals: tuple[str, ...] = (),
) -> ContextLine:
    proposal = None if origin is None else origin.proposal
    line = ContextLine(
        mark=mark,
        cycle=event.cycle,
        key=event.key,
        id=event.id,
        content=None if proposal is None or proposal.payload is None else bytes(proposal.payload),
        confidence=None if proposal is None else proposal.confidence or "1",  # certain is what is left out
        who="" if origin is None else origin.suggestor,
        note=note,
        reason=reason,
        evidence=() if proposal is None else proposal.evidence,
        approvals=approvals,
    )
    state.context.pop((event.key, event.id), None)
    state.context[event.key, event.id] = line
    trim(state.context, MAX_LINES)
    return line


def _close(state: TraceState, which: Callable[[ApprovalRequest], bool]) -> None:
    for name in [request.id for request in state.pending.values() if which(request)]:
        del state.pending[name]


def trim(held: dict[Any, Any], most: int) -> None:
    """Forget the oldest entries above a limit."""
    while len(held) > most:
        del held[next(iter(held))]
