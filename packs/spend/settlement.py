"""What became of each claim, written from what the engine says: facts let in, denials, approvals."""

from collections.abc import Iterable, Mapping

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Outcome
from .readings import APPROVALS, COMMITMENTS, DENIALS, EXPENSES, OUTCOMES

_ABOUT = ("clearance:duplicate", "clearance:limit", "validation", "commitment")
"""What may be proposed about a claim, in order: the first that is refused says why."""

Notes = Mapping[str, tuple[Fact, ...]]
"""Id of a proposal, without version -> what the engine noted of it."""


class Settle(Suggestor):
    """Writes the outcome of every claim that has one: committed, or rejected by policy or a person, and why."""

    name = "settlement"
    reads = (EXPENSES, COMMITMENTS, DENIALS, APPROVALS)
    writes = (OUTCOMES,)

    def execute(self, view: ContextView) -> Effect:
        """Propose an outcome where what stands says something else."""
        denials = _by_subject(fact for fact in view.facts(DENIALS) if fact.payload.cause != "resolved")
        approvals = _by_subject(view.facts(APPROVALS))
        return Effect(_outcome(view, expense, denials, approvals) for expense in view.facts(EXPENSES))


def _outcome(view: ContextView, expense: Fact, denials: Notes, approvals: Notes) -> ProposedFact | None:
    committed = view.get("Strategies", f"commitment:{expense.name}")
    if committed is not None:
        given = approvals.get(committed.subject, ())
        reason = f"approved by {_people(given)}" if given else "policy asks for nobody's approval"
        return _say(view, expense, Outcome(**_named(expense, "committed", reason, committed.id)), [committed, *given])
    for about in _ABOUT:
        subject = f"{about}:{expense.name}"
        for denied in denials.get(subject, ()):
            said = tuple(note for note in approvals.get(subject, ()) if note.payload.decision == "rejected")
            payload = Outcome(**_named(expense, "rejected", _why(denied, said), denied.payload.subject))
            return _say(view, expense, payload, [denied, *said])
    standing = view.get("Evaluations", f"outcome:{expense.name}")
    if standing is None or standing.payload.result == "reopened":
        return None
    reason = "what refused it no longer holds"
    return _say(view, expense, Outcome(**_named(expense, "reopened", reason, standing.payload.decided)), [])


def _say(view: ContextView, expense: Fact, payload: Outcome, evidence: Iterable[Fact]) -> ProposedFact | None:
    return view.revise("Evaluations", f"outcome:{expense.name}", payload, evidence=[expense, *evidence])


def _named(expense: Fact, result: str, reason: str, decided: str) -> dict[str, str]:
    return {"expense": expense.payload.id, "result": result, "reason": reason, "decided": decided}


def _why(denied: Fact, said: tuple[Fact, ...]) -> str:
    by = ", ".join(denied.payload.by)
    if denied.payload.cause == "denied":
        return f"refused by policy: {by}"
    return f"rejected by {_people(said)} at {by}" if said else f"nobody decided in time at {by}"


def _people(notes: Iterable[Fact]) -> str:
    return " and ".join(f"{person} ({note.payload.role})" for note in notes for person in note.payload.by)


def _by_subject(notes: Iterable[Fact]) -> Notes:
    found: dict[str, tuple[Fact, ...]] = {}
    for note in notes:
        subject = note.payload.subject.partition("@")[0]
        found[subject] = (*found.get(subject, ()), note)
    return found
