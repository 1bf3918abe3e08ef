"""Folds events into the picture of a run. Pure: reads no clock, does no I/O; live view and replay share it.

`fold` changes the state that it is given and returns it, so that a cycle of many facts costs little.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from converge_cli.core.approval import ApprovalRequest
from converge_cli.core.event import (
    ApprovalDecided,
    ApprovalRequested,
    ApprovalSpent,
    BudgetCharged,
    CriterionEvaluated,
    CycleStarted,
    DecisionRefused,
    FactPromoted,
    GateDecided,
    InvariantChecked,
    ProposalDenied,
    ProposalParked,
    ProposalRejected,
    ProposalWithdrawn,
    RunEvent,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopped,
    SuggestorExecuted,
    SuggestorFailed,
    SuggestorRunning,
    TimerFired,
)
from converge_cli.trace.fold_proposals import denied, parked, promoted, rejected, trim, withdrawn
from converge_cli.trace.state import MAX_LINES, MAX_OPEN, SuggestorLine, TraceState
from converge_cli.trace.when import seconds_between

Step = Callable[[TraceState, Any], None]


def fold(state: TraceState, event: RunEvent | SuggestorRunning) -> TraceState:
    """The state after one more event: the same object, changed."""
    if not isinstance(event, SuggestorRunning):
        state.seq = event.seq
    step = _STEPS.get(type(event))
    if step is not None:
        step(state, event)
    return state


def fold_all(events: Iterable[RunEvent]) -> TraceState:
    """The state after all events of a run."""
    state = TraceState()
    for event in events:
        fold(state, event)
    return state


def _run_started(state: TraceState, event: RunStarted) -> None:
    state.run, state.truth, state.title = event.run, event.truth, event.title
    state.principal, state.strict, state.budget = event.principal, event.strict, event.budget
    state.suggestors = {name: SuggestorLine(name) for name in event.suggestors[:MAX_OPEN]}


def _cycle_started(state: TraceState, event: CycleStarted) -> None:
    state.cycle, state.active_ms = event.cycle, event.active_ms
    # What a merge left over is judged at the latest when the run goes on, before the next cycle but one.
    old = [seq for seq, executed in state.proposals.items() if executed.cycle < event.cycle - 1]
    for seq in old:
        del state.proposals[seq]


def _running(state: TraceState, event: SuggestorRunning) -> None:
    line = _line(state, event.suggestor, event.cycle)
    if line is not None:
        line.activity = "running"
        state.running.add(event.suggestor)


def _executed(state: TraceState, event: SuggestorExecuted) -> None:
    if event.proposals:
        state.proposals[event.seq] = event
    line = _line(state, event.suggestor, event.cycle)
    if line is not None:
        state.running.discard(event.suggestor)
        line.executions += 1
        line.proposed += len(event.proposals)
        line.elapsed_us = event.elapsed_us
        line.code = line.detail = ""
        line.activity = "parked" if line.parked else "proposed" if event.proposals else "idle"


def _failed(state: TraceState, event: SuggestorFailed) -> None:
    line = _line(state, event.suggestor, event.cycle)
    if line is not None:
        state.running.discard(event.suggestor)
        line.executions += 1
        line.activity, line.code, line.detail = "failed", event.code, event.detail


def _gate(state: TraceState, event: GateDecided) -> None:
    state.gates.pop((event.gate, event.fact), None)
    state.gates[event.gate, event.fact] = event
    trim(state.gates, MAX_LINES)
    if event.request is not None and event.request.principal.id == state.principal:
        state.principal_seen = event.request.principal


def _invariant(state: TraceState, event: InvariantChecked) -> None:
    state.invariants[event.result.id] = event.result


def _criterion(state: TraceState, event: CriterionEvaluated) -> None:
    state.criteria[event.result.id] = event.result
    (state.due.add if event.due else state.due.discard)(event.result.id)


def _asked(state: TraceState, event: ApprovalRequested) -> None:
    state.pending[event.request.id] = event.request


def _decided(state: TraceState, event: ApprovalDecided) -> None:
    approval = event.approval
    state.decided.append(approval)
    request = state.pending.get(approval.request)
    if request is None:
        return
    yes = {given.by for given in state.decided if given.request == request.id and given.decision == "approved"}
    if approval.decision == "rejected" or len(yes) >= request.quorum:
        del state.pending[request.id]


def _spent(state: TraceState, event: ApprovalSpent) -> None:
    for request in event.requests:
        state.pending.pop(request, None)
        state.spent[request] = event.fact
    trim(state.spent, MAX_OPEN)


def _refused(state: TraceState, event: DecisionRefused) -> None:
    state.refused.append((event.approval, event.code, event.detail))


def _timer(state: TraceState, event: TimerFired) -> None:
    request = state.pending.pop(event.request, None)
    if request is not None and event.action == "escalate":
        state.pending[request.id] = _escalated(request, event)


def _charged(state: TraceState, event: BudgetCharged) -> None:
    state.tokens += event.tokens


def _resumed(state: TraceState, event: RunResumed) -> None:
    if state.ended is not None:
        state.waited_s += seconds_between(state.ended.at, event.at)
    state.budget = state.budget.add(event.added)
    state.ended = None


def _ended(state: TraceState, event: RunPaused | RunStopped) -> None:
    state.active_ms = event.active_ms
    state.ended = event
    for name in state.running:
        state.suggestors[name].activity = "idle"
    state.running.clear()


_STEPS: dict[type, Step] = {
    RunStarted: _run_started,
    CycleStarted: _cycle_started,
    SuggestorRunning: _running,
    SuggestorExecuted: _executed,
    SuggestorFailed: _failed,
    FactPromoted: promoted,
    ProposalRejected: rejected,
    ProposalParked: parked,
    ProposalDenied: denied,
    ProposalWithdrawn: withdrawn,
    GateDecided: _gate,
    InvariantChecked: _invariant,
    CriterionEvaluated: _criterion,
    ApprovalRequested: _asked,
    ApprovalDecided: _decided,
    ApprovalSpent: _spent,
    DecisionRefused: _refused,
    TimerFired: _timer,
    BudgetCharged: _charged,
    RunPaused: _ended,
    RunResumed: _resumed,
    RunStopped: _ended,
}


def _line(state: TraceState, name: str, cycle: int) -> SuggestorLine | None:
    """The suggestor's line; None for what brings inputs in, which is no suggestor."""
    line = state.suggestors.get(name)
    if line is None and cycle > 0 and not state.suggestors:
        line = state.suggestors[name] = SuggestorLine(name)
    return line


def _escalated(request: ApprovalRequest, event: TimerFired) -> ApprovalRequest:
    # Whoever it was handed to is the last: when their time is up, too, it is rejected.
    last: dict[str, Any] = {"on_timeout": "reject", "escalates_to": None}
    return msgspec.structs.replace(request, role=event.role, until=event.until, **last)
