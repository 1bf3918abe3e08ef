"""The queue of jobs that a service drives: one row a job, claimed with a lease and a fencing number.

A job has the id of its run. Whoever claims it gets a higher fencing number than anybody before; every write for its run
carries the number, so that a worker that was paused and comes back can't write any more.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec

from converge_cli.core.errors import ConvergeError


class JobStatus(StrEnum):
    """Where a job stands; why its run stopped is the run's own to say."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"
    FAILED = "failed"
    """It could not be started or gone on with; `error` says why."""
    CANCELLED = "cancelled"


OPEN = frozenset({JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSED})
"""Jobs that may still change."""

UNDER_WAY = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})
"""Jobs that a worker has, or is to get."""

AT_REST = frozenset({JobStatus.PAUSED, JobStatus.CANCELLED, JobStatus.FAILED})
"""Jobs that can be gone on with, and that nobody goes on with just now."""

MOST_LAPSES = 20
"""Claims in a row that may run out, without a cycle between them, before a job is given up: it may end its workers.

So many that workers which are killed at random, again and again, have time for a cycle in between.
"""

AT_ONCE = "0001-01-01T00:00:00.000000Z"
"""A time that is always past."""


class Lease(NamedTuple):
    """The right to drive a job, as long as no higher fencing number has been given out."""

    job: str
    fence: int


class QueuedJob(msgspec.Struct, frozen=True):
    """One job of the queue.

    Attributes:
        job: its id, and that of its run.
        truth: key of what it runs.
        owner: person id of who submitted it.
        submission: SHA-256 of the kept submission, canonical JSON.
        key: the idempotency key it was submitted with, "" for none; one per owner.
        created_at, updated_at: UTC.
        fence: number of the last claim, 0 before the first.
        worker: who claimed it last.
        lease_until: UTC until when the claim holds; "" when nobody holds it.
        due: UTC from when on a paused job is to be gone on with, because a request's time is up then; "" for never.
            Whoever goes on with its run, or decides for it, without being a worker, sets it to `AT_ONCE`.
        passes: how often it was brought to a stop.
        asked: SHA-256 of kept instructions for the next pass (`ResumeRequest`), "" for none.
        cancel: whether it was asked to stop.
        error: canonical JSON of the error of a failed job, "" otherwise.
        trace: W3C traceparent it was submitted with, "" for none.
        lapsed: when the last claims that ran out were made, at most `MOST_LAPSES`, the oldest first; none once a claim
            is settled.
    """

    job: str
    truth: str
    owner: str
    submission: str
    created_at: str
    updated_at: str
    key: str = ""
    status: JobStatus = JobStatus.QUEUED
    fence: int = 0
    worker: str = ""
    lease_until: str = ""
    due: str = ""
    passes: int = 0
    asked: str = ""
    cancel: bool = False
    error: str = ""
    trace: str = ""
    lapsed: tuple[str, ...] = ()

    @property
    def lease(self) -> Lease:
        """What its last claimer holds."""
        return Lease(self.job, self.fence)


class JobFilter(msgspec.Struct, frozen=True):
    """Which jobs are meant: those for which every field that is given holds.

    Attributes:
        before: a job's id; only jobs that were submitted before it.
    """

    owner: str | None = None
    truth: str | None = None
    status: JobStatus | None = None
    before: str | None = None

    def means(self, job: QueuedJob) -> bool:
        """Whether everything that is given holds for a job; `before` is the queue's to look up."""
        return self.owner in {None, job.owner} and self.truth in {None, job.truth} and self.status in {None, job.status}


class Settled(NamedTuple):
    """What a worker brought a job to.

    Attributes:
        due: see `QueuedJob`; for a paused job alone.
        error: canonical JSON of why it failed.
    """

    status: JobStatus
    due: str = ""
    error: str = ""


