"""What runs show, as findings: each at the sentence or clause that it is about, with what is so instead."""

from pathlib import Path

import pytest
from greenhouse_project import MET, RUNS, Project

from converge_cli.app.examples.truth_examples import TruthExamples
from converge_cli.app.validate.run_findings import run_findings

LARGE = """    Given input "readings" is:
      | bed   | crop   | moisture | area_m2 |
      | north | tomato | 10       | 6       |
    When the truth runs to convergence
"""
MODEST = """constraints:
  - id: modest
    severity: %s
    given: 'any fact under key "Strategies" with id "watering:*"'
    then: ['field "litres" must be at most 10']

success_criteria:
"""


def told(project: Project, examples: TruthExamples) -> list[tuple[str, str, str]]:
    """Name, the text at the place, message."""
    return [
        (item.name, item.source_line[item.column - 1 : item.end_column - 1], item.message)
        for item in run_findings(examples, project.folder)
    ]


def constrain(project: Project, severity: str) -> None:
    """Add a constraint that the truth's own suggestor does not keep."""
    text = project.truth.read_text().replace("success_criteria:\n", MODEST % severity, 1)
    project.truth.write_text(text)


def test_a_truth_whose_examples_hold_gives_no_finding(project: Project) -> None:
    """Violations that examples expect are no findings."""
    assert [] == told(project, project.run())


def test_a_then_that_does_not_hold_is_told_at_its_line_with_what_is_so(project: Project) -> None:
    """Each by itself; the example and the truth are named."""
    examples = project.run(
        f"  @e2e\n  Scenario: Wrong twice\n    {RUNS}\n    {MET}\n"
        '    And the stop reason is "CriteriaUnmet"\n    And criterion "decided" is unmet\n'
    )
    name = "(example 'Wrong twice' of custom-agent)"

    assert [
        (
            "example-failed",
            'And the stop reason is "CriteriaUnmet"',
            f"the stop reason is CriteriaMet (decided) {name}",
        ),
        ("example-failed", 'And criterion "decided" is unmet', f"criterion decided is met {name}"),
    ] == told(project, examples)


def test_of_an_outline_the_row_is_named(project: Project) -> None:
    """Its rows have one heading and the same sentences."""
    examples = project.run(
        f'  @e2e\n  Scenario Outline: As it may be\n    {RUNS}\n    Then the stop reason is "<reason>"\n\n'
        "    Examples:\n      | reason       |\n      | CriteriaMet  |\n      | NoProgress   |\n"
    )

    assert ["the stop reason is CriteriaMet (decided) (example 'As it may be', row 2, of custom-agent)"] == [
        message for _, _, message in told(project, examples)
    ]


def test_an_example_that_cannot_run_is_told_at_its_heading(project: Project) -> None:
    """A person whom nobody knows can't decide, so nothing runs."""
    heading = "Scenario: From nowhere"
    examples = project.run(f'  @e2e\n  {heading}\n    Given the inputs from "nowhere.csv"\n    {RUNS}\n    {MET}\n')
    found = told(project, examples)

    assert [("example-failed", heading)] == [item[:2] for item in found]
    assert found[0][2].startswith("example 'From nowhere' of custom-agent can't run: there is no 'nowhere.csv'")


def test_a_rule_is_told_at_its_heading_when_an_example_breaks_it_unexpectedly(project: Project) -> None:
    """With the facts that break it and the sentence that would expect it."""
    examples = project.run(f'  @e2e\n  Scenario: Large\n{LARGE}    Then the stop reason is "InvariantViolated"\n')
    assert [] == told(project, examples)

    text = project.feature.read_text().replace(
        '    Then the stop reason is "InvariantViolated"\n',
        '    Then fact "watering:north" under key "Strategies" has field "litres" 24\n',
    )
    project.feature.write_text(text.replace('    And invariant "no_bed_drowns" is violated\n', "", 1))
    found = run_findings(project.run(), project.folder)

    assert ["example-failed"] == [item.name for item in found if "no_bed_drowns" in item.message]
    assert found[0].message.endswith("violates it (watering:north)")
    assert 'mend what breaks it, or let the example say: Then invariant "no_bed_drowns" is violated' == found[0].fix
    assert ("features/custom-agent.feature", 4, 3) == (found[0].file, found[0].line, found[0].column)


