"""A job that is done leaves nothing behind in the memory of its server, without the help of the cyclic collector."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serving import drive, service, submit

from converge_cli.app.jobs.caller import LOCAL
from converge_cli.app.jobs.drive_job import DriveJob
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.jobs.steer_job import resume_job
from converge_cli.app.jobs.submission import ResumeRequest, Submission
from converge_cli.core.budget import BudgetChange
from converge_cli.core.job_queue import JobStatus
from converge_cli.engine.engine import Engine


def one_pass(setting: JobSetting) -> None:
    """A job to its end."""
    submit(setting, "hello-convergence")
    assert JobStatus.ENDED == drive(setting).status


def two_passes(setting: JobSetting) -> None:
    """A job whose budget is spent, and gone on with."""
    job = submit(setting, Submission(truth="hello-convergence", budget=BudgetChange(cycles=1)))
    assert JobStatus.PAUSED == drive(setting).status
    resume_job(setting, LOCAL, job.job, ResumeRequest(add_budget=BudgetChange(cycles=9)))
    assert JobStatus.ENDED == drive(setting).status


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Whatever waits for the cyclic collector waits until the test is over."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("passes", [one_pass, two_passes])
@pytest.mark.usefixtures("uncollected")
def test_a_job_that_was_driven_is_freed_at_once(tmp_path: Path, passes: Callable[[JobSetting], None]) -> None:
    """Neither it nor its engine waits for the cyclic collector, before which thousands more may come."""
    setting = service(tmp_path)
    before = living()
    passes(setting)
    assert [] == [item for item in living() if not any(item is known for known in before)]


def living() -> list[DriveJob | Engine]:
    """Jobs that are driven, and engines; others than ours may be going any moment."""
    return [item for item in gc.get_objects() if isinstance(item, DriveJob | Engine)]
