"""Finds the jobs that a caller may see. What is not the caller's to see is not there: nobody learns that it exists."""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from converge_cli.app.jobs.caller import Caller, Role
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.kept_requests import kept_requests
from converge_cli.app.open_run import people_if_here
from converge_cli.app.record.recorded_run import read_event
from converge_cli.core.approval import Approval, ApprovalRequest, deciders
from converge_cli.core.errors import RecordCorruptError
from converge_cli.core.job_queue import JobFilter, JobNotFoundError, QueuedJob
from converge_cli.core.port import RunRow
from converge_cli.engine.request_book import requests_of

_ASKED = (b'"type":"ApprovalRequested"', b'"type":"ApprovalDecided"', b'"type":"TimerFired"')
"""The events that tell who was asked, and who answered; a timer hands a request to others."""

_Asked = tuple[ApprovalRequest, tuple[Approval, ...]]


class SeenJob(NamedTuple):
    """A job that a caller may see; `row` is None until a worker has begun its run."""

    job: QueuedJob
    row: RunRow | None


def find_job(setting: JobSetting, caller: Caller, job: str) -> SeenJob:
    """The job of an id.

    Raises:
        JobNotFoundError: there is none, or it is not the caller's to see.
    """
    seen = look_up(setting, job)
    if not (caller.sees_all() or seen.job.owner == caller.person or _concerns(setting, caller, seen.row)):
        raise JobNotFoundError(job)
    return seen


def look_up(setting: JobSetting, job: str) -> SeenJob:
    """The job of an id, for who was let in before: a reader of its stream, a worker.

    Raises:
        JobNotFoundError: there is none.
    """
    found = setting.queue.job(job)
    return SeenJob(found, setting.services.experience.find(job))


def list_jobs(setting: JobSetting, caller: Caller, wanted: JobFilter, limit: int) -> Iterator[SeenJob]:
    """The caller's jobs that a filter means, the newest first; all jobs for whoever may see all.

    Raises:
        JobNotFoundError: the caller can see no job of the id `before`.
    """
    if not caller.sees_all():
        wanted = JobFilter(caller.person, wanted.truth, wanted.status, wanted.before)
        if wanted.before is not None:  # else an empty page would tell that there is such a job
            find_job(setting, caller, wanted.before)
    for job in setting.queue.jobs(wanted, limit):
        yield SeenJob(job, setting.services.experience.find(job.job))


def _concerns(setting: JobSetting, caller: Caller, row: RunRow | None) -> bool:
    """Whether the caller may decide something of the run, or has decided something."""
    if row is None or Role.DECIDE not in caller.roles:
        return False
    people = people_if_here(setting.services, row)
    # What waits is at hand; only what is settled by now takes reading the record.
    return any(
        caller.person in deciders(request, people) or any(said.by == caller.person for said in given)
        for request, given in itertools.chain(_pending(setting, row), _ever_asked(setting, row))
    )


def _pending(setting: JobSetting, row: RunRow) -> Iterator[_Asked]:
    with suppress(RecordCorruptError):  # the record tells it all the same
        kept = kept_requests(setting.services, row)
        for item in () if kept is None else kept.pending:
            yield item.request, item.given


def _ever_asked(setting: JobSetting, row: RunRow) -> Iterator[_Asked]:
    lines = setting.services.experience.read(row.run)
    told = (read_event(row.run, line) for line in lines if any(name in line for name in _ASKED))
    for item in requests_of(told).values():
        yield item.request, item.approvals
