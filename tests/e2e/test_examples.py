"""Plain behave over features: green where the truths are, red where they are broken, and never another verdict."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from converge_cli.app.examples.run_examples import run_truth_examples
from converge_cli.app.examples.truth_examples import TruthExamples
from converge_cli.bootstrap import make_services
from converge_cli.settings import Settings
from converge_cli.truth.catalog import find_truth, truths_in

ROOT = Path(__file__).resolve().parents[2]
GREENHOUSE = ROOT / "docs" / "examples" / "custom-agent"
FEATURE = Path("features") / "custom-agent.feature"

Edit = Callable[[str], str]


class Walked(NamedTuple):
    """One run of behave: exit code, what it printed, and (line, status) of each scenario by feature file."""

    code: int
    text: str
    scenarios: dict[str, dict[int, str]]


def walk(folder: Path, record: Path, *arguments: str) -> Walked:
    """Run behave in a folder, in a process of its own."""
    command = [sys.executable, "-m", "behave", "--no-color", "-f", "json", "-o", str(record), "-f", "plain"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    return Walked(done.returncode, done.stdout + done.stderr, _statuses(record))


def _statuses(record: Path) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    features: list[Any] = json.loads(record.read_text() or "[]") if record.is_file() else []
    for feature in features:
        lines = found.setdefault(Path(feature["location"]).name.partition(":")[0], {})
        for element in feature.get("elements", ()):
            if element["type"] != "background":
                lines[int(element["location"].rpartition(":")[2])] = element["status"]
    return found


def judged(folder: Path, key: str) -> TruthExamples:
    """The same truth, judged without behave."""
    services = make_services(folder, settings=Settings("memory", folder / ".converge", None))
    return asyncio.run(run_truth_examples(services, find_truth(key, folder, services.shipped)))


def statuses(examples: TruthExamples) -> dict[str, dict[int, str]]:
    """Feature file -> line -> status in behave's words; of an outline those of its rows, in their order."""
    rules = [(item.origin, examples.verdict_of(item)) for item in examples.clauses if item.is_scenario]
    stories = [(item.example.origin, item.verdict) for item in examples.outcomes]
    found: dict[str, dict[int, str]] = {}
    for origin, status in [*rules, *stories]:
        assert origin is not None
        lines = found.setdefault(origin.file, {})
        lines[origin.line] = f"{lines.get(origin.line, '')} {status}".strip()
    return found


def at_outlines(file: Path, scenarios: dict[int, str]) -> dict[int, str]:
    """The statuses of a feature with those of the rows at the line of their outline, in their order."""
    texts = [line.strip() for line in file.read_text().splitlines()]
    found: dict[int, str] = {}
    for line, status in sorted(scenarios.items()):
        at = line
        while texts[at - 1].startswith(("|", "Examples:")) or (at < line and "Outline:" not in texts[at - 1]):
            at -= 1
        found[at] = f"{found.get(at, '')} {status}".strip()
    return found


@pytest.fixture
def greenhouse(tmp_path: Path) -> Path:
    """A user's own project, to be changed."""
    folder = tmp_path / "mine"
    shutil.copytree(GREENHOUSE, folder)
    return folder


def edit(project: Path, change: Edit) -> None:
    """Change the feature of the project."""
    file = project / FEATURE
    file.write_text(change(file.read_text()))


def test_behave_in_the_root_is_green_and_says_what_the_truths_say(tmp_path: Path) -> None:
    """Every scenario of every feature, one by one."""
    walked = walk(ROOT, tmp_path / "record.json")
    files = {file.name for file in (ROOT / "features").glob("*.feature")}
    jobs = [truth.key for truth in truths_in(ROOT / "truths") if truth.runs]
    judgements = [statuses(judged(ROOT, key)) for key in jobs]

    assert (0, files) == (walked.code, set(walked.scenarios)), walked.text
    assert {name: lines for found in judgements for name, lines in found.items()} == {
        name: at_outlines(ROOT / "features" / name, lines) for name, lines in walked.scenarios.items()
    }


def test_behave_in_a_users_project_is_green_and_writes_nothing(greenhouse: Path, tmp_path: Path) -> None:
    """The runs are nobody's record: no store appears."""
    before = [path for path in sorted(greenhouse.rglob("*")) if "__pycache__" not in path.parts]
    walked = walk(greenhouse, tmp_path / "record.json")
    after = [path for path in sorted(greenhouse.rglob("*")) if "__pycache__" not in path.parts]

    assert 0 == walked.code, walked.text
    assert statuses(judged(greenhouse, "custom-agent")) == walked.scenarios
    assert before == after


