"""From a reconciliation to a closed period: open, reconciled, closed. Policy and people decide the last two moves."""

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Period, Reconciliation, Term
from .readings import PERIODS, RECONCILIATIONS, TERMS

_NEXT = {"open": "reconciled", "reconciled": "closed"}


class ClosePeriods(Suggestor):
    """Enters each compared period as open, and proposes one move after the other.

    It alone writes periods: when books or bank change, a period is open again, and what people were asked about it is
    withdrawn. One that is closed never changes; the audit says when it should not have been.
    """

    name = "period-closing"
    reads = (RECONCILIATIONS, TERMS, PERIODS)
    writes = (PERIODS,)

    def execute(self, view: ContextView) -> Effect:
        """Propose the next move of each period; whether it may move is the gates' question."""
        terms = {fact.payload.period: fact for fact in view.facts(TERMS)}
        compared = [(fact, terms.get(fact.payload.period)) for fact in view.facts(RECONCILIATIONS)]
        return Effect(_next(view, fact, term) for fact, term in compared if term is not None)


def _next(view: ContextView, compared: Fact, term: Fact) -> ProposedFact | None:
    standing = view.get("Strategies", f"period:{compared.name}")
    status = "open"
    if standing is not None:
        if standing.payload.status == "closed":
            return None
        is_same = standing.payload == _period(term.payload, compared.payload, standing.payload.status)
        status = _NEXT[standing.payload.status] if is_same else "open"
    payload = _period(term.payload, compared.payload, status)
    return view.revise("Strategies", f"period:{compared.name}", payload, evidence=[term, compared])


def _period(term: Term, compared: Reconciliation, status: str) -> Period:
    return Period(
        period=term.period,
        start=term.start,
        end=term.end,
        book=compared.book,
        bank=compared.bank,
        status=status,
    )
