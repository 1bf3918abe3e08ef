"""Takes a submission: everything that can be wrong with it is said now, then it is queued durably."""

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli._internal.hashing import digest_bytes
from converge_cli.app.jobs.caller import Caller, Role
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.jobs.submission import InvalidSubmissionError, Submission
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
        InvalidSubmissionError: the key is too long, or what is submitted names no truth.
        InvalidTruthError: the truth does not compile; with every finding.
        IdempotencyConflictError, QueueFullError: see `JobQueue.submit`.
        ConvergeError: what was given does not fit the truth.
    """
    _check_rights(caller, given)
    if len(key) > _MOST_KEY:  # cut, it would be that of another submission
        raise InvalidSubmissionError(f"an idempotency key has at most {_MOST_KEY} characters", where="Idempotency-Key")
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
        key=key,
        trace=trace,
    )
    return setting.queue.submit(job, submission, setting.most_queued)


def _check_rights(caller: Caller, given: Submission) -> None:
    caller.require(Role.SUBMIT, "submit jobs")
    for item in given.approvals:
        caller.require(Role.DECIDE, "give decisions along")
        caller.speaks_for(item.by or caller.person)
    if given.principal is not None and Role.OPERATE not in caller.roles:
        caller.speaks_for(given.principal)
