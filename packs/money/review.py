"""Looking at invoices: who are they for, do their lines add up? What is in order passes a gate."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from converge_cli import ContextView, Effect, Fact, Passed, ProposedFact, Suggestor, slug

from .facts import Customer, Line, Review
from .parameters import MoneyParameters
from .readings import CUSTOMER_VALIDATED, CUSTOMERS, ENTRIES, LINES, LINES_BALANCED, REVIEWS
from .reckoning import sum_of

_FIELDS = {"customer": "customers", "date": "dates", "amount": "amounts", "invoice": "names"}


def grouped(lines: Iterable[Fact]) -> dict[str, list[Fact]]:
    """Name of an invoice -> its lines in their order; invoices in the order of their first lines."""
    found: dict[str, list[Fact]] = {}
    for fact in lines:
        found.setdefault(slug(fact.payload.invoice), []).append(fact)
    return {name: sorted(facts, key=lambda fact: (fact.payload.line, fact.id)) for name, facts in found.items()}


class ReviewInvoices(Suggestor):
    """Says what is wrong with each invoice; passes its gates where nothing is, takes them back when that changes."""

    name = "invoice-review"
    reads = (LINES, CUSTOMERS, ENTRIES)
    writes = (REVIEWS, f"Evaluations:passed:{CUSTOMER_VALIDATED}:*", f"Evaluations:passed:{LINES_BALANCED}:*")

    def __init__(self, parameters: MoneyParameters) -> None:
        self._rounding = parameters.rounding
        self._needs = parameters.customer_needs

    def accepts(self, view: ContextView) -> bool:
        """Whether there are invoices at all."""
        return bool(view.facts(LINES))

    def execute(self, view: ContextView) -> Effect:
        """Propose a review and the gates of each invoice where what stands says something else."""
        customers = {fact.payload.id: fact for fact in view.facts(CUSTOMERS)}
        issued = {fact.payload.invoice: fact for fact in view.facts(ENTRIES) if fact.payload.status == "issued"}
        found = grouped(view.facts(LINES)).items()
        return Effect(item for name, lines in found for item in self._reviewed(view, name, lines, customers, issued))

    def _reviewed(
        self,
        view: ContextView,
        name: str,
        lines: Sequence[Fact],
        customers: Mapping[str, Fact],
        issued: Mapping[str, Fact],
    ) -> Iterator[ProposedFact | None]:
        first: Line = lines[0].payload
        reckoned = sum_of((fact.payload for fact in lines), self._rounding)
        customer, before = customers.get(first.customer), issued.get(first.invoice)
        customer_problems = tuple(self._about_customer(first.customer, customer, before))
        line_problems = tuple(_about_lines([fact.payload for fact in lines], reckoned.total))
        said = Review(
            invoice=first.invoice,
            customer=first.customer,
            date=first.date,
            lines=len(lines),
            net=reckoned.net,
            tax=reckoned.tax,
            amount=first.amount,
            customer_problems=customer_problems,
            line_problems=line_problems,
        )
        known = [fact for fact in (customer, before) if fact is not None]
        yield view.revise("Evaluations", f"review:{name}", said, evidence=[*lines, *known])
        who = "" if customer is None else f"{first.customer} is an active customer, with {' and '.join(self._needs)}"
        gate = Passed(gate=CUSTOMER_VALIDATED, resource=first.invoice, reason=who)
        yield _answer(view, gate, customer_problems, known)
        count = "1 line comes" if len(lines) == 1 else f"{len(lines)} lines come"
        sums = f"{count} to {reckoned.net:f} and {reckoned.tax:f} tax, {first.amount:f} in all"
        gate = Passed(gate=LINES_BALANCED, resource=first.invoice, reason=sums)
        yield _answer(view, gate, line_problems, lines)

    def _about_customer(self, name: str, fact: Fact | None, before: Fact | None) -> Iterator[str]:
        if before is not None:
            yield f"it was issued before, as number {before.payload.number} of {before.payload.date}"
        if fact is None:
            yield f"there is no customer {name}"
            return
        customer: Customer = fact.payload
        if not customer.active:
            yield f"customer {name} is not active"
        for field in self._needs:
            if not getattr(customer, field):
                yield f"customer {name} has no {field}"


def _about_lines(lines: Sequence[Line], total: Decimal) -> Iterator[str]:
    for field, words in _FIELDS.items():
        said = list(dict.fromkeys(_shown(getattr(line, field)) for line in lines))
        if len(said) > 1:
            yield f"its lines name different {words}: {', '.join(said)}"
    if total != lines[0].amount:
        yield f"its lines come to {total:f}, not {lines[0].amount:f}"


def _shown(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _answer(view: ContextView, gate: Passed, problems: Sequence[str], found: Sequence[Fact]) -> ProposedFact | None:
    """The gate is passed, or no longer; nothing is said of one that never was."""
    subject = f"passed:{gate.gate}:{slug(gate.resource)}"
    if not problems:
        return view.revise("Evaluations", subject, gate, evidence=found)
    if view.get("Evaluations", subject) is None:
        return None
    gone = Passed(gate=gate.gate, resource=gate.resource, reason="; ".join(problems), holds=False)
    return view.revise("Evaluations", subject, gone, evidence=found)