class JobQueue(Protocol):
    """The queue, in the store of the runs. Every call that changes a job is one durable transaction."""

    def submit(self, job: QueuedJob, submission: bytes, most: int) -> QueuedJob:
        """Queue a job; returns it, or the one that its owner submitted with its key before.

        Args:
            job: as it is to stand; its `submission` is the digest of the bytes.
            submission: kept as a blob.
            most: how many jobs may be queued.

        Raises:
            IdempotencyConflictError: the key was used for another submission.
            QueueFullError: so many jobs are queued already.
            ConcurrentAppendError: there is a run of that id.
        """
        ...

    def claim(self, worker: str, now: str, until: str) -> QueuedJob | None:
        """Take the job that was submitted first of those that are queued, or whose lease has run out; None for none.

        A run that a command on this machine is driving just now is passed over, and so is a job that is not as it was
        written: `jobs` tells of it.
        """
        ...

    def renew(self, lease: Lease, until: str) -> QueuedJob:
        """Hold a job for longer; returns it, so that a wish to cancel is seen.

        Raises:
            LeaseLostError: it is somebody else's by now, or at rest.
        """
        ...

    def settle(self, lease: Lease, settled: Settled, now: str) -> QueuedJob:
        """Say what a claimed job has come to; QUEUED gives it back for others to claim.

        Raises:
            LeaseLostError: it is somebody else's by now, or at rest.
        """
        ...

    def settle_and_claim(
        self, lease: Lease, settled: Settled, now: str, worker: str, until: str
    ) -> tuple[QueuedJob, QueuedJob | None]:
        """`settle`, then `claim`, as one: a worker that goes on waits for the disk once.

        Raises:
            LeaseLostError: it is somebody else's by now, or at rest; then nothing is claimed.
        """
        ...

    def wake(self, job: str, now: str, asked: bytes = b"") -> QueuedJob:
        """Queue a job at rest (paused, cancelled, failed) again, with instructions for its next pass, kept as a blob.

        A job that is queued or running stays as it is, unless there are instructions.

        Raises:
            JobNotFoundError: no such job.
            JobNotOpenError: it has ended; or there are instructions and it is queued or running.
        """
        ...

    def wake_due(self, now: str) -> int:
        """Queue the paused jobs whose `due` has come; how many. What it costs does not grow with those that wait."""
        ...

    def cancel(self, job: str, now: str) -> QueuedJob:
        """Ask a job to stop: one that never ran is cancelled at once, any other by the worker that has it or gets it.

        Raises:
            JobNotFoundError: no such job.
            JobNotOpenError: it has ended.
        """
        ...

    def job(self, job: str) -> QueuedJob:
        """The job of an id.

        Raises:
            JobNotFoundError: no such job.
            RecordCorruptError: it is not as it was written.
        """
        ...

    def jobs(self, wanted: JobFilter, limit: int = 100) -> Iterable[QueuedJob]:
        """Jobs that a filter means, the newest first; a page's cost does not grow with the pages before it.

        Raises:
            JobNotFoundError: no job has the id `before`.
            RecordCorruptError: some are not as they were written; raised after the others have been given.
        """
        ...

    def counts(self) -> Mapping[JobStatus, int]:
        """How many jobs stand where; a status without any is left out, and so is a job that has none we know."""
        ...


class JobNotFoundError(ConvergeError):
    """No job has that id."""

    code = "JOB_NOT_FOUND"

    def __init__(self, job: str) -> None:
        super().__init__(f"no job {job[:80]!r}", hint="GET /api/v1/jobs lists those you may see", where=job[:80])


class JobNotOpenError(ConvergeError):
    """The job is not where that could be done."""

    code = "JOB_NOT_OPEN"

    def __init__(self, job: QueuedJob, wish: str) -> None:
        hint = "wait until it is at rest"
        if job.status in AT_REST:
            hint = "nobody works on it; resume it to go on"
        elif job.status is JobStatus.ENDED:
            hint = "its run is over; to have it run again, submit it again"
        super().__init__(f"job {job.job} is {job.status}: {wish}", hint=hint, where=job.job)


class LeaseLostError(ConvergeError):
    """The job is no longer in the worker's hands: nothing more may be written for it under that lease."""

    code = "LEASE_LOST"

    def __init__(self, lease: Lease, fence: int) -> None:
        super().__init__(
            f"job {lease.job} is no longer this worker's: its fence is {fence}, the worker's {lease.fence}",
            hint="nothing was written; whoever claims the job goes on with it",
            where=lease.job,
        )


class IdempotencyConflictError(ConvergeError):
    """An idempotency key came a second time, with something else."""

    code = "IDEMPOTENCY_CONFLICT"

    def __init__(self, key: str, job: str) -> None:
        super().__init__(
            f"idempotency key {key[:80]!r} was used for another submission: job {job}",
            hint="take a new key for a new submission",
            where="Idempotency-Key",
        )


class QueueFullError(ConvergeError):
    """No more jobs are taken just now."""

    code = "QUEUE_FULL"

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} jobs are queued already", hint="try again in a moment", where="queue")
