"""Recommending the best of the eligible."""

from typing import Literal

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import RankedVendor, Recommendation
from .parameters import SelectionParameters
from .readings import RANKING, RECOMMENDATIONS, SCORES, VENDORS, settled

Status = Literal["recommended", "withdrawn"]


class Recommend(Suggestor):
    """Puts the best eligible vendors on the shortlist, and takes those off it that no longer belong there.

    What somebody else says of a vendor it corrects, as far as the truth lets a recommendation move.
    """

    name = "recommendation"
    reads = (RANKING, VENDORS, SCORES, RECOMMENDATIONS)
    writes = (RECOMMENDATIONS,)

    def __init__(self, parameters: SelectionParameters) -> None:
        self._criteria = tuple(parameters.weights)

    def accepts(self, view: ContextView) -> bool:
        """Whether there is a ranking of all vendors that are known."""
        return settled(view) is not None

    def execute(self, view: ContextView) -> Effect:
        """Propose each recommendation that what stands does not say already."""
        ranking = settled(view)
        if ranking is None:
            return Effect()
        eligible = [row for row in ranking.payload.vendors if row.eligible]
        places = {row.vendor: (place, row) for place, row in enumerate(eligible, start=1)}
        proposals = [
            self._say(view, ranking, row, place, "recommended") for place, row in places.values() if row.recommended
        ]
        for standing in view.facts(RECOMMENDATIONS):
            place, row = places.get(standing.payload.vendor, (0, None))
            if row is None:
                proposals.append(_withdraw(view, ranking, standing))
            elif not row.recommended:
                proposals.append(self._say(view, ranking, row, place, "withdrawn"))
        return Effect(proposals)

    def _say(
        self, view: ContextView, ranking: Fact, row: RankedVendor, place: int, status: Status
    ) -> ProposedFact | None:
        vendor = view.get("Seeds", f"vendor:{row.vendor}")
        if vendor is None:
            return None
        found = (view.get("Evaluations", f"score:{criterion}:{row.vendor}") for criterion in self._criteria)
        payload = Recommendation(
            vendor=row.vendor,
            vendor_id=vendor.payload.id,
            name=row.name,
            rank=place,
            score=row.score,
            price=row.price,
            status=status,
            reason=", ".join(f"{criterion} {score:f}" for criterion, score in row.scores.items()),
        )
        evidence = [ranking, vendor, *(fact for fact in found if fact is not None)]
        return view.revise("Strategies", f"recommendation:{row.vendor}", payload, evidence=evidence)


def _withdraw(view: ContextView, ranking: Fact, standing: Fact) -> ProposedFact | None:
    said: Recommendation = standing.payload
    payload = Recommendation(
        vendor=said.vendor,
        vendor_id=said.vendor_id,
        name=said.name,
        rank=0,
        score=said.score,
        price=said.price,
        status="withdrawn",
        reason="not an eligible vendor of the ranking",
    )
    return view.revise("Strategies", standing.subject, payload, evidence=[ranking])
