"""Explains a gate of a recorded run: each answer by its rules, the values that they saw, and what would unlock it.

The rules are those that were kept with the run, not those of today. Must never ask policy again.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from converge_cli.app.explain.data import asked_data, decided_data
from converge_cli.app.policy.decide_policy import values_seen
from converge_cli.app.services import Services
from converge_cli.core.event import GateDecided
from converge_cli.core.job import Job
from converge_cli.core.pack import PolicyFiles
from converge_cli.core.pack_spec import GateSpec
from converge_cli.core.passing import passed_selector
from converge_cli.core.policy_rule import PolicyRule
from converge_cli.core.recorded import PackRecord
from converge_cli.core.registry import RegisteredSuggestor
from converge_cli.core.selector import selector
from converge_cli.trace.provenance import Provenance


class GateExplainer:
    """Knows what was kept with one run."""

    def __init__(
        self,
        services: Services,
        job: Job,
        packs: Iterable[PackRecord],
        suggestors: Sequence[RegisteredSuggestor],
    ) -> None:
        self._services = services
        self._job = job
        self._packs = {record.policy: record.name for record in packs if record.policy}
        self._suggestors = suggestors
        self._rules: dict[str, dict[str, PolicyRule]] | None = None

    def explain(self, run: str, name: str, seen: Provenance) -> dict[str, Any]:
        """The gates of a name or an action, as declared, with every answer and request."""
        gates = {gate.name: gate for gate in self._job.gates if name in {gate.name, gate.action}}
        answers = [event for event in seen.gates.values() if event.gate in gates]
        return {
            "what": "gate",
            "run_id": run,
            "id": name,
            "gates": [_declared(gate) for gate in gates.values()],
            "decisions": [self._decision(event, gates[event.gate]) for event in answers],
            "requests": [
                asked_data(seen, request)
                for fact in dict.fromkeys(event.fact for event in answers)
                for request in seen.requests_of(fact)
            ],
        }

    def _decision(self, event: GateDecided, gate: GateSpec) -> dict[str, Any]:
        decision, asked = event.decision, event.request
        rules = self._rules_of(decision.policy_hash)
        return {
            **decided_data(event, [gate]),
            "rules_seen": [
                {
                    "rule": rule.id,
                    "effect": rule.effect,
                    "where": rule.where,
                    "saw": {} if asked is None else dict(values_seen(rule, asked, gate)),
                }
                for rule in (rules[name] for name in decision.rules if name in rules)
            ],
            "missing_gates": [{"gate": name, "passed_by": self._passed_by(name)} for name in decision.missing],
            "unlock": [self._unlock(point, gate) for point in decision.approvals],
        }

    def _rules_of(self, policy_hash: str) -> dict[str, PolicyRule]:
        """The rules of the policy of that hash, by name; none when it was not kept, or can't be read any more."""
        if self._rules is None:
            self._rules = {}
            for blob, pack in self._packs.items():
                files = msgspec.json.decode(self._services.experience.get_blob(blob), type=PolicyFiles)
                self._rules[files.hash] = {rule.id: rule for rule in self._services.policy_rules(pack, files)}
        return self._rules.get(policy_hash, {})

    def _passed_by(self, gate: str) -> list[str]:
        """The suggestors that may say that a gate is passed."""
        wanted = selector(passed_selector(gate))
        return [item.name for item in self._suggestors if any(selector(text).overlaps(wanted) for text in item.writes)]

    def _unlock(self, name: str, gate: GateSpec) -> dict[str, Any]:
        """A point, who decides on it, and what its approval grants."""
        point, grant = self._job.point(name), gate.approvals.get(name)
        return {
            "point": name,
            "role": None if point is None else point.role,
            "gates": [] if grant is None else list(grant.gates),
            "context": {}
            if grant is None
            else {field: gate.in_words(field, value) for field, value in grant.context.items()},
        }


def _declared(gate: GateSpec) -> dict[str, Any]:
    return {
        "name": gate.name,
        "pack": gate.pack,
        "on": gate.asks,
        "action": gate.action,
        "requires": list(gate.requires),
        "approvals": list(gate.approvals),
    }
