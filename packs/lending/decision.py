"""From an assessment to a loan, and what became of each application."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Assessment, Loan, Outcome, Reason
from .readings import APPLICATIONS, APPROVALS, ASSESSMENTS, DENIALS, LOANS, OUTCOMES
from .scoring import plain

_BASES: Mapping[str, str] = {"approve": "clear", "review": "underwritten"}

Notes = Mapping[str, tuple[Fact, ...]]
"""Id of a proposal, without version -> what the engine noted of it."""


class Lend(Suggestor):
    """Proposes a loan for each application that is not declined; policy and people decide whether it is granted."""

    name = "lending"
    reads = (APPLICATIONS, ASSESSMENTS)
    writes = (LOANS,)

    def execute(self, view: ContextView) -> Effect:
        """Propose the loan, clear or for an underwriter, as it was applied for."""
        return Effect(_loan(view, fact) for fact in view.facts(ASSESSMENTS))


class Settle(Suggestor):
    """Writes what became of every application: approved, declined for reasons, or in review by a person."""

    name = "settlement"
    reads = (ASSESSMENTS, LOANS, DENIALS, APPROVALS)
    writes = (OUTCOMES,)

    def execute(self, view: ContextView) -> Effect:
        """Propose an outcome where what stands says something else."""
        denials = _by_subject(fact for fact in view.facts(DENIALS) if fact.payload.cause != "resolved")
        answers = _by_subject(view.facts(APPROVALS))
        return Effect(_outcome(view, fact, denials, answers) for fact in view.facts(ASSESSMENTS))


def _loan(view: ContextView, fact: Fact) -> ProposedFact | None:
    said: Assessment = fact.payload
    application = view.get("Seeds", f"application:{fact.name}")
    basis = _BASES.get(said.verdict)
    if application is None or basis is None:
        return None
    payload = {
        "application": application.payload.id,
        "applicant": application.payload.applicant,
        "amount": application.payload.amount,
        "mean": said.mean,
        "basis": basis,
        "concerns": "; ".join(f"{reason.factor}: {reason.words}" for reason in said.reasons),
    }
    return view.revise("Strategies", f"loan:{fact.name}", Loan(**payload), evidence=[application, fact])


def _outcome(view: ContextView, fact: Fact, denials: Notes, answers: Notes) -> ProposedFact | None:
    said: Assessment = fact.payload
    subject = f"loan:{fact.name}"
    loan, given = view.get("Strategies", subject), answers.get(subject, ())
    if loan is not None:
        by = f"approved by {_people(given)}" if given else "a clear case"
        return _say(view, fact, "approved", f"{by}, mean {plain(said.mean)}", (), [loan, *given])
    if said.verdict == "decline":
        first = said.reasons[0].factor if said.reasons else "the mean"
        return _say(view, fact, "declined", f"declined by {first}, mean {plain(said.mean)}", said.reasons, [])
    denied = denials.get(subject, ())
    for note in denied:
        if note.payload.cause == "rejected":
            return _declined_by_people(view, fact, note, given)
    if said.verdict == "review":
        why = f"policy says no: {', '.join(denied[0].payload.by)}" if denied else "a person decides"
        return _say(view, fact, "in_review", f"{why}, mean {plain(said.mean)}", (), denied)
    return None


def _declined_by_people(view: ContextView, fact: Fact, denied: Fact, given: Iterable[Fact]) -> ProposedFact | None:
    no = [note for note in given if note.payload.decision == "rejected"]
    points = ", ".join(denied.payload.by)
    words = f"rejected by {_people(no)} at {points}" if no else f"nobody decided in time at {points}"
    person = Reason(factor="underwriting", points=Decimal(0), words=words)
    return _say(view, fact, "declined", words, (person, *fact.payload.reasons), [denied, *no])


def _say(
    view: ContextView, fact: Fact, result: str, reason: str, reasons: tuple[Reason, ...], evidence: Iterable[Fact]
) -> ProposedFact | None:
    said: Assessment = fact.payload
    payload = {"application": said.application, "applicant": said.applicant, "mean": said.mean}
    outcome = Outcome(**payload, result=result, reason=reason, reasons=reasons)
    return view.revise("Evaluations", f"outcome:{fact.name}", outcome, evidence=[fact, *evidence])


def _people(notes: Iterable[Fact]) -> str:
    return " and ".join(f"{person} ({note.payload.role})" for note in notes for person in note.payload.by)


def _by_subject(notes: Iterable[Fact]) -> Notes:
    found: dict[str, tuple[Fact, ...]] = {}
    for note in notes:
        subject = note.payload.subject.partition("@")[0]
        found[subject] = (*found.get(subject, ()), note)
    return found
