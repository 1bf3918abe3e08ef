"""Looks again at all that was issued or closed, by the files alone: it shares no code with what decided."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Breach, DraftInvoice, Invoice, Term
from .readings import (
    CUSTOMERS,
    DRAFTS,
    ENTRIES,
    INVOICE_BREACHES,
    INVOICES,
    LINES,
    MOVEMENTS,
    PERIOD_BREACHES,
    PERIODS,
    TERMS,
)


class AuditInvoices(Suggestor):
    """Names every issued invoice that differs from its draft, its lines or its customer."""

    name = "invoice-audit"
    reads = (INVOICES, DRAFTS, LINES, CUSTOMERS)
    writes = (INVOICE_BREACHES,)

    def execute(self, view: ContextView) -> Effect:
        """Propose a breach for each such invoice, and close those that no longer hold."""
        drafts = {fact.payload.number: fact.payload for fact in view.facts(DRAFTS)}
        active = {fact.payload.id for fact in view.facts(CUSTOMERS) if fact.payload.active}
        owed: defaultdict[str, Decimal] = defaultdict(Decimal)
        for fact in view.facts(LINES):
            owed[fact.payload.invoice] += fact.payload.quantity * fact.payload.unit_price
        issued = [fact for fact in view.facts(INVOICES) if fact.payload.status == "issued"]
        return Effect(_said(view, fact, _faults(fact.payload, drafts, owed, active)) for fact in issued)


class AuditPeriods(Suggestor):
    """Names every closed period in which the bank moved other sums than the ledger has."""

    name = "period-audit"
    reads = (PERIODS, TERMS, ENTRIES, MOVEMENTS)
    writes = (PERIOD_BREACHES,)

    def execute(self, view: ContextView) -> Effect:
        """Propose a breach for each such period, and close those that no longer hold."""
        terms = {fact.payload.period: fact.payload for fact in view.facts(TERMS)}
        closed = [fact for fact in view.facts(PERIODS) if fact.payload.status == "closed"]
        return Effect(_said(view, fact, _differences(view, terms.get(fact.payload.period))) for fact in closed)


def _faults(
    invoice: Invoice, drafts: dict[str, DraftInvoice], owed: dict[str, Decimal], active: set[str]
) -> Iterator[str]:
    draft = drafts.get(invoice.number)
    if draft is None:
        yield "nobody drafted it"
        return
    if (invoice.customer, invoice.amount, invoice.date) != (draft.customer, draft.amount, draft.date):
        yield "it is not as it was drafted"
    if owed[invoice.number] != invoice.amount:
        yield f"its lines come to {owed[invoice.number]}"
    if invoice.customer not in active:
        yield f"{invoice.customer} is no active customer"


def _differences(view: ContextView, term: Term | None) -> Iterator[str]:
    if term is None:
        yield "there is no such period"
        return
    sums: dict[str, Decimal] = {}
    for which, sign in ((ENTRIES, 1), (MOVEMENTS, -1)):
        for fact in view.facts(which):
            if term.start <= fact.payload.date <= term.end:
                name = fact.payload.reference
                sums[name] = sums.get(name, Decimal(0)) + sign * fact.payload.amount
    for name in sorted(name for name, rest in sums.items() if rest):
        yield f"ledger and bank differ by {sums[name]:f} in {name}"


def _said(view: ContextView, fact: Fact, reasons: Iterable[str]) -> ProposedFact | None:
    told = "; ".join(reasons)
    if not told and view.get("Diagnostic", f"breach:{fact.subject}") is None:
        return None
    payload = Breach(about=fact.subject, reason=told or "mended", open=bool(told))
    return view.revise("Diagnostic", f"breach:{fact.subject}", payload, evidence=[fact])
