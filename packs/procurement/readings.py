"""What procurement's suggestors read, and when a ranking may be relied on."""

from converge_cli import ContextView, Fact

from .facts import RankedVendor

VENDORS = "Seeds:vendor:*"
SCORES = "Evaluations:score:*"
ELIGIBILITY = "Evaluations:eligibility:*"
UNSCORED = "Diagnostic:unscored:*"
RANKING = "Evaluations:ranking:vendors"
RECOMMENDATIONS = "Strategies:recommendation:*"
COMMITMENTS = "Strategies:commitment:*"
BREACHES = "Diagnostic:breach:*"
DUE_DILIGENCE = "vendor_due_diligence"
COMPETITIVE_REVIEW = "competitive_review"


def settled(view: ContextView) -> Fact | None:
    """The ranking, if it holds every vendor that is known: one that lags behind is about to be corrected."""
    ranking = view.get("Evaluations", "ranking:vendors")
    if ranking is None:
        return None
    known = len(ranking.payload.vendors) + len(ranking.payload.unranked)
    return ranking if known == len(view.facts(VENDORS)) else None


def shortlist(view: ContextView) -> list[RankedVendor]:
    """The recommended lines of a settled ranking."""
    ranking = settled(view)
    return [] if ranking is None else [row for row in ranking.payload.vendors if row.recommended]
