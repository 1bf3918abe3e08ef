"""`converge validate --run` and plain `behave` come to the same verdict on every scenario, whatever becomes of it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GREENHOUSE = ROOT / "docs" / "examples" / "custom-agent"

Verdicts = dict[str, dict[int, list[str]]]
"""Feature file -> line of the scenario or outline -> its verdict, or one a row."""

MORE = """
  @invariant @semantic @id:no_guesses
  Scenario: Nobody guesses how much water a bed needs
    Given any fact under key "Hypotheses" with id "watering:*"
    Then field "litres" must be at most 1

  @validation @id:modest
  Scenario: No decision is for more than 11 litres
    Given any proposal under key "Strategies" with id "watering:*"
    Then field "litres" must be at most 11

  @manual
  Scenario: Somebody looks at the plants
    Given somebody looks
    Then all is green

  @manual
  Scenario Outline: Somebody looks at the <bed> bed
    Then the <bed> bed is green

    Examples:
      | bed   |
      | north |
      | south |

  @e2e
  Scenario: A large bed in a story that expects no violation
    Given input "readings" is:
      | bed   | crop   | moisture | area_m2 |
      | north | tomato | 10       | 6       |
    When the truth runs to convergence
    Then fact "watering:north" under key "Strategies" has field "litres" 24

  @e2e
  Scenario: A story that can't be told
    Given input "readings" is:
      | bed   | crop   | moisture | area_m2 |
      | north | tomato | wet      | 6       |
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"

  @e2e
  Scenario Outline: The <bed> bed gets its water
    When the truth runs to convergence
    Then fact "watering:<bed>" under key "Strategies" has field "litres" <litres>

    Examples:
      | bed   | litres |
      | north | 12     |
      | south | 7      |

    Examples: of the afternoon
      | bed  | litres |
      | east | 8      |
"""
POLICY = """truth: v1
key: thrift
kind: policy
title: Water is never wasted
applies_to: ["*"]
constraints:
  - {id: no_flood, severity: hard, given: 'any proposal under key "Strategies" with id "watering:*"',
     then: ['field "litres" must be at most 30']}
"""
POLICY_FEATURE = """Feature: Water is never wasted

  @invariant @structural @id:reasons_are_given
  Scenario: Every decision says why
    Given any fact under key "Strategies" with id "watering:*"
    Then it must include:
      | field  | rule             |
      | reason | non-empty string |

  @invariant @structural @id:little_water
  Scenario: No bed gets more than 13 litres
    Given any fact under key "Strategies" with id "watering:*"
    Then field "litres" must be at most 13

  @e2e
  Scenario: The north bed needs twelve litres
    When the truth runs to convergence
    Then fact "watering:north" under key "Strategies" has field "litres" 12
"""


@pytest.fixture
def garden(tmp_path: Path) -> Path:
    """Two jobs of unlike thirst, and a policy that holds in both."""
    folder = tmp_path / "garden"
    shutil.copytree(GREENHOUSE, folder)
    other = folder / "truths" / "thirsty"
    shutil.copytree(folder / "truths" / "custom-agent", other)
    text = (other / "truth.yaml").read_text().replace("key: custom-agent", "key: thirsty\nfeatures: [thirsty.feature]")
    (other / "truth.yaml").write_text(text.replace("litres_per_m2: 4", "litres_per_m2: 5"))
    shared = (folder / "features" / "custom-agent.feature").read_text()
    (folder / "features" / "thirsty.feature").write_text(shared.replace('litres" 12', 'litres" 15'))
    policy = folder / "truths" / "thrift"
    policy.mkdir()
    (policy / "truth.yaml").write_text(POLICY)
    (folder / "features" / "thrift.feature").write_text(POLICY_FEATURE)
    return folder


def validated(converge: Any, folder: Path) -> tuple[int, Verdicts]:
    """What `validate --run` says."""
    ran = converge("validate", "--run", "--json", cwd=folder)
    found: dict[tuple[str, int, str], list[str]] = {}
    for run in ran.data["runs"]:
        for item in [*run["rules"], *run["examples"], *run["manual"]]:
            if item["scenario"] is not None:
                found.setdefault((item["file"], item["line"], item["id"]), []).append(item["scenario"])
    verdicts: Verdicts = {}
    for (file, line, _), several in found.items():
        # A scenario of a policy is judged on each job: it must hold on each that exercises it.
        one = "failed" if "failed" in several else "passed" if "passed" in several else "skipped"
        verdicts.setdefault(file, {}).setdefault(line, []).append(one)
    return ran.code, verdicts


def behaved(folder: Path, record: Path) -> tuple[int, Verdicts]:
    """What behave says."""
    command = [sys.executable, "-m", "behave", "--no-color", "-f", "json", "-o", str(record)]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, timeout=100, check=False
    )
    verdicts: Verdicts = {}
    for feature in json.loads(record.read_text()):
        file = Path(feature["filename"] if "filename" in feature else feature["location"].rpartition(":")[0])
        for element in feature["elements"]:
            line = _heading(folder / file, int(element["location"].rpartition(":")[2]))
            verdicts.setdefault(file.name, {}).setdefault(line, []).append(element["status"])
    return done.returncode, verdicts


def _heading(feature: Path, line: int) -> int:
    """The line of the scenario that a line belongs to: behave names the row of an outline."""
    lines = feature.read_text().split("\n")
    return next(number for number in range(line, 0, -1) if lines[number - 1].strip().startswith("Scenario"))


def test_both_agree_on_our_own_truths(converge: Any, tmp_path: Path) -> None:
    """Every scenario of features/ passes in both."""
    code, verdicts = validated(converge, ROOT)

    assert (0, {"passed"}) == (
        code,
        {one for lines in verdicts.values() for all_of in lines.values() for one in all_of},
    )
    assert (code, verdicts) == behaved(ROOT, tmp_path / "record.json")


def test_both_agree_where_scenarios_fail_are_skipped_or_belong_to_several_jobs(
    converge: Any, garden: Path, tmp_path: Path
) -> None:
    """Broken rules and stories, gaps, what nothing exercises, rows of outlines, a policy over two jobs."""
    feature = garden / "features" / "custom-agent.feature"
    feature.write_text(feature.read_text() + MORE)
    code, verdicts = validated(converge, garden)

    assert {"passed", "failed", "skipped"} == {
        one for lines in verdicts.values() for all_of in lines.values() for one in all_of
    }
    assert ["failed", "failed", "passed"] in verdicts["custom-agent.feature"].values()
    assert [["passed"], ["failed"], ["failed"]] == [verdicts["thrift.feature"][line] for line in (4, 11, 16)]
    assert (code, verdicts) == behaved(garden, tmp_path / "record.json")


def test_both_agree_when_the_own_run_is_broken(converge: Any, garden: Path, tmp_path: Path) -> None:
    """No rule can be told then, and examples with inputs of their own still can."""
    (garden / "truths" / "thirsty" / "readings.csv").write_text("bed,crop\nnorth,moss\n")
    code, verdicts = validated(converge, garden)

    assert (1, {"passed", "failed"}) == (code, {all_of[0] for all_of in verdicts["thirsty.feature"].values()})
    assert (code, verdicts) == behaved(garden, tmp_path / "record.json")
