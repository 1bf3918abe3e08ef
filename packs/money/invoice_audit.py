"""Looks again at all that was issued, by the files alone: it shares no code with what decided, nor its arithmetic."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Breach, Invoice, Line
from .parameters import MoneyParameters
from .readings import CUSTOMERS, ENTRIES, INVOICE_BREACHES, INVOICES, LINES, NUMBERS


class AuditInvoices(Suggestor):
    """Names every issued invoice that should not be, or not so; the truth forbids that one stays."""

    name = "invoice-audit"
    reads = (LINES, CUSTOMERS, ENTRIES, INVOICES, NUMBERS)
    writes = (INVOICE_BREACHES,)

    def __init__(self, parameters: MoneyParameters) -> None:
        self._parameters = parameters

    def execute(self, view: ContextView) -> Effect:
        """Propose a breach for each such invoice, and close those that no longer hold."""
        issued = [fact for fact in view.facts(INVOICES) if fact.payload.status == "issued"]
        return Effect(self._said(view, fact, list(self._wrong(view, fact))) for fact in issued)

    def _said(self, view: ContextView, fact: Fact, reasons: list[str]) -> ProposedFact | None:
        subject = f"breach:{fact.subject}"
        if not reasons and view.get("Diagnostic", subject) is None:
            return None
        payload = Breach(about=fact.subject, reason="; ".join(reasons) or "mended", open=bool(reasons))
        return view.revise("Diagnostic", subject, payload, evidence=[fact])

    def _wrong(self, view: ContextView, fact: Fact) -> Iterator[str]:
        invoice: Invoice = fact.payload
        lines = [found.payload for found in view.facts(LINES) if found.payload.invoice == invoice.invoice]
        if {(line.customer, line.date, line.amount) for line in lines} != {
            (invoice.customer, invoice.date, invoice.amount)
        }:
            yield "it is not as the file has it"
        cents = self._cents(lines)
        if cents != Fraction(invoice.amount) * 100:
            yield f"its lines come to {cents // 100}.{cents % 100:02d}, it says {invoice.amount:f}"
        allowed = [found.payload for found in view.facts(CUSTOMERS) if found.payload.id == invoice.customer]
        if not allowed or not all(customer.active for customer in allowed):
            yield f"{invoice.customer} is no active customer"
        elif not all(getattr(customer, name) for customer in allowed for name in self._parameters.customer_needs):
            yield f"{invoice.customer} lacks what a customer needs"
        yield from self._about_number(view, fact)

    def _about_number(self, view: ContextView, fact: Fact) -> Iterator[str]:
        old = {found.payload.number: found.payload.invoice for found in view.facts(ENTRIES)}
        if fact.payload.invoice in {name for number, name in old.items() if number}:
            yield "it was issued before"
        mine = view.get("Strategies", f"number:{fact.name}")
        if mine is None:
            return  # it has none yet; the truth asks for one before the run may end
        numbers = [found.payload.number for found in view.facts(NUMBERS)]
        start = max((number for number in old if number), default=self._parameters.numbers.first - 1)
        if sorted(numbers) != list(range(start + 1, start + 1 + len(numbers))):
            yield f"the numbers {', '.join(map(str, sorted(numbers)))} do not go on from {start} one by one"

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
