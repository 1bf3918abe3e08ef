"""From an examined claim to a commitment: people look at concerns, policy validates, policy and a manager commit."""

from collections.abc import Iterator

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Check, Clearance, Commitment, Concern, Expense, Validation
from .readings import CHECKS, CLEARANCES, COMMITMENTS, EXPENSES, VALIDATIONS


class Review(Suggestor):
    """Asks for a clearance of each concern about a claim with its receipt; the points of the truth say who gives it."""

    name = "review"
    reads = (CHECKS, EXPENSES)
    writes = (CLEARANCES,)

    def execute(self, view: ContextView) -> Effect:
        """Propose a clearance for each concern that has none with these words."""
        return Effect(item for check in view.facts(CHECKS) for item in _clearances(view, check))


class Validate(Suggestor):
    """Proposes to validate each claim that was examined, once every concern of one that has its receipt is cleared."""

    name = "validation"
    reads = (CHECKS, CLEARANCES, EXPENSES)
    writes = (VALIDATIONS,)

    def execute(self, view: ContextView) -> Effect:
        """Propose a validation for each such claim; whether the receipt is there is the gate's question."""
        return Effect(_validation(view, check) for check in view.facts(CHECKS))


class Commit(Suggestor):
    """Proposes to commit each validated claim, as it was validated."""

    name = "commitment"
    reads = (VALIDATIONS,)
    writes = (COMMITMENTS,)

    def execute(self, view: ContextView) -> Effect:
        """Propose a commitment for each validation."""
        return Effect(
            view.revise("Strategies", f"commitment:{fact.name}", Commitment(**_fields(fact.payload)), evidence=[fact])
            for fact in view.facts(VALIDATIONS)
        )


def _clearances(view: ContextView, check: Fact) -> Iterator[ProposedFact | None]:
    expense = view.get("Seeds", f"expense:{check.name}")
    said: Check = check.payload
    for concern in _decisive(said) if expense is not None else ():
        claim: Expense = expense.payload
        payload = Clearance(
            expense=claim.id,
            claimant=claim.claimant,
            amount=claim.amount,
            about=concern.about,
            reason=concern.reason,
        )
        subject = f"clearance:{concern.about}:{check.name}"
        yield view.revise("Proposals", subject, payload, evidence=[expense, check])


def _validation(view: ContextView, check: Fact) -> ProposedFact | None:
    expense = view.get("Seeds", f"expense:{check.name}")
    said: Check = check.payload
    concerns = _decisive(said)
    cleared = [view.get("Proposals", f"clearance:{concern.about}:{check.name}") for concern in concerns]
    if expense is None or [found.payload.reason if found else "" for found in cleared] != [
        concern.reason for concern in concerns
    ]:
        return None
    claim: Expense = expense.payload
    payload = Validation(
        expense=claim.id,
        claimant=claim.claimant,
        responsible=claim.responsible,
        category=claim.category,
        amount=claim.amount,
        receipt=claim.receipt,
    )
    evidence = [expense, check, *(found for found in cleared if found is not None)]
    return view.revise("Evaluations", f"validation:{check.name}", payload, evidence=evidence)


def _decisive(said: Check) -> tuple[Concern, ...]:
    """The concerns that people look at: none without a receipt, since policy refuses the claim whatever they say."""
    return () if said.sha256 is None else said.concerns


def _fields(validated: Validation) -> dict[str, object]:
    return {name: getattr(validated, name) for name in Commitment.__struct_fields__}
