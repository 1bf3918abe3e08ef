"""The queue of jobs in memory, beside the runs of a `MemoryExperience`; gone with the process."""

import itertools
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from converge_cli._internal.hashing import digest_bytes
from converge_cli.core.job_queue import (
    UNDER_WAY,
    JobFilter,
    JobNotFoundError,
    JobStatus,
    Lease,
    QueuedJob,
    QueueFullError,
    Settled,
)
from converge_cli.store.chain import check_run_id
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
from converge_cli.store.memory import MemoryExperience


class MemoryQueue:
    """The JobQueue port over a dictionary that the experience store checks its writers against.

    Jobs that have ended cost nothing but their place: those with something to do are kept apart.
    """

    def __init__(self, experience: MemoryExperience) -> None:
        self._experience = experience
        self._lock = experience.lock
        self._jobs = experience.jobs
        self._open = _Open()
        self._by_key: dict[tuple[str, str], str] = {}

    def submit(self, job: QueuedJob, submission: bytes, most: int) -> QueuedJob:
        """Queue a job; see `JobQueue.submit`."""
        check_run_id(job.job)
        with self._lock:
            standing = self._by_key.get((job.owner, job.key)) if job.key else None
            if standing is not None:
                return resubmitted(self._get(standing), job)
            if self._open.counts[JobStatus.QUEUED] >= most:
                raise QueueFullError(most)
            if job.job in self._jobs or job.job in self._experience.known:
                raise taken(job.job)
            self._experience.blobs[digest_bytes(submission)] = bytes(submission)
            if job.key:
                self._by_key[job.owner, job.key] = job.job
            return self._set(job)

    def claim(self, worker: str, now: str, until: str) -> QueuedJob | None:
        """Take the oldest job with something to do; see `JobQueue.claim`."""
        with self._lock:
            return self._claimed(worker, now, until)

    def renew(self, lease: Lease, until: str) -> QueuedJob:
        """Hold a job for longer; see `JobQueue.renew`."""
        with self._lock:
            return self._set(renewed(self._get(lease.job), lease, until))

    def settle(self, lease: Lease, given: Settled, now: str) -> QueuedJob:
        """Say what a claimed job has come to; see `JobQueue.settle`."""
        with self._lock:
            return self._set(settled(self._get(lease.job), lease, given, now))

    def settle_and_claim(
        self, lease: Lease, given: Settled, now: str, worker: str, until: str
    ) -> tuple[QueuedJob, QueuedJob | None]:
        """Settle a job and take the next; see `JobQueue.settle_and_claim`."""
        with self._lock:
            done = self._set(settled(self._get(lease.job), lease, given, now))
            return done, self._claimed(worker, now, until)

    def wake(self, job: str, now: str, asked: bytes = b"") -> QueuedJob:
        """Queue a job at rest again; see `JobQueue.wake`."""
        digest = digest_bytes(asked) if asked else ""
        with self._lock:
            changed = woken(self._get(job), now, digest)
            if asked:
                self._experience.blobs[digest] = asked
            return self._set(changed)

    def wake_due(self, now: str) -> int:
        """Queue the paused jobs that have something to do; see `JobQueue.wake_due`."""
        with self._lock:
            due = [job for job in map(self._get, self._open.paused) if is_due(job, now)]
            for job in due:
                self._set(woken(job, now, ""))
            return len(due)

    def cancel(self, job: str, now: str) -> QueuedJob:
        """Ask a job to stop; see `JobQueue.cancel`."""
        with self._lock:
            return self._set(cancelled(self._get(job), now))

    def job(self, job: str) -> QueuedJob:
        """The job of an id; see `JobQueue.job`."""
        with self._lock:
            return self._get(job)

    def jobs(self, wanted: JobFilter, limit: int = 100) -> Iterable[QueuedJob]:
        """Jobs that a filter means, the newest first; see `JobQueue.jobs`."""
        with self._lock:
            jobs = list(self._jobs.values())
            if wanted.before is not None:
                jobs = jobs[: jobs.index(self._get(wanted.before))]
        return list(itertools.islice(filter(wanted.means, reversed(jobs)), max(limit, 0)))

    def counts(self) -> Mapping[JobStatus, int]:
        """How many jobs stand where; see `JobQueue.counts`."""
        with self._lock:
            return +self._open.counts

    def _claimed(self, worker: str, now: str, until: str) -> QueuedJob | None:
        for job in map(self._get, self._open.under_way()):
            if may_be_claimed(job, now) and job.job not in self._experience.driven:
                return self._set(claimed(job, worker, now, until))
        return None

    def _get(self, job: str) -> QueuedJob:
        found = self._jobs.get(job)
        if found is None:
            raise JobNotFoundError(job)
        return found

    def _set(self, job: QueuedJob) -> QueuedJob:
        before = self._jobs.get(job.job)
        self._open.move(job.job, None if before is None else before.status, job.status)
        self._jobs[job.job] = job
        return job


class _Open:
    """Which jobs have something to do, or may have: what would else be looked for among all that ever were.

    Attributes:
        counts: how many jobs stand where.
        paused: ids of the paused ones.
    """

    def __init__(self) -> None:
        self.counts: Counter[JobStatus] = Counter()
        self.paused: dict[str, None] = {}
        self._ids: list[str] = []
        self._numbers: dict[str, int] = {}
        self._under_way: list[int] = []

    def under_way(self) -> Iterator[str]:
        """Ids of the jobs that are queued or in a worker's hands, in the order in which they were submitted."""
        return map(self._ids.__getitem__, self._under_way)

    def move(self, job: str, before: JobStatus | None, after: JobStatus) -> None:
        """A job stands somewhere else; `before` is None for a new one."""
        number = self._numbers.setdefault(job, len(self._ids))
        if before is None:
            self._ids.append(job)
        else:
            self.counts[before] -= 1
        self.counts[after] += 1
        if before in UNDER_WAY and after not in UNDER_WAY:
            del self._under_way[bisect_left(self._under_way, number)]
        elif after in UNDER_WAY and before not in UNDER_WAY:
            insort(self._under_way, number)
        if after is JobStatus.PAUSED:
            self.paused[job] = None
        else:
            self.paused.pop(job, None)
