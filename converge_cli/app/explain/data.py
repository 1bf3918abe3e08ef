"""Claims, gate answers and requests of a recorded run as plain data: what `explain --json` prints."""

from collections.abc import Iterable
from typing import Any

import msgspec

from converge_cli.core.approval import ApprovalRequest
from converge_cli.core.event import GateDecided
from converge_cli.core.pack_spec import GateSpec
from converge_cli.trace.provenance import Claim, Provenance


def claim_data(seen: Provenance, claim: Claim, specs: Iterable[GateSpec]) -> dict[str, Any]:
    """A fact, or a proposal that never became one, with the gate and the people behind it."""
    gate = seen.gate_of(claim)
    return {
        "key": claim.key,
        "id": claim.id,
        "standing": claim.standing,
        "suggestor": claim.suggestor,
        "cycle": claim.cycle,
        "event": claim.seq,
        "content": None if claim.content is None else msgspec.json.decode(claim.content),
        "confidence": claim.confidence,
        "evidence": list(claim.evidence),
        "corrects": claim.corrects,
        "corrected_by": claim.corrected_by,
        "code": claim.code or None,
        "by": list(claim.by),
        "reason": claim.reason,
        "gate": None if gate is None else decided_data(gate, specs),
        "requests": [asked_data(seen, request) for request in seen.requests_of(claim.id)],
    }


def decided_data(event: GateDecided, specs: Iterable[GateSpec]) -> dict[str, Any]:
    """One answer of policy, with the values that it saw, also as people write them, and what would unlock it."""
    spec = next((item for item in specs if item.name == event.gate), None)
    asked, decision = event.request, event.decision
    return {
        "event": event.seq,
        "cycle": event.cycle,
        "gate": event.gate,
        "fact": event.fact,
        "outcome": decision.outcome,
        "rules": list(decision.rules),
        "missing": list(decision.missing),
        "unlocked_by": {"approvals": list(decision.approvals), "authority": decision.authority},
        "source": decision.source,
        "detail": decision.detail,
        "policy_hash": decision.policy_hash,
        "principal": None if asked is None else msgspec.to_builtins(asked.principal),
        "resource": None if asked is None else msgspec.to_builtins(asked.resource),
        "values": {} if asked is None else dict(asked.context),
        "in_words": {}
        if asked is None or spec is None
        else {name: spec.in_words(name, value) for name, value in asked.context.items()},
    }


def asked_data(seen: Provenance, request: ApprovalRequest) -> dict[str, Any]:
    """What people were asked, and what they said."""
    return {
        "request": request.id,
        "point": request.point,
        "fact": request.fact,
        "who": request.role or f"authority {request.authority}",
        "quorum": request.quorum,
        "until": request.until,
        "decisions": msgspec.to_builtins(seen.decisions.get(request.id, [])),
    }
