"""A job as data: what every door of a service answers with."""

from collections.abc import Mapping
from typing import Any

import msgspec

from converge_cli.app.jobs.find_job import SeenJob
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.open_run import open_run
from converge_cli.app.result_data import EXIT_CODES, run_data
from converge_cli.core.job_queue import UNDER_WAY, JobStatus
from converge_cli.core.stop_reason import StopReason


def job_line(seen: SeenJob) -> dict[str, Any]:
    """A job in a list: where it stands, in few words."""
    job, row = seen
    return {
        "job_id": job.job,
        "run_id": job.job,
        "truth": job.truth,
        "title": row.title if row else "",
        "owner": job.owner,
        "status": job.status,
        "outcome": outcome_of(seen),
        "cycles": row.cycles if row else 0,
        "facts": row.facts if row else 0,
        "pending": row.pending if row else 0,
        "seq": row.seq if row else 0,
        "head": row.head if row else "",
        "created_at": job.created_at,
        "updated_at": max(job.updated_at, row.updated_at) if row else job.updated_at,
        "error": msgspec.json.decode(job.error) if job.error else None,
        "links": links_of(job.job),
    }


def job_data(setting: JobSetting, seen: SeenJob) -> dict[str, Any]:
    """A job with everything that its run has come to so far, as `converge show --json` says it.

    Raises:
        ConvergeError: the run's packs are not to be had.
    """
    line = job_line(seen)
    if seen.row is None:
        return {**line, "exit_code": None, "result": None}
    result = open_run(setting.services, seen.job.job).engine.recorded(seen.job.job)
    stopped = seen.job.status not in UNDER_WAY
    return {
        **line,
        "exit_code": EXIT_CODES[StopReason(seen.row.reason)] if stopped and seen.row.reason else None,
        "result": run_data(result),
    }


def outcome_of(seen: SeenJob) -> str:
    """The stop reason as every door says it; the job's status while there is none."""
    job, row = seen
    at_rest = job.status in {JobStatus.PAUSED, JobStatus.ENDED, JobStatus.CANCELLED}
    return row.reason if at_rest and row is not None and row.reason else job.status.value


def links_of(job: str) -> Mapping[str, str]:
    """Where the rest is."""
    here = f"/api/v1/jobs/{job}"
    return {
        "self": here,
        "stream": f"{here}/stream",
        "events": f"{here}/events",
        "receipt": f"{here}/receipt",
    }
