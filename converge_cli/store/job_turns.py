"""What may become of a queued job: pure steps from one row to the next, the same for every adapter of the queue."""

import msgspec

from converge_cli.core.errors import ConcurrentAppendError, RunBusyError
from converge_cli.core.job_queue import (
    AT_ONCE,
    AT_REST,
    MOST_LAPSES,
    OPEN,
    UNDER_WAY,
    IdempotencyConflictError,
    JobNotOpenError,
    JobStatus,
    Lease,
    LeaseLostError,
    QueuedJob,
    Settled,
)
from converge_cli.core.port import RunRow


def resubmitted(standing: QueuedJob, job: QueuedJob) -> QueuedJob:
    """The job that a repeated submission means.

    Raises:
        IdempotencyConflictError: it is another submission.
    """
    if standing.submission != job.submission:
        raise IdempotencyConflictError(job.key, standing.job)
    return standing


def taken(run: str) -> ConcurrentAppendError:
    """The error for a job whose id a run has already."""
    return ConcurrentAppendError(
        f"there is a run {run} already", hint="submit again: the id will be another", where=run
    )


def may_be_claimed(job: QueuedJob, now: str) -> bool:
    """Whether nobody holds it and there is something to do."""
    return job.status is JobStatus.QUEUED or (job.status is JobStatus.RUNNING and job.lease_until < now)


def claimed(job: QueuedJob, worker: str, now: str, until: str) -> QueuedJob:
    """The job in a worker's hands, with the next fencing number; who had it before and was lost is remembered."""
    lapsed = (*job.lapsed, job.updated_at)[-MOST_LAPSES:] if job.status is JobStatus.RUNNING else ()
    return msgspec.structs.replace(
        job,
        status=JobStatus.RUNNING,
        fence=job.fence + 1,
        worker=worker,
        lease_until=until,
        updated_at=now,
        lapsed=lapsed,
    )


def renewed(job: QueuedJob, lease: Lease, until: str) -> QueuedJob:
    """The job, held for longer.

    Raises:
        LeaseLostError: it is no longer the holder's.
    """
    _require_held(job, lease)
    return msgspec.structs.replace(job, lease_until=until)


def settled(job: QueuedJob, lease: Lease, given: Settled, now: str) -> QueuedJob:
    """The job as a worker leaves it.

    Raises:
        LeaseLostError: it is no longer the holder's.
    """
    _require_held(job, lease)
    given_back = given.status is JobStatus.QUEUED
    return msgspec.structs.replace(
        job,
        status=given.status,
        lease_until="",
        due=given.due,
        error=given.error,
        updated_at=now,
        passes=job.passes if given_back else job.passes + 1,
        asked=job.asked if given_back else "",
        cancel=job.cancel and given_back,
        lapsed=(),
    )


def woken(job: QueuedJob, now: str, asked: str) -> QueuedJob:
    """The job, to be gone on with.

    Raises:
        JobNotOpenError: it has ended; or there are instructions and it is not at rest.
    """
    if job.status in AT_REST:
        return msgspec.structs.replace(job, status=JobStatus.QUEUED, due="", error="", asked=asked, updated_at=now)
    if asked or job.status is JobStatus.ENDED:
        raise JobNotOpenError(job, "it can't be gone on with now")
    return job


def is_due(job: QueuedJob, now: str) -> bool:
    """Whether a paused job is to be gone on with."""
    return job.status is JobStatus.PAUSED and "" < job.due <= now


def went_on(before: RunRow | None, after: RunRow) -> bool:
    """Whether a write has changed where a run stands; a refused decision, or the first of two, has not."""
    return before is None or _standing(before) != _standing(after)


def due_at_once(job: QueuedJob) -> QueuedJob:
    """A paused job whose run somebody who is no worker has decided for, or gone on with."""
    return msgspec.structs.replace(job, due=AT_ONCE)


def cancelled(job: QueuedJob, now: str) -> QueuedJob:
    """The job, asked to stop.

    Raises:
        JobNotOpenError: it has ended.
    """
    if job.status not in OPEN:
        raise JobNotOpenError(job, "it can't be cancelled any more")
    if job.fence == 0:
        return msgspec.structs.replace(job, status=JobStatus.CANCELLED, updated_at=now)
    status = JobStatus.QUEUED if job.status is JobStatus.PAUSED else job.status
    return msgspec.structs.replace(job, status=status, due="", cancel=True, updated_at=now)


def check_writer(run: str, standing: tuple[str, int] | None, fence: int | None) -> None:
    """Refuse a write for a run that is not in the writer's hands.

    Args:
        run: whose events or calls are written.
        standing: status and fencing number of its job; None for a run that is no job.
        fence: what the writer holds; None for a writer that is no worker.

    Raises:
        LeaseLostError: a worker whose lease somebody else has by now.
        RunBusyError: no worker, while a worker has it.
    """
    status, current = standing or ("", 0)
    if fence is not None:
        if fence != current or status != JobStatus.RUNNING:
            raise LeaseLostError(Lease(run, fence), current)
    elif status == JobStatus.RUNNING:
        raise in_service(run)


def check_driver(run: str, status: str | None) -> None:
    """Refuse to drive a run whose job is queued or in a worker's hands.

    Raises:
        RunBusyError: it is.
    """
    if status is not None and status in UNDER_WAY:
        raise in_service(run)


def in_service(run: str) -> RunBusyError:
    """The error for a run that belongs to a service just now."""
    return RunBusyError(
        f"run {run} is a job of converge serve, which is driving it or about to",
        hint=f"wait until it pauses or stops: converge show {run}; or start converge serve if it is down",
        where=run,
    )


def _standing(row: RunRow) -> tuple[str, str, int, int, int]:
    return row.status, row.reason, row.cycles, row.facts, row.pending


def _require_held(job: QueuedJob, lease: Lease) -> None:
    if job.fence != lease.fence or job.status is not JobStatus.RUNNING:
        raise LeaseLostError(lease, job.fence)
