"""The typed partitions of a context."""

from enum import StrEnum


class ContextKey(StrEnum):
    """Under which heading a fact stands; every fact has exactly one."""

    SEEDS = "Seeds"
    HYPOTHESES = "Hypotheses"
    STRATEGIES = "Strategies"
    CONSTRAINTS = "Constraints"
    SIGNALS = "Signals"
    COMPETITORS = "Competitors"
    EVALUATIONS = "Evaluations"
    PROPOSALS = "Proposals"
    DIAGNOSTIC = "Diagnostic"


KEYS = frozenset(key.value for key in ContextKey)
