"""Decisions that an example gives: for all, for one, by whom, in which mode."""

import pytest
from greenhouse_project import MET, RUNS, Project, details, litres

from converge_cli.truth.diagnostics import InvalidTruthError

POINT = """
authority: {actor: anna, requires_approval: [water]}
approval_points:
  - {id: water, role: gardener, approves: 'any proposal under key "Strategies" with id "watering:*"', modes: MODES}
"""
PEOPLE = """people:
  - {id: anna, name: Anna, roles: [gardener], authority: supervisory, domains: [garden]}
  - {id: bert, name: Bert, roles: [guest], authority: advisory, domains: [garden]}
"""


def _with_people(project: Project, modes: str = "[interactive]") -> None:
    project.truth.write_text(project.truth.read_text() + POINT.replace("MODES", modes))
    (project.folder / "truths" / "people.yaml").write_text(PEOPLE)
    # Every example of the greenhouse would wait for people now.
    project.feature.write_text(project.feature.read_text().split("  @e2e")[0])


@pytest.mark.parametrize("modes", ["[interactive]", "[ci]", "[delegated, ci]"])
def test_without_for_a_decision_is_about_all_that_the_point_asks(project: Project, modes: str) -> None:
    """Three beds are asked for at once; whichever way the point allows is used."""
    _with_people(project, modes)
    outcome = project.example('Given "water" is approved by "anna"', RUNS, MET, litres("north", 12))
    assert (None, [], ()) == (outcome.error, details(outcome), outcome.refusals)


def test_for_narrows_a_decision_to_one_proposal(project: Project) -> None:
    """One bed is approved, one rejected, one still waits."""
    _with_people(project)
    outcome = project.example(
        'Given "water" is approved by "anna" for "watering:north"',
        'And "water" is rejected by "anna" for "watering:south"',
        RUNS,
        'Then the stop reason is "HumanInterventionRequired"',
        litres("north", 12),
    )
    assert outcome.result is not None
    assert [] == details(outcome)
    assert ["watering:east"] == [request.fact for request in outcome.result.pending]
    assert ["approved", "rejected"] == [asked.approvals[0].decision for asked in outcome.result.decided]


def test_a_decision_that_does_not_count_is_told_with_what_fails(project: Project) -> None:
    """The engine refuses it, and the Then that relied on it says so."""
    _with_people(project)
    outcome = project.example('Given "water" is approved by "bert"', RUNS, MET)

    assert not outcome.ok
    assert "bert's decision did not count: needs role gardener (ROLE_MISSING)" in outcome.explain(outcome.checks[0])


def test_a_person_whom_nobody_knows_is_a_fault_of_the_example(project: Project) -> None:
    """Known before anything runs: where people are listed the truth does not compile, else the example can't run."""
    _with_people(project)
    with pytest.raises(InvalidTruthError) as caught:
        project.example('Given "water" is approved by "carl"', RUNS, MET)
    assert ["unknown-person"] == [item.name for item in caught.value.diagnostics]

    (project.folder / "truths" / "people.yaml").unlink()
    outcome = project.run().outcomes[-1]
    assert outcome.error is not None
    assert "PERSON_UNKNOWN" == outcome.error.code
