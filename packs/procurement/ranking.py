"""Ordering the vendors."""

from decimal import Decimal
from typing import NamedTuple

from converge_cli import ContextView, Effect, Fact, FrozenMap, Suggestor

from .facts import RankedVendor, Ranking, Vendor
from .parameters import SelectionParameters
from .readings import ELIGIBILITY, RANKING, SCORES, UNSCORED, VENDORS
from .scoring import in_order, weighted


class _Evaluated(NamedTuple):
    """A vendor with everything that was found out about it."""

    vendor: Fact
    eligibility: Fact
    scores: dict[str, Fact]
    complete: bool


class RankVendors(Suggestor):
    """Orders the vendors by weighted score, once each of them is judged; again when another one arrives."""

    name = "ranking"
    reads = (VENDORS, SCORES, ELIGIBILITY, UNSCORED)
    writes = (RANKING,)

    def __init__(self, parameters: SelectionParameters) -> None:
        self._weights = parameters.weights
        self._shortlist = parameters.shortlist

    def accepts(self, view: ContextView) -> bool:
        """Whether there are vendors and each is judged, as it stands now, on every criterion."""
        return bool(self._evaluated(view))

    def execute(self, view: ContextView) -> Effect:
        """Propose the ranking if it differs from the one that stands."""
        evaluated = self._evaluated(view)
        complete = {item.vendor.name: item for item in evaluated if item.complete}
        if not complete:
            return Effect()
        totals = {
            name: weighted({c: fact.payload.score for c, fact in item.scores.items()}, self._weights)
            for name, item in complete.items()
        }
        rows = self._rows(complete, totals)
        payload = Ranking(
            first=next((row.vendor for row in rows if row.recommended), None),
            weights=self._weights,
            vendors=rows,
            unranked=tuple(sorted(item.vendor.name for item in evaluated if not item.complete)),
        )
        evidence = [
            fact for row in rows for fact in (complete[row.vendor].eligibility, *complete[row.vendor].scores.values())
        ]
        return Effect([view.revise("Evaluations", "ranking:vendors", payload, evidence=evidence)])

    def _rows(self, complete: dict[str, _Evaluated], totals: dict[str, Decimal]) -> tuple[RankedVendor, ...]:
        rows: list[RankedVendor] = []
        places = self._shortlist
        for rank, name in enumerate(in_order(totals), start=1):
            item = complete[name]
            eligible = item.eligibility.payload.eligible
            recommended = eligible and places > 0
            places -= recommended
            vendor: Vendor = item.vendor.payload
            rows.append(
                RankedVendor(
                    rank=rank,
                    vendor=name,
                    name=vendor.name,
                    price=vendor.price,
                    score=totals[name],
                    scores=FrozenMap({criterion: fact.payload.score for criterion, fact in item.scores.items()}),
                    eligible=eligible,
                    recommended=recommended,
                    reason=_reason(item, recommended),
                )
            )
        return tuple(rows)

    def _evaluated(self, view: ContextView) -> list[_Evaluated]:
        """Every vendor with its findings; empty as long as one of them is not judged as it stands now."""
        scores = {fact.subject: fact for fact in view.facts(SCORES)}
        eligibility = {fact.subject: fact for fact in view.facts(ELIGIBILITY)}
        gaps = {fact.subject: fact for fact in view.facts(UNSCORED)}
        found: list[_Evaluated] = []
        for vendor in view.facts(VENDORS):
            name = vendor.name
            eligible = eligibility.get(f"eligibility:{name}")
            if eligible is None or eligible.payload.about != vendor.id:
                return []
            judged: dict[str, Fact] = {}
            for criterion in self._weights:
                gap = gaps.get(f"unscored:{criterion}:{name}")
                if gap is not None and gap.payload.open and gap.payload.about == vendor.id:
                    continue
                score = scores.get(f"score:{criterion}:{name}")
                if score is None or score.payload.about != vendor.id:
                    return []
                judged[criterion] = score
            found.append(_Evaluated(vendor, eligible, judged, len(judged) == len(self._weights)))
        return found


def _reason(item: _Evaluated, recommended: bool) -> str:
    if not item.eligibility.payload.eligible:
        return f"not eligible: {', '.join(item.eligibility.payload.failed)} not met"
    return "on the shortlist" if recommended else "eligible, below the shortlist"
