"""What a truth's packs are asked: parameters given at run, and packs that can't be loaded."""

from pathlib import Path
from typing import Any

import pytest

from converge_cli.core.pack import InvalidPackError, Pack, Parameters
from converge_cli.pack.registry import PackRegistry
from converge_cli.truth.compiler import compile_truth
from converge_cli.truth.source import Source

CONTRACT = """truth: v1
key: plain
kind: job
title: Every vendor is scored
packs: [shop]
success_criteria:
  - {id: scored, description: A score exists, then: ['the Context key "Evaluations" contains at least 1 fact']}
"""


def test_a_parameter_for_a_pack_that_is_not_used_is_a_finding(shop: Any) -> None:
    """A misspelt pack in --param would change nothing, so it is refused, with a guess."""
    compilation = compile_truth(
        Source("truth.yaml", CONTRACT.encode()), [], shop.Shelf(), {"shopp": {("weights", "price"): 1}}
    )

    assert [("unknown-pack", "a parameter is given for shopp, which is not among the packs", "did you mean shop?")] == [
        (item.name, item.message, item.fix) for item in compilation.diagnostics if item.severity == "error"
    ]


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        ("pack: v1\nname: shop\nsugestors: [Shop]\n", "shop/pack.yaml:3:1: unknown key 'sugestors'"),
        (
            "pack: v1\nname: shop\nversion: 1\ndescription: A shop\nsuggestors: [Shop]\n",
            "shop/pack.yaml:5:1: the pack has",
        ),
    ],
)
def test_a_broken_pack_is_named_with_the_line_at_fault(tmp_path: Path, manifest: str, expected: str) -> None:
    """The finding stands in the truth, so its message leads to the pack's own file."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "pack.yaml").write_text(manifest)
    compilation = compile_truth(Source("truth.yaml", CONTRACT.encode()), [], PackRegistry([tmp_path]))

    broken = [item.message for item in compilation.diagnostics if item.name == "broken-pack"]

    assert 1 == len(broken)
    assert broken[0].startswith(expected)


def test_a_broken_pack_of_one_file_is_named_without_the_folders_of_the_machine(tmp_path: Path) -> None:
    """The same finding wherever the project stands."""
    (tmp_path / "shop.py").write_text("PACK = {}\n")
    compilation = compile_truth(Source("truth.yaml", CONTRACT.encode()), [], PackRegistry([tmp_path]))

    (broken,) = [item.message for item in compilation.diagnostics if item.name == "broken-pack"]
    assert "shop.py:1:8: the file has no 'pack' (and 4 more)" == broken


def test_entity_states_are_not_given_for_one_run(shop: Any) -> None:
    """How things may move is the truth's, whoever runs it; an override that changed nothing would be worse."""
    compilation = compile_truth(
        Source("truth.yaml", CONTRACT.encode()), [], shop.Shelf(), {"shop": {("entity_states", "offer"): {}}}
    )

    told = "parameters of pack shop: entity_states is declared in the truth, and the same in each of its runs"
    assert [("invalid-parameters", told)] == [(item.name, item.message) for item in compilation.diagnostics]


def test_a_pack_leaves_the_parameter_entity_states_to_the_truth() -> None:
    """A field of that name would never be filled."""

    class Mine(Parameters, frozen=True):
        entity_states: str = ""

    with pytest.raises(InvalidPackError, match="which belongs to the truth"):
        Pack("mine", kinds={}, factories=[], parameters=Mine)
