"""Comparing books and bank at the end of each period: what is complete passes the gate."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from converge_cli import ContextView, Effect, Fact, Passed, ProposedFact, Suggestor

from .facts import Account, Item, Reconciliation, Statement, Term
from .readings import ACCOUNTS, CLOSINGS, ENTRIES, ITEMS, RECONCILED, RECONCILIATIONS, STATEMENTS, TERMS


class ReconcilePeriods(Suggestor):
    """Says what keeps each period open, and passes its gate where nothing does; takes it back when that changes."""

    name = "reconciliation"
    reads = (TERMS, CLOSINGS, ACCOUNTS, STATEMENTS, ITEMS, ENTRIES)
    writes = (RECONCILIATIONS, f"Evaluations:passed:{RECONCILED}:*")

    def accepts(self, view: ContextView) -> bool:
        """Whether there are periods at all."""
        return bool(view.facts(TERMS))

    def execute(self, view: ContextView) -> Effect:
        """Propose a reconciliation and the gate of each period where what stands says something else."""
        return Effect(item for term in view.facts(TERMS) for item in _reconciled(view, term))


def _reconciled(view: ContextView, fact: Fact) -> Iterator[ProposedFact | None]:
    term: Term = fact.payload
    closings = [found for found in view.facts(CLOSINGS) if found.payload.period == term.period]
    accounts = [found for found in view.facts(ACCOUNTS) if found.payload.date == term.end]
    statements = [found for found in view.facts(STATEMENTS) if found.payload.date == term.end]
    items = [found for found in view.facts(ITEMS) if found.payload.period == term.period]
    invoices = [found for found in view.facts(ENTRIES) if term.start <= found.payload.date <= term.end]
    problems = (
        *(f"it was closed before, on {closing.payload.closed_on}" for closing in closings),
        *_about_accounts(term, _payloads(accounts), _payloads(statements), _payloads(items)),
        *_about_items(term, _payloads(accounts), _payloads(items)),
        *(
            f"invoice {entry.invoice} of {entry.date} is not issued: {entry.status}"
            for entry in _payloads(invoices)
            if entry.status != "issued"
        ),
    )
    said = Reconciliation(
        period=term.period,
        accounts=len(accounts),
        items=len(items),
        book=_sum(found.balance for found in _payloads(accounts)),
        bank=_sum(found.balance for found in _payloads(statements)),
        explained=_sum(found.amount for found in _payloads(items)),
        problems=problems,
    )
    evidence = [fact, *closings, *accounts, *statements, *items, *invoices]
    yield view.revise("Evaluations", f"reconciliation:{fact.name}", said, evidence=evidence)
    yield _gate(view, fact, said, evidence)


def _about_accounts(
    term: Term, accounts: Sequence[Account], statements: Sequence[Statement], items: Sequence[Item]
) -> Iterator[str]:
    if not accounts:
        yield f"no account has a balance in the books on {term.end}"
    bank = {found.account: found.balance for found in statements}
    for account in accounts:
        if account.account not in bank:
            yield f"account {account.account} has no balance of the bank on {term.end}"
            continue
        explained = _sum(item.amount for item in items if item.account == account.account)
        left = account.balance - bank[account.account] - explained
        if left:
            yield (
                f"account {account.account}: {account.balance:f} in the books, {bank[account.account]:f} at the bank, "
                f"{explained:f} explained, so {left:f} is not"
            )
    known = {account.account for account in accounts}
    for statement in statements:
        if statement.account not in known:
            yield f"account {statement.account} of the bank is not in the books on {term.end}"


def _about_items(term: Term, accounts: Sequence[Account], items: Sequence[Item]) -> Iterator[str]:
    known = {account.account for account in accounts}
    for item in items:
        if not (item.allocated_to or "").strip():
            yield f"item {item.id} is open: {item.description}, {item.amount:f}"
        if item.account not in known:
            yield f"item {item.id} is of account {item.account}, which is not in the books on {term.end}"
        if item.date > term.end:
            yield f"item {item.id} of {item.date} is later than the period"


def _gate(view: ContextView, term: Fact, said: Reconciliation, evidence: Sequence[Fact]) -> ProposedFact | None:
    subject = f"passed:{RECONCILED}:{term.name}"
    if not said.problems:
        reason = f"{said.accounts} accounts agree, with {said.items} items; no invoice of the period waits"
        payload = Passed(gate=RECONCILED, resource=said.period, reason=reason)
        return view.revise("Evaluations", subject, payload, evidence=evidence)
    if view.get("Evaluations", subject) is None:
        return None
    gone = Passed(gate=RECONCILED, resource=said.period, reason="; ".join(said.problems), holds=False)
    return view.revise("Evaluations", subject, gone, evidence=evidence)


def _payloads(facts: Sequence[Fact]) -> list[Any]:
    return [fact.payload for fact in facts]


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal("0.00"))
