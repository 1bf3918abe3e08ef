"""The manifest v1: what pack.yaml, or the dict PACK of a one-file pack, may hold. Wiring only, no business rules.

Must never import the pack that it describes.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from converge_cli.core.errors import MalformedSelectorError
from converge_cli.core.flow_gate import FlowAction, Grant, Phase
from converge_cli.core.kind import RESERVED_KINDS
from converge_cli.core.pack_spec import ContextField, ContextType, GateSpec
from converge_cli.core.selector import selector
from converge_cli.pack.version_range import is_range
from converge_cli.truth.findings import Findings
from converge_cli.truth.model_reader import read_model
from converge_cli.truth.yaml_source import Node

BUSINESS_RULES = frozenset(
    {
        "acceptance", "acceptance_criteria", "approval_points", "bands", "constraints", "criteria", "failure_modes",
        "forbidden", "forbidden_terms", "hitl", "invariants", "limits", "must_not", "rules", "scoring", "states",
        "success_criteria", "threshold", "thresholds", "transitions", "validations", "weights",
    }
)  # fmt: skip
"""Keys that people expect here and that belong elsewhere; each is refused by name."""

MAX_POINTS = 4
"""Approval points of one gate: every set of them is tried for an ESCALATE."""

_OURS = frozenset({"commitment_type", "human_approval_present", "required_gates_met"})
_CONTEXT = re.compile(r"(money|text|integer|boolean) +([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)")
_GRANTED: dict[ContextType, type] = {"money": int, "integer": int, "text": str, "boolean": bool}


def _selector(text: str) -> str:
    try:
        selector(text)
    except MalformedSelectorError as error:
        raise ValueError(f"{error.message}; {error.hint}") from error
    return text


def _context(text: Any) -> ContextField:
    match = _CONTEXT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        msg = "write a type and a field of the proposal: money price, text region, integer days, boolean urgent"
        raise ValueError(msg)
    return ContextField(cast("ContextType", match.group(1)), match.group(2))


def _kind(name: str) -> str:
    if name in RESERVED_KINDS:
        msg = "a kind of this name is built in"
        raise ValueError(msg)
    return name


def _version(value: Any) -> Any:
    # `version: 0.1` is a number for YAML and a version for everybody else.
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def _range(text: str) -> str:
    if not is_range(text):
        msg = "write a range such as >=0.1 or >=0.1,<2"
        raise ValueError(msg)
    return text


Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
PackName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
KindName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$"), AfterValidator(_kind)]
PythonName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
FieldPath = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$")]
Text = Annotated[str, Field(min_length=1)]


class _Section(BaseModel):
    """A mapping of the manifest: unknown keys are errors, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True, defer_build=True)


class ResourceSection(_Section):
    """What a gate is about; `id` is the field of the proposal that names it."""

    kind: Text
    phase: Phase
    id: FieldPath


class GrantSection(_Section):
    """What an approval of a point adds to the request."""

    gates: list[Word] = []
    context: dict[Word, bool | int | str] = {}


class GateSection(_Section):
    """Which proposals ask policy, and how the request is built."""

    on: Annotated[str, AfterValidator(_selector)]
    action: FlowAction
    resource: ResourceSection
    principal: FieldPath = "run"
    context: dict[Word, Annotated[ContextField, BeforeValidator(_context)]] = {}
    requires: list[Word] = []
    approvals: dict[Word, GrantSection] = {}

    def spec(self, pack: str) -> GateSpec:
        """The gate as the engine knows it."""
        return GateSpec(
            pack=pack,
            on=self.on,
            action=self.action,
            resource_kind=self.resource.kind,
            resource_phase=self.resource.phase,
            resource_id=self.resource.id,
            principal=self.principal,
            context=dict(self.context),
            requires=tuple(self.requires),
            approvals={
                point: Grant(tuple(grant.gates), dict(grant.context)) for point, grant in self.approvals.items()
            },
        )


class RequiresSection(_Section):
    """Which versions the pack runs with."""

    converge: Annotated[Text, AfterValidator(_range)]


