"""What the HTTP door answers with, as models: the OpenAPI is made of them, and a test holds every answer against them.

Answers themselves are the data of the use cases, which all doors share.
"""

from typing import Any, Literal

import msgspec

from converge_cli.core.approval import Approval, Decision, Mode
from converge_cli.core.criterion import Missing
from converge_cli.core.job_queue import JobStatus
from converge_cli.core.person import Authority
from converge_cli.core.provenance import PromotionRecord
from converge_cli.core.stop_reason import StopReason
from converge_cli.engine.run import Rejection
from converge_cli.truth.diagnostics import Diagnostic


class ErrorData(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error: what, where, and what to do."""

    code: str
    message: str
    hint: str | None
    where: str | None
    findings: tuple[Diagnostic, ...] | None = None
    divergence: dict[str, Any] | None = None


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error as every route answers it (RFC 9457). `code` is stable; `findings` are those of `converge validate`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: str | None
    where: str | None
    instance: str
    findings: tuple[Diagnostic, ...] | None = None
    divergence: dict[str, Any] | None = None


class JobLinks(msgspec.Struct, frozen=True):
    """Where the rest of a job is, as paths of this server."""

    self: str
    stream: str
    events: str
    receipt: str


class JobLine(msgspec.Struct, frozen=True):
    """A job in few words: where it stands, and what its run has come to. `outcome` is the stop reason once at rest."""

    job_id: str
    run_id: str
    truth: str
    title: str
    owner: str
    status: JobStatus
    outcome: str
    cycles: int
    facts: int
    pending: int
    seq: int
    head: str
    created_at: str
    updated_at: str
    error: ErrorData | None
    links: JobLinks


class JobPage(msgspec.Struct, frozen=True):
    """A page of jobs; `next` is the `before` of the next page, null on the last."""

    jobs: tuple[JobLine, ...]
    next: str | None


class StopData(msgspec.Struct, frozen=True):
    """Why a run stopped; `names` are the invariants, suggestors, criteria or points concerned."""

    reason: StopReason
    cycle: int
    names: tuple[str, ...]
    facts: tuple[str, ...]
    limit: str | None
    used: str | None
    missing: tuple[Missing, ...]
    detail: str


class FactData(msgspec.Struct, frozen=True):
    """A fact with where it came from."""

    key: str
    id: str
    kind: str
    content: Any
    confidence: str
    evidence: tuple[str, ...]
    suggestor: str
    corrects: str | None
    promotion: PromotionRecord


class CriterionData(msgspec.Struct, frozen=True):
    """What a criterion came to."""

    id: str
    result: Literal["met", "unmet", "blocked", "indeterminate"]
    required: bool
    evidence: tuple[str, ...]
    cause: str | None
    reason: str
    missing: tuple[Missing, ...]


class RequestData(msgspec.Struct, frozen=True):
    """A pending request: what is asked, of whom, until when, and why."""

    request: str
    point: str
    digest: str
    key: str
    fact: str
    content: Any
    evidence: tuple[str, ...]
    summary: str
    role: str | None
    authority: Authority | None
    deciders: tuple[str, ...]
    not_by: tuple[str, ...]
    in_vain: tuple[str, ...]
    modes: tuple[Mode, ...]
    quorum: int
    requested_at: str
    until: str | None
    why: dict[str, Any]


class DecidedData(msgspec.Struct, frozen=True):
    """A request that was settled, with what was said."""

    request: str
    point: str
    fact: str
    digest: str
    status: str
    decisions: tuple[Approval, ...]


class ApprovalsData(msgspec.Struct, frozen=True):
    """Requests that wait, and requests that were settled."""

    pending: tuple[RequestData, ...]
    decided: tuple[DecidedData, ...]


class RefusalData(msgspec.Struct, frozen=True):
    """A decision that was not accepted."""

    request: str
    by: str
    decision: Decision
    code: str | None
    detail: str


class GateData(msgspec.Struct, frozen=True):
    """One answer of policy."""

    gate: str
    action: str
    fact: str
    outcome: str
    rules: tuple[str, ...]
    missing: tuple[str, ...]
    approvals: tuple[str, ...]
    authority: Authority | None
    source: str
    detail: str


class ViolationData(msgspec.Struct, frozen=True):
    """What violates an invariant."""

    check: str
    facts: tuple[str, ...]
    detail: str


class InvariantData(msgspec.Struct, frozen=True):
    """What an invariant came to."""

    id: str
    when: str = msgspec.field(name="class")
    verdict: str = msgspec.field()
    soft: bool = msgspec.field()
    violations: tuple[ViolationData, ...] = msgspec.field()


class RunData(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run has come to, as `converge show --json` says it."""

    run_id: str
    truth: str
    converged: bool
    stop: StopData
    cycles: int
    facts: tuple[FactData, ...]
    rejections: tuple[Rejection, ...]
    criteria: tuple[CriterionData, ...]
    approvals: ApprovalsData
    refusals: tuple[RefusalData, ...]
    gates: tuple[GateData, ...]
    invariants: tuple[InvariantData, ...]
    failures: dict[str, Any]
    duplicates: int
    outputs: Any
    outcome_digest: str
    head: str
    ledger: str | None = None
    people_changed: tuple[str, ...] = ()


class JobData(JobLine, frozen=True, kw_only=True):
    """A job with its run: `exit_code` is that of the command line, null while it is under way."""

    exit_code: int | None
    result: RunData | None


class DecisionData(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a decision."""

    run_id: str
    decisions: tuple[Approval, ...]
    refusals: tuple[RefusalData, ...]
    pending: int
    people_changed: tuple[str, ...] = ()


class EventPage(msgspec.Struct, frozen=True):
    """Events as they were recorded; see `converge schema event` for what each may hold."""

    events: tuple[dict[str, Any], ...]
    last: int
    next_after: int | None


class Explanation(msgspec.Struct, frozen=True):
    """What is explained, as a tree for people and programs; `what` says which of the others stand there."""

    what: str


class WaitingData(RequestData, frozen=True, kw_only=True):
    """A request that waits, with its run and who has said yes so far."""

    run_id: str
    truth: str
    approved_by: tuple[str, ...]


class ReadyRun(msgspec.Struct, frozen=True):
    """A run in which everything is decided."""

    run_id: str
    truth: str


class InboxData(msgspec.Struct, frozen=True):
    """What waits for people, the most urgent first."""

    waiting: tuple[WaitingData, ...]
    ready: tuple[ReadyRun, ...]
    unreadable: tuple[ErrorData, ...]


class StreamEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One server-sent event: `data` is JSON, an event, the job's line or a problem; only events have an id."""

    event: str
    data: str
    id: str = ""


class Ticket(msgspec.Struct, frozen=True):
    """What opens one stream, once, within so many seconds; `url` has it in already."""

    ticket: str
    seconds: float
    url: str


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Literal["alive"]


class ReadyCheck(msgspec.Struct, frozen=True):
    """One check of readiness."""

    name: str
    ok: bool
    detail: str


class Ready(msgspec.Struct, frozen=True):
    """Whether work can be done now; each check with what it found."""

    status: Literal["ready", "not ready"]
    checks: tuple[ReadyCheck, ...]
