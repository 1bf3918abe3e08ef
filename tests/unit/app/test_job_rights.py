"""What a caller may do with jobs: its own, and nothing that would tell of another's."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from serving import drive

from converge_cli.app.jobs.caller import LOCAL, Caller, ForbiddenError, Role
from converge_cli.app.jobs.decide_job import DecisionRequest, decide_job
from converge_cli.app.jobs.find_job import find_job, list_jobs
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.jobs.steer_job import cancel_job, resume_job
from converge_cli.app.jobs.submission import EarlyApproval, InvalidSubmissionError, ResumeRequest, Submission
from converge_cli.app.jobs.submit_job import submit_job
from converge_cli.bootstrap import make_service
from converge_cli.core.job_queue import (
    IdempotencyConflictError,
    JobFilter,
    JobNotFoundError,
    JobNotOpenError,
    JobStatus,
)
from converge_cli.settings import load_settings

CONTENT = Path(__file__).parents[3]
HELLO = Submission(truth="hello-convergence")
MONA = Caller("mona", frozenset({Role.SUBMIT, Role.DECIDE}))
CARL = Caller("carl", frozenset({Role.SUBMIT, Role.DECIDE}))
READER = Caller("rita", frozenset({Role.READ}))
OPERATOR = Caller("operator", frozenset({Role.SUBMIT, Role.READ, Role.OPERATE}))
NOBODY = Caller("mona", frozenset())


@pytest.fixture
def setting() -> JobSetting:
    """A service whose jobs nobody drives."""
    return make_service(CONTENT, settings=replace(load_settings(CONTENT, {}), storage_backend="memory"))


def seen(setting: JobSetting, caller: Caller, **wanted: Any) -> list[str]:
    """The jobs of a caller's list."""
    return [found.job.job for found in list_jobs(setting, caller, JobFilter(**wanted), 100)]


def test_everybody_sees_their_own_jobs_and_whoever_may_all(setting: JobSetting) -> None:
    """A list and an id tell the same; what is another's is not there."""
    mine, others = (submit_job(setting, caller, HELLO).job for caller in (MONA, CARL))
    assert ([mine], [others]) == (seen(setting, MONA), seen(setting, CARL))
    for caller in (READER, OPERATOR, LOCAL):
        assert [others, mine] == seen(setting, caller)
        assert mine == find_job(setting, caller, mine).job.job
    with pytest.raises(JobNotFoundError) as hidden:
        find_job(setting, MONA, others)
    with pytest.raises(JobNotFoundError) as absent:
        find_job(setting, MONA, "n0th1ngh3")
    assert absent.value.message == hidden.value.message.replace(others, "n0th1ngh3")
    assert absent.value.hint == hidden.value.hint


def test_no_filter_tells_of_anothers_jobs(setting: JobSetting) -> None:
    """An owner that is asked for is the caller; a page before another's job is a page before none."""
    mine, others = (submit_job(setting, caller, HELLO).job for caller in (MONA, CARL))
    assert [mine] == seen(setting, MONA, owner="carl")
    assert [mine] == seen(setting, MONA, status=JobStatus.QUEUED, truth="hello-convergence")
    for before in (others, "n0th1ngh3"):
        with pytest.raises(JobNotFoundError):
            seen(setting, MONA, before=before)
    assert [] == seen(setting, MONA, before=mine)
    assert [mine] == seen(setting, READER, before=others)


@pytest.mark.parametrize("caller", [READER, NOBODY, Caller("mona", frozenset({Role.DECIDE, Role.READ}))])
def test_who_may_not_submit_submits_nothing(setting: JobSetting, caller: Caller) -> None:
    """Whatever else they may."""
    with pytest.raises(ForbiddenError):
        submit_job(setting, caller, HELLO)
    assert [] == seen(setting, LOCAL)


def test_nobody_submits_for_another_but_who_operates(setting: JobSetting) -> None:
    """For oneself everybody may."""
    vendors = Submission(truth="vendor-selection", principal="petra")
    with pytest.raises(ForbiddenError):
        submit_job(setting, MONA, vendors)
    assert "operator" == submit_job(setting, OPERATOR, vendors).owner
    assert "mona" == submit_job(setting, MONA, Submission(truth="vendor-selection", principal="mona")).owner


@pytest.mark.parametrize(
    ("caller", "by"),
    [
        (MONA, "sofia"),
        (OPERATOR, "mona"),
        (Caller("mona", frozenset({Role.SUBMIT})), "mona"),
        (Caller("mona", frozenset({Role.SUBMIT})), None),
        (Caller("mona", frozenset({Role.SUBMIT, Role.OPERATE})), "mona"),
    ],
)
def test_a_decision_given_along_is_a_decision(setting: JobSetting, caller: Caller, by: str | None) -> None:
    """It takes the role for it, and nobody gives another's."""
    given = Submission(truth="vendor-selection", approvals=(EarlyApproval("vendor_commitment", by=by),))
    with pytest.raises(ForbiddenError):
        submit_job(setting, caller, given)
    assert [] == seen(setting, LOCAL)


