"""Takes a submission: everything that can be wrong with it is said now, then it is queued durably."""

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli._internal.hashing import digest_bytes
from converge_cli.app.jobs.caller import Caller, Role
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.jobs.submission import Submission
from converge_cli.app.run_job import RunJob
from converge_cli.core.job_queue import QueuedJob

_MOST_KEY = 255


def submit_job(setting: JobSetting, caller: Caller, given: Submission, *, key: str = "", trace: str = "") -> QueuedJob:
    """Queue a job; a second submission with the same key of the same caller is the first one.

    Args:
        setting: the service.
        caller: becomes its owner.
        given: what to run.
        key: idempotency key, "" for none.
        trace: W3C traceparent, "" for none.

    Raises:
        ForbiddenError: the caller may not submit, or not for that principal or those approvals.
        InvalidTruthError: the truth does not compile; with every finding.
        IdempotencyConflictError, QueueFullError: see `JobQueue.submit`.
        ConvergeError: what was given does not fit the truth.
    """
    caller.require(Role.SUBMIT, "submit jobs")
    for item in given.approvals:
        caller.speaks_for(item.by or caller.person)
    if given.principal is not None and Role.OPERATE not in caller.roles:
        caller.speaks_for(given.principal)
    services = setting.services
    # What is run later is what was checked now: the worker prepares it the same way.
    RunJob(services, given.request(caller.person))
    submission = encode(msgspec.to_builtins(given))
    now = services.clock.now()
    job = QueuedJob(
        job=services.ids.run_id(),
        truth=given.name,
        owner=caller.person,
        submission=digest_bytes(submission),
        created_at=now,
        updated_at=now,
        key=key[:_MOST_KEY],
        trace=trace,
    )
    return setting.queue.submit(job, submission, setting.most_queued)
