"""One event as one line of words: what plain displays print. Says everything in words, nothing by colour."""

from collections.abc import Callable
from typing import Any

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
    TimerFired,
)
from converge_cli.trace.fold_proposals import origin_of
from converge_cli.trace.glyphs import glyph
from converge_cli.trace.one_line import one_line
from converge_cli.trace.sanitize import safe
from converge_cli.trace.state import TraceState
from converge_cli.trace.when import duration
from converge_cli.trace.wording import (
    CONVERGED,
    REASON,
    criterion_text,
    decision_text,
    gate_text,
    plural,
    violation_text,
    who_decides,
)

Said = tuple[str, str, str]
CONTENT = 100


def sentence(state: TraceState, event: RunEvent) -> str:
    """`  12  + promoted   Strategies recommendation:acme ...`; `state` as it was before the event."""
    mark, word, text = _SENTENCES[type(event)](state, event)
    return f"{event.seq:>5}  {glyph(mark)} {word:<11} {text}".rstrip()


def _run_started(_: TraceState, event: RunStarted) -> Said:
    budget = event.budget
    limits = f"{budget.cycles} cycles, {budget.facts} facts, {duration(budget.time)}"
    principal = f", as {safe(event.principal)}" if event.principal else ""
    missing = f", missing inputs: {', '.join(map(safe, event.missing_inputs))}" if event.missing_inputs else ""
    strict = ", strict" if event.strict else ""
    truth = f" of {safe(event.truth)}" if event.truth else ""
    title = f": {safe(event.title, REASON)}" if event.title else ""
    return "running", "run", f"{safe(event.run)}{truth}{title} ({limits}{strict}{principal}{missing})"


def _cycle_started(state: TraceState, event: CycleStarted) -> Said:
    return "running", "cycle", f"{event.cycle} of {state.budget.cycles}, {plural(state.facts, 'fact')}"


def _executed(_: TraceState, event: SuggestorExecuted) -> Said:
    count = len(event.proposals)
    text = f"{safe(event.suggestor)}: {plural(count, 'proposal')}"
    return "note", "executed", f"{text}, {duration(event.elapsed_us / 1e6)}" if event.elapsed_us else text


def _failed(_: TraceState, event: SuggestorFailed) -> Said:
    return "failed", "failed", f"{safe(event.suggestor)}: {event.code}, {safe(event.detail, REASON)}"


def _promoted(state: TraceState, event: FactPromoted) -> Said:
    origin = origin_of(state, event.execution, event.position)
    content = event.content if origin is None else origin.proposal.payload
    parts = [f"{safe(event.key)} {safe(event.id)}"]
    if content is not None:
        parts.append(f"({one_line(bytes(content), CONTENT)})")
    if event.corrects:
        parts.append(f"corrects {safe(event.corrects)}")
    if origin is not None:
        parts.append(f"confidence {safe(origin.proposal.confidence or '1')} by {safe(origin.suggestor)}")
    if event.approvals:
        parts.append(f"approved in {', '.join(map(safe, event.approvals))}")
    return "promoted", "promoted", " ".join(parts)


def _rejected(state: TraceState, event: ProposalRejected) -> Said:
    by = _by(state, event)
    return "rejected", "rejected", f"{safe(event.key)} {safe(event.id)}{by}: {event.code}, {safe(event.reason, REASON)}"


def _parked(state: TraceState, event: ProposalParked) -> Said:
    points = ", ".join(map(safe, event.points))
    return "parked", "parked", f"{safe(event.key)} {safe(event.id)}{_by(state, event)} until people decide: {points}"


def _denied(_: TraceState, event: ProposalDenied) -> Said:
    return "denied", event.cause, f"{safe(event.key)} {safe(event.id)} by {', '.join(map(safe, event.by))}"


def _withdrawn(_: TraceState, event: ProposalWithdrawn) -> Said:
    closed = f"; closed: {', '.join(map(safe, event.requests))}" if event.requests else ""
    return "withdrawn", "withdrawn", f"{safe(event.key)} {safe(event.id)}: {safe(event.reason, REASON)}{closed}"