class Manifest(_Section):
    """A pack as its author wires it; names refer to suggestors.py and facts.py, or to the one file."""

    pack: Literal["v1"]
    name: PackName
    version: Annotated[Text, BeforeValidator(_version)]
    description: Text
    suggestors: Annotated[list[PythonName], Field(min_length=1)]
    kinds: dict[KindName, PythonName] = {}
    parameters: PythonName | None = None
    gates: list[GateSection] = []
    policy: list[Text] = []
    schema_file: Annotated[Text | None, Field(alias="schema")] = None
    requires: RequiresSection | None = None


def read_manifest(root: Node, findings: Findings) -> Manifest | None:
    """The manifest of a positioned tree, or None after findings that say what is wrong and where."""
    _refuse_business_rules(root, findings)
    if findings.failed:
        return None
    manifest = read_model(root, Manifest, findings)
    if manifest is None:
        return None
    _check_duplicates(root, manifest, findings)
    _check_policy(root, manifest, findings)
    for number, gate in enumerate(manifest.gates):
        node = root.nearest("gates", number)
        _check_gate(node, gate, findings)
    return None if findings.failed else manifest


def _refuse_business_rules(root: Node, findings: Findings) -> None:
    gates = root.get("gates")
    sections = [root, *(gates.value if gates is not None and isinstance(gates.value, list) else ())]
    for section in sections:
        for key in BUSINESS_RULES.intersection(section.keys):
            findings.add(
                "unknown-key",
                section.keys[key],
                f"{key!r} is a business rule, not wiring",
                "it belongs in the feature or the truth's parameters",
            )


def _check_duplicates(root: Node, manifest: Manifest, findings: Findings) -> None:
    for key, names in (("suggestors", manifest.suggestors), ("policy", manifest.policy)):
        for number, name in enumerate(names):
            if name in names[:number]:
                findings.add("duplicate-id", root.nearest(key, number).place, f"{name} is listed twice", "remove one")
    seen: set[tuple[str, FlowAction]] = set()
    for number, gate in enumerate(manifest.gates):
        about = (gate.resource.kind, gate.action)
        if about in seen:
            findings.add(
                "duplicate-id",
                root.nearest("gates", number).place,
                f"two gates are about {gate.action} of {gate.resource.kind}",
                "resource kind and action together name a gate; change one of them",
            )
        seen.add(about)


def _check_policy(root: Node, manifest: Manifest, findings: Findings) -> None:
    if manifest.gates:
        for key, given in (("policy", manifest.policy), ("schema", manifest.schema_file)):
            if not given:
                findings.add(
                    "missing-key", root.keys["gates"], f"a pack with gates ships a {key}", f"add {key}: policy/..."
                )
        return
    for key, given in (("policy", manifest.policy), ("schema", manifest.schema_file)):
        if given:
            findings.add("invalid-value", root.keys[key], f"without gates nothing ever asks the {key}", f"remove {key}")


def _check_gate(node: Node, gate: GateSection, findings: Findings) -> None:
    if len(gate.approvals) > MAX_POINTS:
        message = f"{len(gate.approvals)} approval points; a gate may have {MAX_POINTS}"
        findings.add("invalid-value", node.nearest("approvals").place, message, "join points that go together")
    for name in _OURS.intersection(gate.context):
        place = node.nearest("context").keys[name]
        findings.add("invalid-value", place, f"{name} is part of every request already", "remove it")
    for point, grant in gate.approvals.items():
        _check_grant(node.nearest("approvals", point), point, grant, gate, findings)


def _check_grant(node: Node, point: str, grant: GrantSection, gate: GateSection, findings: Findings) -> None:
    if not grant.gates and not grant.context:
        findings.add("invalid-value", node.place, f"{point} grants nothing", "name gates or context that it grants")
    for number, name in enumerate(grant.gates):
        if name not in gate.requires:
            place = node.nearest("gates", number).place
            findings.add("invalid-value", place, f"gate {name} is not required", f"add {name} to requires")
    for name, value in grant.context.items():
        expected: type | None = bool if name == "human_approval_present" else None
        if name in gate.context:
            expected = _GRANTED[gate.context[name].type]
        place = node.nearest("context", name).place
        if expected is None:
            findings.add("invalid-value", place, f"the request has no {name}", "grant what the gate's context declares")
        elif type(value) is not expected:
            findings.add("invalid-value", place, f"{name} is granted as {value!r}, another type", "match the context")
