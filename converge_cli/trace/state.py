"""The picture of a run that displays draw: what `fold` fills in. Bounded, however long the run; never recorded."""

from collections import deque
from typing import Literal

import msgspec

from converge_cli.core.approval import Approval, ApprovalRequest
from converge_cli.core.budget import Budget
from converge_cli.core.criterion import CriterionResult
from converge_cli.core.event import GateDecided, RunPaused, RunStopped, SuggestorExecuted
from converge_cli.core.flow_gate import Principal
from converge_cli.core.invariant import InvariantResult
from converge_cli.core.recorded import RecordedProposal
from converge_cli.core.stop_reason import Stop
from converge_cli.trace.wording import is_early

Activity = Literal["idle", "running", "proposed", "promoted", "parked", "rejected", "denied", "failed"]
Mark = Literal["promoted", "parked", "rejected", "denied", "withdrawn"]

MAX_LINES = 400
"""How many context lines, rejections and gate answers are kept for display; totals count all."""
MAX_OPEN = 10_000
"""How many undecided proposals and suggestors are remembered."""


class SuggestorLine(msgspec.Struct, gc=False):
    """One suggestor: what its last execution came to, and what it has done in all; `elapsed_us` is of the last."""

    name: str
    activity: Activity = "idle"
    executions: int = 0
    proposed: int = 0
    promoted: int = 0
    parked: int = 0
    rejected: int = 0
    denied: int = 0
    elapsed_us: int = 0
    code: str = ""
    detail: str = ""


class ContextLine(msgspec.Struct, frozen=True, gc=False):
    """A proposal as the context shows it; `content` is canonical bytes, `note` a code, the points or a reason."""

    mark: Mark
    cycle: int
    key: str
    id: str
    content: bytes | None = None
    confidence: str | None = None
    who: str = ""
    note: str = ""
    reason: str = ""
    evidence: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()


class Origin(msgspec.Struct, frozen=True, gc=False):
    """A proposal that nobody has decided for good, with who made it."""

    suggestor: str
    proposal: RecordedProposal


class TraceState:
    """A run as its events tell it.

    Attributes:
        facts: promoted facts without those that the engine itself wrote.
        active_ms: active time as of the last event that says it.
        waited_s: seconds between a pause and going on, summed.
        proposals: executions whose proposals may still be decided, by sequence.
        undecided: parked and denied proposals, by (execution, position).
        context: newest last; a proposal has one line, the latest.
        pending: requests that people have not decided, by id.
        due: ids of criteria whose result is not a preview.
        ended: the event that ended or paused the run, with outcome digest.
    """

    def __init__(self) -> None:
        self.run = ""
        self.truth = ""
        self.title = ""
        self.principal: str | None = None
        self.principal_seen: Principal | None = None
        self.strict = False
        self.budget = Budget()
        self.cycle = 0
        self.facts = 0
        self.active_ms = 0
        self.waited_s = 0.0
        self.seq = 0
        self.tokens = 0
        self.rejection_count = 0
        self.suggestors: dict[str, SuggestorLine] = {}
        self.running: set[str] = set()
        self.proposals: dict[int, SuggestorExecuted] = {}
        self.undecided: dict[tuple[int, int], Origin] = {}
        self.context: dict[tuple[str, str], ContextLine] = {}
        self.rejections: deque[ContextLine] = deque(maxlen=MAX_LINES)
        self.gates: dict[tuple[str, str], GateDecided] = {}
        self.invariants: dict[str, InvariantResult] = {}
        self.criteria: dict[str, CriterionResult] = {}
        self.due: set[str] = set()
        self.pending: dict[str, ApprovalRequest] = {}
        self.decided: deque[Approval] = deque(maxlen=MAX_LINES)
        self.refused: deque[tuple[Approval, str, str]] = deque(maxlen=MAX_LINES)
        self.spent: dict[str, str] = {}
        self.ended: RunPaused | RunStopped | None = None

    @property
    def stop(self) -> Stop | None:
        """Why the run ended or paused; None while it goes on."""
        return None if self.ended is None else self.ended.stop

    @property
    def final(self) -> bool:
        """Whether the run can't be resumed."""
        return isinstance(self.ended, RunStopped)

    def is_early(self, result: InvariantResult) -> bool:
        """Whether a violation does not count yet."""
        return is_early(None if self.stop is None else self.stop.reason, result.verdict, result.when)
