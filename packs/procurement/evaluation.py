"""Judging single vendors: a score per criterion, and the hard requirements."""

from collections.abc import Iterator

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Eligibility, Score, Unscored
from .parameters import SelectionParameters
from .readings import ELIGIBILITY, VENDORS
from .scoring import flag, judge


def evaluators(parameters: SelectionParameters) -> tuple[Suggestor, ...]:
    """One evaluator per weighted criterion, in the order of their names."""
    return tuple(CriterionEvaluator(criterion, parameters) for criterion in parameters.weights)


class CriterionEvaluator(Suggestor):
    """Scores every vendor on one criterion; a vendor without a usable value is named, never guessed."""

    reads = (VENDORS,)

    def __init__(self, criterion: str, parameters: SelectionParameters) -> None:
        self.criterion = criterion
        self.name = f"{criterion}-evaluator"
        self.writes = (f"Evaluations:score:{criterion}:*", f"Diagnostic:unscored:{criterion}:*")
        self._bands = parameters.bands_of(criterion)

    def execute(self, view: ContextView) -> Effect:
        """Propose a score, or the reason why there is none, where what stands says something else."""
        return Effect(item for vendor in view.facts(VENDORS) for item in self._judge(view, vendor))

    def _judge(self, view: ContextView, vendor: Fact) -> Iterator[ProposedFact | None]:
        score, reason = judge(self._bands, vendor.payload)
        gap_id = f"unscored:{self.criterion}:{vendor.name}"
        open_gap = Unscored(
            vendor=vendor.name, about=vendor.id, criterion=self.criterion, reason=reason, open=score is None
        )
        if score is None:
            yield view.revise("Diagnostic", gap_id, open_gap, evidence=[vendor])
            return
        if view.get("Diagnostic", gap_id) is not None:
            yield view.revise("Diagnostic", gap_id, open_gap, evidence=[vendor])
        yield view.revise(
            "Evaluations",
            f"score:{self.criterion}:{vendor.name}",
            Score(vendor=vendor.name, about=vendor.id, criterion=self.criterion, score=score, reason=reason),
            evidence=[vendor],
        )


class RequirementsCheck(Suggestor):
    """Says of every vendor whether it meets the hard requirements; an unstated requirement is not met."""

    name = "requirements-check"
    reads = (VENDORS,)
    writes = (ELIGIBILITY,)

    def __init__(self, parameters: SelectionParameters) -> None:
        self._requirements = parameters.requirements

    def execute(self, view: ContextView) -> Effect:
        """Propose an eligibility where what stands says something else."""
        return Effect(self._check(view, vendor) for vendor in view.facts(VENDORS))

    def _check(self, view: ContextView, vendor: Fact) -> ProposedFact | None:
        failed = tuple(column for column in self._requirements if flag(vendor.payload, column) is not True)
        payload = Eligibility(vendor=vendor.name, about=vendor.id, eligible=not failed, failed=failed)
        return view.revise("Evaluations", f"eligibility:{vendor.name}", payload, evidence=[vendor])
