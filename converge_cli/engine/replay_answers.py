"""What a replay's loop is answered from the record: what suggestors said, how time passed, who cancelled.

Nothing of a pack runs here. What the rules say of it is computed anew by the engine itself.
"""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from converge_cli.core.context import ContextView
from converge_cli.core.errors import InvalidJobError
from converge_cli.core.event import (
    BudgetCharged,
    CycleStarted,
    GateDecided,
    RunPaused,
    RunStopped,
    SuggestorExecuted,
    SuggestorFailed,
)
from converge_cli.core.flow_gate import FlowGateDecision, FlowQuestion
from converge_cli.core.registry import RegisteredSuggestor
from converge_cli.core.stop_reason import Stop, StopReason
from converge_cli.core.suggestor import Effect, Suggestor
from converge_cli.engine.execution import Execution
from converge_cli.engine.halt import Halt
from converge_cli.engine.registration import Registration
from converge_cli.engine.replay_log import DivergedError, Divergence, ReplayLog
from converge_cli.engine.replay_record import Outcome, Record
from converge_cli.engine.run import Run
from converge_cli.engine.stuck import record_stuck

_CUT = frozenset({StopReason.CANCELLED, StopReason.TIME_BUDGET_EXHAUSTED})
_CROSSED = frozenset({StopReason.TOKEN_BUDGET_EXHAUSTED, StopReason.COST_BUDGET_EXHAUSTED})

_KEPT_FROM_RUNNING = _CUT | _CROSSED | {StopReason.CYCLE_BUDGET_EXHAUSTED}


class RecordedSuggestor(Suggestor):
    """A suggestor as it was declared; what it said is in the record."""

    def __init__(self, registered: RegisteredSuggestor) -> None:
        super().__init__()
        self.name = registered.name
        self.reads = registered.reads
        self.writes = registered.writes
        self.timeout = registered.timeout

    def execute(self, view: ContextView) -> Effect:  # noqa: ARG002  there is no code that could look at it
        """Raises: InvalidJobError: always; it has no code, and a replay takes its answers from the record."""
        raise InvalidJobError(
            f"suggestor {self.name} stands in a record and has no code to run",
            hint="replay the run: its answers are taken from the record",
            where=self.name,
        )


class DecliningSuggestor(RecordedSuggestor):
    """One that had a say in whether it ran."""

    def accepts(self, view: ContextView) -> bool:
        """Raises: InvalidJobError: always, as `execute` does."""
        return bool(self.execute(view))


class RecordedExecutor:
    """Answers the loop from the record (implements `engine.execution.Executes`)."""

    def __init__(self, run: Run, record: Record, log: ReplayLog) -> None:
        self._run = run
        self._record = record
        self._log = log

    def accepts(self, registration: Registration) -> tuple[bool, Execution | None]:
        """Whether it ran, or would have, had a limit or a person not kept it from being recorded."""
        self._charge()
        cycle = self._run.cycle
        ran = self._record.outcome(cycle, registration.name) is not None
        return ran or _reason(self._record.ended_in(cycle)) in _KEPT_FROM_RUNNING, None

    async def execute(self, eligible: Sequence[Registration], seconds_left: float) -> list[Execution]:  # noqa: ARG002
        """What came of each eligible suggestor.

        Raises:
            DivergedError: one was due, and nothing is recorded of it.
        """
        self._charge()
        following = self._record.at(self._log.seq)
        if isinstance(following, SuggestorFailed) and following.code == "STUCK":
            self._log.tick()
            record_stuck(self._run, following.suggestor)
            return []
        return [self._execution(item) for item in eligible]

    def _execution(self, registration: Registration) -> Execution:
        held = len(self._run.context.facts)
        outcome = self._record.outcome(self._run.cycle, registration.name)
        return self._unrecorded(registration, held) if outcome is None else _recorded(registration, held, outcome)

    def _unrecorded(self, registration: Registration, held: int) -> Execution:
        stop = self._record.ended_in(self._run.cycle)
        if stop is not None and stop.reason in _CUT:
            return Execution(registration, held, cut=True)
        if stop is not None and stop.reason in _CROSSED:
            limit = self._run.meter.limit
            crossed = limit.tokens if stop.reason is StopReason.TOKEN_BUDGET_EXHAUSTED else limit.cost_usd
            same = Stop(stop.reason, cycle=self._run.cycle, limit=str(crossed), used=stop.used)
            return Execution(registration, held, halt=Halt(same))
        following = self._record.at(self._log.seq)
        detail = f"suggestor {registration.name} was due in cycle {self._run.cycle}, and nothing is recorded of it"
        name = "(nothing)" if following is None else type(following).__name__
        raise DivergedError(Divergence(self._log.seq + 1, name, "SuggestorExecuted", detail=detail))

    def _charge(self) -> None:
        """Charge what was charged on behalf of suggestors while they ran."""
        while isinstance(event := self._record.at(self._log.seq), BudgetCharged):
            try:
                self._run.meter.charge_model(self._run.cycle, event.tokens, Decimal(event.cost_usd))
            except (Halt, InvalidOperation) as error:
                detail = f"{event.suggestor} was charged what it could not be charged: {error}"
                raise DivergedError(Divergence(event.seq, "BudgetCharged", "(nothing)", detail=detail)) from error
            self._log.put(event)


