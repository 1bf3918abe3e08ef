"""Whatever stands in a YAML file, its model is read or something is found, never an exception."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from converge_cli.pack.manifest import Manifest
from converge_cli.truth.contract import Contract
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.model_reader import read_model
from converge_cli.truth.people import PeopleFile
from converge_cli.truth.source import Source
from converge_cli.truth.yaml_source import Node, plain, read_yaml

ROOT = Path(__file__).parents[2]
VALID = {
    Contract: ROOT / "tests/golden/truth/good/full.truth.yaml",
    PeopleFile: ROOT / "truths/people.yaml",
    Manifest: ROOT / "packs/procurement/pack.yaml",
}
SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**13), st.decimals(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["v1", "job", "5m", "a-b", "Seeds:x:*", "money price", ">=0.1", "interactive"]),
)  # fmt: skip


def _keys(kind: Any) -> set[str]:
    """Every key that a model has at any depth."""
    found: set[str] = set()
    if isinstance(kind, inspect.StructType):
        found |= {field.encode_name for field in kind.fields}.union(*(_keys(field.type) for field in kind.fields))
    for name in ("type", "item_type", "value_type"):
        found |= _keys(getattr(kind, name)) if hasattr(kind, name) else set()
    return found.union(*map(_keys, getattr(kind, "types", ())))


KEYS = sorted(set().union(*(_keys(inspect.type_info(model)) for model in VALID)))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=5)), inner, max_size=6),
    ),
    max_leaves=20,
)


def _tree(value: Any) -> Node:
    place = Place("f.yaml", 1, 1, 2)
    if isinstance(value, dict):
        node = Node({key: _tree(item) for key, item in value.items()}, place)
        node.keys = dict.fromkeys(value, place)
        return node
    return Node([_tree(item) for item in value] if isinstance(value, list) else value, place)


def _is_sound(value: Any, model: type[msgspec.Struct]) -> None:
    findings = Findings()
    read = read_model(_tree(value), model, findings)
    assert (read is None) == bool(findings.sorted())
    assert read is None or isinstance(read, model)


def _replaced(value: Any, path: list[int], new: Any) -> Any:
    """The value with the one at a path exchanged; numbers count through keys and items."""
    if not path or not isinstance(value, dict | list) or not value:
        return new
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    at = keys[path[0] % len(keys)]
    changed = _replaced(value[at], path[1:], new)
    if isinstance(value, dict):
        return {**value, at: changed}
    return [changed if number == at else item for number, item in enumerate(value)]


@pytest.mark.parametrize("model", VALID)
@SETTINGS
@given(value=VALUES)
def test_any_tree_gives_a_model_or_findings(model: type[msgspec.Struct], value: Any) -> None:
    """Trees of our keys, of other keys, and of none."""
    _is_sound(value, model)


@pytest.mark.parametrize("model", VALID)
@SETTINGS
@given(path=st.lists(st.integers(0, 30), max_size=6), value=VALUES)
def test_any_change_of_a_good_file_gives_a_model_or_findings(
    model: type[msgspec.Struct], path: list[int], value: Any
) -> None:
    """One value, anywhere, becomes another."""
    root = read_yaml(Source("f.yaml", VALID[model].read_bytes()), Findings())
    _is_sound(plain(root), model)
    _is_sound(_replaced(plain(root), path, value), model)


@SETTINGS
@given(number=st.one_of(st.integers(), st.decimals(allow_nan=False, allow_infinity=False)))
def test_a_score_is_read_exactly_or_refused(number: int | Decimal) -> None:
    """A confidence from 0 to 1 keeps its value, every other one is found."""
    tree = {"when": {"confidence_at_most": number}, "point": "p"}
    contract = plain(read_yaml(Source("f.yaml", VALID[Contract].read_bytes()), Findings()))
    findings = Findings()
    read = read_model(_tree({**contract, "hitl": [tree]}), Contract, findings)
    if 0 <= number <= 1:
        assert read is not None
        assert number == read.hitl[0].when.confidence_at_most
    else:
        assert ["invalid-value"] == [item.name for item in findings.sorted()]
