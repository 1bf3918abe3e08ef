"""What a pack declares, as data: kinds, suggestors, gates."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from converge_cli.core.flow_gate import (
    COMMITMENT_TYPE,
    GATES_MET,
    HUMAN_APPROVAL,
    ContextValue,
    FlowAction,
    Grant,
    Phase,
)

ContextType = Literal["money", "text", "integer", "decimal", "boolean"]

ALWAYS: Mapping[str, ContextType] = {COMMITMENT_TYPE: "text", HUMAN_APPROVAL: "boolean", GATES_MET: "boolean"}
"""The context values that every request has, before those that a gate declares."""

FORMS: Mapping[ContextType, type] = {"money": int, "integer": int, "text": str, "decimal": str, "boolean": bool}
"""How a request holds a context value."""

DECIMAL = re.compile(r"-?\d{1,15}\.\d{1,4}")
"""How a request states a decimal: as text, the one form in which policy takes it exactly."""


class ContextField(msgspec.Struct, frozen=True):
    """A context value that a gate takes from a field of the proposal.

    Money is turned into integer minor units, a decimal into text with one to four decimals.
    """

    type: ContextType
    field: str


class GateSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """A gate: which proposals ask policy, and how the request is built.

    Attributes:
        on: selector of the proposals.
        when: field -> value; of the selected proposals only those ask whose fields say all of this, or say nothing.
        resource_id: field of the proposal that names the resource.
        principal: `run` (the person of the run), or a field of the proposal that holds a person's id.
        requires: gate names that must be passed.
        approvals: point -> what its approval grants.
    """

    pack: str
    on: str
    action: FlowAction
    resource_kind: str
    resource_phase: Phase
    resource_id: str
    principal: str = "run"
    context: dict[str, ContextField] = {}
    requires: tuple[str, ...] = ()
    approvals: dict[str, Grant] = {}
    when: dict[str, str] = {}

    @property
    def name(self) -> str:
        """`<resource kind>.<action>`, unique within a pack."""
        return f"{self.resource_kind}.{self.action}"

    @property
    def context_types(self) -> dict[str, ContextType]:
        """The type of each context value of its requests, by name."""
        return {**ALWAYS, **{name: field.type for name, field in self.context.items()}}

    @property
    def asks(self) -> str:
        """Which proposals ask, in words."""
        return " and ".join((self.on, *(f"{field} is {value}" for field, value in self.when.items())))

    def in_words(self, name: str, value: ContextValue) -> str:
        """A context value as people write it: an amount in whole units with its hundredths, true and false."""
        if isinstance(value, bool):
            return str(value).lower()
        field = self.context.get(name)
        if isinstance(value, int) and field is not None and field.type == "money":
            return str(Decimal(value).scaleb(-2))
        return str(value)


class SuggestorSpec(msgspec.Struct, frozen=True):
    """A suggestor as it is declared: name, reads, writes."""

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


class PackSpec(msgspec.Struct, frozen=True):
    """A loaded pack as data.

    Attributes:
        kinds: kind name -> field name -> type, in words.
        steps: the sentences that the pack adds to the step language.
        digest: SHA-256 over the pack's files.
    """

    name: str
    version: str
    description: str
    suggestors: tuple[SuggestorSpec, ...]
    kinds: Mapping[str, Mapping[str, str]]
    gates: tuple[GateSpec, ...] = ()
    steps: tuple[str, ...] = ()
    digest: str = ""
