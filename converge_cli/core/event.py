"""Run events: everything that a run does, as a closed, tagged, versioned union.

An event says what was committed, never what was about to be. Run-wide values stand once, in RunStarted. Changing
a field's meaning needs a new `SCHEMA`; recorded histories must stay readable.
"""

from typing import Any, Literal

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.core.approval import Approval, ApprovalRequest
from converge_cli.core.budget import Budget, BudgetChange
from converge_cli.core.call import RecordedCall
from converge_cli.core.criterion import CriterionResult
from converge_cli.core.flow_gate import FlowGateDecision, FlowGateInput
from converge_cli.core.invariant import InvariantResult
from converge_cli.core.recorded import InputRecord, OptionalRaw, PackRecord, RecordedProposal, SourceRecord
from converge_cli.core.stop_reason import Stop

SCHEMA = "converge.event/1"


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, tag_field="type", tag=True):
    """What every event has: a gapless sequence from 1, and the UTC time of the injected clock."""

    seq: int
    at: str


class RunStarted(Event, frozen=True, kw_only=True, tag=True):
    """First event. What is named by a SHA-256 is kept as a blob beside the events.

    Attributes:
        job: the compiled job.
        sources: the texts that it was compiled from.
        people: who may act and decide, a list of `Person`; "" where there are none.
        registry: the kinds and suggestors, a `Registry`; "" in records of versions that kept none.
    """

    schema: str
    engine: str
    run: str
    truth: str
    title: str
    job: str
    budget: Budget
    principal: str | None = None
    strict: bool = False
    inputs: tuple[InputRecord, ...] = ()
    missing_inputs: tuple[str, ...] = ()
    packs: tuple[PackRecord, ...] = ()
    suggestors: tuple[str, ...] = ()
    sources: tuple[SourceRecord, ...] = ()
    people: str = ""
    registry: str = ""


class CycleStarted(Event, frozen=True, tag=True):
    """A pass began; `active_ms` is the active time spent before it."""

    cycle: int
    active_ms: int


class SuggestorExecuted(Event, frozen=True, tag=True):
    """An execution ended; `view` is how many facts the context held when its view was made.

    `calls` are the external calls whose answers it had, in the order in which it asked.
    """

    cycle: int
    suggestor: str
    view: int
    proposals: tuple[RecordedProposal, ...] = ()
    elapsed_us: int = 0
    calls: tuple[RecordedCall, ...] = ()


class SuggestorFailed(Event, frozen=True, kw_only=True, tag=True):
    """An execution raised, timed out, had no backend or returned no effect.

    `calls` stand here when it had every answer that it asked for and failed on its own: they are used up, and another
    attempt asks anew. Otherwise the next attempt is given the answers that this one had; `again` says that it made
    calls, so that what it was charged counts for the next attempt too.
    """

    cycle: int
    suggestor: str
    view: int
    code: Literal["EXCEPTION", "TIMEOUT", "STUCK", "UNAVAILABLE", "EFFECT_INVALID"]
    detail: str
    calls: tuple[RecordedCall, ...] = ()
    again: bool = False


class FactPromoted(Event, frozen=True, tag=True):
    """A fact came into the context.

    `execution` and `position` name its proposal; `content` stands only in facts that the engine itself wrote.
    """

    cycle: int
    key: str
    id: str
    execution: int | None = None
    position: int = 0
    gate: int | None = None
    approvals: tuple[str, ...] = ()
    content: OptionalRaw = None
    corrects: str | None = None


class ProposalRejected(Event, frozen=True, kw_only=True, tag=True):
    """The promotion gate rejected a proposal: which check, why."""

    cycle: int
    key: str
    id: str
    execution: int
    position: int
    code: str
    reason: str


class ProposalParked(Event, frozen=True, kw_only=True, tag=True):
    """A proposal waits for people; `points` claim it."""

    cycle: int
    key: str
    id: str
    execution: int
    position: int
    points: tuple[str, ...]
    gate: int | None = None


class ProposalDenied(Event, frozen=True, kw_only=True, tag=True):
    """A gate (cause denied) or a person (cause rejected) refused a proposal; `by` names rules, gates or points.

    `detail` says it in a sentence: what policy found, or who said no and why.
    """

    cycle: int
    key: str
    id: str
    execution: int
    position: int
    cause: Literal["denied", "rejected"]
    by: tuple[str, ...]
    gate: int | None = None
    detail: str = ""


