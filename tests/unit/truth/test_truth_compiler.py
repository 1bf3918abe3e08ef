"""From texts to a job: what the golden files can't show."""

import time
from pathlib import Path
from typing import Any

import pytest

from converge_cli._internal.canonical_json import encode
from converge_cli.core import predicate as p
from converge_cli.truth.codes import BY_CODE, CATALOGUE
from converge_cli.truth.compiler import compile_truth
from converge_cli.truth.diagnostics import InvalidTruthError
from converge_cli.truth.source import Source

CONTRACT = """truth: v1
key: plain
kind: job
title: Every vendor is scored
packs: [shop]
success_criteria:
  - {id: scored, description: A score exists, then: ['the Context key "Evaluations" contains at least 1 fact']}
"""
_INVARIANT = """
  @invariant @structural
  Scenario: Offer number {n} is kept
    Given any fact under key "Strategies" with id "offer:*"
    And the Context contains facts under key "Seeds" with id "vendor:*"
    Then field "price" must be at most {n}
    And field "vendor" must not be "nobody"
"""


def test_a_thousand_scenarios_compile_in_time(compile_text: Any) -> None:
    """The bar is 1.2 s on a quiet machine; three times that is a fault anywhere."""
    feature = "Feature: Many\n" + "".join(_INVARIANT.format(n=number) for number in range(1, 1001))
    began = time.perf_counter()
    compiled = compile_text(feature)
    assert time.perf_counter() - began < 3.6
    assert (1000, ()) == (len(compiled.job.invariants), compiled.diagnostics)


def test_one_bad_file_does_not_hide_the_next(compile_text: Any) -> None:
    """A contract that does not read leaves the findings of its feature to be found."""
    compiled = compile_text(
        "Feature: x\n  @invariant @structural\n  Scenario: Bids are red\n    Then it is so\n", contract="truth: [v1\n"
    )
    assert ["yaml-syntax", "unknown-step"] == [item.name for item in compiled.diagnostics]
    assert compiled.job is None


def test_a_language_header_is_honoured(compile_text: Any) -> None:
    """Keywords may be Swedish; the sentences stay those of the catalogue."""
    compiled = compile_text(
        "# language: sv\nEgenskap: x\n  @invariant @structural\n  Scenario: Priser hålls\n"
        '    Givet any fact under key "Strategies" with id "offer:*"\n    Så field "price" must be at most 5\n'
    )
    assert () == compiled.diagnostics
    assert "priser_halls" == compiled.job.invariants[0].id


def test_a_misspelt_pack_key_or_field_never_raises(compile_text: Any) -> None:
    """Findings come with the source line and a column range on it."""
    compiled = compile_text(more='outputs: {o: \'any fact under key "Seeds" with id "vendr:*"\'}\n')
    finding = compiled.diagnostics[0]
    assert '"vendr:*"' == finding.source_line[finding.column - 1 : finding.end_column - 1]


def test_findings_become_one_error_with_the_first_on_top(compile_text: Any) -> None:
    """The error carries all of them and points at the first."""
    compiled = compile_text(more="titel: x\nbudgt: {}\n")
    error = InvalidTruthError(compiled.diagnostics)
    assert ("TRUTH_INVALID", "truth.yaml:8:1", "did you mean title?") == (error.code, error.where, error.hint)
    assert "CV009 unknown-key: unknown key 'titel' (and 1 more)" == str(error)


def test_places_hold_no_folder(shop: Any) -> None:
    """The same truth in another folder compiles to the same bytes."""
    text = CONTRACT.encode()
    feature = ("Feature: x\n" + _INVARIANT.format(n=1)).encode()
    jobs = {
        encode(
            compile_truth(Source(f"{root}/truth.yaml", text), [Source(f"{root}/x.feature", feature)], shop.Shelf()).job
        )
        for root in ("/home/a", "b", ".")
    }
    assert 1 == len(jobs)


