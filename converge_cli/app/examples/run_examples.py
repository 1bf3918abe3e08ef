"""Runs the examples of a truth: one run on its own inputs, one per @e2e scenario, then judges what they show.

The caller says where runs are recorded (`dataclasses.replace(services, experience=...)`); nothing here may write to
anything else. Every run is a real one: same engine, packs, policy and gate as `converge run`.
"""

from collections.abc import Sequence
from dataclasses import replace

from converge_cli.app.decide_approval import GivenApproval
from converge_cli.app.examples.checks import check_example
from converge_cli.app.examples.clause_evidence import OWN_NAME, RunShown, judge_clauses
from converge_cli.app.examples.inputs import example_inputs
from converge_cli.app.examples.scripted_suggestor import scripted_suggestors
from converge_cli.app.examples.truth_examples import EarlierRunHungError, ExampleOutcome, TruthExamples
from converge_cli.app.load_truth import LoadedTruth, NotRunnableError, compile_at, gate_for, loaded, require_person
from converge_cli.app.run_job import RunJob, RunRequest
from converge_cli.app.services import Services
from converge_cli.app.truth_shelf import TruthShelf
from converge_cli.core.errors import ConvergeError
from converge_cli.core.example import Example, PointDecided, Scripted
from converge_cli.core.port import EventSink
from converge_cli.core.stop_reason import StopReason
from converge_cli.engine.result import RunResult
from converge_cli.truth.catalog import TruthLocation


async def run_example(services: Services, location: TruthLocation, example: Example) -> ExampleOutcome:
    """Run one example and check its Thens.

    Raises:
        NotRunnableError: it is a policy or an invariant truth.
        InvalidTruthError: the truth does not compile.
        ConvergeError: a file of the truth can't be read.
    """
    return await _run_example(services, _compiled(services, location), example)


async def run_truth_examples(services: Services, location: TruthLocation) -> TruthExamples:
    """Run a truth on its own inputs and each of its examples, then judge its rules.

    A rule is violated when a run breaks it that does not expect to; it is not exercised when no run selects anything
    that it is about (see `clause_evidence`). After a run that time ended unexpectedly the rest is not run: each would
    take as long.

    Raises:
        NotRunnableError: it is a policy or an invariant truth.
        InvalidTruthError: the truth does not compile.
        ConvergeError: a file of the truth can't be read, or a policy is not valid.
    """
    return await run_loaded_examples(services, _compiled(services, location))


def _compiled(services: Services, location: TruthLocation) -> LoadedTruth:
    """The truth as `validate` compiles it: with all that it names."""
    if not location.runs:
        raise NotRunnableError(location, [job.key for job in TruthShelf(services).jobs_of(location)])
    return loaded(services, location, compile_at(services, location))


async def run_loaded_examples(services: Services, truth: LoadedTruth, sink: EventSink | None = None) -> TruthExamples:
    """The same for a truth that has been loaded; `sink` sees what happens in all of its runs.

    Raises:
        ConvergeError: a policy of one of its packs is not valid.
    """
    services = _one_gate(services, truth)
    own, no_own, own_error = await _own_run(services, truth, sink)
    hung = OWN_NAME if own is not None and _ran_out(own) else ""
    outcomes: list[ExampleOutcome] = []
    for example in truth.compilation.examples:
        if hung:
            outcomes.append(ExampleOutcome(example, error=EarlierRunHungError(hung)))
            continue
        outcome = await _run_example(services, truth, example, sink)
        outcomes.append(outcome)
        if outcome.result is not None and not outcome.ok and _ran_out(outcome.result):
            hung = f"example {example.title!r}"
    shown = [RunShown(own)] if own is not None else []
    shown += [RunShown(item.result, item.example) for item in outcomes if item.result is not None]
    return TruthExamples(truth, own, no_own, own_error, tuple(outcomes), judge_clauses(truth.job, shown))


def _ran_out(result: RunResult) -> bool:
    """Whether time ended the run, or one of its suggestors."""
    return result.stop.reason is StopReason.TIME_BUDGET_EXHAUSTED or "TIMEOUT" in result.failures.values()


def _one_gate(services: Services, truth: LoadedTruth) -> Services:
    """The services, with the authorizer of the truth's packs made once for all of its runs: it keeps nothing."""
    gate = gate_for(services, truth.compilation.packs)
    return services if gate is None else replace(services, gate=lambda _: gate)


async def _own_run(
    services: Services, truth: LoadedTruth, sink: EventSink | None
) -> tuple[RunResult | None, str, ConvergeError | None]:
    lacking = [spec.name for spec in truth.job.inputs if spec.required and spec.file is None]
    if lacking:
        return None, f"the truth leaves {_inputs(lacking)} to whoever runs it", None
    try:
        job = RunJob(services, RunRequest(str(truth.location.file)), sink, truth=truth)
        return (await job.run()).result, "", None
    except ConvergeError as error:
        return None, "", error


def _inputs(names: Sequence[str]) -> str:
    return f"input{'s' if len(names) > 1 else ''} {', '.join(names)}"


async def _run_example(
    services: Services, truth: LoadedTruth, example: Example, sink: EventSink | None = None
) -> ExampleOutcome:
    try:
        answer = await RunJob(services, _request(truth, example), sink, truth=truth).run()
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
        inputs=example_inputs(truth, example),
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
