"""Good truths compile to exactly these jobs; bad ones give exactly these findings.

A case is `<finding>` or `<finding>--<what>`: a truth, a feature or both. What needs more files is a folder beside them,
a project of its own: see test_golden_projects.py.
`python tests/golden/truth/test_golden_truths.py CASE ...` writes what bad cases give now; read it before you keep it.
"""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from converge_cli._internal.canonical_json import decode, encode
from converge_cli.truth.codes import CATALOGUE
from converge_cli.truth.compiler import Compilation, compile_truth
from converge_cli.truth.source import Source

HERE = Path(__file__).parent
PLAIN = (HERE / "good" / "minimal.truth.yaml").read_bytes()


def _shelf() -> Any:
    if "golden_shop" not in sys.modules:
        spec = importlib.util.spec_from_file_location("golden_shop", HERE / "shop.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules["golden_shop"] = module
        spec.loader.exec_module(module)
    return sys.modules["golden_shop"].Shelf()


def _compile(name: str, folder: str) -> Compilation:
    truth = HERE / folder / f"{name}.truth.yaml"
    features = sorted((HERE / folder).glob(f"{name}.*feature")) + sorted((HERE / folder).glob(f"{name}.feature"))
    data = truth.read_bytes() if truth.exists() else PLAIN
    sources = [Source(path.name, path.read_bytes()) for path in dict.fromkeys(features)]
    return compile_truth(Source(f"{name}.truth.yaml", data), sources, _shelf())


def _names(folder: str) -> list[str]:
    inside = list((HERE / folder).iterdir())
    projects = {path.name for path in inside if path.is_dir()}
    return sorted({path.name.split(".")[0] for path in inside} - projects)


def findings_of(name: str) -> list[list[Any]]:
    """What a bad truth gives, in the form of its JSON file."""
    return [
        [item.code, item.name, f"{item.file}:{item.line}:{item.column}-{item.end_column}", item.message, item.fix]
        for item in _compile(name, "bad").diagnostics
    ]


@pytest.mark.parametrize("name", _names("bad"))
def test_a_bad_truth_gives_exactly_the_expected_findings_at_their_places(name: str) -> None:
    """Code, place, message and fix of each finding are pinned."""
    expected = json.loads((HERE / "bad" / f"{name}.json").read_text())
    assert expected == findings_of(name)
    assert name.partition("--")[0] in {finding[1] for finding in expected}


@pytest.mark.parametrize("name", _names("good"))
def test_a_good_truth_compiles_to_exactly_the_expected_job(name: str) -> None:
    """The whole job and its examples are pinned, and nothing is found but the gaps that the text itself admits."""
    compiled = _compile(name, "good")
    assert {item.name for item in compiled.diagnostics} <= {"deferred-clause", "manual-scenario"}
    expected = json.loads((HERE / "good" / f"{name}.json").read_text())
    assert expected == decode(encode({"job": compiled.job, "examples": compiled.examples}))


@pytest.mark.parametrize("name", _names("good"))
def test_the_same_texts_give_the_same_bytes(name: str) -> None:
    """Compiling twice gives byte-identical jobs."""
    assert encode(_compile(name, "good").job) == encode(_compile(name, "good").job)


def test_every_code_of_the_catalogue_has_a_golden_file() -> None:
    """A code without a bad file would be untested; one needs a file that nobody would keep."""
    elsewhere = {"too-large"}
    cases = {path.name.split(".")[0].partition("--")[0] for path in (HERE / "bad").iterdir()}
    assert {kind.name for kind in CATALOGUE} - elsewhere <= cases
    assert cases <= {kind.name for kind in CATALOGUE}


if __name__ == "__main__":
    for case in sys.argv[1:]:
        found = json.dumps(findings_of(case), indent=1, ensure_ascii=False)
        (HERE / "bad" / f"{case}.json").write_text(found + "\n", encoding="utf-8")
        sys.stdout.write(f"{case}\n{found}\n")
