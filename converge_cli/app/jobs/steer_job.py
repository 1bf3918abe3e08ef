"""Cancels a job, or has one at rest gone on with."""

from contextlib import suppress

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.app.jobs.caller import Caller, ForbiddenError, Role
from converge_cli.app.jobs.find_job import SeenJob, find_job
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.jobs.submission import Instructions, InvalidSubmissionError, ResumeRequest
from converge_cli.app.record.recorded_run import budget_of
from converge_cli.app.resume_run import ResumeRun
from converge_cli.app.templates.deployed import require_addable
from converge_cli.core.budget import BudgetChange
from converge_cli.core.job_queue import AT_REST, QueuedJob
from converge_cli.truth.catalog import TruthNotFoundError


def cancel_job(setting: JobSetting, caller: Caller, job: str) -> QueuedJob:
    """Ask a job to stop between two cycles.

    Raises:
        ForbiddenError: it is another's, and the caller operates nothing.
        JobNotFoundError, JobNotOpenError: there is no such job to be seen, or it has ended.
    """
    seen = _ruled(setting, caller, job, "cancel it")
    return setting.queue.cancel(seen.job.job, setting.services.clock.now())


def resume_job(setting: JobSetting, caller: Caller, job: str, given: ResumeRequest) -> QueuedJob:
    """Have a job at rest gone on with: with more budget, with inputs that were missing.

    Raises:
        ForbiddenError: it is another's, and the caller operates nothing.
        JobNotFoundError, JobNotOpenError: there is no such job to be seen, or it is not at rest.
        PacksChangedError: a pack is no longer as it was, and that was not accepted.
        InputFileError: an input does not read, or the run waits for no such input.
        InvalidSubmissionError: something is to be added to a run that has not begun.
        BudgetTooLargeError: the deployment does not let the run spend that much.
    """
    seen = _ruled(setting, caller, job, "resume it")
    given.check()
    now = setting.services.clock.now()
    if seen.row is not None and seen.job.status in AT_REST:
        # What the worker prepares later was checked now: a wish that can't be heeded fails nobody's job.
        sources = {name: item.source(f"input {name}") for name, item in given.inputs.items()}
        ResumeRun(setting.services, seen.job.job, inputs=sources, accept_changes=given.accept_changes)
        if given.add_budget is not None:
            _require_addable(setting, seen, given.add_budget)
    if seen.row is not None:
        return setting.queue.wake(seen.job.job, now, encode(msgspec.to_builtins(Instructions(given, seen.row.seq))))
    if given != ResumeRequest():
        raise InvalidSubmissionError(
            f"job {job} has not begun, so there is nothing to add to",
            hint="resume it with {}, or submit anew",
            where=job,
        )
    return setting.queue.wake(seen.job.job, now)


def _require_addable(setting: JobSetting, seen: SeenJob, more: BudgetChange) -> None:
    services = setting.services
    if services.shelf is None:
        return
    with suppress(TruthNotFoundError):  # what is no longer served sets no limits
        require_addable(services.shelf.load(seen.job.truth), budget_of(services, seen.job.job), more)


def _ruled(setting: JobSetting, caller: Caller, job: str, wish: str) -> SeenJob:
    seen = find_job(setting, caller, job)
    if not caller.rules(seen.job):
        raise ForbiddenError(f"{wish}: job {job} is {seen.job.owner}'s", Role.OPERATE)
    return seen