def _gate(_: TraceState, event: GateDecided) -> Said:
    return "note", "gate", f"{safe(event.gate)} of {safe(event.fact)}: {gate_text(event)}"


def _invariant(state: TraceState, event: InvariantChecked) -> Said:
    result = event.result
    details = violation_text(result)
    violated = result.verdict == "violated"
    # Whom the run waits for may still make it hold; whether it pauses for them is told by a later line.
    early = violated and result.when != "structural" and bool(state.pending)
    said = f"{' so far' if early else ''}{' (soft)' if result.soft and violated else ''}"
    text = f"{safe(result.id)} ({result.when}) {result.verdict}{said}"
    return "not yet due" if early else result.verdict, "invariant", f"{text}: {details}" if details else text


def _criterion(_: TraceState, event: CriterionEvaluated) -> Said:
    result = event.result
    text = criterion_text(result)
    preview = "" if event.due else " so far"
    line = f"{safe(result.id)} {result.result}{preview}"
    return result.result, "criterion", f"{line}: {text}" if text else line


def _asked(_: TraceState, event: ApprovalRequested) -> Said:
    request = event.request
    until = f", until {safe(request.until)}" if request.until else ""
    text = f"{safe(request.id)}: {who_decides(request)} decides on {safe(request.key)} {safe(request.fact)}{until}"
    return "parked", "asked", text


def _decided(_: TraceState, event: ApprovalDecided) -> Said:
    given = event.approval
    mark = "done" if given.decision == "approved" else "rejected"
    return mark, "decided", f"{safe(given.request)}: {decision_text(given)}"


def _spent(_: TraceState, event: ApprovalSpent) -> Said:
    return "note", "spent", f"{', '.join(map(safe, event.requests))} on {safe(event.key)} {safe(event.fact)}"


def _refused(_: TraceState, event: DecisionRefused) -> Said:
    given = event.approval
    text = f"{safe(given.request)}: decision of {safe(given.by)}: {event.code}, {safe(event.detail, REASON)}"
    return "rejected", "refused", text


def _timer(_: TraceState, event: TimerFired) -> Said:
    then = f"now {safe(event.role)} decides" if event.role else "rejected"
    return "note", "timer", f"{safe(event.request)}: time is up, {then}"


def _charged(_: TraceState, event: BudgetCharged) -> Said:
    return "note", "charged", f"{safe(event.suggestor)}: {event.tokens} tokens, {event.cost_usd} USD"


def _resumed(_: TraceState, event: RunResumed) -> Said:
    inputs = f"with inputs {', '.join(safe(item.name) for item in event.inputs)}" if event.inputs else ""
    packs = (
        f"packs changed since: {', '.join(safe(f'{item.name} {item.version}') for item in event.packs)}"
        if event.packs
        else ""
    )
    people = "" if event.people is None else "people are others than at the start"
    return "running", "resumed", "; ".join(filter(None, (inputs, packs, people)))


def _ended(_: TraceState, event: RunPaused | RunStopped) -> Said:
    stop = event.stop
    mark = "done" if stop.reason.value in CONVERGED else "stopped"
    word = "paused" if isinstance(event, RunPaused) else "stopped"
    about = ", ".join(map(safe, stop.names))
    return mark, word, ": ".join(filter(None, (stop.reason.value, about, safe(stop.detail, REASON))))


_SENTENCES: dict[type, Callable[[TraceState, Any], Said]] = {
    RunStarted: _run_started,
    CycleStarted: _cycle_started,
    SuggestorExecuted: _executed,
    SuggestorFailed: _failed,
    FactPromoted: _promoted,
    ProposalRejected: _rejected,
    ProposalParked: _parked,
    ProposalDenied: _denied,
    ProposalWithdrawn: _withdrawn,
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


def _by(state: TraceState, event: Any) -> str:
    origin = origin_of(state, event.execution, event.position)
    return "" if origin is None else f" by {safe(origin.suggestor)}"
