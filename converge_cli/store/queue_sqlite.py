"""The queue of jobs in SQLite, in the database of the runs: a fence and what it guards change together."""

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli._internal.hashing import digest_bytes
from converge_cli.core.errors import RecordCorruptError
from converge_cli.core.job_queue import (
    JobFilter,
    JobNotFoundError,
    JobStatus,
    Lease,
    QueuedJob,
    QueueFullError,
    Settled,
)
from converge_cli.store.chain import check_run_id
from converge_cli.store.job_turns import (
    cancelled,
    claimed,
    is_due,
    may_be_claimed,
    renewed,
    resubmitted,
    settled,
    woken,
)
from converge_cli.store.sqlite import SqliteExperience, keep_blob

_PAGE = 200
_NO_JOB = 1 << 62
"""Above the number of every job."""


class SqliteQueue:
    """The JobQueue port in the database of a `SqliteExperience`; threads and processes may share it."""

    def __init__(self, experience: SqliteExperience) -> None:
        self._experience = experience
        self._file = experience.file

    def submit(self, job: QueuedJob, submission: bytes, most: int) -> QueuedJob:
        """Queue a job; see `JobQueue.submit`."""
        check_run_id(job.job)
        with self._file.writing() as connection:
            if job.key:
                same = "SELECT job, row, crc FROM jobs WHERE owner = ? AND key = ?"
                standing = connection.execute(same, (job.owner, job.key)).fetchone()
                if standing is not None:
                    return resubmitted(_checked(standing), job)
            queued = "SELECT count(*) FROM jobs WHERE status = ?"
            if connection.execute(queued, (JobStatus.QUEUED,)).fetchone()[0] >= most:
                raise QueueFullError(most)
            keep_blob(connection, digest_bytes(submission), submission)
            connection.execute(
                "INSERT INTO jobs (job, owner, key, status, fence, row, crc) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (job.job, job.owner, job.key, *_changing(job)),
            )
        return job

    def claim(self, worker: str, now: str, until: str) -> QueuedJob | None:
        """Take the oldest job with something to do; see `JobQueue.claim`."""
        with self._file.reading() as connection:  # most looks find nothing, and need not write
            if connection is None or not any(True for _ in _claimable(connection, now)):
                return None
        with self._file.writing() as connection:
            for job in _claimable(connection, now):
                with self._experience.held(job.job) as free:
                    if free:
                        return _set(connection, claimed(job, worker, now, until))
        return None

    def renew(self, lease: Lease, until: str) -> QueuedJob:
        """Hold a job for longer; see `JobQueue.renew`."""
        return self._change(lease.job, lambda job: renewed(job, lease, until))

    def settle(self, lease: Lease, given: Settled, now: str) -> QueuedJob:
        """Say what a claimed job has come to; see `JobQueue.settle`."""
        return self._change(lease.job, lambda job: settled(job, lease, given, now))

    def wake(self, job: str, now: str, asked: bytes = b"") -> QueuedJob:
        """Queue a job at rest again; see `JobQueue.wake`."""
        digest = digest_bytes(asked) if asked else ""
        with self._file.writing() as connection:
            changed = woken(_get(connection, job), now, digest)
            if asked:
                keep_blob(connection, digest, asked)
            return _set(connection, changed)

    def wake_due(self, now: str) -> int:
        """Queue the paused jobs that have something to do; see `JobQueue.wake_due`."""
        with self._file.reading() as connection:
            due = [] if connection is None else list(_due(connection, now))
        woke = 0
        for job in due:
            with self._file.writing() as connection:
                current = _get(connection, job.job)
                if current == job:
                    _set(connection, woken(current, now, ""))
                    woke += 1
        return woke

    def cancel(self, job: str, now: str) -> QueuedJob:
        """Ask a job to stop; see `JobQueue.cancel`."""
        return self._change(job, lambda standing: cancelled(standing, now))

    def job(self, job: str) -> QueuedJob:
        """The job of an id; see `JobQueue.job`."""
        with self._file.reading() as connection:
            return _get(connection, job)

    def jobs(self, wanted: JobFilter, limit: int = 100) -> Iterable[QueuedJob]:
        """Jobs that a filter means, the newest first; see `JobQueue.jobs`."""
        with self._file.reading() as connection:
            number = _NO_JOB if wanted.before is None else _number(connection, wanted.before)
        return self._meant(wanted, number, limit)

    def counts(self) -> Mapping[JobStatus, int]:
        """How many jobs stand where; see `JobQueue.counts`."""
        with self._file.reading() as connection:
            if connection is None:
                return {}
            found = connection.execute("SELECT status, count(*) FROM jobs GROUP BY status").fetchall()
        return {JobStatus(status): count for status, count in found}

    def _change(self, job: str, change: Callable[[QueuedJob], QueuedJob]) -> QueuedJob:
        with self._file.writing() as connection:
            return _set(connection, change(_get(connection, job)))

    def _meant(self, wanted: JobFilter, number: int, limit: int) -> Iterator[QueuedJob]:
        given = 0
        while given < limit:
            with self._file.reading() as connection:
                page = "SELECT number, job, row, crc FROM jobs WHERE number < ? ORDER BY number DESC LIMIT ?"
                rows = [] if connection is None else connection.execute(page, (number, _PAGE)).fetchall()
            for below, *values in rows:
                number = below
                job = _checked(values)
                if wanted.means(job):
                    given += 1
                    yield job
                    if given == limit:
                        return
            if len(rows) < _PAGE:
                return


