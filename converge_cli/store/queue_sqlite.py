"""The queue of jobs in SQLite, in the database of the runs: a fence and what it guards change together."""

import heapq
import itertools
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from converge_cli._internal.hashing import digest_bytes
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
from converge_cli.store.job_rows import (
    add_job,
    damaged_jobs,
    due_jobs,
    get_job,
    job_by_key,
    page_below,
    queued_jobs,
    set_job,
    sound_job,
)
from converge_cli.store.job_turns import (
    cancelled,
    claimed,
    is_due,
    may_be_claimed,
    renewed,
    resubmitted,
    settled,
    taken,
    woken,
)
from converge_cli.store.sqlite import SqliteExperience, keep_blob

_PAGE = 200
_WOKEN_AT_ONCE = 100
"""How many jobs one transaction wakes: no claim waits long for it."""
_NO_JOB = 1 << 62
"""Above the number of every job."""
_number_of = itemgetter(0)
_ANY_CLAIMABLE = (
    f"SELECT 1 WHERE EXISTS (SELECT 1 FROM jobs WHERE status = '{JobStatus.QUEUED}') "  # noqa: S608  our own words
    "OR EXISTS (SELECT 1 FROM jobs WHERE due <> '' AND due <= ?)"
)
"""Whether it is worth the while to look: a paused job that is due is none to claim, and stays due for a moment."""
_IS_THERE = "SELECT 1 FROM jobs WHERE job = ?1 UNION ALL SELECT 1 FROM runs WHERE run = ?1"


class SqliteQueue:
    """The JobQueue port in the database of a `SqliteExperience`; threads and processes may share it."""

    def __init__(self, experience: SqliteExperience) -> None:
        self._experience = experience
        self._file = experience.file

    def submit(self, job: QueuedJob, submission: bytes, most: int) -> QueuedJob:
        """Queue a job; see `JobQueue.submit`."""
        check_run_id(job.job)
        with self._file.writing() as connection:
            standing = job_by_key(connection, job.owner, job.key) if job.key else None
            if standing is not None:
                return resubmitted(standing, job)
            queued = "SELECT count(*) FROM jobs WHERE status = ?"
            if connection.execute(queued, (JobStatus.QUEUED,)).fetchone()[0] >= most:
                raise QueueFullError(most)
            if connection.execute(_IS_THERE, (job.job,)).fetchone() is not None:
                raise taken(job.job)
            keep_blob(connection, digest_bytes(submission), submission)
            add_job(connection, job)
        return job

    def claim(self, worker: str, now: str, until: str) -> QueuedJob | None:
        """Take the oldest job with something to do; see `JobQueue.claim`."""
        with self._file.reading() as connection:  # most looks find nothing, and need not write
            if connection is None or connection.execute(_ANY_CLAIMABLE, (now,)).fetchone() is None:
                return None
        with self._file.writing() as connection:
            return self._claimed(connection, worker, now, until)

    def renew(self, lease: Lease, until: str) -> QueuedJob:
        """Hold a job for longer; see `JobQueue.renew`."""
        return self._change(lease.job, lambda job: renewed(job, lease, until))

    def settle(self, lease: Lease, given: Settled, now: str) -> QueuedJob:
        """Say what a claimed job has come to; see `JobQueue.settle`."""
        return self._change(lease.job, lambda job: settled(job, lease, given, now))

    def settle_and_claim(
        self, lease: Lease, given: Settled, now: str, worker: str, until: str
    ) -> tuple[QueuedJob, QueuedJob | None]:
        """Settle a job and take the next; see `JobQueue.settle_and_claim`."""
        with self._file.writing() as connection:
            done = set_job(connection, settled(get_job(connection, lease.job), lease, given, now))
            return done, self._claimed(connection, worker, now, until)

    def wake(self, job: str, now: str, asked: bytes = b"") -> QueuedJob:
        """Queue a job at rest again; see `JobQueue.wake`."""
        digest = digest_bytes(asked) if asked else ""
        with self._file.writing() as connection:
            changed = woken(get_job(connection, job), now, digest)
            if asked:
                keep_blob(connection, digest, asked)
            return set_job(connection, changed)

    def wake_due(self, now: str) -> int:
        """Queue the paused jobs whose time has come; see `JobQueue.wake_due`."""
        woke = 0
        while self._any_due(now):
            with self._file.writing() as connection:
                due = list(itertools.islice(_due(connection, now), _WOKEN_AT_ONCE))
                for job in due:
                    set_job(connection, woken(job, now, ""))
            woke += len(due)
            if len(due) < _WOKEN_AT_ONCE:
                break
        return woke

    def cancel(self, job: str, now: str) -> QueuedJob:
        """Ask a job to stop; see `JobQueue.cancel`."""
        return self._change(job, lambda standing: cancelled(standing, now))

    def job(self, job: str) -> QueuedJob:
        """The job of an id; see `JobQueue.job`."""
        with self._file.reading() as connection:
            return get_job(connection, job)

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
        known = set(JobStatus)
        return {JobStatus(status): count for status, count in found if status in known}

    def _any_due(self, now: str) -> bool:
        with self._file.reading() as connection:
            return connection is not None and any(True for _ in _due(connection, now))

    def _change(self, job: str, change: Callable[[QueuedJob], QueuedJob]) -> QueuedJob:
        with self._file.writing() as connection:
            return set_job(connection, change(get_job(connection, job)))

    def _claimed(self, connection: sqlite3.Connection, worker: str, now: str, until: str) -> QueuedJob | None:
        for job in _claimable(connection, now):
            if not self._experience.is_driven(job.job):
                return set_job(connection, claimed(job, worker, now, until))
        return None

    def _meant(self, wanted: JobFilter, number: int, limit: int) -> Iterator[QueuedJob]:
        damaged: list[Any] = []
        given = 0
        while given < limit and (rows := self._page(wanted, number)):
            for below, values in rows:
                number = below
                job = sound_job(values)
                if job is None:
                    damaged.append(values[0])
                elif wanted.means(job):
                    given += 1
                    yield job
                    if given == limit:
                        break
        if damaged:
            raise damaged_jobs(damaged)

    def _page(self, wanted: JobFilter, number: int) -> list[Any]:
        with self._file.reading() as connection:
            return page_below(connection, wanted, number, _PAGE)


def _claimable(connection: sqlite3.Connection, now: str) -> Iterator[QueuedJob]:
    """Jobs that are queued, and those whose lease has run out; the oldest first."""
    left = sorted((item for item in due_jobs(connection, now) if may_be_claimed(item[1], now)), key=_number_of)
    return (job for _, job in heapq.merge(left, queued_jobs(connection), key=_number_of))


def _due(connection: sqlite3.Connection, now: str) -> Iterator[QueuedJob]:
    return (job for _, job in due_jobs(connection, now) if is_due(job, now))


def _number(connection: sqlite3.Connection | None, job: str) -> int:
    found = None
    if connection is not None:
        found = connection.execute("SELECT number FROM jobs WHERE job = ?", (job,)).fetchone()
    if found is None:
        raise JobNotFoundError(job)
    return int(found[0])
