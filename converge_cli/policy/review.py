"""Looks at a pack's policy from outside: which rules change nothing, and which gates nobody could ever pass.

Rests on requests that were really put to Cedar (`probes`), so it tells what they show and proves nothing. Must never
be asked for a decision.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any, NamedTuple

from converge_cli.core.flow_gate import FlowGateInput, Principal
from converge_cli.core.pack import PolicyFiles
from converge_cli.core.pack_spec import GateSpec
from converge_cli.core.person import Person
from converge_cli.core.policy_review import PolicyRemark, PolicyReview
from converge_cli.policy.policy_set import PackPolicy
from converge_cli.policy.probes import Probes
from converge_cli.policy.projection import CedarRequest, project

_EVERYTHING = {
    "effect": "permit",
    "principal": {"op": "All"},
    "action": {"op": "All"},
    "resource": {"op": "All"},
    "conditions": [],
}
_ALL = "converge:everything"


class _Seen(NamedTuple):
    """What the rules say to one request: which permit it and which forbid it."""

    asked: FlowGateInput
    permits: frozenset[str]
    forbids: frozenset[str]

    @property
    def promoted(self) -> bool:
        return bool(self.permits) and not self.forbids


def review_policy(pack: str, files: PolicyFiles, gates: Sequence[GateSpec], people: Sequence[Person]) -> PolicyReview:
    """The review of a pack's policy.

    Args:
        people: who there is; without anybody, gates are not looked at.

    Raises:
        InvalidPolicyError: the policy is not valid.
        ImportError: the Cedar engine is not there.
    """
    return _Reviewer(PackPolicy(pack, files)).review(gates, people)


class _Reviewer:
    def __init__(self, policy: PackPolicy) -> None:
        self._policy = policy
        self._permits = {rule: body for rule, body in policy.bodies.items() if body["effect"] == "permit"}
        self._forbids = {rule: body for rule, body in policy.bodies.items() if body["effect"] == "forbid"}
        self._erring: set[str] = set()
        self._permit_set = policy.policy_set(self._permits)
        self._whole_set = policy.policy_set({**policy.bodies, _ALL: _EVERYTHING})

    def review(self, gates: Sequence[GateSpec], people: Sequence[Person]) -> PolicyReview:
        probes = {gate.name: Probes(gate, self._policy.bodies, people) for gate in gates}
        seen = {name: self._see(probe) for name, probe in probes.items()}
        passed_by = {name: _passed_by(seen[name], probe.stands_for) for name, probe in probes.items()}
        remarks = [self._unreachable(gate) for gate in gates if people and seen[gate.name] and not passed_by[gate.name]]
        if all(seen.values()):  # a gate that could not be tried may be what a rule is for
            everything = [item for found in seen.values() for item in found]
            remarks += list(self._rules(everything))
        tried = {name: len(found) for name, found in seen.items()}
        return PolicyReview(tuple(remarks), len(self._policy.rules), tried, passed_by)

    def _see(self, probes: Probes) -> list[_Seen]:
        """What the rules say to each request that can be judged; any other is refused whatever they say."""
        found: list[_Seen] = []
        for _, same in groupby(probes.requests, key=lambda asked: (asked.principal, asked.resource)):
            found += self._put(list(same))
        return found

    def _put(self, requests: list[FlowGateInput]) -> Iterator[_Seen]:
        """What each rule says to requests of one principal and one resource, which Cedar takes in one call.

        Beside a permit of everything each answer names the rules that forbid, or else those that permit; only what is
        forbidden is asked once more for what would permit it.
        """
        projected = dict(self._projected(requests))
        clean = {
            number: said.reasons for number, said in self._answers(projected, self._whole_set) if self._is_clean(said)
        }
        forbidden = {number: one for number, one in projected.items() if number in clean and _ALL not in clean[number]}
        permits = {number: said.reasons for number, said in self._answers(forbidden, self._permit_set)}
        for number, reasons in clean.items():
            if number in forbidden:
                yield _Seen(requests[number], frozenset(permits[number]), frozenset(reasons))
            else:
                yield _Seen(requests[number], frozenset(reasons) - {_ALL}, frozenset())

    @staticmethod
    def _projected(requests: list[FlowGateInput]) -> Iterator[tuple[int, CedarRequest]]:
        for number, asked in enumerate(requests):
            with suppress(ValueError):
                yield number, project(asked)

    def _answers(self, asked: Mapping[int, CedarRequest], rules: Any) -> Iterator[tuple[int, Any]]:
        answers: list[Any] = []
        if asked:
            with suppress(ValueError):  # no principal or resource of the schema is like this
                answers = self._policy.ask_all(list(asked.values()), rules)
        return ((number, said.diagnostics) for number, said in zip(asked, answers, strict=bool(answers)))

    def _is_clean(self, said: Any) -> bool:
        """Whether Cedar could judge; rules that it could not are noted."""
        errors = said.errors
        if errors:
            self._erring.update(rule for rule in self._policy.rules if any(f"`{rule}`" in error for error in errors))
        return not errors

    def _unreachable(self, gate: GateSpec) -> PolicyRemark:
        told = f"with every gate passed and every approval given, nobody among the people passes gate {gate.name}"
        return PolicyRemark(
            "unreachable-gate", gate.name, told, "give somebody the authority and domain, or mend a rule"
        )

    def _rules(self, seen: list[_Seen]) -> Iterator[PolicyRemark]:
        # A rule that errs somewhere refuses there, so it does change something.
        judged = [rule for rule in self._policy.rules if rule not in self._erring]
        held = {rule: [item for item in seen if rule in item.permits | item.forbids] for rule in judged}
        for rule, found in held.items():
            told = self._idle(rule, found, len(seen))
            if told:
                yield self._remark("idle-rule", rule, told, "remove it, or mend its condition")
        effective = {
            rule: frozenset(map(id, found)) for rule, found in held.items() if not self._idle(rule, found, len(seen))
        }
        for rule, other in self._shadowed(effective):
            message = f"rule {rule} {self._verb(rule)}s nothing that {other} does not {self._verb(rule)}"
            yield self._remark("shadowed-rule", rule, message, f"remove it, or narrow {other}")

    def _idle(self, rule: str, found: list[_Seen], tried: int) -> str:
        """Why a rule changes nothing, or ""."""
        if not found:
            return f"no request satisfies rule {rule}; {tried} were tried"
        if rule in self._permits and not any(item.promoted for item in found):
            forbids = sorted({name for item in found for name in item.forbids})
            return f"whatever rule {rule} permits is forbidden by {', '.join(forbids)}"
        if rule in self._forbids and not any(item.permits for item in found):
            return f"rule {rule} forbids only what nothing permits"
        return ""

    def _shadowed(self, effective: Mapping[str, frozenset[int]]) -> Iterator[tuple[str, str]]:
        """Rules with the other one of the same effect that holds wherever they do; of two that are equal the later."""
        order = list(effective)
        for rule, found in effective.items():
            for other, others in effective.items():
                same_effect = (rule in self._permits) is (other in self._permits)
                earlier = order.index(other) < order.index(rule)
                if rule != other and same_effect and (found < others or (found == others and earlier)):
                    yield rule, other
                    break

    def _verb(self, rule: str) -> str:
        return "permit" if rule in self._permits else "forbid"

    def _remark(self, kind: Any, rule: str, message: str, fix: str) -> PolicyRemark:
        return PolicyRemark(kind, rule, message, fix, self._policy.rules[rule])


def _passed_by(seen: list[_Seen], stands_for: Mapping[str, Principal]) -> tuple[str, ...]:
    passing = {item.asked.principal for item in seen if item.promoted}
    return tuple(person for person, principal in stands_for.items() if principal in passing)
