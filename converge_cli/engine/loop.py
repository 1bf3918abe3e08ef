"""The loop: drives one run to its fixed point, a budget, or a person.

Must never know a truth, a pack or a terminal: it sees a job, suggestors and ports.
"""

from collections.abc import Sequence

from converge_cli.core.event import CycleStarted, RunPaused, RunStopped
from converge_cli.core.stop_reason import RESUMABLE_REASONS, Stop, StopReason
from converge_cli.engine.conditions import Conditions
from converge_cli.engine.criteria import CriterionBoard
from converge_cli.engine.eligibility import Eligibility
from converge_cli.engine.execution import Executes, Execution
from converge_cli.engine.halt import Halt
from converge_cli.engine.invariant_checks import InvariantBoard, names_and_facts
from converge_cli.engine.merge import Feed, judge, merge, record_feeds
from converge_cli.engine.outcome import outcome_digest
from converge_cli.engine.progress import ProgressWatch, note_end
from converge_cli.engine.promotion import PromotionGate
from converge_cli.engine.run import Run, Unmerged
from converge_cli.engine.stops import at_fixed_point
from converge_cli.engine.timers import fire_timers


class Loop:
    """The phases of one run, in the order that ENGINE promises."""

    def __init__(self, run: Run, executor: Executes, conditions: Conditions) -> None:
        self._run = run
        self._gate = PromotionGate(run)
        self._invariants = InvariantBoard(run)
        self._criteria = CriterionBoard(run)
        self._executor = executor
        self._conditions = conditions
        self._eligibility = Eligibility(run)
        self._progress = ProgressWatch(run)

    async def begin(self, feeds: Sequence[Feed]) -> Stop:
        """Promote the seeds, check, then loop."""
        try:
            self._check_authority()
            self._judge(record_feeds(self._run, feeds))
            self._check_structure()
            note_end(self._run)
            self._commit()
        except Halt as halt:
            return self._end_early(halt.stop)
        return await self._loop()

    async def resume(self, feeds: Sequence[Feed]) -> Stop:
        """Go on: recorded decisions, what a merge had left, then parked proposals and eligibility as ever."""
        run = self._run
        try:
            self._fire_timers()
            self._gate.desk.note_decisions()
            given = record_feeds(run, feeds)
            if run.unmerged:
                self._judge(run.unmerged)
                run.unmerged = []
                self._check()
            self._judge(given)
            self._gate.withdraw_superseded()
            self._check_structure()
            if self._progress.turns_in_circles():
                raise Halt(Stop(StopReason.NO_PROGRESS, cycle=run.cycle))
            self._commit()
        except Halt as halt:
            return self._end_early(halt.stop)
        return await self._loop()

    async def _loop(self) -> Stop:
        # The law of the loop. One pass: ask again about held proposals, execute whoever is eligible against one
        # frozen context, merge in registration order, check. Until a pass adds no fact: that is the fixed point.
        run = self._run
        while True:
            try:
                before = len(run.context.facts)
                eligible = await self._pass()
                if len(run.context.facts) == before:
                    return self._end(self._fixed_point(eligible))
                if self._progress.turns_in_circles():
                    raise Halt(Stop(StopReason.NO_PROGRESS, cycle=run.cycle))
                self._criteria.evaluate(due=False)
                self._commit()
            except Halt as halt:
                return self._end_early(halt.stop)

    async def _pass(self) -> list[Execution]:
        run, log = self._run, self._run.log
        self._conditions.stop_if_told()
        run.cycle += 1
        log.tick()
        log.put(CycleStarted(log.seq + 1, log.at, run.cycle, self._conditions.active_ms()))
        if run.held:
            self._ask_again()
        eligible, failed = self._eligibility.eligible(self._executor)
        executions: list[Execution] = []
        if eligible or failed:
            run.meter.charge_cycle(run.cycle)
            executions = await self._executor.execute(eligible, self._conditions.seconds_left())
            if run.ended is not None:
                raise Halt(run.ended)
            if failed:
                executions = sorted([*executions, *failed], key=lambda item: item.registration.number)
            merge(run, self._gate, self._eligibility, executions)
        self._check()
        return executions

    def _check(self) -> None:
        """What follows the merge of a cycle; a merge that was cut short is followed by it when the run goes on."""
        self._gate.withdraw_superseded()
        self._check_structure()
        if self._run.cycle:
            self._invariants.check("semantic")
            self._invariants.note_semantic()
            self._gate.withdraw_superseded()

    def _ask_again(self) -> None:
        for which, held in list(self._run.held.items()):
            if self._gate.desk.needs_asking(held):
                # One that was promoted just now may have corrected what this one rests on.
                self._gate.withdraw_superseded()
                if self._run.held.get(which) is held:
                    self._gate.reask(held)

    def _fixed_point(self, executions: list[Execution]) -> Stop:
        """Nothing was added: the fixed point, unless executions were cut off before they could add something."""
        if any(execution.cut for execution in executions):
            self._conditions.stop_for_cut()
        return at_fixed_point(self._run, self._invariants, self._criteria)

    def _check_authority(self) -> None:
        expires = self._run.job.expires
        if expires is not None and self._run.log.at[:10] > expires:
            detail = f"the authority of this truth expired on {expires}"
            raise Halt(Stop(StopReason.POLICY_DENIED, names=("authority",), detail=detail))

    def _check_structure(self) -> None:
        violated = self._invariants.check("structural")
        if violated:
            names, facts = names_and_facts(violated)
            raise Halt(Stop(StopReason.INVARIANT_VIOLATED, cycle=self._run.cycle, names=names, facts=facts))

    def _judge(self, recorded: Sequence[Unmerged]) -> None:
        for rest in recorded:
            judge(self._run, self._gate, *rest)

    def _fire_timers(self) -> None:
        fired = fire_timers(self._run.requests, self._run.log)
        for held in self._run.held.values():
            held.fresh = held.fresh or not fired.isdisjoint(held.requests.values())

    def _end_early(self, stop: Stop) -> Stop:
        """A stop before the fixed point: state the criteria as they stand, then end."""
        if stop is self._run.ended:
            return stop  # recorded already, while this thread was lost in somebody's code
        self._criteria.evaluate(due=True)
        return self._end(stop)

    def _end(self, stop: Stop) -> Stop:
        """Record how it ended, in the transaction of its last cycle."""
        run = self._run
        run.log.tick()
        final = stop.reason not in RESUMABLE_REASONS
        self._conditions.settle()
        run.outcome = outcome_digest(run, stop.reason)
        run.log.add(
            RunStopped if final else RunPaused, stop=stop, active_ms=self._conditions.active_ms(), outcome=run.outcome
        )
        status = "stopped" if final else "paused"
        run.log.commit(lambda head: run.row(head, status, stop.reason.value))
        return stop

    def _commit(self) -> None:
        self._run.log.commit(self._run.row)