MORE = """
  @invariant @semantic @id:no_guesses
  Scenario: Nobody guesses how much water a bed needs
    Given any fact under key "Hypotheses" with id "watering:*"
    Then field "litres" must be at most 1

  @manual
  Scenario: Somebody looks at the plants
    Given somebody looks
    Then all is green

  @e2e
  Scenario: A large bed in a story that expects no violation
    Given input "readings" is:
      | bed   | crop   | moisture | area_m2 |
      | north | tomato | 10       | 6       |
    When the truth runs to convergence
    Then fact "watering:north" under key "Strategies" has field "litres" 24

  @e2e
  Scenario Outline: The <bed> bed gets its water
    When the truth runs to convergence
    Then fact "watering:<bed>" under key "Strategies" has field "litres" <litres>
    And criterion "decided" is unmet
    And fact "watering:<bed>" under key "Strategies" has field "litres" 12

    Examples:
      | bed   | litres |
      | north | 12     |
      | south | 7      |
"""


def test_each_then_passes_or_fails_by_itself_and_rules_are_judged_on_all_runs(greenhouse: Path, tmp_path: Path) -> None:
    """One rule is violated by a run that does not expect it, one is not exercised, one gap is documented."""
    edit(greenhouse, lambda text: text + MORE)
    walked = walk(greenhouse, tmp_path / "record.json")
    mine = walked.scenarios["custom-agent.feature"]
    lines = (greenhouse / FEATURE).read_text().split("\n")
    at = {text.strip(): number for number, text in enumerate(lines, start=1)}

    assert 1 == walked.code
    assert "failed" == mine[at["Scenario: No bed gets more than 20 litres"]]
    assert "example 'A large bed in a story that expects no violation' violates it (watering:north)" in walked.text
    assert "skipped" == mine[at["Scenario: Nobody guesses how much water a bed needs"]]
    assert "Nobody guesses how much water a bed needs (not exercised: " in walked.text
    assert "skipped" == mine[at["Scenario: Somebody looks at the plants"]]
    assert "Somebody looks at the plants (a documented gap" in walked.text
    assert ["failed", "failed"] == [mine[at["| north | 12     |"]], mine[at["| south | 7      |"]]]
    assert 2 == walked.text.count("ASSERT FAILED: criterion decided is met")
    assert 2 == walked.text.count("ASSERT FAILED: field litres of watering:south is 0")
    assert 0 == walked.text.count("ASSERT FAILED: field litres of watering:north")


def test_both_judge_alike_where_something_is_broken(greenhouse: Path, tmp_path: Path) -> None:
    """Line by line, apart from documented gaps (which no run judges) and rows (which behave counts by their own)."""
    edit(greenhouse, lambda text: text + MORE[: MORE.index("  @e2e\n  Scenario Outline")])
    walked = walk(greenhouse, tmp_path / "record.json")
    gap = (greenhouse / FEATURE).read_text().split("\n").index("  Scenario: Somebody looks at the plants") + 1

    found = statuses(judged(greenhouse, "custom-agent"))["custom-agent.feature"]
    assert found | {gap: "skipped"} == walked.scenarios["custom-agent.feature"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("Then the stop reason", "Then the stop raeson", 1), "CV014"),
        (lambda text: text.replace("When the truth runs", "Whne the truth runs", 1), "CV018"),
        (lambda text: text + "\n  @e2e\n  Scenario: Nothing\n    Gven nothing\n", "CV019"),
        (lambda text: text + "\n  @e2e\n  Scenario: Nothing at all\n", "has no steps"),
        (lambda text: text.replace("@e2e", "@e2ee", 1), "@e2ee"),
        (lambda text: "", "holds no feature"),
        (lambda text: "Feature: Only words\n  Feature: and more words\n", "has no scenario"),
        (lambda text: "# language: xx\n" + text, "xx"),
        (lambda text: text.replace('"CriteriaMet"', '"CriteriaUnmet"', 1), "the stop reason is CriteriaMet"),
        (lambda text: text.replace('"litres" 12', '"litres" 13', 1), "litres of watering:north is 12"),
    ],
)
def test_a_broken_feature_fails(greenhouse: Path, tmp_path: Path, change: Edit, said: str) -> None:
    """Misspelt steps, lines that Gherkin swallows, files without a feature, wrong expectations: none passes."""
    edit(greenhouse, change)
    walked = walk(greenhouse, tmp_path / "record.json")

    assert (1, True) == (walked.code, said in walked.text), walked.text


def test_a_feature_that_no_truth_uses_fails(greenhouse: Path, tmp_path: Path) -> None:
    """A feature alone says nothing, so it must not pass."""
    (greenhouse / "features" / "stray.feature").write_text((greenhouse / FEATURE).read_text())
    walked = walk(greenhouse, tmp_path / "record.json", "features/stray.feature")

    assert (1, {"failed"}) == (walked.code, set(walked.scenarios["stray.feature"].values()))
    assert "no truth uses" in walked.text


