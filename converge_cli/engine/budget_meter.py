"""Budget meters: checked before the spend, so a limit is never exceeded."""

from decimal import Decimal

from converge_cli.core.budget import Budget, BudgetChange
from converge_cli.core.stop_reason import Stop, StopReason
from converge_cli.engine.halt import Halt


class BudgetMeter:
    """What a run has used of its budget.

    Attributes:
        cycles: passes in which a suggestor was eligible.
        facts: promoted facts without those that the engine wrote.
        active: seconds spent running, waiting for people not counted.
    """

    def __init__(self, limit: Budget) -> None:
        self.limit = limit
        self._seconds = float(limit.time)
        self.cycles = 0
        self.facts = 0
        self.active = 0.0
        self.tokens = 0
        self.cost_usd = Decimal(0)

    def add(self, more: BudgetChange) -> None:
        """Raise the limits."""
        self.limit = self.limit.add(more)
        self._seconds = float(self.limit.time)

    def charge_cycle(self, cycle: int) -> None:
        """Raises: Halt: the cycle would cross the limit."""
        if self.cycles >= self.limit.cycles:
            self._halt(StopReason.CYCLE_BUDGET_EXHAUSTED, cycle, self.limit.cycles, self.cycles)
        self.cycles += 1

    def charge_fact(self, cycle: int) -> None:
        """Raises: Halt: the fact would cross the limit."""
        if self.facts >= self.limit.facts:
            self._halt(StopReason.FACT_BUDGET_EXHAUSTED, cycle, self.limit.facts, self.facts)
        self.facts += 1

    def charge_model(self, cycle: int, tokens: int, cost_usd: Decimal) -> None:
        """Charge a model call before it is made. Raises: Halt: it would cross the token or the cost limit."""
        if self.limit.tokens is not None and self.tokens + tokens > self.limit.tokens:
            self._halt(StopReason.TOKEN_BUDGET_EXHAUSTED, cycle, self.limit.tokens, self.tokens)
        if self.limit.cost_usd is not None and self.cost_usd + cost_usd > self.limit.cost_usd:
            self._halt(StopReason.COST_BUDGET_EXHAUSTED, cycle, self.limit.cost_usd, self.cost_usd)
        self.tokens += tokens
        self.cost_usd += cost_usd

    def check_time(self, cycle: int, running: float) -> None:
        """Raises: Halt: the active time is used up; `running` is what this process adds to it, in seconds."""
        if self.active + running >= self._seconds:
            self._halt(StopReason.TIME_BUDGET_EXHAUSTED, cycle, self.limit.time, f"{self.active + running:.3f}")

    def halt_for_time(self, cycle: int) -> None:
        """Raises: Halt: suggestors were cut off because the active time was used up."""
        self._halt(StopReason.TIME_BUDGET_EXHAUSTED, cycle, self.limit.time, self.limit.time)

    def time_left(self, running: float) -> float:
        """Seconds of active time that are left."""
        return self._seconds - self.active - running

    def _halt(self, reason: StopReason, cycle: int, limit: object, used: object) -> None:
        raise Halt(Stop(reason, cycle=cycle, limit=str(limit), used=str(used)))
