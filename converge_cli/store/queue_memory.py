"""The queue of jobs in memory, beside the runs of a `MemoryExperience`; gone with the process."""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping

from converge_cli._internal.hashing import digest_bytes
from converge_cli.core.job_queue import (
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
    """The JobQueue port over a dictionary that the experience store checks its writers against."""

    def __init__(self, experience: MemoryExperience) -> None:
        self._experience = experience
        self._lock = experience.lock
        self._jobs = experience.jobs

    def submit(self, job: QueuedJob, submission: bytes, most: int) -> QueuedJob:
        """Queue a job; see `JobQueue.submit`."""
        check_run_id(job.job)
        with self._lock:
            for standing in self._jobs.values():
                if job.key and (standing.owner, standing.key) == (job.owner, job.key):
                    return resubmitted(standing, job)
            if sum(standing.status is JobStatus.QUEUED for standing in self._jobs.values()) >= most:
                raise QueueFullError(most)
            if job.job in self._jobs or job.job in self._experience.known:
                raise taken(job.job)
            self._experience.blobs[digest_bytes(submission)] = bytes(submission)
            self._jobs[job.job] = job
            return job

    def claim(self, worker: str, now: str, until: str) -> QueuedJob | None:
        """Take the oldest job with something to do; see `JobQueue.claim`."""
        with self._lock:
            for job in self._jobs.values():
                if may_be_claimed(job, now) and job.job not in self._experience.driven:
                    return self._set(claimed(job, worker, now, until))
            return None

    def renew(self, lease: Lease, until: str) -> QueuedJob:
        """Hold a job for longer; see `JobQueue.renew`."""
        with self._lock:
            return self._set(renewed(self._get(lease.job), lease, until))

    def settle(self, lease: Lease, given: Settled, now: str) -> QueuedJob:
        """Say what a claimed job has come to; see `JobQueue.settle`."""
        with self._lock:
            return self._set(settled(self._get(lease.job), lease, given, now))

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
            due = [job for job in self._jobs.values() if is_due(job, now)]
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
            return Counter(job.status for job in self._jobs.values())

    def _get(self, job: str) -> QueuedJob:
        found = self._jobs.get(job)
        if found is None:
            raise JobNotFoundError(job)
        return found

    def _set(self, job: QueuedJob) -> QueuedJob:
        self._jobs[job.job] = job
        return job