class RecordedConditions:
    """Time and cancellation as they were (implements `engine.conditions.Conditions`)."""

    def __init__(self, run: Run, record: Record, log: ReplayLog) -> None:
        self._run = run
        self._record = record
        self._log = log

    def active_ms(self) -> int:
        """As the next event says."""
        event = self._record.at(self._log.seq)
        return event.active_ms if isinstance(event, CycleStarted | RunPaused | RunStopped) else 0

    def seconds_left(self) -> float:
        """Nothing takes time."""
        return 0.0

    def stop_if_told(self) -> None:
        """Stop where the record says that somebody cancelled, or that time was up: the outside is taken on its word.

        Raises:
            Halt: it does.
        """
        if isinstance(self._record.at(self._log.seq), CycleStarted):
            return
        stop = self._record.next_stop(self._log.seq)
        if stop is None or stop.reason not in _CUT:
            return
        if stop.reason is StopReason.CANCELLED:
            raise Halt(Stop(StopReason.CANCELLED, cycle=self._run.cycle))
        limit = self._run.meter.limit.time
        if _number(stop.used) >= limit:
            raise Halt(Stop(stop.reason, cycle=self._run.cycle, limit=str(limit), used=stop.used))

    def stop_for_cut(self) -> None:
        """See `stop_if_told`."""
        self.stop_if_told()

    def settle(self) -> None:
        """Nothing takes time."""


class RecordedGate:
    """Policy of an embedding program, which no record can hold: its answers are taken as they stand there."""

    def __init__(self, record: Record, log: ReplayLog) -> None:
        self._record = record
        self._log = log

    def decide(self, question: FlowQuestion) -> FlowGateDecision:  # noqa: ARG002  the record has the answer
        """The recorded answer; a refusal where none is recorded, which then differs."""
        event = self._record.at(self._log.seq)
        if isinstance(event, GateDecided):
            return event.decision
        return FlowGateDecision("REJECT", source="error", detail="no answer is recorded")


def _recorded(registration: Registration, held: int, outcome: Outcome) -> Execution:
    if isinstance(outcome, SuggestorExecuted):
        return Execution(registration, held, outcome.proposals, elapsed_us=outcome.elapsed_us, calls=outcome.calls)
    return Execution(
        registration, held, failure=(outcome.code, outcome.detail), calls=outcome.calls, again=outcome.again
    )


def _reason(stop: Stop | None) -> StopReason | None:
    return None if stop is None else stop.reason


def _number(text: str | None) -> Decimal:
    try:
        return Decimal(text or "0")
    except InvalidOperation:
        return Decimal(0)
