"""What runs show of the clauses of a job: holds, violated, or not exercised by any of them.

An invariant is violated by a run that it stopped: the stop is InvariantViolated and names it. What an unfinished run
previews, or a later cycle repairs, is no violation. A soft one stops nothing: it is violated by a run that ends with it
violated. A run expects a violation when a Then says that the invariant is violated; a run that only states the stop
reason InvariantViolated expects whatever invariants that stop names.

A validation or a contract on a suggestor is broken by a proposal that it rejected; a run expects that when a Then says
that this proposal is rejected with this code.

A criterion holds when a run meets it; one that no run meets is not exercised. That it is unmet is an answer, no fault.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from converge_cli.app.examples.checks import verdict_of
from converge_cli.core.criterion import Criterion
from converge_cli.core.example import Example, InvariantIs, ProposalIsRejected, StopIs
from converge_cli.core.ids import subject_of
from converge_cli.core.invariant import Invariant, InvariantVerdict, Origin, Validation
from converge_cli.core.job import Job
from converge_cli.core.predicate import RequiredApprovalHeld
from converge_cli.core.selector import selector
from converge_cli.core.stop_reason import RESUMABLE_REASONS, StopReason
from converge_cli.engine.clauses import selects_proposal
from converge_cli.engine.result import RunResult
from converge_cli.engine.run import Rejection

ClauseSort = Literal["invariant", "validation", "suggestor", "constraint", "approval", "criterion"]

OWN_RUN = "own-inputs"
"""Name of the run on the truth's own inputs; no example has it, since ids hold no hyphen."""

OWN_NAME = "the run on the truth's own inputs"

_CONTRACT_FILES = {".yaml", ".yml"}
_SORTS: dict[str, ClauseSort] = {"VALIDATION": "validation", "CONTRACT": "suggestor", "CONSTRAINT": "constraint"}


@dataclass(frozen=True, slots=True)
class RunShown:
    """One run; without an example it is the one on the truth's own inputs, and expects nothing to be broken."""

    result: RunResult
    example: Example | None = None

    @property
    def id(self) -> str:
        """The example's id."""
        return OWN_RUN if self.example is None else self.example.id

    @property
    def name(self) -> str:
        """A name for messages."""
        return OWN_NAME if self.example is None else f"example {self.example.title!r}"


@dataclass(frozen=True, slots=True)
class JudgedClause:
    """A rule of the job, and what the runs show of it.

    Attributes:
        origin: where it was written; None for a criterion.
        exercised_by: ids of the runs that select something that it is about; that meet it, for a criterion.
        violated_by: ids of the runs that break it, expected or not; that end with it unmet, for a criterion.
        faults: which run breaks it that does not expect to, and how; none of a criterion.
        soft: breaking it is a warning.
        on_proposals: it is judged on proposals, before they become facts.
    """

    id: str
    title: str
    sort: ClauseSort
    origin: Origin | None
    exercised_by: tuple[str, ...]
    violated_by: tuple[str, ...]
    faults: tuple[str, ...] = ()
    soft: bool = False
    on_proposals: bool = False

    @property
    def verdict(self) -> InvariantVerdict:
        """Violated only by a run that does not expect to."""
        return "violated" if self.faults else "holds" if self.exercised_by else "not exercised"

    @property
    def is_scenario(self) -> bool:
        """Whether it stands in a feature, so that behave walks through it as well."""
        return self.origin is not None and not _in_contract(self.origin)

    @property
    def detail(self) -> str:
        """Why it does not hold; empty when it does."""
        if self.faults or self.exercised_by:
            return "; ".join(self.faults)
        return "no run meets it" if self.sort == "criterion" else "no run selects anything that it is about"


def judge_clauses(job: Job, runs: Sequence[RunShown]) -> tuple[JudgedClause, ...]:
    """Every rule of the job, invariants first, criteria last."""
    return (
        *(_invariant(item, runs) for item in job.invariants),
        *(_validation(item, runs) for item in job.validations),
        *(_criterion(item, runs) for item in job.criteria),
    )