def test_a_feature_of_two_truths_must_hold_for_both(greenhouse: Path, tmp_path: Path) -> None:
    """The other one gives a bed more water, and it is named in what fails."""
    other = greenhouse / "truths" / "thirsty"
    shutil.copytree(greenhouse / "truths" / "custom-agent", other)
    truth = (
        (other / "truth.yaml")
        .read_text()
        .replace("key: custom-agent", "key: thirsty\nfeatures: [custom-agent.feature]")
    )
    (other / "truth.yaml").write_text(truth.replace("litres_per_m2: 4", "litres_per_m2: 5"))
    walked = walk(greenhouse, tmp_path / "record.json")

    assert 1 == walked.code
    assert "ASSERT FAILED: thirsty: field litres of watering:north is 15" in walked.text
    assert "custom-agent: " not in walked.text


def test_a_truth_that_cannot_run_fails_its_rules(greenhouse: Path, tmp_path: Path) -> None:
    """An input is malformed: what would be judged on the truth's own run is not judged, so it fails."""
    (greenhouse / "truths" / "custom-agent" / "readings.csv").write_text("bed,crop\nnorth,moss\n")
    walked = walk(greenhouse, tmp_path / "record.json", "--tags=invariant")

    assert 1 == walked.code
    assert 3 == walked.text.count("ASSERT FAILED: the truth can't run on its own inputs")


def test_steps_without_hooks_fail(greenhouse: Path, tmp_path: Path) -> None:
    """Without the hooks nothing has been judged."""
    (greenhouse / "features" / "environment.py").unlink()
    walked = walk(greenhouse, tmp_path / "record.json")

    assert (1, {"failed"}) == (walked.code, set(walked.scenarios["custom-agent.feature"].values()))
    assert "from converge_cli.testing.behave.hooks import *" in walked.text


def test_a_truth_whose_own_run_is_broken_fails_its_feature_even_without_rules(greenhouse: Path, tmp_path: Path) -> None:
    """Each example brings inputs of its own, so none of them would tell; the feature fails, its scenarios don't."""
    (greenhouse / "truths" / "custom-agent" / "readings.csv").write_text("bed,crop\nnorth,moss\n")
    text = (greenhouse / FEATURE).read_text()
    example = text[text.index("  @e2e\n  Scenario: Too many dry beds") :].partition("\n  @e2e\n  Scenario: Nobody")[0]
    edit(greenhouse, lambda _: f"Feature: Every bed has a watering decision\n\n{example}")
    truth = greenhouse / "truths" / "custom-agent" / "truth.yaml"
    kept = [line for line in truth.read_text().split("\n") if "guarded_by" not in line and "failure_modes" not in line]
    truth.write_text("\n".join(kept).replace("packs:", TANK + "packs:", 1))
    walked = walk(greenhouse, tmp_path / "record.json")

    assert (1, {"passed"}) == (walked.code, set(walked.scenarios["custom-agent.feature"].values())), walked.text
    assert "custom-agent: the truth can't run on its own inputs" in walked.text


TANK = """constraints:
  - id: tank_lasts
    severity: hard
    given: ['the engine reaches its fixed point', 'any fact under key "Strategies" with id "watering:*"']
    then: ['the sum of field "litres" must not exceed 60']
"""

OWN_STEPS = """from behave import given, step, then

@given("a {thing}")
def something(context, thing):
    context.thing = thing

@step("{anything} happens")
def happens(context, anything):
    pass

@then("{everything} is well")
def well(context, everything):
    assert context.thing == "spade"

@then('the stop reason is "{reason}"')
def lie(context, reason):
    pass
"""
OWN_FEATURE = """Feature: The tool shed

  Scenario: A spade
    Given a spade
    When digging happens
    Then all is well

  Scenario: A rake
    Given a rake
    When raking happens
    Then all is well

  @manual
  Scenario: A hoe
    Given a hoe
    Then it hoes
"""


def test_a_projects_own_behave_steps_and_ours_do_not_meet(greenhouse: Path, tmp_path: Path) -> None:
    """Loaded before or after ours, they take the features that no truth uses, and never a sentence of a truth."""
    steps = greenhouse / "features" / "steps"
    shed = greenhouse / "features" / "shed.feature"
    shed.write_text(OWN_FEATURE)
    edit(greenhouse, lambda text: text.replace('"CriteriaMet"', '"CriteriaUnmet"', 1))
    for name in ("a_first.py", "z_last.py"):
        (steps / name).write_text(OWN_STEPS)
        walked = walk(greenhouse, tmp_path / "record.json")
        (steps / name).unlink()

        assert "Ambiguous" not in walked.text, walked.text
        assert ["passed", "failed", "failed"] == list(walked.scenarios["shed.feature"].values())
        assert "no truth uses" in walked.text
        assert 1 == list(walked.scenarios["custom-agent.feature"].values()).count("failed")
        assert "ASSERT FAILED: the stop reason is CriteriaMet" in walked.text
