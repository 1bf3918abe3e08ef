"""Who did what to which contract, in order: one audit for each action, written from what the engine says of it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .conduct import LEADS_TO, Advance
from .facts import Action, Audit
from .log import decided, undecided
from .readings import (
    ACTIONS,
    AGREEMENTS,
    APPROVALS,
    AUDITS,
    CHECKS,
    CONTRACTS,
    DENIALS,
    PERMISSIONS,
    RECORD,
    REJECTIONS,
)

_GATE_MISSING = "TRANSITION_GATE_MISSING"
_ILLEGAL = "TRANSITION_ILLEGAL"
_RESOLVED = ("resolved", "RESOLVED")


class Verdict(NamedTuple):
    """What became of an action; `decided` is the id under which it can be looked up."""

    result: str
    reason: str
    decided: str
    evidence: tuple[Fact, ...]


class Record(Suggestor):
    """Writes the audit of every action that is decided.

    The engine's notes name the proposal, not the action. But each contract has one undecided move at a time, so a
    note on it that no earlier audit rests on is of that move.
    """

    name = RECORD
    reads = (ACTIONS, CONTRACTS, PERMISSIONS, AGREEMENTS, CHECKS, DENIALS, REJECTIONS, APPROVALS)
    writes = (AUDITS,)

    def execute(self, view: ContextView) -> Effect:
        """Propose an audit where what stands says something else."""
        return Effect(_Recorder(view).audits())


class _Recorder:
    """Records what one view shows."""

    def __init__(self, view: ContextView) -> None:
        self._view = view
        self._contracts = {fact.payload.id: fact for fact in view.facts(CONTRACTS)}
        own = [fact.payload for fact in view.facts(AUDITS) if fact.suggestor == RECORD]
        self._done = {audit.action for audit in own if audit.result == "done"}
        self._open = {fact.id for fact in undecided(view)}
        used = set(decided(view).values())
        self._notes: dict[str, list[Fact]] = {}
        for note in (fact for which in (DENIALS, REJECTIONS) for fact in view.facts(which) if _stands(fact)):
            if note.subject not in used:
                self._notes.setdefault(note.payload.subject.partition("@")[0], []).append(note)
        self._approvals = tuple(view.facts(APPROVALS))
        self._moving: set[str] = set()

    def audits(self) -> Iterator[ProposedFact | None]:
        numbers: dict[str, int] = {}
        for fact in self._view.facts(ACTIONS):
            asked: Action = fact.payload
            numbers[asked.contract] = numbers.get(asked.contract, 0) + 1
            verdict = None if asked.id in self._done else self._verdict(fact)
            if verdict is not None:
                yield self._audit(fact, numbers[asked.contract], verdict)

    def _audit(self, fact: Fact, number: int, verdict: Verdict) -> ProposedFact | None:
        asked: Action = fact.payload
        payload = Audit(
            action=asked.id,
            contract=asked.contract,
            number=number,
            by=asked.by,
            did=asked.action,
            on=asked.on,
            result=verdict.result,
            reason=verdict.reason,
            decided=verdict.decided,
        )
        return self._view.revise("Evaluations", f"audit:{fact.name}", payload, evidence=[fact, *verdict.evidence])

    def _verdict(self, fact: Fact) -> Verdict | None:
        asked: Action = fact.payload
        contract = self._contracts.get(asked.contract)
        if contract is None:
            return Verdict("refused", f"there is no contract {asked.contract}", fact.id, ())
        permission = self._view.get("Evaluations", f"permission:{fact.name}")
        if permission is None:
            return self._refused(f"permission:{fact.name}")
        if asked.action not in LEADS_TO:
            return Verdict("done", "policy permits it", permission.id, (permission,))
        return self._moved(fact, contract)

    def _moved(self, fact: Fact, contract: Fact) -> Verdict | None:
        """What became of an action that moves its contract; None while nobody knows, and for those behind it."""
        agreement = self._view.get("Strategies", f"agreement:{contract.name}")
        if agreement is not None and agreement.payload.after == fact.payload.id:
            given = [note for note in self._approvals if note.payload.subject == agreement.id]
            said = [note for note in given if note.payload.decision == "approved"]
            reason = f"approved by {_people(said)}" if said else "its gates are passed, and nobody need approve"
            return Verdict("done", reason, agreement.id, (agreement, *said))
        if fact.id not in self._open or contract.id in self._moving or agreement is None:
            return None
        self._moving.add(contract.id)
        return self._refused(agreement.subject, agreement=agreement, asked=fact.payload)

    def _refused(self, subject: str, *, agreement: Fact | None = None, asked: Action | None = None) -> Verdict | None:
        for note in self._notes.get(subject, ()):
            if note.kind == "denied":
                said = [item for item in self._approvals if _says_no(item, note)]
                return Verdict("refused", _why(note, said), note.subject, (note, *said))
            if agreement is not None and asked is not None and note.payload.suggestor == Advance.name:
                return Verdict("refused", self._why_illegal(note, agreement, asked), note.subject, (note,))
        return None

    def _why_illegal(self, note: Fact, agreement: Fact, asked: Action) -> str:
        stands, target = agreement.payload.stands, LEADS_TO[asked.action]
        check = self._view.get("Evaluations", f"check:{agreement.name}")
        if note.payload.code == _GATE_MISSING and check is not None:
            lacks = dict.fromkeys(check.payload.review_lacks)
            if target != "reviewed":
                lacks |= dict.fromkeys(check.payload.signature_lacks)
            return "; ".join(lacks) or "a gate that it needs is not passed"
        if note.payload.code == _ILLEGAL:
            return f"it is {stands}, so it can't become {target}"
        return f"rejected: {note.payload.code}"


def _stands(note: Fact) -> bool:
    return (note.payload.cause if note.kind == "denied" else note.payload.code) not in _RESOLVED


def _says_no(approval: Fact, denied: Fact) -> bool:
    return (approval.payload.subject, approval.payload.decision) == (denied.payload.subject, "rejected")


def _why(denied: Fact, said: Iterable[Fact]) -> str:
    by = ", ".join(denied.payload.by)
    if denied.payload.cause == "denied":
        return f"policy says no: {by}"
    people = _people(said)
    return f"rejected by {people} at {by}" if people else f"nobody decided in time at {by}"


def _people(notes: Iterable[Fact]) -> str:
    return " and ".join(f"{person} ({note.payload.role})" for note in notes for person in note.payload.by)
