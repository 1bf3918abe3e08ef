"""Why a run ended. Every stop is a value (law 4)."""

from enum import StrEnum

import msgspec

from converge_cli.core.criterion import Missing


class StopReason(StrEnum):
    """The closed list of endings; the strings are those of CLI, HTTP, SSE and gRPC."""

    HUMAN_INTERVENTION_REQUIRED = "HumanInterventionRequired"
    INVARIANT_VIOLATED = "InvariantViolated"
    FACT_CONFLICT = "FactConflict"
    SUGGESTOR_FAILED = "SuggestorFailed"
    POLICY_DENIED = "PolicyDenied"
    INDETERMINATE = "Indeterminate"
    CRITERIA_UNMET = "CriteriaUnmet"
    CRITERIA_MET = "CriteriaMet"
    CONVERGED = "Converged"
    CYCLE_BUDGET_EXHAUSTED = "CycleBudgetExhausted"
    FACT_BUDGET_EXHAUSTED = "FactBudgetExhausted"
    TOKEN_BUDGET_EXHAUSTED = "TokenBudgetExhausted"  # noqa: S105  a budget, not a password
    COST_BUDGET_EXHAUSTED = "CostBudgetExhausted"
    TIME_BUDGET_EXHAUSTED = "TimeBudgetExhausted"
    NO_PROGRESS = "NoProgress"
    CANCELLED = "Cancelled"


CONVERGED_REASONS = frozenset({StopReason.CRITERIA_MET, StopReason.CONVERGED})

RESUMABLE_REASONS = frozenset(
    {
        StopReason.HUMAN_INTERVENTION_REQUIRED,
        StopReason.CYCLE_BUDGET_EXHAUSTED,
        StopReason.FACT_BUDGET_EXHAUSTED,
        StopReason.TOKEN_BUDGET_EXHAUSTED,
        StopReason.COST_BUDGET_EXHAUSTED,
        StopReason.TIME_BUDGET_EXHAUSTED,
        StopReason.CANCELLED,
        StopReason.INDETERMINATE,
        StopReason.SUGGESTOR_FAILED,
    }
)
"""Ends that write RunPaused: the run can go on. All others are final."""


class Stop(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stop with what is known about it.

    Attributes:
        names: the invariants, suggestors, criteria or gates concerned.
        facts: ids of the facts concerned.
        cycle: the last cycle.
        limit, used: of an exhausted budget, in the budget's own unit, as text.
        missing: what a blocked run waits for.
        detail: one sentence for a person.
    """

    reason: StopReason
    cycle: int = 0
    names: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    limit: str | None = None
    used: str | None = None
    missing: tuple[Missing, ...] = ()
    detail: str = ""