def _in_contract(origin: Origin) -> bool:
    return PurePath(origin.file).suffix in _CONTRACT_FILES


def _invariant(item: Invariant, runs: Sequence[RunShown]) -> JudgedClause:
    broken = [run for run in runs if item.id in _violated(run.result)]
    return JudgedClause(
        item.id,
        item.title,
        _sort_of(item),
        item.origin,
        tuple(run.id for run in runs if verdict_of(run.result, item.id) != "not exercised"),
        tuple(run.id for run in broken),
        tuple(
            f"{run.name} violates it ({', '.join(_facts(run.result, item))})"
            for run in broken
            if item.id not in _expected(run)
        ),
        item.soft,
    )


def _sort_of(item: Invariant) -> ClauseSort:
    if any(isinstance(then.check, RequiredApprovalHeld) for then in item.then):
        return "approval"
    return "constraint" if item.origin is not None and _in_contract(item.origin) else "invariant"


def _facts(result: RunResult, item: Invariant) -> Iterable[str]:
    if not item.soft:
        return result.stop.facts
    violations = [found for board in result.invariants if board.id == item.id for found in board.violations]
    return sorted({fact for found in violations for fact in found.facts})


def _violated(result: RunResult) -> frozenset[str]:
    stop = result.stop
    names = set(stop.names) if stop.reason is StopReason.INVARIANT_VIOLATED else set()
    # A structural one is final at once; what an unfinished run says of the others is a preview.
    paused = stop.reason in RESUMABLE_REASONS
    names.update(
        item.id
        for item in result.invariants
        if item.soft and item.verdict == "violated" and (item.when == "structural" or not paused)
    )
    return frozenset(names)


def _expected(run: RunShown) -> frozenset[str]:
    thens = [] if run.example is None else [item.expected for item in run.example.then]
    named = frozenset(item.id for item in thens if isinstance(item, InvariantIs) and item.verdict == "violated")
    if named:
        return named
    stated = any(isinstance(item, StopIs) and item.reason == StopReason.INVARIANT_VIOLATED for item in thens)
    return frozenset(run.result.stop.names) if stated else frozenset()


def _validation(item: Validation, runs: Sequence[RunShown]) -> JudgedClause:
    rejected = [(run, [found for found in run.result.rejections if _is_by(found, item)]) for run in runs]
    return JudgedClause(
        item.id,
        item.title,
        _SORTS[item.code],
        item.origin,
        tuple(run.id for run, found in rejected if found or _concerns(item, run.result)),
        tuple(run.id for run, found in rejected if found),
        tuple(
            f"{run.name}: {one.suggestor} proposes {one.id}, which is rejected: {one.reason}"
            for run, found in rejected
            for one in found
            if not _is_expected(one, run)
        ),
        on_proposals=True,
    )


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
    """Whether a proposal that became a fact, or that people were asked about, had to pass it."""
    asked = [*result.pending, *(item.request for item in result.decided)]
    if validation.suggestor is not None:
        return validation.suggestor in {*(fact.suggestor for fact in result.facts), *(item.suggestor for item in asked)}
    if any(selects_proposal(validation.given, fact) for fact in result.facts):
        return True
    # A request holds the proposal as bytes: without its fields no field test can be made, so none counts.
    chosen = [item.selection for item in validation.given if item.what == "proposal" and item.selection is not None]
    wanted = [selector(selection.selector) for selection in chosen if selection.where is None]
    return any(which.key == item.key and which.matches(subject_of(item.fact)) for which in wanted for item in asked)


def _criterion(item: Criterion, runs: Sequence[RunShown]) -> JudgedClause:
    results = [(run.id, {found.id: found.result for found in run.result.criteria}.get(item.id)) for run in runs]
    return JudgedClause(
        item.id,
        item.description,
        "criterion",
        None,
        tuple(name for name, result in results if result == "met"),
        tuple(name for name, result in results if result == "unmet"),
    )
