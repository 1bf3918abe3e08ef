"""Looks again at all that was validated or committed, by the files alone: it shares no code with what decided."""

from collections.abc import Iterator, Set
from itertools import combinations

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Breach
from .parameters import ClaimParameters
from .readings import BREACHES, CLEARANCES, COMMITMENTS, EXPENSES, RECEIPTS, VALIDATIONS


class Audit(Suggestor):
    """Names every claim that was let through and should not have been; the truth forbids that one stays so."""

    name = "audit"
    reads = (EXPENSES, RECEIPTS, CLEARANCES, VALIDATIONS, COMMITMENTS)
    writes = (BREACHES,)

    def __init__(self, parameters: ClaimParameters) -> None:
        self._limits = parameters.limits
        self._days = parameters.duplicate_days

    def execute(self, view: ContextView) -> Effect:
        """Propose a breach for each such claim, and close those that no longer hold."""
        passed = {fact.payload.expense: fact for fact in (*view.facts(VALIDATIONS), *view.facts(COMMITMENTS))}
        claims = {fact.payload.id: fact for fact in view.facts(EXPENSES)}
        found = {name: [] for name in passed} | self._twice(view, [claims[name] for name in claims if name in passed])
        papers = {fact.payload.name for fact in view.facts(RECEIPTS) if fact.payload.size}
        for name, fact in passed.items():
            found[name] = [*self._wrong(view, fact, claims.get(name), papers), *found[name]]
        return Effect(self._said(view, found[name], passed[name]) for name in passed)

    def _said(self, view: ContextView, reasons: list[str], fact: Fact) -> ProposedFact | None:
        subject = f"breach:{fact.name}"
        if not reasons and view.get("Diagnostic", subject) is None:
            return None
        reason = "; ".join(reasons) or "mended"
        payload = Breach(expense=fact.payload.expense, reason=reason, open=bool(reasons))
        return view.revise("Diagnostic", subject, payload, evidence=[fact])

    def _wrong(self, view: ContextView, fact: Fact, claim: Fact | None, papers: Set[str]) -> Iterator[str]:
        if claim is None:
            yield "nobody claimed it"
            return
        for field in ("claimant", "amount", "category", "receipt", "responsible"):
            if getattr(fact.payload, field) != getattr(claim.payload, field):
                yield f"{field} is not as it was claimed"
        if claim.payload.receipt not in papers:
            yield "there is no receipt"
        limit = self._limits.get(claim.payload.category)
        if limit is not None and claim.payload.amount > limit and not _cleared(view, "limit", claim):
            yield f"above the limit of {claim.payload.category} without an exception"

    def _twice(self, view: ContextView, claims: list[Fact]) -> dict[str, list[str]]:
        """Of each two claims that look the same, one must have been cleared."""
        found: dict[str, list[str]] = {claim.payload.id: [] for claim in claims}
        groups: dict[tuple[str, object], list[Fact]] = {}
        for claim in claims:
            groups.setdefault((claim.payload.claimant.casefold(), claim.payload.amount), []).append(claim)
        for group in groups.values():
            for first, second in combinations(group, 2):
                near = abs((first.payload.date - second.payload.date).days) <= self._days
                if near and not _cleared(view, "duplicate", second):
                    found[second.payload.id].append(f"looks like {first.payload.id}, and nobody reviewed it")
        return found


def _cleared(view: ContextView, about: str, claim: Fact) -> bool:
    return view.get("Proposals", f"clearance:{about}:{claim.name}") is not None
