"""Jobs as rows of a database: what stands in `row` is the job, the other columns repeat what is looked for.

A row that is not as it was written is told, and hides no other. Must never begin or end a transaction.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.core.errors import RecordCorruptError
from converge_cli.core.job_queue import JobFilter, JobNotFoundError, JobStatus, QueuedJob

_COLUMNS = "job, owner, key, status, fence, due, row, crc"
# The names put into these statements are our own.
_ADD = f"INSERT INTO jobs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_SET = "UPDATE jobs SET status = ?, fence = ?, due = ?, row = ?, crc = ? WHERE job = ?"
_GET = f"SELECT {_COLUMNS} FROM jobs WHERE job = ?"  # noqa: S608
_BY_KEY = f"SELECT {_COLUMNS} FROM jobs WHERE owner = ? AND key = ?"  # noqa: S608
_QUEUED = f"SELECT number, {_COLUMNS} FROM jobs WHERE status = '{JobStatus.QUEUED}' ORDER BY number"  # noqa: S608
_BY_DUE = f"SELECT number, {_COLUMNS} FROM jobs WHERE due <> '' AND due <= ? ORDER BY due, number"  # noqa: S608
_NAMED = 20


def add_job(connection: sqlite3.Connection, job: QueuedJob) -> None:
    """A new row."""
    row = encode(job)
    values = (job.job, job.owner, job.key, job.status, job.fence, _due(job), row, zlib.crc32(row))
    connection.execute(_ADD, values)


def set_job(connection: sqlite3.Connection, job: QueuedJob) -> QueuedJob:
    """A row, changed; returns the job."""
    row = encode(job)
    connection.execute(_SET, (job.status, job.fence, _due(job), row, zlib.crc32(row), job.job))
    return job


def get_job(connection: sqlite3.Connection | None, job: str) -> QueuedJob:
    """The job of an id.

    Raises:
        JobNotFoundError: there is none.
        RecordCorruptError: it is not as it was written.
    """
    found = None if connection is None else connection.execute(_GET, (job,)).fetchone()
    if found is None:
        raise JobNotFoundError(job)
    return checked_job(found)


def job_by_key(connection: sqlite3.Connection, owner: str, key: str) -> QueuedJob | None:
    """The job that its owner submitted with a key.

    Raises:
        RecordCorruptError: it is not as it was written.
    """
    found = connection.execute(_BY_KEY, (owner, key)).fetchone()
    return None if found is None else checked_job(found)


def queued_jobs(connection: sqlite3.Connection) -> Iterator[tuple[int, QueuedJob]]:
    """Number and job of those that are queued, in the order of submission; without the damaged ones."""
    return _sound(connection.execute(_QUEUED))


def due_jobs(connection: sqlite3.Connection, now: str) -> Iterator[tuple[int, QueuedJob]]:
    """Number and job of those that are due, or whose lease runs out now at the latest; without the damaged ones."""
    return _sound(connection.execute(_BY_DUE, (now,)))


def page_below(
    connection: sqlite3.Connection | None, wanted: JobFilter, number: int, limit: int
) -> list[tuple[int, Sequence[Any]]]:
    """Numbers and stored values of jobs below a number, the newest first; the filter's owner and status are heeded."""
    if connection is None:
        return []
    asked = {"owner": wanted.owner, "status": wanted.status}
    given = {name: value for name, value in asked.items() if value is not None}
    where = " AND ".join(["number < ?", *(f"{name} = ?" for name in given)])
    page = f"SELECT number, {_COLUMNS} FROM jobs WHERE {where} ORDER BY number DESC LIMIT ?"  # noqa: S608
    found = connection.execute(page, (number, *given.values(), limit)).fetchall()
    return [(below, values) for below, *values in found]


def checked_job(values: Sequence[Any]) -> QueuedJob:
    """The job of stored values.

    Raises:
        RecordCorruptError: they are not what was written.
    """
    job = sound_job(values)
    if job is None:
        raise damaged_jobs([values[0]])
    return job


def sound_job(values: Sequence[Any]) -> QueuedJob | None:
    """The job of stored values; None when they are not what was written."""
    *looked_for, row, crc = values
    if type(row) is not bytes or zlib.crc32(row) != crc:
        return None
    job = msgspec.json.decode(row, type=QueuedJob)
    return job if looked_for == [job.job, job.owner, job.key, job.status, job.fence, _due(job)] else None


def damaged_jobs(jobs: Iterable[Any]) -> RecordCorruptError:
    """The error for jobs that are not what was written, by the ids that stand in their rows now."""
    names = [str(job)[:80] for job in jobs]
    said = ", ".join(map(repr, names[:_NAMED])) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    entries = f"the entry of job {said} is" if len(names) == 1 else f"the entries of jobs {said} are"
    return RecordCorruptError(f"{entries} damaged", where=", ".join(names[:_NAMED]))


def _sound(found: Iterable[Sequence[Any]]) -> Iterator[tuple[int, QueuedJob]]:
    for number, *values in found:
        job = sound_job(values)
        if job is not None:
            yield number, job


def _due(job: QueuedJob) -> str:
    """From when on a job is to be looked at although nobody asks: a paused one, or one whose worker may have died."""
    return job.due or job.lease_until
