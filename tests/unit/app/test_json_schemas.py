"""The schemas of a project's files: what an editor accepts, `validate` accepts, as far as a type can say it."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from converge_cli.app.json_schemas import FOLDER, NAMES, schema_of, schema_text, write_schemas
from converge_cli.app.settings_file import SettingsFile
from converge_cli.app.template import NotWritableError
from converge_cli.pack.manifest import Manifest
from converge_cli.pack.wiring import Wiring
from converge_cli.truth.contract import Contract, InvariantContract, PolicyContract
from converge_cli.truth.entity_states import MachineSection
from converge_cli.truth.findings import Findings
from converge_cli.truth.json_schema import meanings
from converge_cli.truth.model_reader import read_model
from converge_cli.truth.people import PeopleFile
from converge_cli.truth.source import Source
from converge_cli.truth.yaml_source import Node, plain, read_yaml

ROOT = Path(__file__).parents[3]
BAD = ROOT / "tests" / "golden" / "truth" / "bad"
MODELS = {
    "truth": (Contract, PolicyContract, InvariantContract, MachineSection),
    "wiring": (Wiring,),
    "pack": (Manifest,),
    "people": (PeopleFile,),
    "converge": (SettingsFile,),
}
OURS = sorted(
    path.relative_to(ROOT).as_posix()
    for name in NAMES
    for folder in ("truths", "packs", "docs/examples", "tests/golden/truth/good")
    for path in (ROOT / folder).rglob(f"*{name}.yaml")
)
WITH_MODELINE = [path for path in OURS if not path.startswith("tests/")]
TEMPLATES = sorted((ROOT / "converge_cli" / "template").rglob("*.yaml"))
SHAPES = {"unknown-key", "missing-key", "invalid-value", "unknown-kind-of-truth"}
BEYOND = {"authority.expires", "inputs.vendors.file", "field"}
"""What only the compiler knows of unfitting values in the golden files: dates, paths out of the folder, fields."""


def _tree(text: bytes) -> Node | None:
    return read_yaml(Source("f.yaml", text), Findings())


def _json(value: Any) -> Any:
    """As a YAML editor has it: numbers are numbers."""
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


def _errors(name: str, value: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft7Validator(schema_of(name)).iter_errors(_json(value))]


def _deep_errors(name: str, value: Any) -> list[str]:
    """Also what keeps each choice of a value from fitting."""
    found, waiting = [], list(jsonschema.Draft7Validator(schema_of(name)).iter_errors(_json(value)))
    for error in waiting:
        found.append(error.message)
        waiting += error.context or []
    return found


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1].removesuffix(".yaml").rsplit(".", 1)[-1]


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_a_schema(name: str) -> None:
    """By the dialect that it names."""
    schema = schema_of(name)
    jsonschema.Draft7Validator.check_schema(schema)
    assert "http://json-schema.org/draft-07/schema#" == schema["$schema"]


@pytest.mark.parametrize("folder", [FOLDER, f"docs/examples/custom-agent/{FOLDER}"])
@pytest.mark.parametrize("name", NAMES)
def test_the_schemas_beside_our_files_are_those_of_the_models(folder: str, name: str) -> None:
    """Whoever changes a model writes them again: converge schema --out .schemas, here and in the example."""
    assert schema_text(name) == (ROOT / folder / f"{name}.json").read_text()


@pytest.mark.parametrize("path", OURS)
def test_our_files_fit_their_schemas(path: str) -> None:
    """Truths, packs and people, ours and the good ones of the corpus."""
    assert [] == _errors(_name(path), plain(_tree((ROOT / path).read_bytes())))


@pytest.mark.parametrize("path", [*WITH_MODELINE, *(str(file) for file in TEMPLATES)])
def test_every_file_leads_its_editor_to_its_schema(path: str) -> None:
    """The first line names a file that is there; for a template, one that will be."""
    line = (ROOT / path).read_text().split("\n", 1)[0].replace("%%schemas", "../.schemas")
    found = re.fullmatch(r"# yaml-language-server: \$schema=((?:\.\./)*)\.schemas/(\w+)\.json", line)
    parts = Path(path).parts
    depth = (
        0
        if parts[-1] == "converge.yaml"
        else next(number for number, part in enumerate(reversed(parts)) if part in {"truths", "packs"})
    )
    assert found is not None
    assert ("../" * depth, _name(path)) == (found[1], found[2])


def _misfits(name: str) -> list[list[str]]:
    """The findings about the form of a bad truth that a schema can express."""
    found = json.loads((BAD / f"{name}.json").read_text())
    return [
        item for item in found
        if item[1] in SHAPES and ".truth.yaml" in item[2] and item[3].split(" ")[0] not in BEYOND
        and ("must" in item[3] or "has no" in item[3] or "unknown key" in item[3] or "; write" in item[3])
    ]  # fmt: skip


MISFITS = sorted(
    name for path in BAD.glob("*.truth.yaml") if (name := path.name.removesuffix(".truth.yaml")) and _misfits(name)
)


@pytest.mark.parametrize("name", MISFITS)
def test_a_truth_that_is_refused_for_its_form_is_underlined_too(name: str) -> None:
    """Whatever a schema can say of the corpus, it says."""
    assert _errors("truth", plain(_tree((BAD / f"{name}.truth.yaml").read_bytes())))


def test_the_corpus_has_such_truths() -> None:
    """Else the test above would pass by looking at nothing."""
    assert {"unknown-key", "missing-key", "invalid-value"} <= set(MISFITS)


def test_a_wiring_that_is_refused_for_its_form_is_underlined_too() -> None:
    """Rules of the business are keys that a wiring does not have."""
    text = (BAD / "business-rule-in-wiring" / "truths" / "small" / "wiring.yaml").read_bytes()
    assert {"forbidden_terms", "success_criteria", "min_confidence"} <= set(
        re.findall(r"'(\w+)'", " ".join(_deep_errors("wiring", plain(_tree(text)))))
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_key_is_explained(name: str) -> None:
    """An editor shows what the docstrings say, which speak of every key, and of none that is not there."""
    waiting = [inspect.type_info(model) for model in MODELS[name]]
    unexplained, invented = [], []
    for kind in waiting:
        if isinstance(kind, inspect.StructType) and kind.cls.__name__ in schema_of(name)["definitions"]:
            told, fields = meanings(kind.cls), {field.name for field in kind.fields}
            unexplained += [f"{kind.cls.__name__}.{field}" for field in fields if not told.get(field)]
            invented += [f"{kind.cls.__name__}.{field}" for field in told if field not in fields]
            waiting += [field.type for field in kind.fields]
        waiting += [
            inner for part in ("type", "item_type", "value_type") if (inner := getattr(kind, part, None)) is not None
        ]
        waiting += getattr(kind, "types", ())
    assert ([], []) == (sorted(set(unexplained)), sorted(set(invented)))


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 10), st.sampled_from([Decimal("0.5"), Decimal("1.5"), Decimal("-2.5")]),
    st.text(max_size=4), st.sampled_from(["v1", "5m", "hard", "a", "ci", "local", "lead", "run"]),
)  # fmt: skip
PLACES = st.lists(st.integers(0, 30), min_size=1, max_size=6)


def _replaced(value: Any, path: list[int], new: Any) -> Any:
    if not path or not isinstance(value, dict | list) or not value:
        return new
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    at = keys[path[0] % len(keys)]
    changed = _replaced(value[at], path[1:], new)
    if isinstance(value, dict):
        return {**value, at: changed}
    return [changed if number == at else item for number, item in enumerate(value)]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=PLACES, value=st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.just({})))
def test_what_the_reader_takes_an_editor_never_underlines(path: list[int], value: Any) -> None:
    """One value anywhere in a good truth becomes another: a truth that is read fits the schema."""
    good = plain(_tree((ROOT / "tests/golden/truth/good/full.truth.yaml").read_bytes()))
    changed = _replaced(good, path, value)
    findings = Findings()
    if read_model(_positioned(changed), Contract, findings) is not None:
        assert [] == _errors("truth", changed)


def _positioned(value: Any) -> Node:
    node = read_yaml(Source("f.yaml", b"a: b"), Findings())
    assert node is not None
    if isinstance(value, dict):
        tree = Node({key: _positioned(item) for key, item in value.items()}, node.place)
        tree.keys = dict.fromkeys(value, node.place)
        return tree
    return Node([_positioned(item) for item in value] if isinstance(value, list) else value, node.place)


def test_a_schema_that_cannot_be_written_is_an_error_with_the_path(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(NotWritableError) as raised:
        write_schemas(tmp_path / "taken")
    assert str(tmp_path / "taken" / "truth.json") == raised.value.where
