"""A run's answer as data: what `--json` prints and every other door will send. The shape is pinned by tests."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from converge_cli.app.decide_approval import DecisionAnswer
from converge_cli.core.approval import ApprovalRequest, deciders, plain_content
from converge_cli.core.criterion import CriterionResult
from converge_cli.core.fact import Fact
from converge_cli.core.invariant import InvariantResult
from converge_cli.core.person import Person
from converge_cli.core.stop_reason import Stop, StopReason
from converge_cli.engine.decision import Decided
from converge_cli.engine.result import RunResult
from converge_cli.engine.run import GateAnswer

EXIT_CODES = {
    StopReason.CRITERIA_MET: 0,
    StopReason.CONVERGED: 0,
    StopReason.SUGGESTOR_FAILED: 1,
    StopReason.CRITERIA_UNMET: 3,
    StopReason.HUMAN_INTERVENTION_REQUIRED: 4,
    StopReason.INDETERMINATE: 5,
    StopReason.CYCLE_BUDGET_EXHAUSTED: 6,
    StopReason.FACT_BUDGET_EXHAUSTED: 6,
    StopReason.TOKEN_BUDGET_EXHAUSTED: 6,
    StopReason.COST_BUDGET_EXHAUSTED: 6,
    StopReason.TIME_BUDGET_EXHAUSTED: 6,
    StopReason.NO_PROGRESS: 6,
    StopReason.INVARIANT_VIOLATED: 7,
    StopReason.FACT_CONFLICT: 7,
    StopReason.POLICY_DENIED: 8,
    StopReason.CANCELLED: 130,
}
"""Stop reason -> process exit code; the meaning of a code never changes."""


def run_data(
    result: RunResult, refusals: Iterable[Decided] = (), ledger: str | None = None, people_changed: Sequence[str] = ()
) -> dict[str, Any]:
    """The `data` of run, resume and show; `ledger` only of runs that are mirrored, changes only where there are any."""
    known = {(item.approval.request, item.approval.by, item.code) for item in result.refusals}
    unrecorded = [item for item in refusals if (item.approval.request, item.approval.by, item.code) not in known]
    return {
        "run_id": result.run_id,
        "truth": result.truth,
        "converged": result.converged,
        "stop": stop_data(result.stop),
        "cycles": result.cycles,
        "facts": [fact_data(fact) for fact in result.facts],
        "rejections": [msgspec.to_builtins(item) for item in result.rejections],
        "criteria": [criterion_data(item) for item in result.criteria],
        "approvals": {
            "pending": [request_data(request, result.people) for request in result.pending],
            "decided": [
                {
                    "request": asked.request.id,
                    "point": asked.request.point,
                    "fact": asked.request.fact,
                    "digest": asked.request.digest,
                    "status": asked.status,
                    "decisions": msgspec.to_builtins(asked.approvals),
                }
                for asked in result.decided
            ],
        },
        "refusals": [refusal_data(item) for item in [*map(_as_decided, result.refusals), *unrecorded]],
        "gates": [gate_data(item) for item in result.gate_answers],
        "invariants": [invariant_data(item) for item in result.invariants],
        "failures": dict(result.failures),
        "duplicates": result.duplicates,
        "outputs": result.outputs,
        "outcome_digest": result.outcome_digest,
        "head": result.head,
        **({} if ledger is None else {"ledger": ledger}),
        **({"people_changed": list(people_changed)} if people_changed else {}),
    }


def criterion_data(item: CriterionResult) -> dict[str, Any]:
    """What a criterion came to."""
    return {
        "id": item.id,
        "result": item.result,
        "required": item.required,
        "evidence": list(item.evidence),
        "cause": item.cause,
        "reason": item.reason,
        "missing": msgspec.to_builtins(item.missing),
    }


def gate_data(item: GateAnswer) -> dict[str, Any]:
    """One answer of policy."""
    return {
        "gate": item.gate,
        "action": item.action,
        "fact": item.fact,
        "outcome": item.decision.outcome,
        "rules": list(item.decision.rules),
        "missing": list(item.decision.missing),
        "approvals": list(item.decision.approvals),
        "authority": item.decision.authority,
        "source": item.decision.source,
        "detail": item.decision.detail,
    }


def invariant_data(item: InvariantResult) -> dict[str, Any]:
    """What an invariant came to."""
    return {
        "id": item.id,
        "class": item.when,
        "verdict": item.verdict,
        "soft": item.soft,
        "violations": [
            {"check": found.check, "facts": list(found.facts), "detail": found.detail} for found in item.violations
        ],
    }


def stop_data(stop: Stop) -> dict[str, Any]:
    """A stop; `names` are the invariants, suggestors, criteria or points concerned."""
    return {
        "reason": stop.reason.value,
        "cycle": stop.cycle,
        "names": list(stop.names),
        "facts": list(stop.facts),
        "limit": stop.limit,
        "used": stop.used,
        "missing": msgspec.to_builtins(stop.missing),
        "detail": stop.detail,
    }


def fact_data(fact: Fact) -> dict[str, Any]:
    """A fact with where it came from."""
    return {
        "key": fact.key,
        "id": fact.id,
        "kind": fact.kind,
        "content": msgspec.json.decode(fact.content),
        "confidence": str(fact.confidence),
        "evidence": list(fact.evidence),
        "suggestor": fact.suggestor,
        "corrects": fact.corrects,
        "promotion": msgspec.to_builtins(fact.promotion),
    }


def request_data(request: ApprovalRequest, people: Iterable[Person]) -> dict[str, Any]:
    """A pending request: what, why, who, until when; `deciders` are the people who may decide it."""
    return {
        "request": request.id,
        "point": request.point,
        "digest": request.digest,
        "key": request.key,
        "fact": request.fact,
        "content": plain_content(request),
        "evidence": list(request.evidence),
        "summary": request.summary,
        "role": request.role,
        "authority": request.authority,
        "deciders": list(deciders(request, people)),
        "not_by": list(request.not_by),
        "in_vain": list(request.in_vain),
        "modes": list(request.modes),
        "quorum": request.quorum,
        "requested_at": request.requested_at,
        "until": request.until,
        "why": msgspec.to_builtins(request.why),
    }


def refusal_data(decided: Decided) -> dict[str, Any]:
    """A decision that was not accepted."""
    approval = decided.approval
    return {
        "request": approval.request,
        "by": approval.by,
        "decision": approval.decision,
        "code": decided.code,
        "detail": decided.detail,
    }


def decision_data(answer: DecisionAnswer) -> dict[str, Any]:
    """What became of a decision, as data."""
    return {
        "run_id": answer.row.run,
        "decisions": [msgspec.to_builtins(item.approval) for item in answer.decisions if item.code is None],
        "refusals": [refusal_data(item) for item in answer.refused],
        "pending": answer.row.pending,
        **({"people_changed": list(answer.people_changed)} if answer.people_changed else {}),
    }


def _as_decided(refusal: Any) -> Decided:
    return Decided(refusal.approval, refusal.code, refusal.detail)
