"""What is given to an example: tables, texts and files in place of the truth's own inputs."""

import pytest
from greenhouse_project import MET, RUNS, Project, details, litres

WET = "bed,crop,moisture,area_m2\nmoon,moss,80,1\n"


def test_a_doc_string_is_read_as_the_file_of_the_input_would_be(project: Project) -> None:
    """The declared file is a CSV."""
    text = ['"""', *WET.split(), '"""']
    outcome = project.example('Given input "readings" is:', *text, RUNS, MET, litres("moon", 0))
    assert [] == details(outcome)


@pytest.mark.parametrize("place", ["features", "truths/custom-agent"])
@pytest.mark.parametrize(("file", "path"), [("wet/readings.csv", "wet"), ("wet/readings.csv", "wet/readings.csv")])
def test_inputs_come_from_a_folder_or_file_beside_the_feature_or_the_truth(
    project: Project, place: str, file: str, path: str
) -> None:
    """Named like the declared file."""
    target = project.folder / place / file
    target.parent.mkdir()
    target.write_text(WET)
    outcome = project.example(f'Given the inputs from "{path}"', RUNS, MET, litres("moon", 0))
    assert (None, []) == (outcome.error, details(outcome))


def test_a_file_may_have_the_name_of_the_input_and_another_ending(project: Project) -> None:
    """A JSON file for an input that is declared as CSV."""
    (project.folder / "features" / "readings.json").write_text(
        '[{"bed": "moon", "crop": "moss", "moisture": 80, "area_m2": 1}]'
    )
    outcome = project.example('Given the inputs from "readings.json"', RUNS, MET, litres("moon", 0))
    assert (None, []) == (outcome.error, details(outcome))


def test_a_table_wins_over_a_file(project: Project) -> None:
    """Whichever stands first: the closer one is meant."""
    wet = project.folder / "features" / "readings.csv"
    wet.write_text(WET)
    table = ["| bed | crop | moisture | area_m2 |", "| mars | moss | 80 | 1 |"]
    outcome = project.example(
        'Given input "readings" is:', *table, 'And the inputs from "readings.csv"', RUNS, MET, litres("mars", 0)
    )
    assert (None, []) == (outcome.error, details(outcome))


TABLE = ['input "readings" is:', "| bed | crop | moisture | area_m2 |", "| mars | moss | {moisture} | 1 |"]


@pytest.mark.parametrize(
    ("steps", "code", "said"),
    [
        (['Given the inputs from "nowhere"'], "EXAMPLE_INPUT_INVALID", "there is no 'nowhere'"),
        (['Given the inputs from "/etc"'], "EXAMPLE_INPUT_INVALID", "'/etc' is an absolute path"),
        (['Given the inputs from "C:/data"'], "EXAMPLE_INPUT_INVALID", "'C:/data' is an absolute path"),
        (['Given the inputs from "steps"'], "EXAMPLE_INPUT_INVALID", "is named like an input"),
        (['Given the inputs from "both"'], "EXAMPLE_INPUT_INVALID", "readings.json and readings.yaml both fit"),
        ([f"Given {TABLE[0]}", *TABLE[1:], f"And {TABLE[0]}", *TABLE[1:]], "EXAMPLE_INPUT_INVALID", "given twice"),
        ([f"Given {TABLE[0]}", *TABLE[1:]], "INPUT_INVALID", "row 2, column moisture"),
    ],
)
def test_an_example_that_cannot_run_says_why_and_fails(
    project: Project, steps: list[str], code: str, said: str
) -> None:
    """It never passes for want of a run."""
    both = project.folder / "features" / "both"
    both.mkdir()
    for ending in ("json", "yaml"):
        (both / f"readings.{ending}").write_text("[]")
    outcome = project.example(*(step.replace("{moisture}", "wet") for step in steps), RUNS, MET)

    assert outcome.error is not None
    assert (False, None, code, True) == (outcome.ok, outcome.result, outcome.error.code, said in str(outcome.error))


def test_lines_with_one_name_are_one_suggestor(project: Project) -> None:
    """Two proposals of the same neighbour, both promoted."""
    lines = [
        line
        for bed in ("mars", "moon")
        for line in (
            f'Given suggestor "neighbour" proposes "reading:{bed}" under key "Seeds":',
            "| field | value |",
            f"| bed | {bed} |",
            "| crop | moss |",
            "| moisture | 90 |",
            "| area_m2 | 1 |",
        )
    ]
    outcome = project.example(*lines, RUNS, MET, litres("mars", 0), litres("moon", 0))
    assert (None, []) == (outcome.error, details(outcome))
