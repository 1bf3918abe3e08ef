"""Jobs whose workers are lost again and again."""

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from diary_project import Diary

from converge_cli.app.jobs.caller import LOCAL
from converge_cli.app.jobs.drive_job import DriveJob
from converge_cli.app.jobs.steer_job import resume_job
from converge_cli.app.jobs.submission import ResumeRequest
from converge_cli.core.job_queue import MOST_LAPSES, JobStatus, QueuedJob


@pytest.fixture
def diary(tmp_path: Path) -> Iterator[Diary]:
    """A service of a small project."""
    made = Diary(tmp_path / "project")
    yield made
    made.close()


def lost(diary: Diary) -> QueuedJob:
    """The next job, claimed by a worker that is never heard of again."""
    now = diary.setting.services.clock.now()
    before = (datetime.fromisoformat(now) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    job = diary.setting.queue.claim("lost", now, before)
    assert job is not None
    return job


def test_a_job_that_takes_every_worker_down_is_given_up_with_why(diary: Diary) -> None:
    """After so many, not one fewer; nobody else's jobs wait for it; whoever resumes it has it tried again."""
    job = diary.submit()
    for _ in range(MOST_LAPSES):
        lost(diary)
    with diary.pool():
        error = json.loads(diary.wait(job, JobStatus.FAILED).error)
        assert ("WORKERS_LOST", job) == (error["code"], error["where"])
        assert f"{MOST_LAPSES} workers in a row" in error["message"]
        diary.wait(diary.submit(), JobStatus.ENDED)
    resume_job(diary.setting, LOCAL, job, ResumeRequest())
    for _ in range(MOST_LAPSES - 1):
        lost(diary)
    with diary.pool():
        diary.wait(job, JobStatus.ENDED)


def test_a_job_that_gets_on_is_never_given_up(diary: Diary) -> None:
    """However often its workers are lost, as long as one of them finished a cycle."""
    hold = diary.hold(2)
    job = diary.submit()
    driving = DriveJob(diary.setting, lost(diary), None, lambda _: None)
    loop = asyncio.new_event_loop()
    worker = threading.Thread(target=driving.run, args=(loop,))
    worker.start()
    diary.wait_for_notes(job, 2)
    driving.cancel(give_back=True)
    hold.unlink()
    worker.join()
    loop.close()
    for _ in range(MOST_LAPSES - 1):
        lost(diary)
    with diary.pool():
        diary.wait(job, JobStatus.ENDED)


def test_a_run_that_no_worker_gets_on_with_is_given_up(diary: Diary) -> None:
    """Each goes on with what is recorded, and is lost in the cycle that follows."""
    hold = diary.hold(2)
    job = diary.submit()
    with diary.pool() as pool:
        diary.wait_for_notes(job, 2)
        pool.stop(0)
        hold.unlink()
    for _ in range(MOST_LAPSES):
        lost(diary)
    with diary.pool():
        assert "WORKERS_LOST" == json.loads(diary.wait(job, JobStatus.FAILED).error)["code"]
    assert "paused" == diary.store.row(job).status
