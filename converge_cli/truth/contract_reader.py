"""A truth's tree to the contract of its kind. A key of another kind of truth is told where it belongs."""

from collections.abc import Mapping, Sequence

from converge_cli.core.errors import did_you_mean
from converge_cli.truth.contract import Contract, InvariantContract, PolicyContract, SharedContract
from converge_cli.truth.findings import Findings
from converge_cli.truth.model_reader import read_model
from converge_cli.truth.truth_kind import KINDS, TruthKind, kind_of
from converge_cli.truth.yaml_source import Node

_JOB_ONLY = frozenset(
    ("job", "intent", "evidence", "exception", "packs", "parameters", "inputs", "budget", "success_criteria", "outputs")
)
_MODELS: Mapping[TruthKind, type[Contract | SharedContract]] = {
    "job": Contract,
    "policy": PolicyContract,
    "invariant": InvariantContract,
}
_A: Mapping[TruthKind, str] = {"job": "a job", "policy": "a policy", "invariant": "an invariant truth"}


def read_contract(root: Node, findings: Findings) -> Contract | SharedContract | None:
    """The contract, or None after a finding for each thing that does not fit."""
    kind = kind_of(root)
    return read_model(_with_kind(_without_strangers(root, kind, findings), kind, findings), _MODELS[kind], findings)


def _with_kind(root: Node, kind: TruthKind, findings: Findings) -> Node:
    """The tree as a truth of this kind, after a finding when it names a kind that does not exist."""
    node = root.get("kind")
    if node is None or node.value == kind:
        return root
    fix = did_you_mean(str(node.value), KINDS) or f"the kinds are {', '.join(KINDS)}"
    findings.add("unknown-kind-of-truth", node.place, f"there are no truths of kind {node.text or 'this'!r}", fix)
    return _copy(root, {**root.value, "kind": Node(kind, node.place, kind)})


def _without_strangers(root: Node, kind: TruthKind, findings: Findings) -> Node:
    """The tree without the keys of other kinds, after a finding for each."""
    if kind == "job":
        return _without(
            root, {"applies_to"}, "a job applies to itself; applies_to is for policies", "remove it", findings
        )
    fix = "move it to the truth.yaml of a job"
    root = _without(root, _JOB_ONLY, f"{_A[kind]} is no job, so it has no {{}}", fix, findings)
    other, own = ("pack", "applies_to") if kind == "policy" else ("applies_to", "pack")
    root = _without(root, {other}, f"{_A[kind]} says what it applies to with {own}", f"write {own}:", findings)
    authority = root.get("authority")
    if authority is None:
        return root
    message = f"{_A[kind]} acts for nobody, so it has no {{}}"
    mended = _without(authority, {"actor", "expires"}, message, fix, findings)
    return root if mended is authority else _copy(root, {**root.value, "authority": mended})


def _without(root: Node, strangers: set[str] | frozenset[str], message: str, fix: str, findings: Findings) -> Node:
    found: Sequence[str] = [key for key in root.keys if key in strangers]
    for key in found:
        findings.add("unknown-key", root.keys[key], message.format(key), fix)
    return _copy(root, {key: root.value[key] for key in root.value if key not in found}) if found else root


def _copy(root: Node, value: dict[str, Node]) -> Node:
    copy = Node(value, root.place, root.text)
    copy.keys = {key: place for key, place in root.keys.items() if key in value}
    return copy


def criterion_id(root: Node, name: str) -> Node | None:
    """Where a job declares the criterion or the item of evidence of this id; None when it does not."""
    for path in (("success_criteria",), ("evidence", "requires")):
        listed = root.at(*path)
        for item in listed.value if listed is not None and isinstance(listed.value, list) else ():
            found: Node | None = item.get("id")
            if found is not None and found.value == name:
                return found
    return None
