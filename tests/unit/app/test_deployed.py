"""Wirings: what a deployment lacks is said at start by name, its limits hold, and nothing of them is passed over."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from serving import drive, drop_in, service, shelf_of, submit

from converge_cli.app.deployment import Deployment
from converge_cli.app.jobs.caller import LOCAL
from converge_cli.app.jobs.steer_job import resume_job
from converge_cli.app.jobs.submission import ResumeRequest, Submission
from converge_cli.app.ledger.mirror import Mirror
from converge_cli.app.plan_run import plan_run
from converge_cli.app.run_job import RunJob, RunRequest
from converge_cli.app.services import Services
from converge_cli.app.templates.deployed import BudgetTooLargeError, RequirementMissingError
from converge_cli.app.templates.template_data import template_data
from converge_cli.bootstrap import make_services
from converge_cli.core.budget import BudgetChange
from converge_cli.core.job_queue import JobStatus
from converge_cli.settings import Settings
from converge_cli.truth.diagnostics import InvalidTruthError

MISSING = {
    "requires: {converge: '>=99'}": "it needs Converge >=99",
    "suggestors: {echo: {backend: anthropic}}": "suggestor echo needs backend anthropic; there is local, scripted",
    "suggestors: {echo: {requirements: analysis}}": (
        "suggestor echo needs a backend with preset analysis; none of local, scripted has it"
    ),
    "suggestors: {echo: {requirements: {capabilities: [vision], structured_output: true}}}": (
        "suggestor echo needs a backend with capabilities vision; none of local, scripted has it; "
        "suggestor echo needs a backend with structured_output; none of local, scripted has it"
    ),
    "providers: {prefer: [openai, local]}": "providers.prefer names openai; there is local, scripted",
    "providers: {exclude: [local, scripted]}": "providers.exclude leaves none of local, scripted",
    "storage: {backend: sqlite}": "runs must be recorded by sqlite, and CONVERGE_STORAGE_BACKEND is memory",
    "storage: {path: runs}": "runs must be recorded in runs, and CONVERGE_STORAGE_PATH is another folder",
    "budget: {cycles: 11}": "budget.cycles is 11 cycles, and the truth allows 10 cycles",
    "budget: {time: 1m}": "budget.time is 60 s, and the truth allows 30 s",
}
HAD = (
    "requires: {converge: '>=0.1'}",
    "suggestors: {echo: {backend: local}, greeter: {requirements: deterministic}}",
    "suggestors: {echo: {requirements: {offline: true, replayable: true, cost: low}}}",
    "providers: {prefer: [scripted, local], exclude: [anthropic, openai]}",
    "data_classification: restricted",
    "storage: {backend: memory}",
    "budget: {cycles: 9, time: 20s, tokens: 1000, cost_usd: 0.5}",
)


def _local(folder: Path) -> Services:
    return make_services(folder, settings=Settings("memory", folder, None))


@pytest.mark.parametrize("said", MISSING)
def test_what_a_deployment_lacks_is_refused_by_name_before_anything_starts(said: str, tmp_path: Path) -> None:
    """At a submission and at a terminal alike; planning says it, too."""
    drop_in(tmp_path / "truths", "mine", wiring=f"wiring: v1\n{said}\n")
    setting, services = service(tmp_path), _local(tmp_path)
    request = RunRequest("mine")
    for start in (
        lambda: submit(setting, "mine"),
        lambda: RunJob(services, request),
        lambda: plan_run(services, request),
    ):
        with pytest.raises(RequirementMissingError) as caught:
            start()
        assert f"mine can't run in this deployment: {MISSING[said]}" == caught.value.message
        assert caught.value.hint is not None
    needs = template_data(setting.services, shelf_of(setting), "mine")["requirements"]
    assert (False, MISSING[said]) == (needs["met"], "; ".join(needs["missing"]))


@pytest.mark.parametrize("said", HAD)
def test_what_a_deployment_has_keeps_nobody_from_running(said: str, tmp_path: Path) -> None:
    """The job runs, and the template says that its requirements are met."""
    drop_in(tmp_path / "t", "mine", wiring=f"wiring: v1\n{said}\n")
    setting = service(tmp_path, tmp_path / "t")
    submit(setting, "mine")
    assert JobStatus.ENDED == drive(setting).status
    assert template_data(setting.services, shelf_of(setting), "mine")["requirements"]["met"]


def test_a_wiring_may_name_where_runs_are_kept_already(tmp_path: Path) -> None:
    """The path is relative to the project, as in converge.yaml."""
    drop_in(tmp_path / "truths", "mine", wiring="wiring: v1\nstorage: {backend: sqlite, path: .converge}\n")
    services = replace(_local(tmp_path), deployment=Deployment(storage="sqlite", storage_path=tmp_path / ".converge"))
    assert "mine" == RunJob(services, RunRequest("mine")).truth.job.truth


@pytest.mark.parametrize(
    ("ledger", "refused"),
    [
        ("grpc://10.0.0.1:1", True),
        ("grpc://127.example.org:1", True),
        ("grpcs://localhost.example.org:1", True),
        ("grpc://127.0.0.1:1", False),
        ("grpc://[::1]:1", False),
        ("grpc://localhost:1", False),
        ("x", False),
    ],
)
def test_restricted_data_are_mirrored_to_no_other_machine(ledger: str, refused: bool, tmp_path: Path) -> None:
    """A ledger of this machine is no other one."""
    drop_in(tmp_path / "truths", "mine", wiring="wiring: v1\ndata_classification: restricted\n")
    services = _local(tmp_path)
    mirror = Mirror(lambda: None, services.experience, ledger)  # type: ignore[arg-type, return-value]  never opened
    services = replace(services, mirror=mirror)
    if not refused:
        assert "mine" == RunJob(services, RunRequest("mine")).truth.job.truth
        return
    with pytest.raises(RequirementMissingError, match="restricted data never leave the machine"):
        RunJob(services, RunRequest("mine"))


def test_a_run_spends_what_truth_wiring_and_request_all_allow(tmp_path: Path) -> None:
    """The wiring's limits go over the truth's, and the request's over both, but never beyond the wiring's."""
    drop_in(tmp_path / "truths", "mine", wiring="wiring: v1\nbudget: {cycles: 5, time: 9s}\n")
    services = _local(tmp_path)

    def budget(**asked: object) -> tuple[object, ...]:
        found = plan_run(services, RunRequest("mine", budget=asked))["budget"]
        return found["cycles"], Decimal(found["time"]), found["facts"]

    assert [(5, 9, 100_000), (3, 9, 200_000)] == [budget(), budget(cycles=3, facts=200_000)]
    with pytest.raises(BudgetTooLargeError, match="mine may spend 5 cycles here, and 6 cycles was asked for"):
        budget(cycles=6)
    with pytest.raises(BudgetTooLargeError):
        submit(service(tmp_path), Submission(truth="mine", budget=BudgetChange(cycles=6)))


def test_a_resumed_job_spends_no_more_than_the_wiring_allows(tmp_path: Path) -> None:
    """However often it is resumed; what the wiring says nothing of may grow, and without a wiring everything may."""
    wiring = drop_in(tmp_path / "truths", "mine", wiring="wiring: v1\nbudget: {cycles: 3}\n").parent / "wiring.yaml"
    setting = service(tmp_path)
    job = submit(setting, Submission(truth="mine", budget=BudgetChange(cycles=1))).job

    def resume(**more: int) -> JobStatus:
        resume_job(setting, LOCAL, job, ResumeRequest(add_budget=BudgetChange(**more)))
        return drive(setting).status

    assert JobStatus.PAUSED == drive(setting).status
    with pytest.raises(BudgetTooLargeError, match="mine may spend 3 cycles here, and 4 cycles was asked for"):
        resume(cycles=3)
    assert JobStatus.PAUSED == setting.queue.job(job).status
    wiring.write_text("wiring: v1\nbudget: {cycles: 1}\n")
    with pytest.raises(BudgetTooLargeError):
        resume(cycles=1)
    assert JobStatus.PAUSED == resume(facts=1)
    wiring.unlink()
    assert JobStatus.ENDED == resume(cycles=9)


def test_another_wiring_may_be_given(tmp_path: Path) -> None:
    """It counts instead of the one beside the truth."""
    drop_in(tmp_path / "truths", "mine", wiring="wiring: v1\nsuggestors: {echo: {backend: anthropic}}\n")
    (tmp_path / "laptop.yaml").write_text("wiring: v1\nbudget: {cycles: 4}\n")
    request = RunRequest("mine", wiring=Path("laptop.yaml"))
    assert 4 == plan_run(_local(tmp_path), request)["budget"]["cycles"]


@pytest.mark.parametrize(
    "said", ["success_criteria: []", "suggestors: {nobody: {backend: local}}", "budget: {cycles: 0}"]
)
def test_a_wiring_that_is_wrong_makes_its_template_a_broken_one(said: str, tmp_path: Path) -> None:
    """With the findings of validate, at their place."""
    drop_in(tmp_path / "truths", "mine", wiring=f"wiring: v1\n{said}\n")
    setting = service(tmp_path)
    with pytest.raises(InvalidTruthError) as caught:
        submit(setting, "mine")
    assert {"truths/mine/wiring.yaml"} == {item.file for item in caught.value.diagnostics}
    with pytest.raises(InvalidTruthError):
        RunJob(_local(tmp_path), RunRequest("mine"))
    assert template_data(setting.services, shelf_of(setting), "mine")["broken"]
