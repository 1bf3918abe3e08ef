"""Where every fact of a run came from and what rests on it, as its events tell. Sees events, and nothing else."""

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from converge_cli.core import event as e
from converge_cli.core.approval import Approval, ApprovalRequest
from converge_cli.core.criterion import CriterionResult
from converge_cli.core.invariant import InvariantResult
from converge_cli.core.stop_reason import Stop

_Following = Callable[[str], Iterable[str]]
_Placed = e.FactPromoted | e.ProposalRejected | e.ProposalParked | e.ProposalDenied | e.ProposalWithdrawn

Standing = Literal["fact", "corrected", "parked", "denied", "rejected", "withdrawn"]


class Claim(msgspec.Struct):
    """One proposal and what became of it, or a note that the engine itself wrote.

    Attributes:
        content: canonical JSON as it was proposed; None when it could not be read.
        seq: sequence of the event that settled it last; `gate` that of the policy's answer behind it.
        by: rules, gates or points that refused it; `reason` says why in a sentence, `code` is the check's.
    """

    key: str
    id: str
    suggestor: str
    content: bytes | None
    confidence: str
    evidence: tuple[str, ...]
    corrects: str | None
    cycle: int
    seq: int
    standing: Standing = "fact"
    gate: int | None = None
    approvals: tuple[str, ...] = ()
    corrected_by: str | None = None
    by: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""


class Provenance:
    """The claims, gates, requests and verdicts of a recorded run.

    Attributes:
        claims: facts in order of promotion, then what never became one, each by id, the latest of an id.
        rests: fact id -> ids of the claims that name it as evidence.
        decisions: request id -> what people decided on it, in order.
    """

    def __init__(self, events: Iterable[e.RunEvent]) -> None:
        self.claims: dict[str, Claim] = {}
        self.rests: dict[str, list[str]] = {}
        self.gates: dict[int, e.GateDecided] = {}
        self.requests: dict[str, ApprovalRequest] = {}
        self.decisions: dict[str, list[Approval]] = {}
        self.refusals: list[e.DecisionRefused] = []
        self.criteria: dict[str, CriterionResult] = {}
        self.invariants: dict[str, InvariantResult] = {}
        self.failures: dict[str, e.SuggestorFailed] = {}
        self.stop: Stop | None = None
        self._made: dict[int, e.SuggestorExecuted] = {}
        for event in events:
            self._take(event)
        for claim in self.claims.values():
            for fact_id in claim.evidence:
                self.rests.setdefault(fact_id, []).append(claim.id)

    def fact(self, fact_id: str) -> Claim | None:
        """The claim of an id."""
        return self.claims.get(fact_id)

    def below(self, fact_id: str) -> list[str]:
        """The claim itself, then all that it rests on, near ones first; each once."""
        return self._reached(fact_id, self._evidence)

    def above(self, fact_id: str) -> list[str]:
        """All that falls if this fact is wrong: what rests on it, and on that; each once."""
        return self._reached(fact_id, lambda claim_id: self.rests.get(claim_id, ()))[1:]

    def gate_of(self, claim: Claim) -> e.GateDecided | None:
        """What policy answered when the claim was settled."""
        return None if claim.gate is None else self.gates.get(claim.gate)

    def requests_of(self, fact_id: str) -> list[ApprovalRequest]:
        """What people were asked about it."""
        return [request for request in self.requests.values() if request.fact == fact_id]

    def _evidence(self, claim_id: str) -> tuple[str, ...]:
        claim = self.claims.get(claim_id)
        if claim is None:
            return ()
        return claim.evidence if claim.corrects is None else (*claim.evidence, claim.corrects)

    def _reached(self, start: str, following: _Following) -> list[str]:
        found, at = {start: None}, [start]
        while at:
            at = [item for claim_id in at for item in following(claim_id) if item not in found and _add(found, item)]
        return list(found)

    def _take(self, event: e.RunEvent) -> None:
        if isinstance(event, e.SuggestorExecuted):
            self._made[event.seq] = event
            self.failures.pop(event.suggestor, None)
        elif isinstance(event, e.SuggestorFailed):
            self.failures[event.suggestor] = event
        elif isinstance(event, e.FactPromoted):
            self._promoted(event)
        elif isinstance(event, e.ProposalRejected | e.ProposalParked | e.ProposalDenied | e.ProposalWithdrawn):
            self._settled(event)
        else:
            self._told(event)

    def _told(self, event: e.RunEvent) -> None:
        if isinstance(event, e.GateDecided):
            self.gates[event.seq] = event
        elif isinstance(event, e.ApprovalRequested):
            self.requests[event.request.id] = event.request
        elif isinstance(event, e.ApprovalDecided):
            self.decisions.setdefault(event.approval.request, []).append(event.approval)
        elif isinstance(event, e.DecisionRefused):
            self.refusals.append(event)
        elif isinstance(event, e.CriterionEvaluated):
            self.criteria[event.result.id] = event.result
        elif isinstance(event, e.InvariantChecked):
            self.invariants[event.result.id] = event.result
        elif isinstance(event, e.RunPaused | e.RunStopped):
            self.stop = event.stop
        elif isinstance(event, e.RunResumed):
            self.stop = None

    def _promoted(self, event: e.FactPromoted) -> None:
        if event.execution is None or event.content is not None:
            content = bytes(event.content or b"")
            claim = Claim(event.key, event.id, "engine", content, "1", (), event.corrects, event.cycle, event.seq)
        else:
            claim = self._claim(event, event.execution, event.position)
            claim.gate, claim.approvals = event.gate, event.approvals
        old = self.claims.get(event.corrects or "")
        if old is not None:
            old.standing, old.corrected_by = "corrected", event.id
        self.claims.pop(event.id, None)
        self.claims[event.id] = claim

    def _settled(self, event: e.ProposalRejected | e.ProposalParked | e.ProposalDenied | e.ProposalWithdrawn) -> None:
        known = self.claims.get(event.id)
        if known is not None and known.standing in {"fact", "corrected"}:
            return  # something else was proposed under the id of a fact: the fact is what people mean by it
        claim = self._claim(event, event.execution, event.position)
        if isinstance(event, e.ProposalRejected):
            claim.standing, claim.code, claim.reason = "rejected", event.code, event.reason
        elif isinstance(event, e.ProposalParked):
            claim.standing, claim.gate, claim.by = "parked", event.gate, event.points
        elif isinstance(event, e.ProposalDenied):
            claim.standing, claim.gate, claim.by = "denied", event.gate, event.by
            claim.code, claim.reason = event.cause, event.detail
        else:
            claim.standing, claim.reason = "withdrawn", event.reason
        self.claims[event.id] = claim

    def _claim(self, event: _Placed, execution: int, position: int) -> Claim:
        made = self._made[execution]
        said = made.proposals[position]
        content = None if said.payload is None else bytes(said.payload)
        confidence = said.confidence or "1"
        key, fact_id = event.key, event.id
        return Claim(
            key, fact_id, made.suggestor, content, confidence, said.evidence, said.corrects, event.cycle, event.seq
        )


def _add(found: dict[str, None], item: str) -> bool:
    found[item] = None
    return True
