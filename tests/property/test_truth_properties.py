"""Whatever is done to a truth's text, the answer is a job or findings, never an exception."""

import contextlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from converge_cli._internal.canonical_json import encode
from converge_cli.core.job import InputSpec
from converge_cli.core.kind import Kind
from converge_cli.truth.compiler import Compilation, compile_truth
from converge_cli.truth.inputs import InputError, read_input
from converge_cli.truth.people import InvalidPeopleError, read_people
from converge_cli.truth.source import Source

GOLDEN = Path(__file__).parents[1] / "golden" / "truth"
TRUTH = (GOLDEN / "good" / "full.truth.yaml").read_bytes()
FEATURES = [(GOLDEN / "good" / name).read_bytes() for name in ("full.feature", "full.second.feature")]
EDITS = st.lists(
    st.tuples(
        st.integers(0, 6000),
        st.integers(0, 40),
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(
                ["[", "{", '"', "'", ":", "\n", "  ", "@", "|", "#", "&a", "*a", "\t", "- ", "\x00", "/", "<x>"]
            ),
        ),
    ),
    min_size=1,
    max_size=4,
)
SETTINGS = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def shop() -> Any:
    """The in-memory packs."""
    if "golden_shop" not in sys.modules:
        spec = importlib.util.spec_from_file_location("golden_shop", GOLDEN / "shop.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules["golden_shop"] = module
        spec.loader.exec_module(module)
    return sys.modules["golden_shop"]


def _edited(data: bytes, edits: list[tuple[int, int, str]]) -> bytes:
    for start, length, text in edits:
        at = start % (len(data) + 1)
        data = data[:at] + text.encode("utf-8", "surrogatepass") + data[at + length :]
    return data


def _compile(shop: Any, truth: bytes, features: list[bytes]) -> Compilation:
    sources = [Source(f"f{number}.feature", data) for number, data in enumerate(features)]
    return compile_truth(Source("truth.yaml", truth), sources, shop.Shelf())


def _is_sound(compiled: Compilation) -> None:
    errors = [item for item in compiled.diagnostics if item.severity == "error"]
    assert (compiled.job is None) == bool(errors)
    assert all(item.line >= 1 and 1 <= item.column < item.end_column for item in compiled.diagnostics)


@SETTINGS
@given(edits=EDITS)
def test_any_edit_of_a_contract_gives_a_job_or_findings(shop: Any, edits: list[tuple[int, int, str]]) -> None:
    """Random cuts and insertions in truth.yaml."""
    _is_sound(_compile(shop, _edited(TRUTH, edits), FEATURES))


@SETTINGS
@given(edits=EDITS)
def test_any_edit_of_a_feature_gives_a_job_or_findings(shop: Any, edits: list[tuple[int, int, str]]) -> None:
    """Random cuts and insertions in a feature file."""
    _is_sound(_compile(shop, TRUTH, [_edited(FEATURES[0], edits), _edited(FEATURES[1], edits)]))


@SETTINGS
@given(edits=EDITS)
def test_the_same_texts_always_give_the_same_bytes(shop: Any, edits: list[tuple[int, int, str]]) -> None:
    """Findings and jobs are repeatable."""
    texts = _edited(TRUTH, edits[:1]), [_edited(FEATURES[0], edits[1:]), FEATURES[1]]
    first, second = _compile(shop, *texts), _compile(shop, *texts)
    assert first.diagnostics == second.diagnostics
    assert encode(first.job) == encode(second.job)


@SETTINGS
@given(data=st.binary(max_size=200), name=st.sampled_from(["v.csv", "v.json", "v.yaml"]))
def test_any_bytes_as_input_give_seeds_or_an_input_error(shop: Any, data: bytes, name: str) -> None:
    """Nothing else ever comes out of reading a file."""
    spec = InputSpec("vendors", "vendor", "vendor:{id}")
    for content in (data, b"id,price\n" + data, b'[{"id": "a", "price": ' + data + b"}]"):
        seeds: tuple[Any, ...] = ()
        with contextlib.suppress(InputError):
            seeds = read_input(spec, Source(name, content), Kind("vendor", shop.Vendor))
        assert len({seed.id for seed in seeds}) == len(seeds)


@SETTINGS
@given(data=st.binary(max_size=100))
def test_any_bytes_as_people_give_people_or_findings(data: bytes) -> None:
    """Nothing else ever comes out of reading people.yaml."""
    for content in (data, b"people:\n  - " + data):
        people: tuple[Any, ...] = ()
        with contextlib.suppress(InvalidPeopleError):
            people = read_people(Source("people.yaml", content))
        assert len({person.id for person in people}) == len(people)