def test_a_soft_constraint_that_is_violated_is_a_warning_at_its_id(project: Project) -> None:
    """It stops nothing, so every run that does not expect it is named."""
    constrain(project, "soft")
    project.feature.write_text(project.feature.read_text().replace("    And all invariants hold\n", ""))
    examples = project.run()
    found = run_findings(examples, project.folder)

    assert [("soft-violated", "warning", "modest")] == [
        (item.name, item.severity, item.source_line[item.column - 1 : item.end_column - 1]) for item in found
    ]
    assert (
        "modest of custom-agent: the run on the truth's own inputs violates it (watering:north); " in found[0].message
    )
    assert examples.ok


def test_a_hard_constraint_that_the_own_run_violates_is_an_error_at_its_id(project: Project) -> None:
    """It stands in truth.yaml, where behave does not look."""
    constrain(project, "hard")
    found = told(project, project.run())

    assert ("example-failed", "modest") in [item[:2] for item in found]


def test_what_no_run_exercises_is_a_warning_at_its_place(project: Project) -> None:
    """A rule at its heading, a criterion at its id; without any example and input nothing is shown."""
    project.truth.write_text(project.truth.read_text().replace("file: readings.csv, ", ""))
    project.feature.write_text(project.feature.read_text().split("  @e2e")[0])
    examples = project.run()

    assert "the truth leaves input readings to whoever runs it" == examples.no_own
    assert [
        ("not-exercised", "decided"),
        ("not-exercised", "Scenario: No bed gets more than 20 litres"),
        ("not-exercised", "Scenario: Water goes only to beds that were measured"),
        ("not-exercised", "Scenario: The plan fits into a tank of 60 litres"),
    ] == [item[:2] for item in told(project, examples)]


def test_examples_go_on_where_an_input_has_no_file(project: Project) -> None:
    """The truth has no run of its own, and that is no fault."""
    project.truth.write_text(project.truth.read_text().replace("file: readings.csv, ", ""))
    examples = project.run()
    by_title = {item.example.title: item.ok for item in examples.outcomes}

    assert (None, None, "") == (examples.own, examples.own_error, examples.own_fault)
    assert by_title["Too many dry beds empty the tank"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise RuntimeError('no water')", "it ends SuggestorFailed"),
        ("while True: pass", "it ends SuggestorFailed"),
        ("return None or 1", "it ends SuggestorFailed"),
    ],
)
def test_a_pack_that_fails_or_hangs_in_the_own_run_is_told_once(project: Project, body: str, said: str) -> None:
    """The truth's own run shows that something is broken; rules are not blamed for it, and nothing hangs."""
    pack = project.folder / "packs" / "greenhouse.py"
    head, definition, rest = pack.read_text().partition("    def execute(self, view: ContextView) -> Effect:\n")
    head = head.replace('    name = "watering', '    timeout = 0.3\n    name = "watering')
    pack.write_text(f"{head}{definition}        {body}\n{rest}")
    project.feature.write_text(project.feature.read_text().split("  @e2e")[0])
    found = told(project, project.run())

    assert ["example-failed"] == [item[0] for item in found]
    assert said in found[0][2]


def test_a_pack_that_fails_in_an_example_is_told_with_its_line_once(project: Project) -> None:
    """At the first sentence that does not hold; those below it say what is so."""
    pack = project.folder / "packs" / "greenhouse.py"
    head, definition, rest = pack.read_text().partition("    def execute(self, view: ContextView) -> Effect:\n")
    fails = "        if any(bed.payload.crop == 'moss' for bed in view.facts(self.reads[0])):\n"
    fails += "            raise RuntimeError('no water')\n"
    pack.write_text(f"{head}{definition}{fails}{rest}")
    moss = LARGE.replace("tomato", "moss")
    examples = project.run(f'  @e2e\n  Scenario: Moss\n{moss}    {MET}\n    And criterion "decided" is met\n')
    messages = [message for _, _, message in told(project, examples)]
    line = pack.read_text().splitlines().index("            raise RuntimeError('no water')") + 1
    failed = "suggestor watering-advisor failed"
    of = "(example 'Moss' of custom-agent)"

    assert [
        f"the stop reason is SuggestorFailed (decided): {failed}: EXCEPTION, greenhouse.py:{line}: "
        f"RuntimeError: no water {of}",
        f"criterion decided is indeterminate: {failed} {of}",
    ] == messages


def test_findings_name_files_as_seen_from_the_callers_folder(project: Project, tmp_path: Path) -> None:
    """Like every other finding."""
    examples = project.run(f'  @e2e\n  Scenario: Wrong\n    {RUNS}\n    Then criterion "decided" is unmet\n')

    assert ["features/custom-agent.feature"] == [item.file for item in run_findings(examples, project.folder)]
    assert ["mine/features/custom-agent.feature"] == [item.file for item in run_findings(examples, tmp_path)]
