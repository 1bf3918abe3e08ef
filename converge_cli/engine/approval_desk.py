"""The approval desk: which points claim a proposal, what policy answers, who is asked, what a decision does.

Humans approve, suggestors cannot (law 7): decisions come in only through `decide` and `time_out`, which the human
path feeds. Must never promote: it rules, the promotion gate acts.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

import msgspec

from converge_cli.core.approval import (
    Approval,
    ApprovalPoint,
    ApprovalRequest,
    HitlRule,
    Why,
    authority_point,
    request_id,
)
from converge_cli.core.event import (
    ApprovalRequested,
    ApprovalSpent,
    GateDecided,
    ProposalDenied,
    ProposalParked,
)
from converge_cli.core.flow_gate import FlowGateDecision, FlowGateInput
from converge_cli.core.pack_spec import GateSpec
from converge_cli.core.person import Authority, at_least
from converge_cli.core.selector import selector
from converge_cli.engine.candidate import Candidate, Held
from converge_cli.engine.checks import select_proposal
from converge_cli.engine.engine_notes import note_approval, note_denial, rejected_before, resolve_denial
from converge_cli.engine.fields import lookup
from converge_cli.engine.flow_questions import ask, gates_of, principal_of, resource_of
from converge_cli.engine.run import Asked, GateAnswer, Run
from converge_cli.engine.transitions import Transitions

OPEN = frozenset({"pending", "approved"})
"""Requests that still count for something: nobody has decided, or what was decided is not used yet."""


class Ruling(NamedTuple):
    """Whether a proposal may be promoted now, by which GateDecided event, spending which approvals."""

    promote: bool
    gate: int | None = None
    spent: tuple[str, ...] = ()


class _Answer(NamedTuple):
    gate: GateSpec
    request: FlowGateInput | None
    decision: FlowGateDecision
    seq: int


class ApprovalDesk:
    """Rules on proposals that gates, HITL rules or required approvals concern."""

    def __init__(self, run: Run, transitions: Transitions | None = None) -> None:
        self._run = run
        self._transitions = transitions
        self._points = {point.id: point for point in run.job.approval_points}

    def rule(self, held: Held) -> Ruling:
        """Promote, park or deny a proposal as things stand."""
        run = self._run
        answers = self._ask_gates(held)
        held.asked, held.fresh = self._newest_passed(), False
        gate = answers[-1].seq if answers else None
        claims = self._claims(held.candidate, answers)
        rejected = self._rejected_by(held, claims)
        if rejected:
            held.detail = "; ".join(self._who_rejected(held.candidate, point) for point in rejected)
            self._deny(held, "rejected", rejected, gate)
            return Ruling(False)
        refused = next((answer for answer in answers if answer.decision.outcome == "REJECT"), None)
        if refused is not None:
            by = refused.decision.rules or tuple(f"gate {name} missing" for name in refused.decision.missing)
            held.detail = refused.decision.detail
            self._deny(held, "denied", by or (refused.gate.name,), refused.seq)
            return Ruling(False)
        undecided = [point for point in claims if self._status(held, point) != "approved"]
        escalated = next((answer for answer in answers if answer.decision.outcome == "ESCALATE"), None)
        if escalated is not None and not undecided:
            undecided = [point for point in claims if self._lost_its_approver(held, point)]
            if not undecided:  # everybody who was asked said yes: more people would be asked in vain
                held.detail = f"gate {escalated.gate.name} still asks after {' and '.join(claims)} said yes"
                self._deny(held, "denied", escalated.decision.rules or (escalated.gate.name,), escalated.seq)
                return Ruling(False)
        if undecided:
            self._park(held, claims, undecided, answers)
            return Ruling(False)
        resolve_denial(run, held.candidate)
        spent = tuple(request for request in held.requests.values() if run.requests[request].status == "approved")
        return Ruling(True, gate, spent)

    def needs_asking(self, held: Held) -> bool:
        """Whether something that the proposal's request was built from changed since policy was last asked."""
        return held.fresh or (self._newest_passed() > held.asked and bool(gates_of(self._run, held.candidate)))

    def spend(self, candidate: Candidate, requests: tuple[str, ...]) -> None:
        """Use approvals up, in the transaction that promotes what they approved."""
        for request in requests:
            self._run.requests[request].status = "spent"
        self._run.log.add(ApprovalSpent, requests=requests, key=candidate.key, fact=candidate.id)

    def close(self, held: Held, status: Literal["closed", "superseded"] = "closed") -> tuple[str, ...]:
        """End the open requests of a proposal; returns their ids."""
        closed = []
        for request in held.requests.values():
            asked = self._run.requests[request]
            if asked.status in OPEN:
                asked.status = status
                closed.append(request)
        return tuple(closed)

    def note_decisions(self) -> None:
        """Write the approval facts of requests that were decided while the run was paused."""
        for asked in self._run.requests.values():
            if asked.status == "approved":
                note_approval(self._run, asked, "approved")
            elif asked.status == "rejected":
                note_approval(self._run, asked, "rejected")

    def _ask_gates(self, held: Held) -> list[_Answer]:
        run, answers = self._run, []
        for gate in gates_of(run, held.candidate):
            request, decision = ask(run, gate, held)
            seq = run.log.add(
                GateDecided,
                cycle=run.cycle,
                gate=gate.name,
                fact=held.candidate.id,
                request=request,
                decision=decision,
            )
            resource = resource_of(gate, held.candidate)
            run.gate_answers.append(
                GateAnswer(gate.name, gate.action, held.candidate.id, resource, decision, run.cycle)
            )
            answers.append(_Answer(gate, request, decision, seq))
        return answers

    def _claims(self, candidate: Candidate, answers: list[_Answer]) -> tuple[str, ...]:
        """The points whose yes is needed: required by the truth, by a move, an ESCALATE or a HITL rule."""
        claims = [
            point_id
            for point_id in self._run.job.required_approvals
            if point_id in self._points and select_proposal(candidate, self._points[point_id].approves)
        ]
        claims += () if self._transitions is None else self._transitions.points(candidate)
        for answer in answers:
            claims += answer.decision.approvals
            if answer.decision.authority is not None:
                claims.append(authority_point(answer.decision.authority))
        claims += [rule.point for rule in self._run.job.hitl if hitl_applies(rule, candidate)]
        return tuple(dict.fromkeys(claims))

    def _status(self, held: Held, point: str) -> str:
        asked = self._run.requests.get(held.requests.get(point, ""))
        if asked is None or asked.request.digest != held.candidate.digest(point):
            return "unasked"
        return asked.status

    def _lost_its_approver(self, held: Held, point: str) -> bool:
        """Whether the person whose authority was asked for is no longer among the people, or no longer has it."""
        asked = self._run.requests[held.requests[point]]
        if asked.request.authority is None:
            return False
        person = self._run.setting.people.get(asked.approvals[-1].by)
        return person is None or not at_least(person.authority, asked.request.authority)

    def _rejected_by(self, held: Held, claims: tuple[str, ...]) -> tuple[str, ...]:
        """The points that said no. That is final for the digest, even where nobody asks for them any more (law 7)."""
        points = dict.fromkeys((*claims, *held.requests))
        return tuple(point for point in points if self._status(held, point) == "rejected") or rejected_before(
            self._run, held.candidate
        )

    def _park(self, held: Held, claims: tuple[str, ...], undecided: list[str], answers: list[_Answer]) -> None:
        run, candidate = self._run, held.candidate
        if held.cause is not None:
            resolve_denial(run, candidate)
        changed = held.claims != claims or held.cause is not None
        held.claims, held.cause, held.by = claims, None, ()
        run.held[candidate.key, candidate.id] = held
        if changed:
            run.log.add(
                ProposalParked,
                **candidate.named(run.cycle),
                points=claims,
                gate=answers[-1].seq if answers else None,
            )
        for point in undecided:
            if self._status(held, point) not in {"pending", "rejected"}:
                self._request(held, point, answers)

    def _deny(self, held: Held, cause: Literal["denied", "rejected"], by: tuple[str, ...], gate: int | None) -> None:
        run, candidate = self._run, held.candidate
        if held.cause == cause and held.by == by:
            return
        held.cause, held.by, held.claims = cause, by, ()
        run.held[candidate.key, candidate.id] = held
        self.close(held)
        run.log.add(
            ProposalDenied,
            **candidate.named(run.cycle),
            cause=cause,
            by=by,
            gate=gate,
            detail=held.detail,
        )
        note_denial(run, candidate, cause, by)

    def _who_rejected(self, candidate: Candidate, point: str) -> str:
        asked = self._run.requests[request_id(self._run.id, point, candidate.digest(point))]
        for approval in asked.approvals:
            if approval.decision == "rejected":
                return f'{approval.by} ({approval.role}): "{approval.reason}"'
        return "nobody decided in time"

    def _request(self, held: Held, point_id: str, answers: list[_Answer]) -> None:
        run, candidate = self._run, held.candidate
        digest = candidate.digest(point_id)
        request = self._form(point_id, candidate, digest, answers)
        held.requests[point_id] = request.id
        run.requests[request.id] = Asked(request)
        run.log.add(ApprovalRequested, cycle=run.cycle, request=request)

    def _form(self, point_id: str, candidate: Candidate, digest: str, answers: list[_Answer]) -> ApprovalRequest:
        run = self._run
        request = ApprovalRequest(
            id=request_id(run.id, point_id, digest),
            point=point_id,
            digest=digest,
            key=candidate.key,
            fact=candidate.id,
            kind=candidate.kind,
            content=msgspec.Raw(candidate.content),
            evidence=candidate.evidence,
            suggestor=candidate.suggestor,
            requested_at=run.log.at,
            summary=run.job.title,
            why=self._why(point_id, candidate, answers),
        )
        asking = next((item.description for item in run.job.criteria if item.id in request.why.criteria), "")
        request = msgspec.structs.replace(request, summary=asking or run.job.title)
        point = self._points.get(point_id)
        if point is None:
            barred = self._barred_from_authority(candidate, answers)
            return msgspec.structs.replace(request, authority=_authority_of(point_id), not_by=barred)
        return _with_point(request, point, self._barred(point, candidate, answers), run.job.escalates_to)

    def _why(self, point_id: str, candidate: Candidate, answers: list[_Answer]) -> Why:
        criteria = tuple(
            item.id
            for item in self._run.job.criteria
            if point_id in item.blocked_by or (point_id.startswith("authority_") and item.blocked_by)
        )
        asked = next((answer for answer in answers if answer.decision.outcome != "PROMOTE"), None)
        hitl = tuple(_hitl_words(rule) for rule in self._run.job.hitl if hitl_applies(rule, candidate))
        if asked is None:
            return Why(criteria=criteria, hitl=hitl)
        seen = {} if asked.request is None else asked.request.context
        values = tuple((name, asked.gate.in_words(name, value)) for name, value in sorted(seen.items()))
        return Why(criteria, asked.gate.action, asked.decision.outcome, asked.decision.rules, values, hitl)

    def _barred(self, point: ApprovalPoint, candidate: Candidate, answers: list[_Answer]) -> tuple[str, ...]:
        """The people that `not_by` names: the principal, or persons in fields of the proposal."""
        barred: list[str] = []
        for name in point.not_by:
            if name == "principal":
                asked = [principal_of(self._run, answer.gate, candidate) for answer in answers]
                barred += [person for person in (*asked, self._run.setting.principal) if person]
            else:
                barred += self._named(lookup(candidate.payload, name))
        return tuple(dict.fromkeys(barred))

    def _barred_from_authority(self, candidate: Candidate, answers: list[_Answer]) -> tuple[str, ...]:
        """The people whom fields of the proposal bar from the points of a gate that asks for an authority.

        Nobody raises the authority over what they may not approve. The principal needs no mention: a gate asks for an
        authority because the principal lacks it.
        """
        names = [name for answer in answers if answer.decision.authority for name in answer.gate.approvals]
        points = [self._points[name] for name in names if name in self._points]
        fields = dict.fromkeys(field for point in points for field in point.not_by if field != "principal")
        barred = [person for field in fields for person in self._named(lookup(candidate.payload, field))]
        return tuple(dict.fromkeys(barred))

    def _named(self, value: object) -> list[str]:
        """The people whom a field of a proposal names, by id or name, however spelt; everybody when it names nobody."""
        said = value.strip().casefold() if isinstance(value, str) else ""
        people = self._run.setting.people.values()
        if not said:
            return [person.id for person in people] or ["*"]
        return [person.id for person in people if said in {person.id.casefold(), person.name.strip().casefold()}]

    def _newest_passed(self) -> int:
        return self._run.context.live(selector("Evaluations:passed:*")).newest


