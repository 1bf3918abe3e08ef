"""The SQLite queue's own promises: older files, damaged rows, costs that do not grow."""

import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from converge_cli.cli.exit_code import CODE_OF_ERROR, ExitCode
from converge_cli.core.errors import RecordCorruptError, RunBusyError
from converge_cli.core.job_queue import JobFilter, JobNotFoundError, JobStatus, Settled
from converge_cli.store.queue_sqlite import SqliteQueue
from converge_cli.store.sqlite import SqliteExperience
from converge_cli.store.sqlite_schema import MIGRATIONS, migrate
from converge_cli.testing.experience_conformance import commit_after, sample_events
from converge_cli.testing.queue_conformance import MANY, claim, moment, sample_job, settle, submitted

GOLDEN = Path(__file__).parents[2] / "golden" / "store"
WITHOUT_JOBS = (1, 2, 3)


def older(folder: Path, layout: int) -> bytes:
    """A store that a version with that layout wrote, with two runs."""
    shutil.copy(GOLDEN / "experience-layout-1.db", folder / "experience.db")
    connection = sqlite3.connect(folder / "experience.db", isolation_level=None)
    migrate(connection, folder, MIGRATIONS[:layout])
    connection.close()
    return (folder / "experience.db").read_bytes()


def decay(folder: Path, *statements: str) -> None:
    """What a disk may do to a file."""
    with sqlite3.connect(folder / "experience.db") as database:
        for statement in statements:
            database.execute(statement)
    database.close()


@pytest.mark.parametrize("layout", WITHOUT_JOBS)
def test_a_store_without_jobs_has_none_and_is_left_as_it_is(tmp_path: Path, layout: int) -> None:
    """Whoever only looks for jobs finds none, and writes nothing."""
    before = older(tmp_path, layout)
    store = SqliteExperience(tmp_path)
    queue = SqliteQueue(store)
    assert [] == list(queue.jobs(JobFilter()))
    assert {} == queue.counts()
    assert queue.claim("w", moment(1), moment(2)) is None
    assert queue.wake_due(moment(1)) == 0
    with pytest.raises(JobNotFoundError):
        queue.job("job1")
    with store.driving("run2"):
        pass
    store.close()
    assert before == (tmp_path / "experience.db").read_bytes()


@pytest.mark.parametrize("layout", WITHOUT_JOBS)
def test_the_first_job_raises_an_older_store_and_keeps_its_runs(tmp_path: Path, layout: int) -> None:
    """Jobs stand beside the runs that were there; those go on as before."""
    older(tmp_path, layout)
    store = SqliteExperience(tmp_path)
    queue = SqliteQueue(store)
    rows = list(store.rows())
    submitted(queue, "job1")
    assert ["run2", "run1"] == [row.run for row in store.rows()]
    assert rows == list(store.rows())
    store.append(commit_after(store.row("run1"), "run1", sample_events(45, 1)))
    job = claim(queue)
    assert ("job1", 1) == job.lease
    with pytest.raises(RunBusyError):
        store.append(commit_after(None, "job1", sample_events(1, 1)))
    store.close()


