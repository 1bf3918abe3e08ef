"""Runs the examples of a truth: one run on its own inputs, one per @e2e scenario, then judges what they show.

The caller says where runs are recorded (`dataclasses.replace(services, experience=...)`); nothing here may write to
anything else. Every run is a real one: same engine, packs, policy and gate as `converge run`.
"""

from dataclasses import dataclass
from typing import NamedTuple

from converge_cli.app.clause_evidence import JudgedClause, RunShown, judge_clauses
from converge_cli.app.decide_approval import GivenApproval
from converge_cli.app.example_checks import ExampleCheck, check_example
from converge_cli.app.example_inputs import example_inputs
from converge_cli.app.load_truth import LoadedTruth, load_at, require_person
from converge_cli.app.run_job import RunJob, RunRequest
from converge_cli.app.scripted_suggestor import scripted_suggestors
from converge_cli.app.services import Services
from converge_cli.core.errors import ConvergeError
from converge_cli.core.example import Example, PointDecided, Scripted
from converge_cli.engine.decision import Decided
from converge_cli.engine.result import RunResult
from converge_cli.truth.catalog import TruthLocation


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

    def explain(self, check: ExampleCheck) -> str:
        """Why a Then does not hold, with the given decisions that did not count; empty when it holds."""
        if check.ok:
            return ""
        refused = [
            f"{item.approval.by}'s decision did not count: {item.detail} ({item.code})" for item in self.refusals
        ]
        return "; ".join([check.detail, *refused])


@dataclass(frozen=True, slots=True)
class TruthExamples:
    """What all runs of a truth came to.

    Attributes:
        own: the run on the truth's own inputs; None when it could not run, and `own_error` says why.
        outcomes: one per @e2e scenario (an outline's row included), in the order of the features.
        clauses: the @invariant, @validation and @suggestor scenarios, judged on all of these runs.
        manual: ids of the documented gaps: neither passed nor failed.
    """

    location: TruthLocation
    own: RunResult | None
    own_error: ConvergeError | None
    outcomes: tuple[ExampleOutcome, ...]
    clauses: tuple[JudgedClause, ...]
    manual: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether everything ran, every Then holds, and no clause failed; what was not exercised is no failure."""
        ran = self.own_error is None and all(outcome.ok for outcome in self.outcomes)
        return ran and all(clause.verdict != "failed" for clause in self.clauses)

    @property
    def counts(self) -> "ExampleCounts":
        """How many scenarios passed, failed, were not exercised, are documented gaps."""
        verdicts = ["held" if outcome.ok else "failed" for outcome in self.outcomes]
        verdicts += [clause.verdict for clause in self.clauses]
        return ExampleCounts(
            verdicts.count("held"), verdicts.count("failed"), verdicts.count("not exercised"), len(self.manual)
        )


class ExampleCounts(NamedTuple):
    """Scenarios by what they came to."""

    passed: int
    failed: int
    not_exercised: int
    manual: int


async def run_example(services: Services, location: TruthLocation, example: Example) -> ExampleOutcome:
    """Run one example and check its Thens.

    Raises:
        InvalidTruthError: the truth does not compile.
        ConvergeError: a file of the truth can't be read.
    """
    return await _run_example(services, load_at(services, location), example)


async def run_truth_examples(services: Services, location: TruthLocation) -> TruthExamples:
    """Run a truth on its own inputs and each of its examples, then judge the scenarios.

    A clause fails when a run breaks it that does not expect to; it is not exercised when no run selects anything
    that it is about (see `clause_evidence`).

    Raises:
        InvalidTruthError: the truth does not compile.
        ConvergeError: a file of the truth can't be read.
    """
    truth = load_at(services, location)
    own, own_error = await _own_run(services, truth)
    outcomes = [await _run_example(services, truth, example) for example in truth.compilation.examples]
    shown = [RunShown("the run on the truth's own inputs", own)] if own is not None else []
    shown += [
        RunShown(f"example {item.example.title!r}", item.result, item.example)
        for item in outcomes
        if item.result is not None
    ]
    features = frozenset(feature.name for feature in location.features)
    clauses = judge_clauses(truth.job, features, shown)
    return TruthExamples(location, own, own_error, tuple(outcomes), clauses, truth.job.manual)


async def _own_run(services: Services, truth: LoadedTruth) -> tuple[RunResult | None, ConvergeError | None]:
    try:
        job = RunJob(services, RunRequest(str(truth.location.file)), truth=truth)
        return (await job.run()).result, None
    except ConvergeError as error:
        return None, error


async def _run_example(services: Services, truth: LoadedTruth, example: Example) -> ExampleOutcome:
    try:
        answer = await RunJob(services, _request(truth, example), truth=truth).run()
    except ConvergeError as error:
        return ExampleOutcome(example, error=error)
    checks = check_example(example, truth.job, answer.result)
    return ExampleOutcome(example, answer.result, checks, refusals=answer.refusals)


def _request(truth: LoadedTruth, example: Example) -> RunRequest:
    decided = [given for given in example.given if isinstance(given, PointDecided)]
    for given in decided:
        # Before anything runs: a name that nobody bears is a fault of the example.
        require_person(truth.people, given.by)
    kinds = {name: kind for pack in truth.compilation.packs for name, kind in pack.kinds.items()}
    return RunRequest(
        str(truth.location.file),
        inputs=example_inputs(truth.job, truth.location, example),
        approvals=tuple(
            GivenApproval(
                given.point,
                given.fact,
                given.by,
                f"example: {example.title}",
                decision=given.decision,
                mode=None,
                everything=given.fact is None,
            )
            for given in decided
        ),
        scripted=scripted_suggestors([given for given in example.given if isinstance(given, Scripted)], kinds),
    )
