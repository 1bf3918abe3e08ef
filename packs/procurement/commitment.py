"""Committing the spend."""

from converge_cli import ContextView, Effect, Fact, Suggestor

from .facts import Commitment, Recommendation
from .parameters import SelectionParameters
from .readings import (
    BREACHES,
    COMMITMENTS,
    COMPETITIVE_REVIEW,
    DUE_DILIGENCE,
    RANKING,
    RECOMMENDATIONS,
    VENDORS,
    settled,
)


class Commit(Suggestor):
    """Proposes to commit the spend to the first of a settled ranking, once.

    Its evidence is the ranking and the recommendation: when either is corrected, what people were asked about has
    changed, so the engine withdraws the request and this suggestor asks anew. While the audit contradicts the ranking
    nobody is asked.
    """

    name = "commitment"
    reads = (RANKING, RECOMMENDATIONS, VENDORS, BREACHES, "Evaluations:passed:*")
    writes = (COMMITMENTS,)

    def __init__(self, parameters: SelectionParameters) -> None:
        del parameters

    def accepts(self, view: ContextView) -> bool:
        """Whether the first of a complete ranking is recommended as the ranking says, and nobody else has the spend."""
        return self._choice(view) is not None

    def execute(self, view: ContextView) -> Effect:
        """Propose the commitment."""
        choice = self._choice(view)
        if choice is None:
            return Effect()
        ranking, recommendation = choice
        said: Recommendation = recommendation.payload
        gates = (
            view.get("Evaluations", f"passed:{gate}:{said.vendor}") for gate in (COMPETITIVE_REVIEW, DUE_DILIGENCE)
        )
        payload = Commitment(
            vendor=said.vendor, vendor_id=said.vendor_id, name=said.name, price=said.price, score=said.score
        )
        evidence = [recommendation, ranking, *(fact for fact in gates if fact is not None)]
        return Effect([view.revise("Strategies", f"commitment:{said.vendor}", payload, evidence=evidence)])

    def _choice(self, view: ContextView) -> tuple[Fact, Fact] | None:
        ranking = settled(view)
        if ranking is None or ranking.payload.first is None or ranking.payload.unranked:
            return None
        if any(fact.payload.open for fact in view.facts(BREACHES)):
            return None
        first = ranking.payload.first
        recommendation = view.get("Strategies", f"recommendation:{first}")
        if recommendation is None or any(fact.payload.vendor != first for fact in view.facts(COMMITMENTS)):
            return None
        row = next(row for row in ranking.payload.vendors if row.vendor == first)
        said: Recommendation = recommendation.payload
        as_ranked = (said.rank, said.status, said.score, said.price) == (1, "recommended", row.score, row.price)
        return (ranking, recommendation) if as_ranked else None
