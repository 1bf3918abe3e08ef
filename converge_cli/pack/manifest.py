"""The manifest v1: what pack.yaml, or the dict PACK of a one-file pack, may hold. Wiring only, no business rules.

Must never import the pack that it describes.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from converge_cli.core.built_in_kinds import RESERVED_KINDS
from converge_cli.core.errors import MalformedSelectorError
from converge_cli.core.flow_gate import HUMAN_APPROVAL, MAX_POINTS, FlowAction, Grant, Phase
from converge_cli.core.pack_spec import ALWAYS, FORMS, ContextField, ContextType, GateSpec
from converge_cli.core.selector import selector
from converge_cli.pack.version_range import is_range
from converge_cli.truth.findings import Findings
from converge_cli.truth.model_reader import Stranger, read_model
from converge_cli.truth.yaml_source import Node
from converge_cli.truth.yaml_types import ClauseId, Section, Text, made_by, spelled

BUSINESS_RULES = frozenset(
    {
        "acceptance", "acceptance_criteria", "approval_points", "bands", "constraints", "criteria", "failure_modes",
        "forbidden", "forbidden_terms", "hitl", "invariants", "limits", "must_not", "rules", "scoring", "states",
        "success_criteria", "threshold", "thresholds", "transitions", "validations", "weights",
    }
)  # fmt: skip
"""Keys that people expect here and that belong elsewhere; each is refused by name."""

_CONTEXT_FORM = r"^(money|text|integer|decimal|boolean) +([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)$"
_CONTEXT = re.compile(_CONTEXT_FORM)


def _selector(text: str) -> None:
    try:
        selector(text)
    except MalformedSelectorError as error:
        raise ValueError(f"{error.message}; {error.hint}") from error


def _context(text: Any) -> ContextField:
    match = _CONTEXT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        msg = "write a type and a field of the proposal: money price, text region, integer days, decimal score"
        raise ValueError(msg)
    return ContextField(cast("ContextType", match.group(1)), match.group(2))


def _kind(name: str) -> None:
    if name in RESERVED_KINDS:
        msg = "a kind of this name is built in"
        raise ValueError(msg)


def _version(value: Any) -> str:
    # `version: 0.1` is a number for YAML and a version for everybody else.
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal) or not str(value).strip():
        msg = "write a version such as 0.1"
        raise ValueError(msg)
    return str(value)


def _range(text: str) -> None:
    if not is_range(text):
        msg = "write a range such as >=0.1 or >=0.1,<2"
        raise ValueError(msg)


def _checked(check: Callable[[str], None]) -> Meta:
    return Meta(extra={"check": check})


Word = ClauseId
PackName = Annotated[
    str, spelled(r"^[a-z][a-z0-9_-]*$", "small letters, digits, dashes and underscores, beginning with a letter")
]
KindName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$",
        extra={"must_be": "letters, digits, dots, dashes, underscores and slashes", "check": _kind},
    ),
]
PythonName = Annotated[str, spelled(r"^[A-Za-z_][A-Za-z0-9_]*$", "a Python name")]
FieldPath = Annotated[
    str, spelled(r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$", "a field, dotted if it is an inner one")
]


class ResourceSection(Section, frozen=True):
    """What a gate is about; `id` is the field of the proposal that names it.

    Attributes:
        kind: what it is to policy, for example spend.
        phase: where in its life it is.
        id: field of the proposal that names it.
    """

    kind: Text
    phase: Phase
    id: FieldPath


class GrantSection(Section, frozen=True):
    """What an approval of a point adds to the request.

    Attributes:
        gates: required gates that count as passed then.
        context: values that the request has then.
    """

    gates: tuple[Word, ...] = ()
    context: dict[Word, bool | int | str] = msgspec.field(default_factory=dict)


class GateSection(Section, frozen=True):
    """Which proposals ask policy, and how the request is built.

    Attributes:
        on: selector of the proposals that ask, such as "Strategies:commitment:*".
        when: field -> value, such as status issued; of the proposals only those ask that say so.
        action: what policy is asked for.
        resource: what the request is about.
        principal: run for the person of the run, or the field of the proposal that holds a person's id.
        context: name -> type and field of the proposal, such as money price.
        requires: gates that must be passed before.
        approvals: approval point -> what its approval adds to the request.
    """

    on: Annotated[str, _checked(_selector)]
    action: FlowAction
    resource: ResourceSection
    principal: FieldPath = "run"
    context: dict[Word, Annotated[ContextField, made_by(_context, type="string", pattern=_CONTEXT_FORM)]] = (
        msgspec.field(default_factory=dict)
    )
    requires: tuple[Word, ...] = ()
    approvals: dict[Word, GrantSection] = msgspec.field(default_factory=dict)
    when: dict[FieldPath, Text] = msgspec.field(default_factory=dict)

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
            when=dict(self.when),
            approvals={
                point: Grant(tuple(grant.gates), dict(grant.context)) for point, grant in self.approvals.items()
            },
        )


class RequiresSection(Section, frozen=True):
    """Which versions the pack runs with.

    Attributes:
        converge: a range of versions of Converge, such as >=0.1,<2.
    """

    converge: Annotated[Text, _checked(_range)]


class Manifest(Section, frozen=True):
    """A pack as its author wires it; names refer to suggestors.py and facts.py, or to the one file.

    Attributes:
        pack: version of the manifest's form.
        name: names the pack; its folder or file has the same name.
        version: the pack's own version.
        description: what it decides.
        suggestors: classes and functions of suggestors.py, in order of registration.
        kinds: kind of fact -> its model in facts.py.
        parameters: the model in facts.py of what a truth may tell the pack.
        gates: which proposals ask policy.
        policy: Cedar files that answer.
        schema_file: the Cedar schema of the policy.
        requires: which versions it runs with.
    """

    pack: Literal["v1"]
    name: PackName
    version: Annotated[str, made_by(_version, type=["string", "number"], pattern=r"\S")]
    description: Text
    suggestors: Annotated[tuple[PythonName, ...], Meta(min_length=1)]
    kinds: dict[KindName, PythonName] = msgspec.field(default_factory=dict)
    parameters: PythonName | None = None
    gates: tuple[GateSection, ...] = ()
    policy: tuple[Text, ...] = ()
    schema_file: Text | None = msgspec.field(default=None, name="schema")
    requires: RequiresSection | None = None


def read_manifest(root: Node, findings: Findings) -> Manifest | None:
    """The manifest of a positioned tree, or None after findings that say what is wrong and where."""
    manifest = read_model(root, Manifest, findings, _business_rule)
    if manifest is None:
        return None
    _check_duplicates(root, manifest, findings)
    _check_policy(root, manifest, findings)
    for number, gate in enumerate(manifest.gates):
        node = root.nearest("gates", number)
        _check_gate(node, gate, findings)
    return None if findings.failed else manifest


def _business_rule(key: str) -> Stranger | None:
    if key not in BUSINESS_RULES:
        return None
    fix = "it belongs in the feature or the truth's parameters"
    return Stranger("unknown-key", f"{key!r} is a business rule, not wiring", fix)


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
    for name in ALWAYS.keys() & gate.context.keys():
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
        expected: type | None = bool if name == HUMAN_APPROVAL else None
        if name in gate.context:
            expected = FORMS[gate.context[name].type]
        place = node.nearest("context", name).place
        if expected is None:
            findings.add("invalid-value", place, f"the request has no {name}", "grant what the gate's context declares")
        elif type(value) is not expected:
            findings.add("invalid-value", place, f"{name} is granted as {value!r}, another type", "match the context")