def decide(asked: Asked, approval: Approval) -> None:
    """Count a decision that the human path accepted: one no ends it, yes needs the quorum."""
    asked.approvals = (*asked.approvals, approval)
    if approval.decision == "rejected":
        asked.status = "rejected"
    elif len({item.by for item in asked.approvals if item.decision == "approved"}) >= asked.request.quorum:
        asked.status = "approved"


def time_out(asked: Asked, action: str, role: str | None, until: str | None) -> None:
    """A request's time was up: rejected, or handed to another role until a new time."""
    if action == "reject":
        asked.status = "rejected"
    else:
        asked.request = msgspec.structs.replace(
            asked.request, role=role, until=until, on_timeout="reject", escalates_to=None
        )


def hitl_applies(rule: HitlRule, candidate: Candidate) -> bool:
    """Whether a human-in-the-loop rule concerns a proposal: every condition that it states must hold."""
    return (
        rule.key in {None, candidate.key}
        and rule.kind in {None, candidate.kind}
        and rule.suggestor in {None, candidate.suggestor}
        and (rule.confidence_at_most is None or candidate.confidence <= Decimal(rule.confidence_at_most))
    )


def later(at: str, seconds: int) -> str:
    """A UTC time so many seconds after another."""
    moment = datetime.fromisoformat(at) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _with_point(
    request: ApprovalRequest, point: ApprovalPoint, barred: tuple[str, ...], escalates_to: str | None
) -> ApprovalRequest:
    return msgspec.structs.replace(
        request,
        role=point.role,
        not_by=barred,
        modes=point.modes,
        quorum=point.quorum,
        until=later(request.requested_at, point.timeout.seconds) if point.timeout else None,
        on_timeout=point.timeout.action if point.timeout else None,
        escalates_to=escalates_to,
    )


def _authority_of(point_id: str) -> Authority:
    authority: Authority = msgspec.convert(point_id.removeprefix("authority_"), Authority)
    return authority


def _hitl_words(rule: HitlRule) -> str:
    conditions = {"key": rule.key, "kind": rule.kind, "suggestor": rule.suggestor}
    words = [f"{name} {value}" for name, value in conditions.items() if value is not None]
    if rule.confidence_at_most is not None:
        words.append(f"confidence at most {rule.confidence_at_most}")
    return ", ".join(words)
