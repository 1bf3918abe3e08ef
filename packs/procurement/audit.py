"""Looks again at the ranking and at what was committed, by the bids alone: it shares no code with what decided."""

import operator
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Breach, Commitment, Ranking, Vendor
from .parameters import Bands, SelectionParameters, Step
from .readings import BREACHES, COMMITMENTS, RANKING, VENDORS

_SCALES = {"price", "compliant", "years_in_business", "delivery_weeks"}
_ANSWERS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_PLACES = 6

Bids = Mapping[str, Vendor]
"""Name of a vendor -> what it bids."""


class Audit(Suggestor):
    """Names what does not follow from the bids; the truth forbids that it stays."""

    name = "audit"
    reads = (VENDORS, RANKING, COMMITMENTS)
    writes = (BREACHES,)

    def __init__(self, parameters: SelectionParameters) -> None:
        self._bands = {criterion: parameters.bands_of(criterion) for criterion in parameters.weights}
        self._weights = {criterion: Fraction(weight) for criterion, weight in parameters.weights.items()}
        self._requirements = parameters.requirements

    def accepts(self, view: ContextView) -> bool:
        """Whether anything was ranked or committed."""
        return bool(view.facts(RANKING) or view.facts(COMMITMENTS))

    def execute(self, view: ContextView) -> Effect:
        """Propose a breach for what is wrong, and close those that no longer hold."""
        bids = {fact.name: fact.payload for fact in view.facts(VENDORS)}
        rankings = [(fact, self._about_ranking(fact.payload, bids)) for fact in view.facts(RANKING)]
        commitments = [(fact, self._about_commitment(fact.payload, bids)) for fact in view.facts(COMMITMENTS)]
        return Effect(_said(view, fact, list(reasons)) for fact, reasons in (*rankings, *commitments))

    def _about_ranking(self, ranking: Ranking, bids: Bids) -> Iterator[str]:
        for row in ranking.vendors:
            bid = bids.get(row.vendor)
            if bid is None:
                yield f"{row.vendor} made no bid"
                continue
            points = self._points(bid)
            if points != row.score:
                yield f"{row.vendor} has {_shown(points)} points by its bid, not {row.score:f}"
            if row.price != bid.price:
                yield f"{row.vendor} bids {bid.price:f}, not {row.price:f}"
            if row.eligible != self._is_eligible(bid):
                yield f"{row.vendor} {'does not meet' if row.eligible else 'meets'} the requirements"
        yield from (f"{name} can be ranked" for name in ranking.unranked if self._can_be_ranked(bids.get(name)))
        first = self._first({row.vendor: bids[row.vendor] for row in ranking.vendors if row.vendor in bids})
        if ranking.first != first:
            yield f"{first or 'nobody'} is first, not {ranking.first or 'nobody'}"

    def _about_commitment(self, commitment: Commitment, bids: Bids) -> Iterator[str]:
        bid = bids.get(commitment.vendor)
        if bid is None:
            yield f"{commitment.vendor} made no bid"
            return
        if (bid.id, bid.name, bid.price) != (commitment.vendor_id, commitment.name, commitment.price):
            yield "it is not as it was bid"
        first = self._first(bids)
        if commitment.vendor != first:
            yield f"{first or 'nobody'} is first by the bids"

    def _first(self, bids: Bids) -> str | None:
        """The eligible vendor with the most points; of equal ones the one whose name comes first."""
        scored = ((self._points(bid), name) for name, bid in bids.items() if self._is_eligible(bid))
        return min(((-points, name) for points, name in scored if points is not None), default=(0, None))[1]

    def _can_be_ranked(self, bid: Vendor | None) -> bool:
        return bid is not None and self._points(bid) is not None

    def _points(self, bid: Vendor) -> Fraction | None:
        scores = {criterion: _score(bands, _cell(bid, bands.column)) for criterion, bands in self._bands.items()}
        if None in scores.values():
            return None
        total = sum(weight * Fraction(scores[criterion] or 0) for criterion, weight in self._weights.items())
        return round(total / sum(self._weights.values()), _PLACES)

    def _is_eligible(self, bid: Vendor) -> bool:
        return all(_ANSWERS.get(_cell(bid, column).lower(), False) for column in self._requirements)


def _said(view: ContextView, fact: Fact, reasons: list[str]) -> ProposedFact | None:
    subject = f"breach:{fact.subject}"
    if not reasons and view.get("Diagnostic", subject) is None:
        return None
    payload = Breach(about=fact.subject, reason="; ".join(reasons) or "mended", open=bool(reasons))
    return view.revise("Diagnostic", subject, payload, evidence=[fact])


def _score(bands: Bands, cell: str) -> Decimal | None:
    if bands.boolean:
        answer = _ANSWERS.get(cell.lower())
        return None if answer is None else bands.when_true if answer else bands.when_false
    try:
        number = Decimal(cell)
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    return next((step.score for step in bands.steps if _inside(step, number)), bands.otherwise)


def _inside(step: Step, number: Decimal) -> bool:
    limits = ((operator.lt, step.below), (operator.le, step.at_most), (operator.gt, step.above))
    above = step.at_least is None or number >= step.at_least
    return above and all(limit is None or compare(number, limit) for compare, limit in limits)


def _cell(bid: Vendor, column: str) -> str:
    """What the file says there, "" when it says nothing."""
    value = getattr(bid, column) if column in _SCALES else bid.columns.get(column)
    return "" if value is None else str(value).strip()


def _shown(points: Fraction | None) -> str:
    return "no" if points is None else f"{Decimal(points.numerator) / Decimal(points.denominator):f}"
