"""From a draft to an issued invoice: who is it for, do its lines add up, may it go out?"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from converge_cli import ContextView, Effect, Fact, Passed, ProposedFact, Suggestor

from .facts import Customer, DraftInvoice, Invoice, Review
from .readings import CUSTOMER_VALIDATED, CUSTOMERS, DRAFTS, INVOICES, LINES, LINES_BALANCED, REVIEWS


class Draft(Suggestor):
    """Enters every draft as an invoice that is not issued."""

    name = "drafting"
    reads = (DRAFTS,)
    writes = (INVOICES,)

    def execute(self, view: ContextView) -> Effect:
        """Propose an invoice for each draft that has none."""
        new = view.missing(each=DRAFTS, output="Strategies:invoice:{name}")
        return Effect(
            view.propose("Strategies", f"invoice:{fact.name}", _invoice(fact.payload, "draft"), evidence=[fact])
            for fact in new
        )


class ReviewDraft(Suggestor):
    """Says what is wrong with each draft, and passes the gates for what is in order."""

    name = "draft-review"
    reads = (DRAFTS, LINES, CUSTOMERS)
    writes = (REVIEWS, f"Evaluations:passed:{CUSTOMER_VALIDATED}:*", f"Evaluations:passed:{LINES_BALANCED}:*")

    def execute(self, view: ContextView) -> Effect:
        """Propose a review, and the gates that are passed, where what stands says something else."""
        lines: dict[str, list[Fact]] = {}
        for fact in view.facts(LINES):
            lines.setdefault(fact.payload.invoice, []).append(fact)
        customers = {fact.payload.id: fact for fact in view.facts(CUSTOMERS)}
        return Effect(item for draft in view.facts(DRAFTS) for item in _reviewed(view, draft, lines, customers))


class Issue(Suggestor):
    """Proposes to issue each drafted invoice that was reviewed; whether it may go out is the gate's question."""

    name = "issuance"
    reads = (REVIEWS, DRAFTS)
    writes = (INVOICES,)

    def execute(self, view: ContextView) -> Effect:
        """Propose the issued invoice for each draft that stands as an invoice and has a review."""
        return Effect(self._issue(view, draft) for draft in view.facts(DRAFTS))

    def _issue(self, view: ContextView, draft: Fact) -> ProposedFact | None:
        review = view.get("Evaluations", f"review:{draft.name}")
        if review is None or view.get("Strategies", f"invoice:{draft.name}") is None:
            return None
        issued = _invoice(draft.payload, "issued")
        return view.revise("Strategies", f"invoice:{draft.name}", issued, evidence=[draft, review])


def _reviewed(
    view: ContextView, draft: Fact, lines: Mapping[str, list[Fact]], customers: Mapping[str, Fact]
) -> Iterator[ProposedFact | None]:
    claim: DraftInvoice = draft.payload
    mine, customer = lines.get(claim.number, []), customers.get(claim.customer)
    total = sum((fact.payload.quantity * fact.payload.unit_price for fact in mine), Decimal(0))
    about_customer = _customer_problems(customer.payload if customer else None, claim.customer)
    about_lines = () if mine and total == claim.amount else (f"its lines come to {total:f}, not {claim.amount:f}",)
    problems = (*about_customer, *about_lines)
    said = Review(number=claim.number, total=total, problems=problems)
    yield view.revise("Evaluations", f"review:{draft.name}", said, evidence=[draft, *mine])
    if customer is not None and not about_customer:
        reason = f"{customer.payload.name} is an active customer with address and tax id"
        yield _passed(view, CUSTOMER_VALIDATED, draft, reason, [customer])
    if not about_lines:
        yield _passed(view, LINES_BALANCED, draft, f"its {len(mine)} lines come to {total:f}", mine)


def _customer_problems(customer: Customer | None, name: str) -> tuple[str, ...]:
    if customer is None:
        return (f"there is no customer {name}",)
    problems = [] if customer.active else [f"customer {name} is not active"]
    problems += [f"customer {name} has no {field}" for field in ("address", "tax_id") if not getattr(customer, field)]
    return tuple(problems)


def _passed(view: ContextView, gate: str, draft: Fact, reason: str, found: list[Fact]) -> ProposedFact | None:
    payload = Passed(gate=gate, resource=draft.payload.number, reason=reason)
    return view.revise("Evaluations", f"passed:{gate}:{draft.name}", payload, evidence=[draft, *found])


def _invoice(draft: DraftInvoice, status: str) -> Invoice:
    return Invoice(number=draft.number, customer=draft.customer, amount=draft.amount, date=draft.date, status=status)
