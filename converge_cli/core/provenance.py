"""Where a fact came from and through which door."""

import msgspec


class PromotionRecord(msgspec.Struct, frozen=True, gc=False):
    """Written by the promotion gate, for each fact, when it lets a proposal in.

    Attributes:
        cycle: in which cycle; 0 for seeds.
        execution: sequence of the SuggestorExecuted event that carried the proposal; None for a fact that the
            engine itself wrote.
        position: which proposal of that execution.
        gate: sequence of the GateDecided event that answered PROMOTE; None where no gate asks.
        approvals: ids of the approval requests that were spent on it.
    """

    cycle: int
    execution: int | None
    position: int
    gate: int | None = None
    approvals: tuple[str, ...] = ()