def test_an_idempotency_key_is_its_owners_alone(setting: JobSetting) -> None:
    """Another's key tells nothing: it is as if nobody had used it."""
    mine = submit_job(setting, MONA, HELLO, key="k1").job
    assert mine == submit_job(setting, MONA, HELLO, key="k1").job
    other = Submission(truth="hello-convergence", seeds=("Seeds:text:a=b",))
    theirs = submit_job(setting, CARL, other, key="k1")
    assert (False, "carl") == (theirs.job == mine, theirs.owner)
    with pytest.raises(IdempotencyConflictError) as conflict:
        submit_job(setting, MONA, other, key="k1")
    assert mine in conflict.value.message


def test_a_key_that_is_too_long_is_refused_and_not_cut(setting: JobSetting) -> None:
    """Cut, it would be that of another submission."""
    submit_job(setting, MONA, HELLO, key="k" * 255)
    with pytest.raises(InvalidSubmissionError):
        submit_job(setting, MONA, HELLO, key="k" * 256)
    assert 1 == len(seen(setting, MONA))


def test_only_its_owner_and_who_operates_steers_a_job(setting: JobSetting) -> None:
    """Whoever may not see it is told that there is none; whoever may see it, whose it is."""
    job = submit_job(setting, MONA, HELLO).job
    with pytest.raises(JobNotFoundError):
        cancel_job(setting, CARL, job)
    for caller in (READER, Caller("mona", frozenset({Role.DECIDE}))):
        with pytest.raises(ForbiddenError, match="mona's"):
            cancel_job(setting, caller, job)
        with pytest.raises(ForbiddenError, match="mona's"):
            resume_job(setting, caller, job, ResumeRequest())
    assert JobStatus.QUEUED is find_job(setting, LOCAL, job).job.status
    assert JobStatus.CANCELLED is cancel_job(setting, OPERATOR, job).status


@pytest.mark.parametrize(
    ("caller", "by", "error"),
    [
        (OPERATOR, None, ForbiddenError),
        (READER, None, ForbiddenError),
        (MONA, "sofia", ForbiddenError),
        (MONA, "MONA", ForbiddenError),
        (CARL, None, JobNotFoundError),
        (CARL, "mona", ForbiddenError),
    ],
)
def test_nobody_decides_as_another(setting: JobSetting, caller: Caller, by: str | None, error: type[Exception]) -> None:
    """Refused before anything is looked at; an operator decides nothing."""
    job = submit_job(setting, MONA, HELLO).job
    with pytest.raises(error):
        decide_job(setting, caller, job, "any", DecisionRequest(decision="approved", reason="r", by=by))


class Watched:
    """A store that tells which runs' records were read."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.read_runs: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def read(self, run: str, after: int = 0) -> Any:
        """See `Experience.read`."""
        self.read_runs.append(run)
        return self.store.read(run, after)


def test_who_is_waited_for_is_known_without_reading_the_run(setting: JobSetting) -> None:
    """A look costs the same however long the run is; only what somebody decided before takes its record."""
    petra, people = replace(CARL, person="petra"), ("mona", "carl")
    job = submit_job(setting, petra, Submission(truth="vendor-selection")).job
    drive(setting)
    store = Watched(setting.services.experience)
    watched = replace(setting, services=replace(setting.services, experience=store))
    told = {person: sees(watched, replace(MONA, person=person), job) for person in people}
    assert {"mona": True, "carl": False} == told
    assert [job] == store.read_runs  # for carl, who might have decided earlier
    decide_job(setting, MONA, job, "vendor_commitment", DecisionRequest("approved", "as planned"))
    setting.queue.wake_due(setting.services.clock.now())
    drive(setting)
    assert "stopped" == setting.services.experience.row(job).status
    assert sees(setting, MONA, job)


def sees(setting: JobSetting, caller: Caller, job: str) -> bool:
    """Whether the job is there for the caller."""
    try:
        return job == find_job(setting, caller, job).job.job
    except JobNotFoundError:
        return False


def test_what_can_still_be_done_with_a_job_is_what_its_refusal_says(setting: JobSetting) -> None:
    """One that was cancelled can be resumed, and then it can be cancelled again; one that has ended is over."""
    job = submit_job(setting, MONA, HELLO).job
    cancel_job(setting, MONA, job)
    assert "nobody works on it; resume it to go on" == hint(lambda: cancel_job(setting, MONA, job))
    assert JobStatus.QUEUED is resume_job(setting, MONA, job, ResumeRequest()).status
    drive(setting)
    for wish in (lambda: cancel_job(setting, MONA, job), lambda: resume_job(setting, MONA, job, ResumeRequest())):
        assert "its run is over; to have it run again, submit it again" == hint(wish)


def hint(wish: Callable[[], Any]) -> str | None:
    """What is said to do instead."""
    with pytest.raises(JobNotOpenError) as refused:
        wish()
    return refused.value.hint
