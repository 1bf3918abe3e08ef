"""The two gates that a commitment must have passed. They are proposed only where they hold."""

from converge_cli import ContextView, Effect, Fact, Passed, ProposedFact, Suggestor

from .facts import RankedVendor
from .parameters import SelectionParameters
from .readings import COMPETITIVE_REVIEW, DUE_DILIGENCE, ELIGIBILITY, RANKING, VENDORS, settled, shortlist


class DueDiligence(Suggestor):
    """Passes the due diligence gate for shortlisted vendors that are eligible and old enough; silent about others."""

    name = "due-diligence"
    reads = (RANKING, VENDORS, ELIGIBILITY)
    writes = (f"Evaluations:passed:{DUE_DILIGENCE}:*",)

    def __init__(self, parameters: SelectionParameters) -> None:
        self._years = parameters.minimum_years

    def accepts(self, view: ContextView) -> bool:
        """Whether there is a ranking of all vendors that are known."""
        return settled(view) is not None

    def execute(self, view: ContextView) -> Effect:
        """Propose the gate as passed where it is."""
        return Effect(self._pass(view, row) for row in shortlist(view))

    def _pass(self, view: ContextView, row: RankedVendor) -> ProposedFact | None:
        vendor = view.get("Seeds", f"vendor:{row.vendor}")
        eligibility = view.get("Evaluations", f"eligibility:{row.vendor}")
        if vendor is None or eligibility is None:
            return None
        years = vendor.payload.years_in_business
        if years is None or years < self._years:
            return None
        reason = f"meets the hard requirements, {years:f} years in business (at least {self._years:f})"
        return _passed(view, DUE_DILIGENCE, row.vendor, reason, [vendor, eligibility])


class CompetitiveReview(Suggestor):
    """Passes the competitive review gate for shortlisted vendors when enough eligible bids were scored."""

    name = "competitive-review"
    reads = (RANKING, VENDORS, ELIGIBILITY)
    writes = (f"Evaluations:passed:{COMPETITIVE_REVIEW}:*",)

    def __init__(self, parameters: SelectionParameters) -> None:
        self._bids = parameters.minimum_bids

    def accepts(self, view: ContextView) -> bool:
        """Whether there is a ranking of all vendors that are known."""
        return settled(view) is not None

    def execute(self, view: ContextView) -> Effect:
        """Propose the gate as passed for each shortlisted vendor, if it is."""
        ranking = settled(view)
        if ranking is None:
            return Effect()
        bids = [row.vendor for row in ranking.payload.vendors if row.eligible][: self._bids]
        if len(bids) < self._bids:
            return Effect()
        found = [view.get("Evaluations", f"eligibility:{vendor}") for vendor in bids]
        evidence = [fact for fact in found if fact is not None]
        # Said without the number of bids, so that one more bid does not correct what is still true.
        reason = f"at least {self._bids} bids that meet the hard requirements were scored"
        return Effect(_passed(view, COMPETITIVE_REVIEW, row.vendor, reason, evidence) for row in shortlist(view))


def _passed(view: ContextView, gate: str, vendor: str, reason: str, evidence: list[Fact]) -> ProposedFact | None:
    payload = Passed(gate=gate, resource=vendor, reason=reason)
    return view.revise("Evaluations", f"passed:{gate}:{vendor}", payload, evidence=evidence)
