"""Looks again at all that was issued, by the files alone: it shares no code with what decided, nor its arithmetic."""

from collections.abc import Iterator, Mapping, Sequence, Set
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Breach, Customer, Invoice, Line
from .parameters import MoneyParameters
from .readings import CUSTOMERS, ENTRIES, INVOICE_BREACHES, INVOICES, LINES, NUMBERS


class _Files(NamedTuple):
    """What the files say, by what it is looked up by.

    Attributes:
        lines, customers: of each invoice, of each customer.
        before: the invoices that the register calls issued.
        series: what is wrong with the numbers of this run as a whole; "" when nothing is.
    """

    lines: Mapping[str, list[Line]]
    customers: Mapping[str, list[Customer]]
    before: Set[str]
    series: str


class AuditInvoices(Suggestor):
    """Names every issued invoice that should not be, or not so; the truth forbids that one stays."""

    name = "invoice-audit"
    reads = (LINES, CUSTOMERS, ENTRIES, INVOICES, NUMBERS)
    writes = (INVOICE_BREACHES,)

    def __init__(self, parameters: MoneyParameters) -> None:
        self._parameters = parameters

    def accepts(self, view: ContextView) -> bool:
        """Whether anything was issued."""
        return any(fact.payload.status == "issued" for fact in view.facts(INVOICES))

    def execute(self, view: ContextView) -> Effect:
        """Propose a breach for each such invoice, and close those that no longer hold."""
        files = self._files(view)
        issued = [fact for fact in view.facts(INVOICES) if fact.payload.status == "issued"]
        return Effect(self._said(view, fact, list(self._wrong(view, fact, files))) for fact in issued)

    def _files(self, view: ContextView) -> _Files:
        lines: dict[str, list[Line]] = {}
        for fact in view.facts(LINES):
            lines.setdefault(fact.payload.invoice, []).append(fact.payload)
        customers: dict[str, list[Customer]] = {}
        for fact in view.facts(CUSTOMERS):
            customers.setdefault(fact.payload.id, []).append(fact.payload)
        old = {fact.payload.invoice: fact.payload.number for fact in view.facts(ENTRIES) if fact.payload.number}
        start = max(old.values(), default=self._parameters.numbers.first - 1)
        numbers = sorted(fact.payload.number for fact in view.facts(NUMBERS))
        strays = [number for at, number in enumerate(numbers, start + 1) if number != at]
        series = f"number {strays[0]} does not go on from {start} one by one" if strays else ""
        return _Files(lines, customers, old.keys(), series)

    def _said(self, view: ContextView, fact: Fact, reasons: list[str]) -> ProposedFact | None:
        subject = f"breach:{fact.subject}"
        if not reasons and view.get("Diagnostic", subject) is None:
            return None
        payload = Breach(about=fact.subject, reason="; ".join(reasons) or "mended", open=bool(reasons))
        return view.revise("Diagnostic", subject, payload, evidence=[fact])

    def _wrong(self, view: ContextView, fact: Fact, files: _Files) -> Iterator[str]:
        invoice: Invoice = fact.payload
        lines = files.lines.get(invoice.invoice, [])
        if {(line.customer, line.date, line.amount) for line in lines} != {
            (invoice.customer, invoice.date, invoice.amount)
        }:
            yield "it is not as the file has it"
        cents = self._cents(lines)
        if cents != Fraction(invoice.amount) * 100:
            yield f"its lines come to {Decimal(cents).scaleb(-2):f}, it says {invoice.amount:f}"
        known = files.customers.get(invoice.customer, [])
        if not known or not all(customer.active for customer in known):
            yield f"{invoice.customer} is no active customer"
        elif not all(getattr(customer, name) for customer in known for name in self._parameters.customer_needs):
            yield f"{invoice.customer} lacks what a customer needs"
        if invoice.invoice in files.before:
            yield "it was issued before"
        if files.series and view.get("Strategies", f"number:{fact.name}") is not None:
            yield files.series

    def _cents(self, lines: Sequence[Line]) -> int:
        """What lines come to in hundredths, tax included."""
        rule = self._parameters.rounding
        nets = [(Fraction(line.quantity) * Fraction(line.unit_price) * 100, Fraction(line.tax_rate)) for line in lines]
        if rule.of == "line":
            whole = [(_whole(net, rule.mode), rate) for net, rate in nets]
            return sum(net + _whole(net * rate / 100, rule.mode) for net, rate in whole)
        rates = {rate: sum((net for net, its in nets if its == rate), Fraction(0)) for _, rate in nets}
        taxes = sum(_whole(net * rate / 100, rule.mode) for rate, net in rates.items())
        return _whole(sum(rates.values(), Fraction(0)), rule.mode) + taxes


def _whole(value: Fraction, mode: str) -> int:
    """Hundredths without a fraction."""
    size, rest = divmod(abs(value), 1)
    if mode == "half_up":
        size += rest * 2 >= 1
    elif mode == "half_even":
        size += rest * 2 > 1 or (rest * 2 == 1 and size % 2 == 1)
    return -size if value < 0 else size
