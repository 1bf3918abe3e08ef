"""Examining claims: is the receipt there, is it the second of its kind, is it within the limit of its category?"""

from collections.abc import Iterator, Sequence

from converge_cli import ContextView, Effect, Fact, Passed, ProposedFact, Suggestor

from .facts import Check, Concern, Expense, Receipt
from .parameters import ClaimParameters
from .readings import CHECKS, EXPENSES, RECEIPT_PASSED, RECEIPTS


class Examine(Suggestor):
    """Says of every claim what was found, and passes the receipt gate where the receipt is there.

    Of claims that look the same the one that came first stands, and each further one is a concern: so a claim that
    comes later never throws doubt on one that has been decided.
    """

    name = "examination"
    reads = (EXPENSES, RECEIPTS)
    writes = (CHECKS, RECEIPT_PASSED)

    def __init__(self, parameters: ClaimParameters) -> None:
        self._limits = parameters.limits
        self._days = parameters.duplicate_days

    def execute(self, view: ContextView) -> Effect:
        """Propose a check where what stands says something else."""
        return Effect(self._examine(view))

    def _examine(self, view: ContextView) -> Iterator[ProposedFact | None]:
        receipts = {fact.payload.name: fact for fact in view.facts(RECEIPTS) if fact.payload.size > 0}
        alike: dict[object, list[Expense]] = {}
        for fact in view.facts(EXPENSES):
            expense: Expense = fact.payload
            receipt = receipts.get(expense.receipt or "")
            sha256 = None if receipt is None else receipt.payload.sha256
            same = alike.setdefault((expense.claimant.casefold(), expense.amount), [])
            shown = [] if sha256 is None else alike.setdefault(sha256, [])
            concerns = tuple(self._concerns(expense, same, shown))
            same.append(expense)
            shown.append(expense)
            evidence = [fact] if receipt is None else [fact, receipt]
            said = Check(expense=expense.id, receipt=expense.receipt, sha256=sha256, concerns=concerns)
            yield view.revise("Evaluations", f"check:{fact.name}", said, evidence=evidence)
            if receipt is not None:
                yield _passed(view, fact, receipt)

    def _concerns(self, expense: Expense, same: Sequence[Expense], shown: Sequence[Expense]) -> Iterator[Concern]:
        near = [other for other in same if abs((other.date - expense.date).days) <= self._days]
        reasons = [f"same claimant and amount as {other.id} of {other.date}" for other in near]
        reasons += [f"same receipt as {other.id}" for other in shown]
        if reasons:
            yield Concern(about="duplicate", reason="; ".join(reasons))
        limit = self._limits.get(expense.category)
        if limit is not None and expense.amount > limit:
            yield Concern(
                about="limit", reason=f"{expense.amount:f} is more than {limit:f}, the limit of {expense.category}"
            )


def _passed(view: ContextView, expense: Fact, receipt: Fact) -> ProposedFact | None:
    found: Receipt = receipt.payload
    reason = f"{found.name} has {found.size} bytes, SHA-256 {found.sha256}"
    payload = Passed(gate="receipt", resource=expense.payload.id, reason=reason)
    return view.revise("Evaluations", f"passed:receipt:{expense.name}", payload, evidence=[expense, receipt])
