"""What the runs of a truth came to: its own run, its examples, its rules. Values only; nothing runs here."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from converge_cli.app.examples.checks import ExampleCheck
from converge_cli.app.examples.clause_evidence import JudgedClause
from converge_cli.app.load_truth import LoadedTruth
from converge_cli.core.errors import ConvergeError
from converge_cli.core.example import Example, Gap
from converge_cli.core.stop_reason import StopReason
from converge_cli.engine.decision import Decided
from converge_cli.engine.result import RunResult

ScenarioVerdict = Literal["passed", "failed", "skipped"]

_BROKEN = frozenset(
    {
        StopReason.SUGGESTOR_FAILED,
        StopReason.FACT_CONFLICT,
        StopReason.CYCLE_BUDGET_EXHAUSTED,
        StopReason.FACT_BUDGET_EXHAUSTED,
        StopReason.TOKEN_BUDGET_EXHAUSTED,
        StopReason.COST_BUDGET_EXHAUSTED,
        StopReason.TIME_BUDGET_EXHAUSTED,
        StopReason.NO_PROGRESS,
        StopReason.CANCELLED,
    }
)


class EarlierRunHungError(ConvergeError):
    """An example was not run, since an earlier run of the truth was ended by its time."""

    code = "EARLIER_RUN_HUNG"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} ran out of time, so this one was not run",
            hint="mend what hangs, or give a smaller budget: {time: ...}",
        )


@dataclass(frozen=True, slots=True)
class ExampleOutcome:
    """What one example came to.

    Attributes:
        result: what its run came to; None when it could not run.
        checks: one per Then, in order; none when it could not run.
        error: why it could not run.
        refusals: given decisions that were not accepted, or that nothing asked for.
    """

    example: Example
    result: RunResult | None = None
    checks: tuple[ExampleCheck, ...] = ()
    error: ConvergeError | None = None
    refusals: tuple[Decided, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it ran and every Then holds."""
        return self.error is None and all(check.ok for check in self.checks)

    @property
    def verdict(self) -> ScenarioVerdict:
        """In the words of scenarios."""
        return "passed" if self.ok else "failed"

    def explain(self, check: ExampleCheck) -> str:
        """Why a Then does not hold, with the given decisions that did not count; empty when it holds.

        The first that does not hold also tells what suggestors said when they failed.
        """
        if check.ok:
            return ""
        refused = [
            f"{item.approval.by}'s decision did not count: {item.detail} ({item.code})" for item in self.refusals
        ]
        return "; ".join([self._with_failures(check), *refused])

    def _with_failures(self, check: ExampleCheck) -> str:
        detail, first = check.detail, next(item for item in self.checks if not item.ok)
        for said in failures_of(self.result) if self.result is not None and check is first else ():
            short, _, _ = said.partition(":")
            detail = detail.replace(short, said) if short in detail else f"{detail}; {said}"
        return detail


@dataclass(frozen=True, slots=True)
class TruthExamples:
    """What all runs of a truth came to.

    Attributes:
        own: the run on the truth's own inputs; None when there is none.
        no_own: why there is none, which is no fault: an input that the truth leaves to whoever runs it.
        own_error: why it could not run, which is one.
        outcomes: one per @e2e scenario (an outline's row included), in the order of the features.
        clauses: the rules of the job, judged on all of these runs.
    """

    truth: LoadedTruth
    own: RunResult | None
    no_own: str
    own_error: ConvergeError | None
    outcomes: tuple[ExampleOutcome, ...]
    clauses: tuple[JudgedClause, ...]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The @manual scenarios: neither passed nor failed."""
        return self.truth.compilation.gaps

    @property
    def own_fault(self) -> str:
        """Why the run on the truth's own inputs shows that something is broken; empty when it does not.

        Unmet criteria, a refusal by policy or a person who is waited for are answers, not faults; a violated invariant
        is the fault of that clause.
        """
        if self.own_error is not None:
            return f"the truth can't run on its own inputs: {told(self.own_error)}"
        if self.own is None:
            return ""
        stop = self.own.stop
        broken = failures_of(self.own)
        if stop.reason in _BROKEN:
            broken.insert(0, f"it ends {stop.reason}" + (f" ({stop.detail})" if stop.detail else ""))
        return f"the run on the truth's own inputs shows a fault: {'; '.join(broken)}" if broken else ""

    @property
    def ok(self) -> bool:
        """Whether everything ran, every Then holds, and no clause is broken; what was not exercised is no failure."""
        ran = not self.own_fault and all(outcome.ok for outcome in self.outcomes)
        return ran and all(clause.soft or clause.verdict != "violated" for clause in self.clauses)

    @property
    def counts(self) -> "ExampleCounts":
        """How many scenarios passed, failed, were not exercised, are documented gaps."""
        verdicts = [outcome.verdict for outcome in self.outcomes]
        verdicts += [self.verdict_of(clause) for clause in self.clauses if clause.is_scenario]
        passed, failed, skipped = (verdicts.count(item) for item in get_args(ScenarioVerdict))
        return ExampleCounts(passed, failed, skipped, len(self.gaps))

    def verdict_of(self, clause: JudgedClause) -> ScenarioVerdict:
        """What a scenario that states a rule comes to: without an own run that works, nothing can be told."""
        if self.own_fault or clause.verdict == "violated":
            return "failed"
        return "passed" if clause.verdict == "holds" else "skipped"


class ExampleCounts(NamedTuple):
    """Scenarios by what they came to; skipped are those that no run exercised."""

    passed: int
    failed: int
    skipped: int
    manual: int


def failures_of(result: RunResult) -> list[str]:
    """What each suggestor said whose last execution failed."""
    words = result.failed_words
    return [f"suggestor {name} failed: {code}, {words[name]}" for name, code in result.failures.items()]


def told(error: ConvergeError) -> str:
    """An error with its place and hint, as one text."""
    where = f"{error.where}: " if error.where and error.where not in error.message else ""
    return where + error.message + (f" ({error.hint})" if error.hint else "")
