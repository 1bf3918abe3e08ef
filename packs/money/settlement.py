"""What became of each invoice and period, written from what the engine says: facts let in, denials, approvals."""

from collections.abc import Iterable, Mapping

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Outcome
from .readings import (
    APPROVALS,
    DENIALS,
    INVOICE_OUTCOMES,
    INVOICES,
    NUMBERS,
    PERIOD_OUTCOMES,
    PERIODS,
    RECONCILIATIONS,
    REVIEWS,
)

Notes = Mapping[str, tuple[Fact, ...]]
"""Id of a proposal -> what the engine noted of it."""


class SettleInvoices(Suggestor):
    """Writes the outcome of each invoice that has one: issued under a number, or refused, by whom and why."""

    name = "invoice-settlement"
    reads = (INVOICES, NUMBERS, REVIEWS, DENIALS, APPROVALS)
    writes = (INVOICE_OUTCOMES,)

    def accepts(self, view: ContextView) -> bool:
        """Whether there are invoices at all."""
        return bool(view.facts(INVOICES))

    def execute(self, view: ContextView) -> Effect:
        """Propose an outcome where what stands says something else."""
        denials, approvals = _denials(view), _approvals(view)
        return Effect(self._outcome(view, fact, denials, approvals) for fact in view.facts(INVOICES))

    def _outcome(self, view: ContextView, fact: Fact, denials: Notes, approvals: Notes) -> ProposedFact | None:
        about = fact.payload.invoice
        if fact.payload.status == "issued":
            number = view.get("Strategies", f"number:{fact.name}")
            if number is None:
                return None
            given = approvals.get(fact.id, ())
            reason = f"number {number.payload.written}, {_allowed(given)}"
            payload = Outcome(about=about, result="issued", reason=reason, decided=fact.id)
            return _say(view, fact, payload, [number, *given])
        review = view.get("Evaluations", f"review:{fact.name}")
        found = () if review is None else (*review.payload.customer_problems, *review.payload.line_problems)
        return _not_done(view, fact, about, found, denials, approvals)


class SettlePeriods(Suggestor):
    """Writes the outcome of each period that has one: closed, or refused, by whom and why."""

    name = "period-settlement"
    reads = (PERIODS, RECONCILIATIONS, DENIALS, APPROVALS)
    writes = (PERIOD_OUTCOMES,)

    def accepts(self, view: ContextView) -> bool:
        """Whether there are periods at all."""
        return bool(view.facts(PERIODS))

    def execute(self, view: ContextView) -> Effect:
        """Propose an outcome where what stands says something else."""
        denials, approvals = _denials(view), _approvals(view)
        return Effect(self._outcome(view, fact, denials, approvals) for fact in view.facts(PERIODS))

    def _outcome(self, view: ContextView, fact: Fact, denials: Notes, approvals: Notes) -> ProposedFact | None:
        about = fact.payload.period
        if fact.payload.status == "closed":
            given = approvals.get(fact.id, ())
            payload = Outcome(about=about, result="closed", reason=_allowed(given), decided=fact.id)
            return _say(view, fact, payload, given)
        compared = view.get("Evaluations", f"reconciliation:{fact.name}")
        found = () if compared is None else compared.payload.problems
        return _not_done(view, fact, about, found, denials, approvals)


def _not_done(
    view: ContextView, fact: Fact, about: str, found: Iterable[str], denials: Notes, approvals: Notes
) -> ProposedFact | None:
    """Refused when the very next move was; reopened when it was before, and is not any more."""
    following = _following(fact.id)
    for denied in denials.get(following, ()):
        said = tuple(note for note in approvals.get(following, ()) if note.payload.decision == "rejected")
        payload = Outcome(about=about, result="refused", reason=_why(denied, said, found), decided=following)
        return _say(view, fact, payload, [denied, *said])
    standing = view.get("Evaluations", f"outcome:{fact.subject}")
    if standing is None or standing.payload.result == "reopened":
        return None
    reason, decided = "what refused it no longer holds", standing.payload.decided
    return _say(view, fact, Outcome(about=about, result="reopened", reason=reason, decided=decided), [])


def _say(view: ContextView, fact: Fact, payload: Outcome, evidence: Iterable[Fact]) -> ProposedFact | None:
    return view.revise("Evaluations", f"outcome:{fact.subject}", payload, evidence=[fact, *evidence])


def _why(denied: Fact, said: tuple[Fact, ...], found: Iterable[str]) -> str:
    by = ", ".join(denied.payload.by)
    if denied.payload.cause == "denied":
        return "; ".join([f"refused by policy: {by}", *found])
    return f"rejected by {_people(said)} at {by}" if said else f"nobody decided in time at {by}"


def _allowed(given: tuple[Fact, ...]) -> str:
    return f"approved by {_people(given)}" if given else "policy asks for nobody's approval"


def _people(notes: Iterable[Fact]) -> str:
    return " and ".join(f"{person} ({note.payload.role})" for note in notes for person in note.payload.by)


def _denials(view: ContextView) -> Notes:
    return _by_subject(fact for fact in view.facts(DENIALS) if fact.payload.cause != "resolved")


def _approvals(view: ContextView) -> Notes:
    return _by_subject(view.facts(APPROVALS))


def _by_subject(notes: Iterable[Fact]) -> Notes:
    found: dict[str, tuple[Fact, ...]] = {}
    for note in notes:
        found[note.payload.subject] = (*found.get(note.payload.subject, ()), note)
    return found


def _following(fact_id: str) -> str:
    """The id of the next correction of a fact."""
    subject, _, version = fact_id.partition("@")
    return f"{subject}@{int(version or 1) + 1}"