class ProposalWithdrawn(Event, frozen=True, kw_only=True, tag=True):
    """A parked or denied proposal no longer stands: its evidence was corrected or its subject says something else."""

    cycle: int
    key: str
    id: str
    execution: int
    position: int
    reason: str
    requests: tuple[str, ...] = ()


class GateDecided(Event, frozen=True, kw_only=True, tag=True):
    """Policy answered; `request` is the full input, grants included."""

    cycle: int
    gate: str
    fact: str
    request: FlowGateInput | None
    decision: FlowGateDecision


class InvariantChecked(Event, frozen=True, kw_only=True, tag=True):
    """An invariant's verdict changed (or was judged for the first time)."""

    cycle: int
    result: InvariantResult


class CriterionEvaluated(Event, frozen=True, kw_only=True, tag=True):
    """A criterion's result changed; at each stop all are stated, with evidence (`due`)."""

    cycle: int
    result: CriterionResult
    due: bool = False


class ApprovalRequested(Event, frozen=True, kw_only=True, tag=True):
    """People are asked."""

    cycle: int
    request: ApprovalRequest


class ApprovalDecided(Event, frozen=True, kw_only=True, tag=True):
    """A person decided, before the run went on; `people` (a blob) when they are no longer those it began with."""

    approval: Approval
    people: str | None = None


class ApprovalSpent(Event, frozen=True, kw_only=True, tag=True):
    """Approvals were used up by one fact; they can never be used again."""

    requests: tuple[str, ...]
    key: str
    fact: str


class DecisionRefused(Event, frozen=True, kw_only=True, tag=True):
    """A decision was not accepted, and why; nothing else changed. `people` as in ApprovalDecided."""

    approval: Approval
    code: str
    detail: str
    people: str | None = None


class TimerFired(Event, frozen=True, kw_only=True, tag=True):
    """A request's time was up: rejected, or handed to another role."""

    request: str
    action: Literal["reject", "escalate"]
    role: str | None = None
    until: str | None = None


class BudgetCharged(Event, frozen=True, kw_only=True, tag=True):
    """Tokens or money were spent on behalf of a suggestor."""

    suggestor: str
    tokens: int = 0
    cost_usd: str = "0"


class RunPaused(Event, frozen=True, kw_only=True, tag=True):
    """The run stopped in a way that it can go on from."""

    stop: Stop
    active_ms: int
    outcome: str


class RunResumed(Event, frozen=True, kw_only=True, tag=True):
    """The run goes on; packs, people and registry stand here when they are no longer those it began with."""

    added: BudgetChange = BudgetChange()
    inputs: tuple[InputRecord, ...] = ()
    packs: tuple[PackRecord, ...] = ()
    people: str | None = None
    registry: str | None = None


class RunStopped(Event, frozen=True, kw_only=True, tag=True):
    """The run ended for good."""

    stop: Stop
    active_ms: int
    outcome: str


RunEvent = (
    RunStarted
    | CycleStarted
    | SuggestorExecuted
    | SuggestorFailed
    | FactPromoted
    | ProposalRejected
    | ProposalParked
    | ProposalDenied
    | ProposalWithdrawn
    | GateDecided
    | InvariantChecked
    | CriterionEvaluated
    | ApprovalRequested
    | ApprovalDecided
    | ApprovalSpent
    | DecisionRefused
    | TimerFired
    | BudgetCharged
    | RunPaused
    | RunResumed
    | RunStopped
)

_DECODER = msgspec.json.Decoder(RunEvent)


def encode_event(event: Any) -> bytes:
    """Canonical bytes of an event: what is hashed and stored."""
    return encode(event)


def decode_event(data: bytes) -> RunEvent:
    """The event of recorded bytes.

    Raises:
        msgspec.DecodeError: the bytes are not an event of this schema.
    """
    event: RunEvent = _DECODER.decode(data)
    return event


class SuggestorRunning(msgspec.Struct, frozen=True, gc=False):
    """Not an event: tells displays that an execution has begun. Never recorded."""

    cycle: int
    suggestor: str