def test_in_a_truths_folder_the_key_is_the_folders_name(shop: Any) -> None:
    """A truth that is found under one name must not call itself another."""
    compiled = compile_truth(Source("truths/other/truth.yaml", CONTRACT.encode()), [], shop.Shelf())
    assert ["key plain stands in the folder other"] == [item.message for item in compiled.diagnostics]


@pytest.mark.parametrize(
    ("sentence", "when"),
    [
        ('no fact under key "Signals" exists', "structural"),
        ('the Context key "Signals" contains at most 3 facts', "structural"),
        ('the Context key "Signals" contains exactly 0 facts', "structural"),
        ('the Context key "Signals" contains at least 1 fact', "acceptance"),
        ('the Context key "Signals" contains exactly 1 fact', "acceptance"),
        ('for each "Seeds" fact there exists an "Evaluations" fact referencing it', "acceptance"),
    ],
)
def test_a_hard_constraint_is_judged_as_early_as_it_can_be(compile_text: Any, sentence: str, when: str) -> None:
    """What more facts can't mend is structural; what they can is acceptance (rule 3)."""
    compiled = compile_text(more=f"constraints: [{{id: c, severity: hard, then: ['{sentence}']}}]\n")
    assert [when] == [item.when for item in compiled.job.invariants]


def test_a_hard_constraint_on_proposals_refuses_and_a_soft_one_warns(compile_text: Any) -> None:
    """Hard becomes a validation with code CONSTRAINT; soft an acceptance invariant on the facts."""
    given = "given: 'any proposal under key \"Strategies\"'"
    line = f"{{{{id: {{0}}, severity: {{0}}, {given}, then: ['its confidence must be at least 1']}}}}"
    compiled = compile_text(more=f"constraints: [{line.format('hard')}, {line.format('soft')}]\n")
    assert [("hard", "CONSTRAINT")] == [(item.id, item.code) for item in compiled.job.validations]
    soft = compiled.job.invariants[0]
    assert ("soft", True, "acceptance") == (soft.id, soft.soft, soft.when)
    assert (p.Given("any", p.Selection("Strategies")),) == soft.given


def test_an_input_makes_its_own_criterion_reachable(compile_text: Any) -> None:
    """Facts that come in as rows need no suggestor."""
    criterion = (
        "success_criteria:\n  - {id: bids, description: Bids came, "
        'then: [\'the Context key "Seeds" contains at least 1 fact with id "vendor:*"\']}\n'
    )
    contract = CONTRACT.partition("success_criteria:")[0] + criterion
    assert ["unreachable-criterion"] == [item.name for item in compile_text(contract=contract).diagnostics]
    inputs = 'inputs: {vendors: {kind: vendor, id: "vendor:{id}"}}\n'
    assert () == compile_text(contract=contract + inputs).diagnostics


def test_codes_are_numbered_without_gaps_and_never_reused() -> None:
    """The number of an unknown step is in every tutorial: CV014."""
    assert [f"CV{number:03}" for number in range(1, len(CATALOGUE) + 1)] == [kind.code for kind in CATALOGUE]
    assert len(CATALOGUE) == len(BY_CODE)
    assert "unknown-step" == BY_CODE["CV014"].name


def test_parameters_are_kept_as_their_model_understood_them(compile_text: Any) -> None:
    """Defaults are filled in, decimals are text, so the job is plain JSON."""
    compiled = compile_text(more="parameters: {shop: {weights: {price: 0.25}}}\n")
    assert {"weights": {"price": "0.25"}, "limit": 3} == compiled.job.packs[0].parameters
    assert 3 == compiled.parameters["shop"].limit


def test_compiling_opens_no_file(compile_text: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It works in an empty folder, with inputs that do not exist."""
    monkeypatch.chdir(tmp_path)
    compiled = compile_text(more='inputs: {vendors: {file: none.csv, kind: vendor, id: "vendor:{id}"}}\n')
    assert "none.csv" == compiled.job.inputs[0].file
