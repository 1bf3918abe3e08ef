"""W3C trace context of jobs: the caller's, or one that follows from the job's id, so that every job has one."""

from hashlib import sha256

from converge_cli.core.job_queue import QueuedJob


def traceparent_of(job: QueuedJob) -> str:
    """The traceparent of a job: that of its submission, else one of its own, the same in every process."""
    if job.trace:
        return job.trace
    made = sha256(job.job.encode()).hexdigest()
    return f"00-{made[:32]}-{made[32:48]}-01"


def trace_id_of(job: QueuedJob) -> str:
    """The trace that a job belongs to: 32 hex digits."""
    return traceparent_of(job).split("-")[1]
