"""Budgets: the limits of one run."""

from decimal import Decimal

import msgspec


class Budget(msgspec.Struct, frozen=True):
    """Limits; checked before the spend, so a limit is never exceeded.

    Attributes:
        cycles: passes in which a suggestor was eligible.
        facts: promoted facts, seeds included, without those that the engine itself writes.
        time: seconds of active time; waiting for a person is free.
        tokens: model tokens, None for no limit.
        cost_usd: money paid to model providers, None for no limit.
    """

    cycles: int = 100
    facts: int = 100_000
    time: Decimal = Decimal(300)
    tokens: int | None = None
    cost_usd: Decimal | None = None

    def add(self, more: "BudgetChange") -> "Budget":
        """The budget with more added; a limit that was None stays None."""
        return Budget(
            cycles=self.cycles + more.cycles,
            facts=self.facts + more.facts,
            time=self.time + more.time,
            tokens=None if self.tokens is None else self.tokens + more.tokens,
            cost_usd=None if self.cost_usd is None else self.cost_usd + more.cost_usd,
        )


class BudgetChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `resume --add-budget` adds."""

    cycles: int = 0
    facts: int = 0
    time: Decimal = Decimal(0)
    tokens: int = 0
    cost_usd: Decimal = Decimal(0)
