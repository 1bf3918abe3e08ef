"""What runs show of the rules of a feature: held, failed, not exercised."""

import asyncio

import pytest
from greenhouse_project import MET, RUNS, Project, clause, details

from converge_cli.app.examples.run_examples import run_truth_examples

LARGE = [
    'Given input "readings" is:',
    "| bed | crop | moisture | area_m2 |",
    "| north | moss | 10 | 6 |",
    RUNS,
]


@pytest.mark.parametrize(
    ("thens", "verdict"),
    [
        (['Then invariant "no_bed_drowns" is violated'], "holds"),
        (['Then the stop reason is "InvariantViolated"'], "holds"),
        (['Then the stop reason is "InvariantViolated"', 'And invariant "no_bed_drowns" is violated'], "holds"),
        (['Then fact "watering:north" under key "Strategies" has field "litres" 24'], "violated"),
        (['Then the stop reason is "CriteriaMet"'], "violated"),
        (['Then invariant "tank_lasts" is violated'], "violated"),
    ],
)
def test_a_rule_fails_when_a_run_breaks_it_that_does_not_expect_to(
    project: Project, thens: list[str], verdict: str
) -> None:
    """Expected when a Then names it as violated, or says no more than that the run stops so."""
    project.example(*LARGE, *thens)
    examples = asyncio.run(run_truth_examples(project.services, project.location))
    detail = "example 'One more' violates it (watering:north)" if verdict == "violated" else ""

    assert (verdict, detail) == clause(examples, "no_bed_drowns")
    assert (verdict == "holds") == examples.ok


def test_the_truths_own_run_expects_no_violation(project: Project) -> None:
    """Its file holds a bed that is too large."""
    (project.truth.parent / "readings.csv").write_text("bed,crop,moisture,area_m2\nnorth,moss,10,6\n")
    detail = "the run on the truth's own inputs violates it (watering:north)"
    found = clause(project.run(), "no_bed_drowns")

    assert ("violated", True) == (found[0], detail in found[1])


def test_a_rule_that_no_run_exercises_is_neither_held_nor_failed(project: Project) -> None:
    """Counted, so that nobody takes it for held; no failure either."""
    # The truth's first example says that nothing is unexercised.
    project.feature.write_text(project.feature.read_text().replace("    And no invariant is unexercised\n", ""))
    given = '    Given any fact under key "Hypotheses" with id "watering:*"\n'
    examples = project.run(
        f'  @invariant @semantic @id:idle\n  Scenario: A\n{given}    Then field "litres" must be at most 1\n',
        f"  @validation @id:idle_check\n  Scenario: B\n{given.replace('fact', 'proposal')}"
        '    Then field "litres" must be at most 1\n',
        "  @manual @id:gap\n  Scenario: C\n    Given somebody looks\n",
    )
    assert ["not exercised"] * 2 == [clause(examples, name)[0] for name in ("idle", "idle_check")]
    assert (True, (9, 0, 2, 1), ["gap"]) == (examples.ok, examples.counts, [gap.id for gap in examples.gaps])


VALIDATION = """  @validation @id:modest
  Scenario: Modest
    Given any proposal under key "Strategies" with id "watering:*"
    Then field "litres" must be at most {most}
"""
DROWNED = [
    'Given suggestor "flood" proposes "watering:south" under key "Strategies":',
    "| field | value |",
    "| bed | south |",
    "| reading | reading:south |",
    "| litres | 19 |",
    "| reason | why not |",
]


def test_a_validation_holds_when_a_run_passed_it_or_was_rejected_as_it_expects(project: Project) -> None:
    """Rejecting is its work."""
    project.feature.write_text(project.feature.read_text().split("  @e2e")[0] + VALIDATION.format(most=12))
    outcome = project.example(
        *DROWNED, RUNS, 'Then proposal "watering:south" is rejected with "VALIDATION"', f"And {MET[5:]}"
    )
    assert (None, []) == (outcome.error, details(outcome))
    assert ("holds", "") == clause(project.run(), "modest")


def test_a_validation_fails_when_a_run_is_rejected_that_does_not_expect_it(project: Project) -> None:
    """The truth's own suggestor proposes what the truth does not allow: one of them is wrong."""
    verdict, detail = clause(project.run(VALIDATION.format(most=10)), "modest")

    assert "violated" == verdict
    assert "the run on the truth's own inputs: " in detail
    assert "proposes watering:north, which is rejected: modest" in detail


@pytest.mark.parametrize(("key", "verdict"), [("Strategies", "holds"), ("Signals", "violated")])
def test_a_contract_on_a_suggestor_is_judged_on_what_it_proposes(project: Project, key: str, verdict: str) -> None:
    """Held by what became a fact, broken by what was rejected for it."""
    name = next(item.suggestor for item in project.run().own.facts if item.kind == "watering")  # type: ignore[union-attr]
    contract = (
        f'  @suggestor @id:contract\n  Scenario: Contract\n    When suggestor "{name}" executes\n'
        f'    Then it proposes facts only under key "{key}"\n'
    )
    assert verdict == clause(project.run(contract), "contract")[0]


def test_a_truth_that_cannot_run_on_its_own_inputs_says_so(project: Project) -> None:
    """The examples with inputs of their own still run."""
    (project.truth.parent / "readings.csv").write_text("bed,crop,moisture,area_m2\nnorth,moss,wet,6\n")
    examples = project.run()

    assert examples.own_error is not None
    assert (None, "INPUT_INVALID", False) == (examples.own, examples.own_error.code, examples.ok)
    assert {True, False} == {item.ok for item in examples.outcomes}