def _claimable(connection: sqlite3.Connection, now: str) -> Iterator[QueuedJob]:
    """Jobs that are queued, and those whose lease has run out; the oldest first."""
    for status in (JobStatus.RUNNING, JobStatus.QUEUED):
        for job in _of_status(connection, status):
            if may_be_claimed(job, now):
                yield job


def _due(connection: sqlite3.Connection, now: str) -> Iterator[QueuedJob]:
    for job in _of_status(connection, JobStatus.PAUSED):
        found = connection.execute("SELECT pending FROM runs WHERE run = ?", (job.job,)).fetchone()
        if is_due(job, None if found is None else found[0], now):
            yield job


def _of_status(connection: sqlite3.Connection, status: JobStatus) -> Iterator[QueuedJob]:
    found = connection.execute("SELECT job, row, crc FROM jobs WHERE status = ? ORDER BY number", (status,))
    return (_checked(values) for values in found)


def _number(connection: sqlite3.Connection | None, job: str) -> int:
    found = None
    if connection is not None:
        found = connection.execute("SELECT number FROM jobs WHERE job = ?", (job,)).fetchone()
    if found is None:
        raise JobNotFoundError(job)
    return int(found[0])


def _get(connection: sqlite3.Connection | None, job: str) -> QueuedJob:
    found = None
    if connection is not None:
        found = connection.execute("SELECT job, row, crc FROM jobs WHERE job = ?", (job,)).fetchone()
    if found is None:
        raise JobNotFoundError(job)
    return _checked(found)


def _set(connection: sqlite3.Connection, job: QueuedJob) -> QueuedJob:
    connection.execute(
        "UPDATE jobs SET status = ?, fence = ?, row = ?, crc = ? WHERE job = ?", (*_changing(job), job.job)
    )
    return job


def _changing(job: QueuedJob) -> tuple[Any, ...]:
    row = encode(job)
    return (job.status, job.fence, row, zlib.crc32(row))


def _checked(values: Any) -> QueuedJob:
    """The job of stored values; raises RecordCorruptError when they are not what was written."""
    name, row, crc = values
    if type(row) is bytes and zlib.crc32(row) == crc:
        job = msgspec.json.decode(row, type=QueuedJob)
        if job.job == name:
            return job
    raise RecordCorruptError(f"the entry of job {str(name)[:80]!r} is damaged", where=str(name)[:80])
