"""Everything that changes while one run runs. Only the engine's own modules touch it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.core.approval import Approval, ApprovalRequest, OpenRequest, OpenRequests
from converge_cli.core.budget import Budget
from converge_cli.core.context import Context
from converge_cli.core.criterion import CriterionResult
from converge_cli.core.fact import Fact
from converge_cli.core.flow_gate import FlowGateDecision
from converge_cli.core.invariant import InvariantResult
from converge_cli.core.job import Job
from converge_cli.core.kind import Kind
from converge_cli.core.person import Person
from converge_cli.core.port import FlowGate, RunRow
from converge_cli.core.recorded import InputRecord, RecordedProposal
from converge_cli.core.stop_reason import Stop
from converge_cli.core.suggestor import Suggestor
from converge_cli.engine.budget_meter import BudgetMeter
from converge_cli.engine.call_book import CallBook
from converge_cli.engine.candidate import Held
from converge_cli.engine.charges import Charges
from converge_cli.engine.event_log import EventLog
from converge_cli.engine.halt import Halt
from converge_cli.engine.registration import Outside, Registration, register

Spelling = tuple[str, str, str, bytes, tuple[str, ...], str | None, str | None]
"""A proposal in every respect, with who made it."""


class Setting(msgspec.Struct, frozen=True):
    """What a run is given and never changes.

    Attributes:
        suggestors: (pack name, suggestor) in registration order.
        kinds: every kind by name, built-in and engine-owned ones included.
        people: id -> person.
        gate: policy; None when no pack of the job has a gate.
        strict: soft violations, unexercised invariants and deferred clauses count.
    """

    job: Job
    suggestors: Sequence[tuple[str, Suggestor]]
    kinds: Mapping[str, Kind]
    people: Mapping[str, Person]
    gate: FlowGate | None
    principal: str | None
    strict: bool


class Asked(msgspec.Struct):
    """An approval request and what became of it.

    Attributes:
        status: `pending`, `approved`, `rejected` (by a person, or because its time was up), `spent`; `superseded` when
            its proposal was withdrawn, `closed` when the proposal was let in or denied without it.
    """

    request: ApprovalRequest
    status: str = "pending"
    approvals: tuple[Approval, ...] = ()


def open_requests(requests: Mapping[str, Asked], *, touched: bool = False) -> OpenRequests:
    """What is kept of requests for whoever looks at what waits; see `OpenRequests`."""
    pending = (asked for asked in requests.values() if asked.status == "pending")
    return OpenRequests(tuple(OpenRequest(asked.request, asked.approvals) for asked in pending), touched)


class Rejection(msgspec.Struct, frozen=True):
    """A proposal that the promotion gate rejected."""

    key: str
    id: str
    suggestor: str
    code: str
    reason: str
    cycle: int


class GateAnswer(msgspec.Struct, frozen=True):
    """One answer of policy."""

    gate: str
    action: str
    fact: str
    resource: str
    decision: FlowGateDecision
    cycle: int


class Unmerged(NamedTuple):
    """A recorded execution whose proposals from position `first` on have not been judged yet."""

    by: Registration | Outside
    execution: int
    proposals: tuple[RecordedProposal, ...]
    first: int = 0


class Run:
    """One run.

    Attributes:
        calls: what suggestors asked of the outside world; `charges`: what they were charged for attempts at it.
        held: parked and denied proposals by (key, id), in arrival order.
        judged: identities of held proposals, which need no second judgement.
        rejected: the proposals that were rejected, by whom, with the code.
        crossings: suggestors that ran into a token or cost limit in this cycle.
        ended: the stop that the watchdog recorded while the engine's thread was lost in foreign code.
        failures: suggestor -> code, of those whose last execution failed.
        failed_words: suggestor -> what was recorded of its last failure.
        missing_inputs: declared inputs that were not given -> since when (UTC).
        unmerged: executions of a merge that a budget cut short, in merge order; a resumed run goes on with them.
        outcome: outcome digest of the last stop, "" while the run goes on.
        counts: how many facts there were after the seeds and at the end of each cycle that added some.
    """

    def __init__(self, run_id: str, setting: Setting, log: EventLog, budget: Budget) -> None:
        self.id = run_id
        self.setting = setting
        self.job = setting.job
        self.log = log
        self.meter = BudgetMeter(budget)
        self.context = Context()
        self.registrations: tuple[Registration, ...] = register(setting.suggestors, self.context)
        self.calls = CallBook(run_id, self.registrations)
        self.charges = Charges()
        self.cycle = 0
        self.location = ""
        self.held: dict[tuple[str, str], Held] = {}
        self.requests: dict[str, Asked] = {}
        self.judged: set[tuple[str, str, bytes, tuple[str, ...]]] = set()
        self.rejected: dict[Spelling, str] = {}
        self.crossings: dict[str, Halt] = {}
        self.ended: Stop | None = None
        self.failures: dict[str, str] = {}
        self.failed_words: dict[str, str] = {}
        self.rejections: list[Rejection] = []
        self.gate_answers: list[GateAnswer] = []
        self.refusals: list[tuple[Approval, str, str]] = []
        self.duplicates = 0
        self.invariants: dict[str, InvariantResult] = {}
        self.criteria: dict[str, CriterionResult] = {}
        self.missing_inputs: dict[str, str] = {}
        self.inputs: list[InputRecord] = []
        self.unmerged: list[Unmerged] = []
        self.counts: list[int] = []
        self.outcome = ""

    @property
    def facts(self) -> list[Fact]:
        """Every fact in order of promotion."""
        return self.context.facts

    def pending(self) -> list[ApprovalRequest]:
        """Requests that nobody has decided yet, in the order in which they were asked."""
        return [asked.request for asked in self.requests.values() if asked.status == "pending"]

    def row(self, head: str, status: str = "running", reason: str = "") -> RunRow:
        """The run's line in the index of runs."""
        return RunRow(
            run=self.id,
            truth=self.job.truth,
            title=self.job.title,
            status=status,
            reason=reason,
            started_at=self.log.started_at,
            updated_at=self.log.updated_at,
            seq=self.log.seq,
            head=head,
            cycles=self.cycle,
            facts=self.meter.facts,
            pending=len(self.pending()),
            location=self.location,
            waiting=self.log.keep(encode(open_requests(self.requests))) if status == "paused" else "",
        )
