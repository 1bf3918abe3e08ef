"""Looks again at all that was closed, by the files alone: it shares no code with what decided."""

from collections.abc import Iterator
from decimal import Decimal

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Breach, Period
from .readings import ACCOUNTS, CLOSINGS, ENTRIES, ITEMS, PERIOD_BREACHES, PERIODS, STATEMENTS, TERMS


class AuditPeriods(Suggestor):
    """Names every closed period that should not be, or not so; the truth forbids that one stays."""

    name = "period-audit"
    reads = (TERMS, CLOSINGS, ACCOUNTS, STATEMENTS, ITEMS, ENTRIES, PERIODS)
    writes = (PERIOD_BREACHES,)

    def accepts(self, view: ContextView) -> bool:
        """Whether anything was closed."""
        return any(fact.payload.status == "closed" for fact in view.facts(PERIODS))

    def execute(self, view: ContextView) -> Effect:
        """Propose a breach for each such period, and close those that no longer hold."""
        closed = [fact for fact in view.facts(PERIODS) if fact.payload.status == "closed"]
        return Effect(_said(view, fact, list(_wrong(view, fact))) for fact in closed)


def _said(view: ContextView, fact: Fact, reasons: list[str]) -> ProposedFact | None:
    subject = f"breach:{fact.subject}"
    if not reasons and view.get("Diagnostic", subject) is None:
        return None
    payload = Breach(about=fact.subject, reason="; ".join(reasons) or "mended", open=bool(reasons))
    return view.revise("Diagnostic", subject, payload, evidence=[fact])


def _wrong(view: ContextView, fact: Fact) -> Iterator[str]:
    period: Period = fact.payload
    if (period.period, period.start, period.end) not in {
        (found.payload.period, found.payload.start, found.payload.end) for found in view.facts(TERMS)
    }:
        yield "nobody asked to close it"
    if period.period in {found.payload.period for found in view.facts(CLOSINGS)}:
        yield "it was closed before"
    yield from _about_balances(view, period)
    for found in view.facts(ENTRIES):
        if period.start <= found.payload.date <= period.end and found.payload.number is None:
            yield f"invoice {found.payload.invoice} has no number"


def _about_balances(view: ContextView, period: Period) -> Iterator[str]:
    """Each account must come to nothing when bank and items are taken off the books, in hundredths."""
    left: dict[str, int] = {}
    sides: dict[str, int] = {}
    books = [found.payload for found in view.facts(ACCOUNTS) if found.payload.date == period.end]
    bank = [found.payload for found in view.facts(STATEMENTS) if found.payload.date == period.end]
    for side, balances in ((1, books), (-1, bank)):
        for found in balances:
            left[found.account] = left.get(found.account, 0) + side * int(found.balance * 100)
            sides[found.account] = sides.get(found.account, 0) + side
    for found in view.facts(ITEMS):
        if found.payload.period == period.period:
            account = found.payload.account
            left[account] = left.get(account, 0) - int(found.payload.amount * 100)
            if not found.payload.allocated_to:
                yield f"item {found.payload.id} is open"
    for account in sorted(left):
        if left[account] or sides.get(account):
            yield f"account {account} differs by {Decimal(left[account]).scaleb(-2):f}"
    if sum(int(found.balance * 100) for found in books) != int(period.book * 100):
        yield "the balance of its books is not that of the files"
