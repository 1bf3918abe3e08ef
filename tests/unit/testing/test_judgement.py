"""What behave is told of a scenario is what its run came to, whoever wrote its sentences."""

import asyncio
import shutil
from pathlib import Path

from converge_cli.app.examples.run_examples import run_truth_examples
from converge_cli.bootstrap import make_services
from converge_cli.settings import Settings
from converge_cli.testing.behave.judgement import judge_scenario
from converge_cli.truth.catalog import find_truth

PROJECT = Path(__file__).parents[2] / "golden" / "truth" / "bad" / "unused-step"
STEPS = """from converge_cli import step


@step("everybody is greeted in vain")
def in_vain():
    return ['criterion "greeted" is unmet', 'the stop reason is "CriteriaMet"']
"""
FEATURE = """Feature: Greetings
  @e2e
  Scenario: A greeting is lost
    When the truth runs to convergence
    Then everybody is greeted in vain
    And the stop reason is "CriteriaMet"
"""


def test_a_check_that_holds_hides_none_that_fails_in_the_same_line(tmp_path: Path) -> None:
    """A step of a pack stands for several checks: the line fails when one of them does."""
    project = Path(shutil.copytree(PROJECT, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__")))
    (project / "packs" / "polite" / "steps.py").write_text(STEPS)
    (project / "features" / "greet.feature").write_text(FEATURE)
    services = make_services(project, settings=Settings("memory", project, None))
    examples = asyncio.run(run_truth_examples(services, find_truth("greet", services.folder, services.shipped)))
    judgement = judge_scenario(examples, "greet.feature", 3, 0)

    assert "criterion greeted is met" in judgement.fault("then", 5)
    assert "" == judgement.fault("then", 6)
