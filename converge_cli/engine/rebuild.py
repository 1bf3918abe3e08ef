"""Rebuilds a run from its recorded events: how it resumes in another process, on another machine, after any crash."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from converge_cli.core import event as e
from converge_cli.core.approval import request_id
from converge_cli.core.built_in_kinds import FailureNote
from converge_cli.core.errors import RecordCorruptError
from converge_cli.core.ids import kind_of, subject_of
from converge_cli.core.stop_reason import Stop, StopReason
from converge_cli.engine.candidate import Candidate, Held
from converge_cli.engine.engine_notes import RESOLVED, add_note
from converge_cli.engine.progress import note_end
from converge_cli.engine.promotion import add_fact, drop_held, spelling
from converge_cli.engine.registration import Outside
from converge_cli.engine.request_book import note
from converge_cli.engine.run import GateAnswer, Rejection, Run, Unmerged

_TRY_AGAIN = {StopReason.SUGGESTOR_FAILED, StopReason.INDETERMINATE}
_CUT_SHORT = {
    StopReason.FACT_BUDGET_EXHAUSTED,
    StopReason.TOKEN_BUDGET_EXHAUSTED,
    StopReason.COST_BUDGET_EXHAUSTED,
}


class Rebuilder:
    """Folds recorded events into a fresh run.

    Attributes:
        stop: the last stop, None when the run died while running.
        final: whether the run has ended for good.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._names = {item.name: item for item in run.registrations}
        self._executions: dict[int, e.SuggestorExecuted] = {}
        self._last: list[e.SuggestorExecuted] = []
        self._judged = (0, 0)
        self._charged = 0
        self.stop: Stop | None = None
        self.final = False

    def fold(self, events: Iterable[e.RunEvent]) -> None:
        """Apply events in order.

        Raises:
            RecordCorruptError: an event refers to something that is not there.
        """
        for event in events:
            try:
                note(self._run.requests, event)
                handler = self._HANDLERS.get(type(event))
                if handler is not None:
                    handler(self, event)
            except (KeyError, IndexError, msgspec.MsgspecError) as error:
                raise RecordCorruptError(
                    f"event {event.seq} of run {self._run.id} does not fit what came before: {error}",
                    hint="was it recorded by another version of a pack? start the run anew",
                    where=f"{self._run.id}:{event.seq}",
                ) from error

    def _ready_to_resume(self) -> None:
        """Bring what depends on the last stop in order: failed suggestors try again, a cut merge goes on."""
        run, reason = self._run, self.stop.reason if self.stop is not None else None
        if reason in _TRY_AGAIN:
            for name in run.failures:
                if name in self._names:
                    registration = self._names[name]
                    registration.last_view, registration.due = -1, True
        if reason in _CUT_SHORT:
            run.unmerged = [self._rest_of(item) for item in self._last]
        else:
            self._last = []
            note_end(run)

    def _rest_of(self, event: e.SuggestorExecuted) -> Unmerged:
        """What of an execution comes after the last proposal that was judged; nothing is judged a second time."""
        execution, position = self._judged
        first = len(event.proposals) if event.seq < execution else position + 1 if event.seq == execution else 0
        return Unmerged(self._names.get(event.suggestor) or Outside(event.suggestor), event.seq, event.proposals, first)

    def _started(self, event: e.RunStarted) -> None:
        self._run.inputs = list(event.inputs)
        self._run.missing_inputs = dict.fromkeys(event.missing_inputs, event.at)

    def _cycle(self, event: e.CycleStarted) -> None:
        run = self._run
        note_end(run)
        run.cycle = event.cycle
        run.meter.active = event.active_ms / 1000
        self._last = []

    def _executed(self, event: e.SuggestorExecuted) -> None:
        self._executions[event.seq] = event
        self._last.append(event)
        self._saw(event.suggestor, event.view, event.cycle)
        self._used_up(event)
        self._run.charges.settle(event.suggestor)

    def _failed(self, event: e.SuggestorFailed) -> None:
        self._saw(event.suggestor, event.view, event.cycle)
        self._run.failures[event.suggestor] = event.code
        self._run.failed_words[event.suggestor] = event.detail
        if event.calls:
            self._used_up(event)
        self._run.charges.settle(event.suggestor, again=event.again)

    def _used_up(self, event: e.SuggestorExecuted | e.SuggestorFailed) -> None:
        registration = self._names.get(event.suggestor)
        if registration is not None:
            registration.since = event.seq

    def _saw(self, name: str, view: int, cycle: int) -> None:
        registration = self._names.get(name)
        if registration is None:
            return
        registration.last_view, registration.due = view, False
        if cycle != self._charged:
            self._charged = cycle
            self._run.meter.cycles += 1

    def _promoted(self, event: e.FactPromoted) -> None:
        run = self._run
        if event.content is not None:
            add_note(run, event.id, bytes(event.content), event.corrects)
            said = run.context.facts[-1].payload
            if isinstance(said, FailureNote) and said.code == RESOLVED:
                run.failures.pop(said.suggestor, None)
            return
        self._judged = (event.execution or 0, event.position)
        candidate = self._candidate(event.execution or 0, event.position)
        add_fact(run, candidate, event.gate, event.approvals)
        run.meter.facts += 1
        held = run.held.get((candidate.key, candidate.id))
        if held is not None:
            drop_held(run, held)

    def _rejected(self, event: e.ProposalRejected) -> None:
        execution = self._executions[event.execution]
        recorded = execution.proposals[event.position]
        self._judged = (event.execution, event.position)
        self._run.rejected[spelling(execution.suggestor, recorded)] = event.code
        self._run.rejections.append(
            Rejection(event.key, event.id, execution.suggestor, event.code, event.reason, event.cycle)
        )

    def _parked(self, event: e.ProposalParked) -> None:
        held = self._held(event.key, event.id, event.execution, event.position)
        held.claims, held.cause, held.by = event.points, None, ()
        for point in event.points:
            known = request_id(self._run.id, point, held.candidate.digest(point))
            if known in self._run.requests:
                held.requests[point] = known

    def _denied(self, event: e.ProposalDenied) -> None:
        held = self._held(event.key, event.id, event.execution, event.position)
        held.claims, held.cause, held.by, held.detail = (), event.cause, event.by, event.detail

    def _withdrawn(self, event: e.ProposalWithdrawn) -> None:
        drop_held(self._run, self._run.held[event.key, event.id])

    def _gate(self, event: e.GateDecided) -> None:
        resource = event.request.resource.id if event.request is not None else ""
        action = event.request.action if event.request is not None else event.gate.partition(".")[2]
        self._run.gate_answers.append(GateAnswer(event.gate, action, event.fact, resource, event.decision, event.cycle))

    def _requested(self, event: e.ApprovalRequested) -> None:
        request = event.request
        self._run.held[request.key, request.fact].requests[request.point] = request.id

    def _decided(self, event: e.ApprovalDecided) -> None:
        self._refresh(event.approval.request)

    def _timer(self, event: e.TimerFired) -> None:
        self._refresh(event.request)

    def _refresh(self, request: str) -> None:
        for held in self._run.held.values():
            held.fresh = held.fresh or request in held.requests.values()

    def _refused(self, event: e.DecisionRefused) -> None:
        self._run.refusals.append((event.approval, event.code, event.detail))

    def _invariant(self, event: e.InvariantChecked) -> None:
        self._run.invariants[event.result.id] = event.result

    def _criterion(self, event: e.CriterionEvaluated) -> None:
        self._run.criteria[event.result.id] = event.result

    def _budget(self, event: e.BudgetCharged) -> None:
        self._run.meter.tokens += event.tokens
        self._run.meter.cost_usd += Decimal(event.cost_usd)
        self._run.charges.pay(event.suggestor, event.tokens, Decimal(event.cost_usd))

    def _paused(self, event: e.RunPaused) -> None:
        self.stop = event.stop
        self._run.outcome = event.outcome
        self._run.meter.active = event.active_ms / 1000

    def resume(self, event: e.RunResumed) -> None:
        """Apply what a resume changes; what a merge had left is then in `run.unmerged`."""
        self._ready_to_resume()
        run = self._run
        run.meter.add(event.added)
        for given in event.inputs:
            run.inputs.append(given)
            run.missing_inputs.pop(given.name, None)
        self.stop = None
        run.outcome = ""

    def _resumed(self, event: e.RunResumed) -> None:
        self.resume(event)
        self._run.unmerged = []  # what was left has been merged since, by events that follow

    def _stopped(self, event: e.RunStopped) -> None:
        self.stop = event.stop
        self._run.outcome = event.outcome
        self.final = True

    def _held(self, key: str, fact_id: str, execution: int, position: int) -> Held:
        run = self._run
        self._judged = (execution, position)
        held = run.held.get((key, fact_id))
        if held is None:
            held = run.held[key, fact_id] = Held(self._candidate(execution, position))
            run.judged.add(held.candidate.identity)
        return held

    def _candidate(self, execution: int, position: int) -> Candidate:
        made = self._executions[execution]
        recorded = made.proposals[position]
        kind = kind_of(recorded.id)
        payload, content = self._run.setting.kinds[kind].parse_content(bytes(recorded.payload or b""))
        return Candidate(
            recorded.key,
            recorded.id,
            subject_of(recorded.id),
            kind,
            payload,
            content,
            Decimal(recorded.confidence or 1),
            recorded.evidence,
            recorded.corrects,
            made.suggestor,
            execution,
            position,
        )

    _HANDLERS: ClassVar[Mapping[type, Callable[["Rebuilder", Any], None]]] = {
        e.RunStarted: _started,
        e.CycleStarted: _cycle,
        e.SuggestorExecuted: _executed,
        e.SuggestorFailed: _failed,
        e.FactPromoted: _promoted,
        e.ProposalRejected: _rejected,
        e.ProposalParked: _parked,
        e.ProposalDenied: _denied,
        e.ProposalWithdrawn: _withdrawn,
        e.GateDecided: _gate,
        e.InvariantChecked: _invariant,
        e.CriterionEvaluated: _criterion,
        e.ApprovalRequested: _requested,
        e.ApprovalDecided: _decided,
        e.DecisionRefused: _refused,
        e.TimerFired: _timer,
        e.BudgetCharged: _budget,
        e.RunPaused: _paused,
        e.RunResumed: _resumed,
        e.RunStopped: _stopped,
    }
