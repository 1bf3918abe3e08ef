"""What runs show of the clauses of a feature: held, failed, or not exercised by any of them.

An invariant is violated by a run that it stopped: the stop is InvariantViolated and names it. What an unfinished run
previews, or a later cycle repairs, is no violation. A run expects a violation when a Then says that the invariant is
violated; a run that only states the stop reason InvariantViolated expects whatever invariants that stop names.

A validation or a contract on a suggestor is broken by a proposal that it rejected; a run expects that when a Then says
that this proposal is rejected with this code.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from converge_cli.app.example_checks import verdict_of
from converge_cli.core.example import Example, InvariantIs, ProposalIsRejected, StopIs
from converge_cli.core.ids import subject_of
from converge_cli.core.invariant import Invariant, Origin, Validation
from converge_cli.core.job import Job
from converge_cli.core.stop_reason import StopReason
from converge_cli.engine.clauses import selects_proposal
from converge_cli.engine.result import RunResult
from converge_cli.engine.run import Rejection

ClauseVerdict = Literal["held", "failed", "not exercised"]


@dataclass(frozen=True, slots=True)
class RunShown:
    """One run with a name for messages; without an example it expects nothing to be broken."""

    name: str
    result: RunResult
    example: Example | None = None


@dataclass(frozen=True, slots=True)
class JudgedClause:
    """A scenario that states a rule, and what the runs show of it; `detail` says which run broke it and how."""

    id: str
    title: str
    sort: Literal["invariant", "validation", "suggestor"]
    verdict: ClauseVerdict
    origin: Origin
    detail: str = ""


def judge_clauses(job: Job, features: frozenset[str], runs: Sequence[RunShown]) -> tuple[JudgedClause, ...]:
    """The rules that stand in these feature files, invariants first."""
    judged = [
        _judged(item.id, item.title, "invariant", item.origin, *_invariant(item, runs))
        for item in job.invariants
        if item.origin is not None and item.origin.file in features
    ]
    judged += [
        _judged(
            item.id,
            item.title,
            "validation" if item.suggestor is None else "suggestor",
            item.origin,
            *_validation(item, runs),
        )
        for item in job.validations
        if item.origin is not None and item.origin.file in features
    ]
    return tuple(judged)


def _judged(
    clause: str,
    title: str,
    sort: Literal["invariant", "validation", "suggestor"],
    origin: Origin,
    faults: Iterable[str],
    exercised: bool,
) -> JudgedClause:
    found = list(faults)
    verdict: ClauseVerdict = "failed" if found else "held" if exercised else "not exercised"
    nothing = "no run selects anything that it is about"
    return JudgedClause(clause, title, sort, verdict, origin, "; ".join(found) or ("" if exercised else nothing))


def _invariant(invariant: Invariant, runs: Sequence[RunShown]) -> tuple[list[str], bool]:
    faults = [
        f"{run.name} violates it ({', '.join(run.result.stop.facts)})"
        for run in runs
        if invariant.id in _violated(run.result) and invariant.id not in _expected(run)
    ]
    return faults, any(verdict_of(run.result, invariant.id) != "not exercised" for run in runs)


def _violated(result: RunResult) -> frozenset[str]:
    stop = result.stop
    return frozenset(stop.names if stop.reason is StopReason.INVARIANT_VIOLATED else ())


def _expected(run: RunShown) -> frozenset[str]:
    thens = [] if run.example is None else [item.expected for item in run.example.then]
    named = frozenset(item.id for item in thens if isinstance(item, InvariantIs) and item.verdict == "violated")
    if named:
        return named
    stated = any(isinstance(item, StopIs) and item.reason == StopReason.INVARIANT_VIOLATED for item in thens)
    return _violated(run.result) if stated else frozenset()


def _validation(validation: Validation, runs: Sequence[RunShown]) -> tuple[list[str], bool]:
    faults, exercised = [], False
    for run in runs:
        rejected = [item for item in run.result.rejections if _is_by(item, validation)]
        faults += [
            f"{run.name}: {item.suggestor} proposes {item.id}, which is rejected: {item.reason}"
            for item in rejected
            if not _is_expected(item, run)
        ]
        exercised = exercised or bool(rejected) or _concerns(validation, run.result)
    return faults, exercised


def _is_by(rejection: Rejection, validation: Validation) -> bool:
    # The gate begins its reason with the id of the clause that it applied; ids hold no colon.
    return rejection.code == validation.code and rejection.reason.partition(":")[0] == validation.id


def _is_expected(rejection: Rejection, run: RunShown) -> bool:
    return run.example is not None and any(
        isinstance(item.expected, ProposalIsRejected)
        and item.expected.code == rejection.code
        and item.expected.id in {rejection.id, subject_of(rejection.id)}
        for item in run.example.then
    )


def _concerns(validation: Validation, result: RunResult) -> bool:
    """Whether a proposal that became a fact had to pass it."""
    if validation.suggestor is not None:
        return any(fact.suggestor == validation.suggestor for fact in result.facts)
    return any(selects_proposal(validation.given, fact) for fact in result.facts)
