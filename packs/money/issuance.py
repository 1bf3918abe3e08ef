"""From a review to an issued invoice with a number: drafted, validated, issued. Policy and people decide the moves."""

from collections.abc import Iterator

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Invoice, Number, Review
from .parameters import MoneyParameters
from .readings import ENTRIES, INVOICES, NUMBERS, REVIEWS

_NEXT = {"draft": "validated", "validated": "issued"}


class IssueInvoices(Suggestor):
    """Enters each reviewed invoice as a draft, and proposes one move after the other.

    It alone writes invoices: when the lines of one change, it becomes a draft again, and what people were asked about
    it is withdrawn. One that is issued never changes; the audit says when it should have been another.
    """

    name = "invoice-issuance"
    reads = (REVIEWS, INVOICES)
    writes = (INVOICES,)

    def execute(self, view: ContextView) -> Effect:
        """Propose the next move of each invoice; whether it may move is the gates' question."""
        return Effect(_next(view, review) for review in view.facts(REVIEWS))


class NumberInvoices(Suggestor):
    """Gives each issued invoice the next number, in the order in which they were issued: so no number is left out."""

    name = "invoice-numbering"
    reads = (INVOICES, ENTRIES)
    writes = (NUMBERS,)

    def __init__(self, parameters: MoneyParameters) -> None:
        self._numbers = parameters.numbers

    def execute(self, view: ContextView) -> Effect:
        """Propose a number for each issued invoice that has none."""
        return Effect(self._numbered(view))

    def _numbered(self, view: ContextView) -> Iterator[ProposedFact]:
        given = [fact.payload.number for fact in view.facts(NUMBERS)]
        before = [fact.payload.number for fact in view.facts(ENTRIES) if fact.payload.number is not None]
        last = max([*given, *before], default=self._numbers.first - 1)
        begins = not given
        issued = [fact for fact in view.facts(INVOICES) if fact.payload.status == "issued"]
        for fact in sorted(issued, key=lambda fact: fact.index):
            if view.get("Strategies", f"number:{fact.name}") is not None:
                continue
            payload = Number(
                invoice=fact.payload.invoice,
                number=last + 1,
                follows=last,
                begins=begins,
                written=self._numbers.written(last + 1),
            )
            yield view.propose("Strategies", f"number:{fact.name}", payload, evidence=[fact])
            last, begins = last + 1, False


def _next(view: ContextView, review: Fact) -> ProposedFact | None:
    standing = view.get("Strategies", f"invoice:{review.name}")
    said: Review = review.payload
    status = "draft"
    if standing is not None:
        if standing.payload.status == "issued":
            return None
        is_same = standing.payload == _invoice(said, standing.payload.status)
        status = _NEXT[standing.payload.status] if is_same else "draft"
    return view.revise("Strategies", f"invoice:{review.name}", _invoice(said, status), evidence=[review])


def _invoice(said: Review, status: str) -> Invoice:
    return Invoice(
        invoice=said.invoice,
        customer=said.customer,
        date=said.date,
        lines=said.lines,
        net=said.net,
        tax=said.tax,
        amount=said.amount,
        status=status,
    )
