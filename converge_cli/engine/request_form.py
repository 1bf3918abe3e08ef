"""The form of an approval request: what people are asked, why, who may answer, who may not, and until when.

Must never decide whether somebody is asked: the approval desk does.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from converge_cli._internal.later import later
from converge_cli.core.approval import ApprovalPoint, ApprovalRequest, HitlRule, Why, request_id
from converge_cli.core.flow_gate import FlowGateDecision, FlowGateInput
from converge_cli.core.pack_spec import GateSpec
from converge_cli.core.person import Authority
from converge_cli.engine.candidate import Candidate
from converge_cli.engine.fields import lookup
from converge_cli.engine.flow_questions import principal_of
from converge_cli.engine.run import Run


class Answer(NamedTuple):
    """What policy answered at one gate; `seq` is that of its event."""

    gate: GateSpec
    request: FlowGateInput | None
    decision: FlowGateDecision
    seq: int


def form(
    run: Run, point_id: str, points: Mapping[str, ApprovalPoint], candidate: Candidate, answers: Sequence[Answer]
) -> ApprovalRequest:
    """The request that a point makes about a proposal.

    Args:
        run: the run that asks.
        point_id: a declared point, or `authority_<level>`.
        points: those that the truth declares, by id; an authority's is not among them.
        candidate: the proposal.
        answers: what policy answered about it.
    """
    digest = candidate.digest(point_id)
    why = _why(run, point_id, candidate, answers)
    asking = next((item.description for item in run.job.criteria if item.id in why.criteria), "")
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
        summary=asking or run.job.title,
        why=why,
    )
    point = points.get(point_id)
    if point is None:
        barred = _barred_from_authority(run, points, candidate, answers)
        # Nobody is asked for a yes that could not help.
        vain = dict.fromkeys(person for answer in answers for person in answer.decision.in_vain)
        authority = _authority_of(point_id)
        return msgspec.structs.replace(request, authority=authority, not_by=barred, in_vain=tuple(vain))
    return _with_point(request, point, _barred(run, point, candidate, answers), run.job.escalates_to)


def hitl_applies(rule: HitlRule, candidate: Candidate) -> bool:
    """Whether a human-in-the-loop rule concerns a proposal: every condition that it states must hold."""
    return (
        rule.key in {None, candidate.key}
        and rule.kind in {None, candidate.kind}
        and rule.suggestor in {None, candidate.suggestor}
        and (rule.confidence_at_most is None or candidate.confidence <= Decimal(rule.confidence_at_most))
    )


def _why(run: Run, point_id: str, candidate: Candidate, answers: Sequence[Answer]) -> Why:
    criteria = tuple(
        item.id
        for item in run.job.criteria
        if point_id in item.blocked_by or (point_id.startswith("authority_") and item.blocked_by)
    )
    asked = next((answer for answer in answers if answer.decision.outcome != "PROMOTE"), None)
    hitl = tuple(_hitl_words(rule) for rule in run.job.hitl if hitl_applies(rule, candidate))
    if asked is None:
        return Why(criteria=criteria, hitl=hitl)
    seen = {} if asked.request is None else asked.request.context
    values = tuple((name, asked.gate.in_words(name, value)) for name, value in sorted(seen.items()))
    return Why(criteria, asked.gate.action, asked.decision.outcome, asked.decision.rules, values, hitl)


def _barred(run: Run, point: ApprovalPoint, candidate: Candidate, answers: Sequence[Answer]) -> tuple[str, ...]:
    """The people that `not_by` names: the principal, or persons in fields of the proposal."""
    barred: list[str] = []
    for name in point.not_by:
        if name == "principal":
            asked = [principal_of(run, answer.gate, candidate) for answer in answers]
            barred += [person for person in (*asked, run.setting.principal) if person]
        else:
            barred += _named(run, lookup(candidate.payload, name))
    return tuple(dict.fromkeys(barred))


def _barred_from_authority(
    run: Run, points: Mapping[str, ApprovalPoint], candidate: Candidate, answers: Sequence[Answer]
) -> tuple[str, ...]:
    """The people whom fields of the proposal bar from the points of a gate that asks for an authority.

    Nobody raises the authority over what they may not approve. The principal needs no mention: a gate asks for an
    authority because the principal lacks it.
    """
    names = [name for answer in answers if answer.decision.authority for name in answer.gate.approvals]
    claimed = [points[name] for name in names if name in points]
    fields = dict.fromkeys(field for point in claimed for field in point.not_by if field != "principal")
    return tuple(dict.fromkeys(person for field in fields for person in _named(run, lookup(candidate.payload, field))))


def _named(run: Run, value: object) -> list[str]:
    """The people whom a field of a proposal names, by id or name, however spelt; everybody when it names nobody."""
    said = value.strip().casefold() if isinstance(value, str) else ""
    people = run.setting.people.values()
    if not said:
        return [person.id for person in people] or ["*"]
    return [person.id for person in people if said in {person.id.casefold(), person.name.strip().casefold()}]


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
