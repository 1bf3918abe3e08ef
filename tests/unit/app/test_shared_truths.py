"""Policy and invariant truths from their files: found in their folder, not runnable, judged in the jobs they serve."""

import asyncio
from pathlib import Path

import pytest

from converge_cli.app.examples.run_examples import run_truth_examples
from converge_cli.app.list_truths import list_truths
from converge_cli.app.load_truth import InvalidParameterError, NotRunnableError, load_truth
from converge_cli.app.plan_run import plan_run
from converge_cli.app.run_job import RunRequest
from converge_cli.app.services import Services
from converge_cli.app.truth_shelf import TruthShelf
from converge_cli.app.validate.run_findings import run_findings
from converge_cli.app.validate.validate_truths import validate_truths
from converge_cli.bootstrap import make_services
from converge_cli.settings import Settings
from converge_cli.truth.catalog import find_truth
from converge_cli.truth.diagnostics import InvalidTruthError
from converge_cli.truth.source import UnreadableSourceError

ROOT = Path(__file__).resolve().parents[3]


def _services(folder: Path) -> Services:
    return make_services(folder, settings=Settings("memory", folder, None))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a job of its own and a policy."""
    job = (ROOT / "truths" / "hello-convergence" / "truth.yaml").read_text()
    policy = "truth: v1\nkey: rules\nkind: policy\ntitle: Greetings are few\napplies_to: [mine]\nfeatures: []\n"
    rule = "then: ['the Context key \"Signals\" contains at most 9 facts']"
    policy += f"constraints:\n  - {{id: few, severity: hard, {rule}}}\n"
    for key, text in (("mine", job.replace("key: hello-convergence", "key: mine\nfeatures: []")), ("rules", policy)):
        (tmp_path / "truths" / key).mkdir(parents=True)
        (tmp_path / "truths" / key / "truth.yaml").write_text(
            text.replace("guarded_by: answers_repeat_a_greeting", "deferred: later")
        )
    return tmp_path


def test_a_project_has_its_own_policies_and_not_ours(project: Path) -> None:
    """What we ship never reaches a user's job, and the user's never ours."""
    services = _services(project)
    assert [("rules",), ("defensible-ranking", "spend-control")] == [
        load_truth(services, key).job.merged for key in ("mine", "vendor-selection")
    ]


@pytest.mark.parametrize(("key", "kind"), [("spend-control", "policy"), ("defensible-ranking", "invariant")])
def test_a_shared_truth_is_not_runnable_and_says_where_it_holds(key: str, kind: str) -> None:
    """The hint names a job that can be run instead."""
    with pytest.raises(NotRunnableError) as caught:
        load_truth(_services(ROOT), key)
    assert f"{key} is a truth of kind {kind}: it is merged into jobs, not run" == caught.value.message
    assert "it holds in vendor-selection: converge run vendor-selection" == caught.value.hint


def test_the_jobs_of_a_shared_truth_are_those_beside_it_that_it_applies_to() -> None:
    """A job is judged in itself."""
    shelf = TruthShelf(_services(ROOT))
    keys = ("spend-control", "defensible-ranking", "hello-convergence")
    found = [shelf.jobs_of(find_truth(key, ROOT, ROOT)) for key in keys]
    assert [["vendor-selection"], ["vendor-selection"], ["hello-convergence"]] == [
        [job.key for job in jobs] for jobs in found
    ]


def test_validating_a_policy_validates_the_jobs_that_it_is_merged_into(project: Path) -> None:
    """A field that its job does not know is told at the policy's own line."""
    file = project / "truths" / "rules" / "truth.yaml"
    file.write_text(file.read_text().replace("at most 9 facts", 'at most 9 facts with id "gretting:*"'))
    found = validate_truths(_services(project), [Path("truths/rules/truth.yaml")])
    assert ["rules", "mine"] == [truth.key for truth in found.truths]
    assert [("unknown-kind", "truths/rules/truth.yaml")] == [
        (item.name, item.file) for item in found.diagnostics if item.severity == "error"
    ]


def test_a_list_says_of_which_kind_each_truth_is() -> None:
    """Jobs are what can be run."""
    kinds = {row["key"]: row["kind"] for row in list_truths(_services(ROOT))}
    assert ("policy", "invariant", "job") == tuple(
        kinds[key] for key in ("spend-control", "defensible-ranking", "vendor-selection")
    )


def test_a_plan_says_where_each_check_was_written() -> None:
    """What was merged is told from what the job says itself."""
    plan = plan_run(_services(ROOT), RunRequest("vendor-selection"))
    places = {item["id"]: item["from"].rpartition(":")[0] for item in plan["invariants"] + plan["checks_on_proposals"]}
    assert ("spend-control/truth.yaml", "defensible-ranking.feature", "truth.yaml") == tuple(
        places[check] for check in ("spend_is_deserved", "sensitivity_is_of_the_ranking", "spend_ceiling")
    )
    assert ["defensible-ranking", "spend-control"] == plan["merged"]


@pytest.mark.parametrize(
    ("pack", "path", "said"),
    [
        ("procurement", ("weigths",), "there is no weigths"),
        ("procurment", ("weights",), "which is not among the packs"),
        ("procurement", ("minimum_bids",), "must be a whole number"),
    ],
)
def test_a_wrong_parameter_is_the_options_fault(pack: str, path: tuple[str, ...], said: str) -> None:
    """The truth is fine, so nothing in it is underlined."""
    with pytest.raises(InvalidParameterError) as caught:
        load_truth(_services(ROOT), "vendor-selection", {pack: {path: "x"}})
    assert said in caught.value.message
    assert "--param" == caught.value.where


def test_a_truth_that_is_wrong_itself_is_told_so_with_parameters_too(project: Path) -> None:
    """The parameter is not blamed for what it did not do."""
    file = project / "truths" / "mine" / "truth.yaml"
    file.write_text(file.read_text().replace("greeting:world", "gretting:world"))
    with pytest.raises(InvalidTruthError, match="gretting:world, which no suggestor may write"):
        load_truth(_services(project), "mine", {"hello": {("x",): 1}})


def test_a_policy_that_cannot_be_read_stops_the_run(project: Path) -> None:
    """What it asks for is not known, so nothing may pass for allowed."""
    file = project / "truths" / "rules" / "truth.yaml"
    file.write_bytes(b"x" * 5_000_001)
    with pytest.raises(UnreadableSourceError, match="5000001 bytes"):
        load_truth(_services(project), "mine")


def test_what_runs_show_of_a_merged_check_stands_in_its_own_file(project: Path) -> None:
    """A rule that the run breaks is told at the line of the policy."""
    file = project / "truths" / "rules" / "truth.yaml"
    text = file.read_text().replace('Signals" contains at most 9 facts', 'Evaluations" contains at most 0 facts')
    file.write_text(text)
    services = _services(project)
    examples = asyncio.run(run_truth_examples(services, find_truth("mine", project, services.shipped)))
    found = {(item.name, item.file, item.line) for item in run_findings(examples, project)}
    assert ("example-failed", "truths/rules/truth.yaml", 8) in found
