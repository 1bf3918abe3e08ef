"""What a job service is made of, put together once by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from converge_cli.app.services import Services
from converge_cli.core.job_queue import JobQueue, Lease, QueuedJob
from converge_cli.core.port import Experience


@dataclass(frozen=True, slots=True)
class JobSetting:
    """Ports and limits.

    Attributes:
        services: as every use case has them.
        queue: where jobs stand.
        leased: the experience store as the holder of a lease writes to it.
        lease_seconds: how long a worker that is not heard of keeps its job.
        most_queued: how many jobs may wait to be claimed.
        probe: writes something durably where jobs and runs are kept; raises StoreUnavailableError when that fails.
    """

    services: Services
    queue: JobQueue
    leased: Callable[[Lease], Experience]
    lease_seconds: float = 15.0
    most_queued: int = 10_000
    probe: Callable[[], None] = lambda: None

    def services_of(self, job: QueuedJob) -> Services:
        """What the worker that claimed a job drives it with."""
        return replace(self.services, experience=self.leased(job.lease), ids=OneId(job.job))


@dataclass(frozen=True, slots=True)
class OneId:
    """The IdSource of a run whose id was given out when it was submitted."""

    id: str

    def run_id(self) -> str:
        """The id."""
        return self.id
