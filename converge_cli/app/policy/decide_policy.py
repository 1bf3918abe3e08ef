"""Puts a request that somebody wrote to a pack's policy: the question that the pack's gate would ask in a run.

Nothing runs and nothing is recorded. Must never answer by another way than a run does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from converge_cli.app.flow_request import UnaskableRequestError, gate_named, question_of
from converge_cli.app.services import Services
from converge_cli.app.show_pack import find_pack
from converge_cli.core.flow_gate import FlowGateDecision, FlowGateInput, granted
from converge_cli.core.pack import Pack
from converge_cli.core.pack_spec import GateSpec
from converge_cli.core.policy_rule import PolicyRule
from converge_cli.core.port import FlowGate
from converge_cli.truth.input_error import InputError, InputProblem
from converge_cli.truth.input_formats import parse_json
from converge_cli.truth.source import Source, decode


@dataclass(frozen=True, slots=True)
class Decided:
    """What policy says to one request.

    Attributes:
        request: as it was judged, with required_gates_met computed anew; None when it could not be put to policy.
        rules: the rules that decided, with their places and what they look at.
    """

    pack: str
    decision: FlowGateDecision
    request: FlowGateInput | None = None
    gate: GateSpec | None = None
    rules: tuple[PolicyRule, ...] = ()

    def data(self) -> dict[str, Any]:
        """As `--json` prints it."""
        decision = self.decision
        return {
            "pack": self.pack,
            "gate": None if self.gate is None else self.gate.name,
            "outcome": decision.outcome,
            "rules": list(decision.rules),
            "missing": list(decision.missing),
            "approvals": list(decision.approvals),
            "authority": decision.authority,
            "source": decision.source,
            "detail": decision.detail,
            "policy_hash": decision.policy_hash,
            "request": None if self.request is None else msgspec.to_builtins(self.request),
        }


def decide_policy(services: Services, pack_name: str, source: Source) -> Decided:
    """What the policy of a pack says to a request in JSON.

    Raises:
        PackNotFoundError: there is no such pack.
        InvalidPackError: it, or its policy, is broken.
        InputError: the text is no JSON object, or holds a name twice.
        UnreadableSourceError: it is too large, or not UTF-8.
    """
    pack = find_pack(services, pack_name)
    asked = parse_json(source.name, decode(source))
    if not isinstance(asked, dict):
        problem = InputProblem(None, None, "a request is a JSON object with principal, resource, action and context")
        raise InputError(source.name, [problem])
    decided = decide_request(pack, authorizer_of(services, pack), asked)
    return Decided(pack.name, decided.decision, decided.request, decided.gate, _rules(services, pack, decided.decision))


def authorizer_of(services: Services, pack: Pack) -> FlowGate:
    """The authorizer of one pack.

    Raises:
        InvalidPackError: its policy is not valid.
    """
    return services.gate({} if pack.policy is None else {pack.name: pack.policy})


def decide_request(pack: Pack, authorizer: FlowGate, asked: Mapping[str, Any]) -> Decided:
    """What an authorizer says to a request; what can't be asked is refused (law 8)."""
    try:
        question = question_of(pack, asked)
    except UnaskableRequestError as error:
        policy_hash = "" if pack.policy is None else pack.policy.hash
        refusal = FlowGateDecision("REJECT", source="error", detail=str(error), policy_hash=policy_hash)
        return Decided(pack.name, refusal)
    gate = gate_named(pack, f"{question.request.resource.kind}.{question.request.action}")
    request = granted(question.request, question.requires, ())
    return Decided(pack.name, authorizer.decide(question), request, gate)


def values_seen(rule: PolicyRule, request: FlowGateInput, gate: GateSpec) -> tuple[tuple[str, str], ...]:
    """What a rule looks at, with the values in a request; amounts in whole units with their hundredths."""
    return tuple((path, _value(path, request, gate)) for path in rule.reads)


def _value(path: str, request: FlowGateInput, gate: GateSpec) -> str:
    part, _, name = path.partition(".")
    if part == "context":
        return gate.in_words(name, request.context[name]) if name in request.context else "absent"
    value = getattr(request.principal if part == "principal" else request.resource, name, None)
    return (", ".join(value) or "none") if isinstance(value, tuple) else str(value)


def _rules(services: Services, pack: Pack, decision: FlowGateDecision) -> tuple[PolicyRule, ...]:
    if pack.policy is None or not decision.rules:
        return ()
    known = {rule.id: rule for rule in services.policy_rules(pack.name, pack.policy)}
    return tuple(known[rule] for rule in decision.rules if rule in known)
