"""Examples as runs: real ones, recorded where the caller says."""

import asyncio
from dataclasses import replace

import pytest
from greenhouse_project import GREENHOUSE, MET, ROOT, Project, details

from converge_cli.app.examples.run_examples import run_example, run_truth_examples
from converge_cli.bootstrap import make_services
from converge_cli.settings import Settings
from converge_cli.store.memory import MemoryExperience
from converge_cli.truth.catalog import find_truth
from converge_cli.truth.diagnostics import InvalidTruthError


@pytest.mark.parametrize("key", ["hello-convergence", "vendor-selection", "custom-agent"])
def test_every_example_of_a_shipped_truth_holds_and_every_rule_is_exercised(key: str) -> None:
    """Real engine, packs and policy; nothing is skipped."""
    folder = GREENHOUSE if key == "custom-agent" else ROOT
    services = make_services(folder, settings=Settings("memory", folder / "store", None))
    examples = asyncio.run(run_truth_examples(services, find_truth(key, folder, services.shipped)))

    assert [] == [(item.example.title, item.error, details(item)) for item in examples.outcomes if not item.ok]
    assert {"holds"} == {item.verdict for item in examples.clauses}
    assert (True, 0, 0) == (examples.ok, examples.counts.failed, examples.counts.skipped)


def test_runs_are_recorded_where_the_caller_says(project: Project) -> None:
    """One run on the truth's own inputs, one per example, all in the given store, none in another."""
    kept = MemoryExperience()
    services = replace(project.services, experience=kept)
    examples = asyncio.run(run_truth_examples(services, project.location))

    assert 1 + len(examples.outcomes) == len(list(kept.rows()))
    assert [] == list(project.services.experience.rows())
    assert not (project.folder / "store").exists()


def test_one_example_can_run_alone(project: Project) -> None:
    """As data that the compiler made, without the others."""
    example = project.run().outcomes[0].example
    outcome = asyncio.run(run_example(project.services, project.location, example))

    assert (example, True, len(example.then)) == (outcome.example, outcome.ok, len(outcome.checks))


def test_a_truth_that_does_not_compile_raises_with_its_findings(project: Project) -> None:
    """Nothing runs."""
    with pytest.raises(InvalidTruthError) as caught:
        project.example("When the truth runs to convergense", MET)
    assert ["unknown-step"] == [item.name for item in caught.value.diagnostics if item.name == "unknown-step"]
