"""How firmly the first stands."""

from collections.abc import Mapping
from decimal import Decimal

from converge_cli import ContextView, Effect, Suggestor

from .facts import Sensitivity
from .parameters import SelectionParameters
from .readings import RANKING, VENDORS, settled
from .scoring import rounded_up, smallest_flip


class AnalyseSensitivity(Suggestor):
    """Says for each weight how far it could move before another vendor came first."""

    name = "sensitivity"
    reads = (RANKING, VENDORS)
    writes = ("Evaluations:sensitivity:*",)

    def __init__(self, parameters: SelectionParameters) -> None:
        self._weights = parameters.weights

    def accepts(self, view: ContextView) -> bool:
        """Whether there is a first to be displaced."""
        ranking = settled(view)
        return ranking is not None and ranking.payload.first is not None

    def execute(self, view: ContextView) -> Effect:
        """Propose one analysis per criterion."""
        ranking = settled(view)
        if ranking is None or ranking.payload.first is None:
            return Effect()
        scores = {row.vendor: row.scores for row in ranking.payload.vendors if row.eligible}
        return Effect(
            view.revise(
                "Evaluations",
                f"sensitivity:{criterion}",
                self._analyse(criterion, ranking.payload.first, scores),
                evidence=[ranking],
            )
            for criterion in self._weights
        )

    def _analyse(self, criterion: str, first: str, scores: Mapping[str, Mapping[str, Decimal]]) -> Sensitivity:
        flip = smallest_flip(criterion, first, scores, self._weights)
        if flip is None:
            reason = f"no weight of {criterion} puts another eligible vendor before {first}"
            return Sensitivity(
                criterion=criterion,
                weight=self._weights[criterion],
                first=first,
                flips_to=None,
                direction=None,
                change=None,
                reason=reason,
            )
        change = rounded_up(flip.amount)
        direction = "increase" if flip.increase else "decrease"
        return Sensitivity(
            criterion=criterion,
            weight=self._weights[criterion],
            first=first,
            flips_to=flip.vendor,
            direction="increase" if flip.increase else "decrease",
            change=change,
            reason=f"beyond {direction} of {change:f} in the weight of {criterion}, {flip.vendor} comes before {first}",
        )
