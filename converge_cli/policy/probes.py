"""Requests to try a gate's rules with: every value that a rule names, those beside it, and one that none names.

Must never be cut short silently: either every combination is tried, or none is and the review says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import product
from math import prod
from typing import Any

from converge_cli.core.flow_gate import (
    COMMITMENT_TYPE,
    GATES_MET,
    HUMAN_APPROVAL,
    ContextValue,
    FlowGateInput,
    Principal,
    Resource,
    granted,
)
from converge_cli.core.pack_spec import DECIMAL, GateSpec
from converge_cli.core.person import AUTHORITIES, Person
from converge_cli.policy.projection import LONG
from converge_cli.policy.rule_view import entities_in, values_by_path

MOST = 4_000
"""Requests of one gate: beyond that a look would take seconds, and nobody waits for it."""

_OTHER = "something else"
_STEP = Decimal("0.0001")

Bodies = Mapping[str, Mapping[str, Any]]


class Probes:
    """The requests of one gate.

    Attributes:
        requests: each of them; empty when there would be more than MOST.
        stands_for: id of a person -> the principal that is tried for them. Policy can't tell people of the same
            authority and domains apart, unless a rule names one.
    """

    def __init__(self, gate: GateSpec, bodies: Bodies, people: Sequence[Person]) -> None:
        self._gate = gate
        self._values: dict[str, set[str | int]] = {}
        for body in bodies.values():
            for path, values in values_by_path(body).items():
                self._values.setdefault(path, set()).update(values)
        entities = {entity for body in bodies.values() for entity in entities_in(body)}
        named = sorted(name for kind, name in entities if kind == "Person")
        self.stands_for = {
            person.id: Principal(person.id if person.id in named else _OTHER, person.authority, person.domains)
            for person in people
        }
        parts: list[list[Any]] = [
            self._principals(named),
            self._resources(sorted(name for kind, name in entities if kind == "Resource")),
            *(self._context(name) for name in self._context_names()),
        ]
        self.requests: tuple[FlowGateInput, ...] = ()
        if prod(map(len, parts)) <= MOST:
            self.requests = tuple(self._request(*chosen) for chosen in product(*parts))

    def _request(self, principal: Principal, resource: Resource, *values: ContextValue) -> FlowGateInput:
        context: dict[str, ContextValue] = {COMMITMENT_TYPE: self._gate.resource_kind, GATES_MET: False}
        context.update(zip(self._context_names(), values, strict=True))
        return granted(FlowGateInput(principal, resource, self._gate.action, context), self._gate.requires, ())

    def _principals(self, named: Iterable[str]) -> list[Principal]:
        """Everybody who is known, and somebody of each authority in no domain, in each and in all that rules name."""
        domains = sorted(value for value in self._values.get("principal.domains", ()) if isinstance(value, str))
        choices = dict.fromkeys([(), *((domain,) for domain in domains), tuple(domains)])
        others = [Principal(*chosen) for chosen in product((_OTHER, *named), AUTHORITIES, choices)]
        return list(dict.fromkeys([*self.stands_for.values(), *others]))

    def _resources(self, named: Iterable[str]) -> list[Resource]:
        """With no gate passed, all that are required, all but one, and all with each other that rules name."""
        required = self._gate.requires
        others = sorted(
            value
            for value in self._values.get("resource.gates_passed", ())
            if isinstance(value, str) and value not in required
        )
        sets = [(), required, *(tuple(gate for gate in required if gate != left) for left in required)]
        sets += [(*required, other) for other in others]
        kind, phase = self._gate.resource_kind, self._gate.resource_phase
        return [Resource(name, kind, phase, passed) for name, passed in product((_OTHER, *named), dict.fromkeys(sets))]

    def _context_names(self) -> tuple[str, ...]:
        return (HUMAN_APPROVAL, *self._gate.context)

    def _context(self, name: str) -> list[ContextValue]:
        kind = self._gate.context_types[name]
        if kind == "boolean":
            return [False, True]
        named = self._values.get(f"context.{name}", set())
        if kind == "text":
            return [*sorted(value for value in named if isinstance(value, str)), _OTHER]
        if kind == "decimal":
            return _decimals(value for value in named if isinstance(value, str) and DECIMAL.fullmatch(value))
        numbers = {0, *(value for value in named if isinstance(value, int))}
        return sorted({near for number in numbers for near in (number - 1, number, number + 1) if near in LONG})


def _decimals(named: Iterable[str]) -> list[ContextValue]:
    """Each decimal and nought, with those beside it, as text."""
    numbers = {Decimal(0), *map(Decimal, named)}
    return [f"{near:.4f}" for near in sorted({number + step for number in numbers for step in (-_STEP, 0, _STEP)})]
