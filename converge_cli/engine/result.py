"""What a run came to, for whoever asked for it."""

from typing import Any

import msgspec

from converge_cli.core.approval import Approval, ApprovalRequest
from converge_cli.core.criterion import CriterionResult
from converge_cli.core.fact import Fact
from converge_cli.core.invariant import InvariantResult
from converge_cli.core.job import Job
from converge_cli.core.person import Person
from converge_cli.core.selector import selector
from converge_cli.core.stop_reason import CONVERGED_REASONS, Stop
from converge_cli.engine.event_log import EventLog
from converge_cli.engine.outcome import outcome_digest
from converge_cli.engine.run import Asked, GateAnswer, Rejection, Run


class Refusal(msgspec.Struct, frozen=True):
    """A decision that was not accepted, and why."""

    approval: Approval
    code: str
    detail: str


class RunResult:
    """The answer of a run.

    Attributes:
        stop: why it ended, with what is missing.
        facts: every fact, corrected ones included, in order of promotion.
        current: the facts that stand.
        pending, decided: approval requests that wait, and those that were decided.
        people: who could act and decide.
        failures: suggestor -> code, of those whose last execution failed; `failed_words` -> what was recorded of it.
        outputs: the truth's outputs, by name, as plain values.
        outcome_digest: equal for equal inputs, wherever and whenever it ran.
    """

    def __init__(self, run: Run, stop: Stop) -> None:
        self.run_id = run.id
        self.truth = run.job.truth
        self.title = run.job.title
        self.stop = stop
        self.converged = stop.reason in CONVERGED_REASONS
        self.cycles = run.cycle
        self.facts: tuple[Fact, ...] = tuple(run.context.facts)
        self.current: tuple[Fact, ...] = tuple(run.context.all_current())
        self.rejections: tuple[Rejection, ...] = tuple(run.rejections)
        self.criteria: tuple[CriterionResult, ...] = tuple(run.criteria.values())
        self.invariants: tuple[InvariantResult, ...] = tuple(run.invariants.values())
        self.pending: tuple[ApprovalRequest, ...] = tuple(run.pending())
        self.decided: tuple[Asked, ...] = tuple(asked for asked in run.requests.values() if asked.approvals)
        self.refusals = tuple(Refusal(*refusal) for refusal in run.refusals)
        self.gate_answers: tuple[GateAnswer, ...] = tuple(run.gate_answers)
        self.failures = dict(run.failures)
        self.failed_words = {name: run.failed_words[name] for name in run.failures}
        self.duplicates = run.duplicates
        self.people: tuple[Person, ...] = tuple(run.setting.people.values())
        self.outputs = outputs_of(run.job, run)
        self.outcome_digest = run.outcome or outcome_digest(run, stop.reason)
        self._log: EventLog = run.log

    @property
    def reason(self) -> str:
        """The stop reason's name."""
        return self.stop.reason.value

    @property
    def head(self) -> str:
        """Hash of the last event, hex: the whole record in one value."""
        return self._log.head()

    def fact(self, key: str, subject: str) -> Fact | None:
        """The fact that stands for a subject."""
        return next((fact for fact in self.current if fact.key == key and fact.subject == subject), None)

    def __repr__(self) -> str:
        return f"RunResult({self.run_id}: {self.reason}, {self.cycles} cycles, {len(self.facts)} facts)"


def outputs_of(job: Job, run: Run) -> dict[str, Any]:
    """Each output: the fact's content or None; with `*` a list of {id, content} in id order."""
    return {output.name: _output(run, output.selection.selector) for output in job.outputs}


def _output(run: Run, text: str) -> Any:
    which = selector(text)
    found = sorted(run.context.live(which).facts(), key=lambda fact: fact.subject)
    if which.exact:
        return msgspec.json.decode(found[0].content) if found else None
    return [{"id": fact.id, "content": msgspec.json.decode(fact.content)} for fact in found]
