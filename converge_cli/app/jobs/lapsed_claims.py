"""Whether a job takes its workers down with it: what ends every process that drives it must not be driven for ever."""

from converge_cli.app.record.recorded_run import read_event
from converge_cli.core.errors import ConvergeError
from converge_cli.core.event import CycleStarted
from converge_cli.core.job_queue import MOST_LAPSES, QueuedJob
from converge_cli.core.port import Experience

_CYCLE = b'"type":"CycleStarted"'


class WorkersLostError(ConvergeError):
    """Worker after worker was never heard of again while it drove the job."""

    code = "WORKERS_LOST"

    def __init__(self, job: QueuedJob) -> None:
        super().__init__(
            f"{len(job.lapsed)} workers in a row were never heard of again while they drove job {job.job}, "
            "and none of them finished a cycle",
            hint="look for what ended them (memory, a crash in a pack's library); resume it to try again",
            where=job.job,
        )


def require_survivable(store: Experience, job: QueuedJob) -> None:
    """Refuse to drive a claimed job once more when the workers before were lost with it.

    Raises:
        WorkersLostError: `MOST_LAPSES` claims in a row ran out, and no cycle was recorded since the first of them.
    """
    if len(job.lapsed) < MOST_LAPSES:
        return
    if store.find(job.job) is not None:
        cycles = (read_event(job.job, data) for data in store.read(job.job) if _CYCLE in data)
        if any(isinstance(event, CycleStarted) and event.at > job.lapsed[0] for event in cycles):
            return
    raise WorkersLostError(job)
