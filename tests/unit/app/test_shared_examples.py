"""Features of policy and invariant truths: their scenarios are judged on each job that holds them."""

import asyncio
from pathlib import Path

import pytest
from greenhouse_project import Project, clause

from converge_cli.app.examples.run_examples import run_truth_examples
from converge_cli.app.validate.run_findings import run_findings
from converge_cli.truth.catalog import find_truth

POLICY = """truth: v1
key: thrift
kind: policy
title: Water is never wasted
applies_to: ["*"]
constraints:
  - id: no_flood
    severity: hard
    given: 'any proposal under key "Strategies" with id "watering:*"'
    then: ['field "litres" must be at most 30']
"""
FEATURE = """Feature: Water is never wasted

  @invariant @structural @id:decisions_have_reasons
  Scenario: Every decision says why
    Given any fact under key "Strategies" with id "watering:*"
    Then it must include:
      | field  | rule             |
      | reason | non-empty string |

  @e2e
  Scenario: A flood is refused
    Given the inputs from "wet.csv"
    And suggestor "flood" proposes "watering:north" under key "Strategies":
      | field   | value         |
      | bed     | north         |
      | reading | reading:north |
      | litres  | 31            |
      | reason  | why not       |
    When the truth runs to convergence
    Then proposal "watering:north" is rejected with "CONSTRAINT"
    And fact "watering:north" under key "Strategies" has field "litres" {litres}
"""


@pytest.fixture
def shared(project: Project) -> Path:
    """The project with a policy beside its job; the policy's feature and its input lie beside the policy."""
    folder = project.folder / "truths" / "thrift"
    folder.mkdir()
    (folder / "truth.yaml").write_text(POLICY)
    (folder / "thrift.feature").write_text(FEATURE.format(litres=0))
    (folder / "readings.csv").write_text("bed,crop,moisture,area_m2\nnorth,moss,90,6\n")
    (folder / "thrift.feature").write_text(FEATURE.format(litres=0).replace("wet.csv", "readings.csv"))
    return folder


def test_a_policys_scenarios_run_on_the_job_with_the_files_beside_them(project: Project, shared: Path) -> None:
    """Its rules are judged on every run of the job, its examples are runs of the job."""
    examples = project.run()

    assert ("holds", "") == clause(examples, "decisions_have_reasons")
    assert ("holds", "") == clause(examples, "no_flood")
    assert ["A flood is refused"] == [
        item.example.title for item in examples.outcomes if item.ok and item.example.origin.file == "thrift.feature"
    ]
    assert (True, ()) == (examples.ok, run_findings(examples, project.folder))


def test_what_fails_in_a_policys_feature_is_told_in_that_file(project: Project, shared: Path) -> None:
    """With the job that it fails on; a constraint nobody exercises is told in the policy's truth.yaml."""
    (shared / "thrift.feature").write_text(FEATURE.format(litres=7).replace("wet.csv", "readings.csv"))
    (shared / "truth.yaml").write_text(
        POLICY + "  - id: no_promises\n    severity: hard\n"
        "    given: 'any proposal under key \"Hypotheses\"'\n    then: ['its confidence must be at least 0.5']\n"
    )
    found = run_findings(project.run(), project.folder)

    assert [
        ("example-failed", "truths/thrift/thrift.feature", "custom-agent"),
        ("not-exercised", "truths/thrift/truth.yaml", "custom-agent"),
    ] == sorted((item.name, item.file, "custom-agent" if "of custom-agent" in item.message else "") for item in found)


def test_a_policy_is_judged_on_each_job_that_it_applies_to(project: Project, shared: Path) -> None:
    """A second job of the folder has the same scenarios among its own."""
    other = shared.parent / "twin"
    other.mkdir()
    text = project.truth.read_text().replace("key: custom-agent", "key: twin\nfeatures: [custom-agent.feature]")
    (other / "truth.yaml").write_text(text)
    (other / "readings.csv").write_text((project.truth.parent / "readings.csv").read_text())
    for key in ("custom-agent", "twin"):
        location = find_truth(key, project.folder, project.services.shipped)
        examples = asyncio.run(run_truth_examples(project.services, location))
        assert (key, "holds") == (examples.truth.job.truth, clause(examples, "decisions_have_reasons")[0])
