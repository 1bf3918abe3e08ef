"""Closing a period of the books: only when the ledger and the bank agree on every payment in it."""

from collections.abc import Iterator
from decimal import Decimal

from converge_cli import ContextView, Effect, Fact, Passed, ProposedFact, Suggestor

from .facts import Period, Reconciliation, Term
from .readings import ENTRIES, MOVEMENTS, PERIODS, RECONCILED, RECONCILIATIONS, TERMS


class OpenPeriod(Suggestor):
    """Enters every period as open, with the total of its ledger."""

    name = "opening"
    reads = (TERMS, ENTRIES)
    writes = (PERIODS,)

    def execute(self, view: ContextView) -> Effect:
        """Propose an open period where there is none."""
        new = view.missing(each=TERMS, output="Strategies:period:{name}")
        return Effect(
            view.propose("Strategies", f"period:{fact.name}", _period(view, fact.payload, "open"), evidence=[fact])
            for fact in new
        )


class Reconcile(Suggestor):
    """Pairs the ledger's entries of each period with the bank's movements, and names what has no partner."""

    name = "reconciliation"
    reads = (TERMS, ENTRIES, MOVEMENTS)
    writes = (RECONCILIATIONS, f"Evaluations:passed:{RECONCILED}:*")

    def execute(self, view: ContextView) -> Effect:
        """Propose a reconciliation, and the gate where nothing is left open."""
        return Effect(item for term in view.facts(TERMS) for item in _reconciled(view, term))


class Close(Suggestor):
    """Proposes to close each open period that was compared; whether it may be closed is the gate's question."""

    name = "closing"
    reads = (RECONCILIATIONS, TERMS, ENTRIES)
    writes = (PERIODS,)

    def execute(self, view: ContextView) -> Effect:
        """Propose the closed period."""
        return Effect(self._close(view, term) for term in view.facts(TERMS))

    def _close(self, view: ContextView, term: Fact) -> ProposedFact | None:
        compared = view.get("Evaluations", f"reconciliation:{term.name}")
        if compared is None or view.get("Strategies", f"period:{term.name}") is None:
            return None
        closed = _period(view, term.payload, "closed")
        return view.revise("Strategies", f"period:{term.name}", closed, evidence=[term, compared])


def _reconciled(view: ContextView, term: Fact) -> Iterator[ProposedFact | None]:
    entries, movements = _within(view, ENTRIES, term.payload), _within(view, MOVEMENTS, term.payload)
    waiting: dict[tuple[str, Decimal], list[Fact]] = {}
    for movement in movements:
        waiting.setdefault((movement.payload.reference, movement.payload.amount), []).append(movement)
    alone = []
    for entry in entries:
        partners = waiting.get((entry.payload.reference, entry.payload.amount))
        if partners:
            partners.pop(0)
        else:
            alone.append(entry.payload.id)
    left = sorted(movement.payload.id for partners in waiting.values() for movement in partners)
    matched = len(entries) - len(alone)
    said = Reconciliation(
        period=term.payload.period,
        matched=matched,
        open_entries=tuple(alone),
        open_movements=tuple(left),
        total=_total(entries),
    )
    evidence = [term, *entries, *movements]
    yield view.revise("Evaluations", f"reconciliation:{term.name}", said, evidence=evidence)
    if not alone and not left:
        payload = Passed(
            gate=RECONCILED, resource=term.payload.period, reason=f"{matched} payments agree, none is open"
        )
        yield view.revise("Evaluations", f"passed:{RECONCILED}:{term.name}", payload, evidence=evidence)


def _period(view: ContextView, term: Term, status: str) -> Period:
    return Period(period=term.period, amount=_total(_within(view, ENTRIES, term)), status=status)


def _within(view: ContextView, which: str, term: Term) -> list[Fact]:
    return [fact for fact in view.facts(which) if term.start <= fact.payload.date <= term.end]


def _total(entries: list[Fact]) -> Decimal:
    return sum((entry.payload.amount for entry in entries), Decimal(0))