@pytest.mark.parametrize("layout", WITHOUT_JOBS)
def test_a_reader_of_an_older_store_sees_the_jobs_that_another_process_adds(tmp_path: Path, layout: int) -> None:
    """A service that looks into its store before the first submission of another."""
    older(tmp_path, layout)
    reader, writer = SqliteExperience(tmp_path), SqliteExperience(tmp_path)
    assert SqliteQueue(reader).claim("w", moment(1), moment(2)) is None
    submitted(SqliteQueue(writer), "job1")
    assert "job1" == claim(SqliteQueue(reader)).job
    reader.close()
    writer.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE jobs SET row = CAST('{}' AS BLOB) WHERE job = 'job1'",
        "UPDATE jobs SET row = 'text' WHERE job = 'job1'",
        "UPDATE jobs SET crc = crc + 1 WHERE job = 'job1'",
        "UPDATE jobs SET fence = 7 WHERE job = 'job1'",
        "UPDATE jobs SET owner = 'ivo' WHERE job = 'job1'",
        "UPDATE jobs SET key = 'k' WHERE job = 'job1'",
        "UPDATE jobs SET due = '0' WHERE job = 'job1'",
        "UPDATE jobs SET status = 'rueued' WHERE job = 'job1'",
        "UPDATE jobs SET status = 'paused' WHERE job = 'job1'",
        "UPDATE jobs SET (row, crc) = (SELECT row, crc FROM jobs WHERE job = 'job0') WHERE job = 'job1'",
    ],
)
def test_a_damaged_job_is_told_and_hides_no_other(tmp_path: Path, damage: str) -> None:
    """The rest is listed and then it is named; the queue goes on without it."""
    store = SqliteExperience(tmp_path)
    queue = SqliteQueue(store)
    submitted(queue, "job0", "job1", "job2")
    store.close()
    decay(tmp_path, damage)
    found = iter(queue.jobs(JobFilter()))
    assert ["job2", "job0"] == [next(found).job for _ in range(2)]
    for ask in (lambda: next(found), lambda: queue.job("job1"), lambda: queue.cancel("job1", moment(1))):
        with pytest.raises(RecordCorruptError) as error:
            ask()
        assert "job1" == error.value.where
    assert ExitCode.UNVERIFIED == CODE_OF_ERROR[RecordCorruptError.code]
    assert 0 == queue.wake_due(moment(9))
    assert ["job0", "job2"] == [claim(queue).job for _ in range(2)]
    assert queue.claim("w", moment(1), moment(2)) is None
    assert 2 == queue.counts()[JobStatus.RUNNING]
    store.close()


def test_many_damaged_jobs_are_named_at_most_twenty_and_counted(tmp_path: Path) -> None:
    """An error that a person can read."""
    store = SqliteExperience(tmp_path)
    queue = SqliteQueue(store)
    submitted(queue, *(f"job{number}" for number in range(30)))
    store.close()
    decay(tmp_path, "UPDATE jobs SET crc = 1 WHERE number > 5")
    found = iter(queue.jobs(JobFilter(), MANY))
    assert 5 == len([next(found) for _ in range(5)])
    with pytest.raises(RecordCorruptError, match=r"'job29', .* and 5 more are damaged"):
        next(found)
    store.close()


def test_a_damaged_job_that_is_due_keeps_no_other_asleep(tmp_path: Path) -> None:
    """It stands first among those whose time has come."""
    store = SqliteExperience(tmp_path)
    queue = SqliteQueue(store)
    for job in ("job0", "job1"):
        submitted(queue, job)
        settle(queue, claim(queue), JobStatus.PAUSED, due=moment(3))
    store.close()
    decay(tmp_path, "UPDATE jobs SET crc = 1 WHERE job = 'job0'")
    assert [1, 0] == [queue.wake_due(moment(3)) for _ in range(2)]
    assert JobStatus.QUEUED == queue.job("job1").status
    store.close()


def test_claims_and_wakings_cost_the_same_beside_thousands_of_paused_jobs(tmp_path: Path) -> None:
    """Far below what a look at each of them would take, so that a busy machine passes."""
    store = SqliteExperience(tmp_path)
    queue = SqliteQueue(store)
    few = _seconds(queue, "few")
    connection = store.file._connection
    assert connection is not None
    connection.execute("PRAGMA synchronous = OFF")
    for number in range(1500):
        job = queue.submit(sample_job(f"paused{number}"), b"{}", MANY)
        taken = claim(queue)
        assert job.job == taken.job
        queue.settle(taken.lease, Settled(JobStatus.PAUSED, moment(3000)), moment(2))
    connection.execute("PRAGMA synchronous = FULL")
    assert _seconds(queue, "many") < 5 * few + 0.005
    store.close()


def _seconds(queue: SqliteQueue, name: str) -> float:
    """What waking and claiming takes at best of several."""
    spent = []
    for number in range(9):
        submitted(queue, f"{name}{number}")
        began = time.perf_counter()
        queue.wake_due(moment(5))
        job = claim(queue)
        spent.append(time.perf_counter() - began)
        settle(queue, job, JobStatus.ENDED)
    return min(spent)


def test_what_a_killed_driver_left_behind_keeps_no_job_from_being_claimed(tmp_path: Path) -> None:
    """Its file is there, its lock is not."""
    store = SqliteExperience(tmp_path)
    queue = SqliteQueue(store)
    submitted(queue, "job1")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "job1").touch()
    assert "job1" == claim(queue).job
    store.close()
