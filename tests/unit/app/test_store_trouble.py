"""Jobs that a worker could not go on with because the store could not be written."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from diary_project import Diary, until

from converge_cli._internal.later import later
from converge_cli.core.job_queue import JobStatus

LEASE_SECONDS = 600.0


@pytest.fixture
def diary(tmp_path: Path) -> Iterator[Diary]:
    """A service of a small project, with leases that nobody wants to wait for."""
    made = Diary(tmp_path / "project", lease_seconds=LEASE_SECONDS)
    yield made
    made.close()


def test_a_job_goes_on_when_the_store_works_again_and_not_when_its_lease_runs_out(diary: Diary) -> None:
    """It is given back as soon as that can be written; those that nobody had go on as well."""
    hold = diary.hold(2)
    jobs = [diary.submit() for _ in range(8)]
    with diary.pool(workers=2) as pool:
        diary.wait_for_notes(jobs[0], 2)
        with diary.full_disk():
            hold.unlink()
            until(lambda: any(job for job, _ in diary.troubles), lambda: str(diary.troubles))
            [stopped, *_] = [job for job, _ in diary.troubles if job]
            time.sleep(1.0)
            assert JobStatus.RUNNING == diary.status(stopped)
        for job in jobs:
            assert () == diary.wait(job, JobStatus.ENDED).lapsed
        assert diary.setting.queue.job(stopped).fence > 1
        assert 2 == pool.alive()


def test_a_job_that_can_not_be_given_back_keeps_no_other_from_it(diary: Diary) -> None:
    """One whose entry is damaged is told once, and those behind it go on."""
    clock, queue = diary.setting.services.clock, diary.setting.queue
    damaged, sound = (diary.submit() for _ in range(2))
    claims = [queue.claim("here", clock.now(), later(clock.now(), LEASE_SECONDS)) for _ in range(2)]
    with diary.store.file.writing() as connection:
        connection.execute("UPDATE jobs SET crc = crc + 1 WHERE job = ?", (damaged,))
    with diary.pool(workers=0) as pool:
        pool._owed.extend((0.0, claim.lease) for claim in claims if claim is not None)
        until(lambda: not pool._owed, lambda: str(diary.troubles))
        time.sleep(0.6)  # another look
    assert JobStatus.QUEUED == diary.status(sound)
    assert [(damaged, "RECORD_CORRUPT")] == diary.troubles
