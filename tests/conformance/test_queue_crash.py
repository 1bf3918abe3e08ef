"""Worker processes that are killed, frozen and told to stop at any moment: each job ends exactly once."""

import asyncio
import os
import random  # noqa: TID251  whom the kills hit, and when
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from worker_child import LEASE_SECONDS, services_of, setting_of, write_project

from converge_cli.app.jobs.caller import LOCAL
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.jobs.submission import Submission
from converge_cli.app.jobs.submit_job import submit_job
from converge_cli.app.run_job import RunJob, RunRequest
from converge_cli.core.event import RunStopped, decode_event
from converge_cli.core.job_queue import JobFilter, JobStatus
from converge_cli.store.memory import MemoryExperience
from converge_cli.store.sqlite import SqliteExperience
from converge_cli.store.unavailable import StoreUnavailableError

CHILD = Path(__file__).with_name("worker_child.py")
JOBS, SECONDS = (1000, 900) if os.environ.get("CONVERGE_FULL") else (60, 90)
PROCESSES = 3


class Fleet:
    """Worker processes over one store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers: list[subprocess.Popen[str]] = []
        self.started = 0

    def start(self) -> subprocess.Popen[str]:
        """One more; what it says goes into a file of its own."""
        self.started += 1
        with self.said(self.started).open("w") as out:
            worker = subprocess.Popen(
                [sys.executable, str(CHILD), str(self.folder), f"w{self.started}"], stdout=out, text=True
            )
        self.workers.append(worker)
        return worker

    def said(self, number: int) -> Path:
        """What a worker said, counted from 1."""
        return self.folder / f"said-{number}.txt"

    def kill(self, worker: subprocess.Popen[str]) -> None:
        """Without a word of warning."""
        worker.kill()
        worker.wait()
        self.workers.remove(worker)

    def close(self) -> None:
        """Nobody is left behind, not even the frozen."""
        for worker in list(self.workers):
            self.kill(worker)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """Nobody yet."""
    write_project(tmp_path)
    made = Fleet(tmp_path)
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteExperience]:
    """The store that all of them share."""
    made = SqliteExperience(tmp_path / "store", lock_seconds=30)
    yield made
    made.close()


def submitted(setting: JobSetting, count: int) -> list[str]:
    """Ids of so many jobs."""
    return [submit_job(setting, LOCAL, Submission(truth="ping")).job for _ in range(count)]


def until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def undisturbed(folder: Path) -> str:
    """The outcome digest of a run that nobody disturbs."""
    write_project(folder)
    services = services_of(folder, MemoryExperience())
    return asyncio.run(RunJob(services, RunRequest("ping")).run()).result.outcome_digest


def check_each_ended_once(store: SqliteExperience, jobs: list[str], digest: str) -> None:
    """One final stop with the right outcome, one kept call; the chain of each run holds."""
    for job in jobs:
        events = [decode_event(data) for data in store.read(job)]
        stops = [event for event in events if isinstance(event, RunStopped)]
        assert [("CriteriaMet", digest)] == [(stop.stop.reason.value, stop.outcome) for stop in stops]
        assert events[-1] == stops[0]
        assert 1 == len(list(store.calls(job)))


def wait_for_work(setting: JobSetting, fleet: Fleet) -> list[subprocess.Popen[str]]:
    """The workers that have a job in their hands just now; none when all jobs have ended."""
    while (counts := setting.queue.counts()) != {JobStatus.ENDED: JOBS}:
        assert JobStatus.FAILED not in counts
        driven = {job.worker.partition("/")[0] for job in setting.queue.jobs(JobFilter(status=JobStatus.RUNNING))}
        at_work = [worker for worker in fleet.workers if worker.args[-1] in driven]  # type: ignore[index]
        if at_work:
            return at_work
        time.sleep(0.002)
    return []


@pytest.mark.timeout(SECONDS + 60)
def test_of_many_jobs_whose_workers_are_killed_at_random_each_ends_exactly_once(
    tmp_path: Path, fleet: Fleet, store: SqliteExperience
) -> None:
    """Killed and started anew until all are done; each did what it does to the world outside once."""
    setting, chance = setting_of(tmp_path, store), random.Random(6)  # noqa: S311  no secret
    jobs = submitted(setting, JOBS)
    deadline = time.monotonic() + SECONDS
    while setting.queue.counts() != {JobStatus.ENDED: JOBS}:
        assert time.monotonic() < deadline, setting.queue.counts()
        while len(fleet.workers) < PROCESSES:
            fleet.start()
        at_work = wait_for_work(setting, fleet)
        fleet.kill(chance.choice([*at_work, chance.choice(fleet.workers)]))
        time.sleep(chance.uniform(0.2, 1.0))
    check_each_ended_once(store, jobs, undisturbed(tmp_path / "alone"))
    assert JOBS == len(list((tmp_path / "effects").iterdir()))
    fences = [setting.queue.job(job).fence for job in jobs]
    assert sum(fences) > JOBS, "no kill has ever interrupted a job"


def test_a_worker_that_was_frozen_and_comes_back_writes_nothing_more(
    tmp_path: Path, fleet: Fleet, store: SqliteExperience
) -> None:
    """Another has its job by then, and has brought it to its end."""
    setting = setting_of(tmp_path, store)
    hold = tmp_path / "hold"
    hold.touch()
    (job,) = submitted(setting, 1)
    frozen = fleet.start()
    until(lambda: (row := store.find(job)) is not None and row.facts >= 1)
    freeze(frozen, tmp_path)
    fleet.start()
    until(lambda: setting.queue.job(job).fence == 2)
    hold.unlink()
    until(lambda: setting.queue.job(job).status is JobStatus.ENDED)
    ended, record, calls = setting.queue.job(job), list(store.read(job)), list(store.calls(job))
    frozen.send_signal(signal.SIGCONT)
    until(lambda: f"troubled {job} LEASE_LOST" in fleet.said(1).read_text())
    assert (ended, record, calls) == (setting.queue.job(job), list(store.read(job)), list(store.calls(job)))
    check_each_ended_once(store, [job], undisturbed(tmp_path / "alone"))
    assert 1 == len(list((tmp_path / "effects").iterdir()))
    assert f"settled {job}" not in fleet.said(1).read_text()


def freeze(worker: subprocess.Popen[str], folder: Path) -> None:
    """Stop a process where it is, but not while it holds the lock that all writers need."""
    while True:
        worker.send_signal(signal.SIGSTOP)
        probe = SqliteExperience(folder / "store", lock_seconds=0.1)
        try:
            probe.put_blob(os.urandom(8))
        except StoreUnavailableError:
            worker.send_signal(signal.SIGCONT)
            time.sleep(LEASE_SECONDS / 50)
        else:
            return
        finally:
            probe.close()


def test_a_worker_that_is_told_to_stop_gives_its_job_back_and_the_next_one_goes_on(
    tmp_path: Path, fleet: Fleet, store: SqliteExperience
) -> None:
    """SIGTERM amid a cycle: it ends by itself, soon, and nobody waits for a lease to run out."""
    setting = setting_of(tmp_path, store)
    hold = tmp_path / "hold"
    hold.touch()
    (job,) = submitted(setting, 1)
    first = fleet.start()
    until(lambda: (row := store.find(job)) is not None and row.facts >= 1)
    began = time.monotonic()
    first.terminate()
    assert 0 == first.wait(10)
    assert time.monotonic() - began < 5
    assert "stopped True" in fleet.said(1).read_text()
    assert (JobStatus.QUEUED, 1) == (setting.queue.job(job).status, setting.queue.job(job).fence)
    hold.unlink()
    fleet.start()
    until(lambda: setting.queue.job(job).status is JobStatus.ENDED)
    check_each_ended_once(store, [job], undisturbed(tmp_path / "alone"))
    assert 1 == len(list((tmp_path / "effects").iterdir()))
