"""Finds the jobs that a caller may see. What is not the caller's to see is not there: nobody learns that it exists."""

from collections.abc import Iterator
from typing import NamedTuple

from converge_cli.app.jobs.caller import Caller, Role
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.open_run import people_if_here
from converge_cli.app.record.recorded_run import events_of
from converge_cli.core.approval import deciders
from converge_cli.core.job_queue import JobFilter, JobNotFoundError, QueuedJob
from converge_cli.core.port import RunRow
from converge_cli.engine.request_book import requests_of


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
    asked = requests_of(events_of(setting.services, row.run)).values()
    return any(
        caller.person in deciders(item.request, people) or any(said.by == caller.person for said in item.approvals)
        for item in asked
    )
