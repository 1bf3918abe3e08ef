"""The approval desk: which points claim a proposal, what policy answers, who is asked, what a decision does.

Humans approve, suggestors cannot (law 7): decisions come in only through the request book, which the human path
feeds. Must never promote: it rules, the promotion gate acts.
"""

from typing import Literal, NamedTuple

from converge_cli.core.approval import authority_point, request_id
from converge_cli.core.event import (
    ApprovalRequested,
    ApprovalSpent,
    GateDecided,
    ProposalDenied,
    ProposalParked,
)
from converge_cli.core.passing import ANY_PASSED, passing
from converge_cli.core.person import at_least
from converge_cli.core.selector import selector
from converge_cli.engine.candidate import Candidate, Held
from converge_cli.engine.checks import select_proposal
from converge_cli.engine.engine_notes import note_approval, note_denial, rejected_before, resolve_denial
from converge_cli.engine.flow_questions import ask, gates_of, resource_of, rests_on
from converge_cli.engine.request_book import OPEN
from converge_cli.engine.request_form import Answer, form, hitl_applies
from converge_cli.engine.run import Asked, GateAnswer, Run
from converge_cli.engine.transitions import Transitions


class Ruling(NamedTuple):
    """Whether a proposal may be promoted now, by which GateDecided event, spending which approvals."""

    promote: bool
    gate: int | None = None
    spent: tuple[str, ...] = ()


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
        held.rests_on = self._rests_on(held.candidate)
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
        if held.fresh or self._newest_passed() <= held.asked:
            return held.fresh
        if held.rests_on is None:
            return bool(gates_of(self._run, held.candidate))
        for subject in held.rests_on:
            fact = passing(self._run.context, subject)
            if fact is not None and fact.index > held.asked:
                return True
        return False

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

    def _ask_gates(self, held: Held) -> list[Answer]:
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
            answers.append(Answer(gate, request, decision, seq))
        return answers

    def _claims(self, candidate: Candidate, answers: list[Answer]) -> tuple[str, ...]:
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

    def _park(self, held: Held, claims: tuple[str, ...], undecided: list[str], answers: list[Answer]) -> None:
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

    def _request(self, held: Held, point_id: str, answers: list[Answer]) -> None:
        run, candidate = self._run, held.candidate
        request = form(run, point_id, self._points, candidate, answers)
        held.requests[point_id] = request.id
        run.requests[request.id] = Asked(request)
        run.log.add(ApprovalRequested, cycle=run.cycle, request=request)

    def _newest_passed(self) -> int:
        return self._run.context.live(selector(ANY_PASSED)).newest

    def _rests_on(self, candidate: Candidate) -> tuple[str, ...]:
        moves = () if self._transitions is None else self._transitions.rests_on(candidate)
        return (*rests_on(self._run, candidate), *moves)
