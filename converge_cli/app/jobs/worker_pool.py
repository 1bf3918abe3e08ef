"""The workers of a service: threads that claim jobs and drive them, and one that keeps their leases.

A worker has an event loop of its own, so what a suggestor blocks is one worker and never a door of the server.
"""

import asyncio
import threading

from converge_cli._internal.later import later
from converge_cli.app.jobs.bell import Bell
from converge_cli.app.jobs.drive_job import DriveJob
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.jobs.workers import Ears
from converge_cli.core.errors import ConvergeError
from converge_cli.core.job_queue import JobStatus, Lease, LeaseLostError, QueuedJob, Settled

_LOOK_SECONDS = 0.5
"""How often a worker that nobody called looks for jobs: those of other processes, and of workers that died."""
_RENEWALS = 5
"""How often a lease is renewed in its time."""
_AGAIN_SECONDS = 2.0
"""How long after the store failed a job is given back at the earliest: a disk that is nearly full takes some writes."""


class WorkerPool:
    """Drives the jobs of a queue until it is told to stop."""

    def __init__(self, setting: JobSetting, name: str, ears: Ears, *, workers: int) -> None:
        """Nothing is started yet.

        Args:
            setting: the queue, and what a job is driven with.
            name: of this process among others that share the queue.
            ears: told what the workers do.
            workers: how many jobs are driven at once.
        """
        self._setting = setting
        self._ears = ears
        self._driving: dict[str, DriveJob] = {}
        self._owed: list[tuple[float, Lease]] = []
        self._lock = threading.Lock()
        self._bell = Bell(workers)
        self._stopping = threading.Event()
        self._drained = threading.Event()
        self._threads = {self._worker(f"{name}/{number}") for number in range(workers)}
        self._keeper = threading.Thread(target=self._keep, name="converge-leases", daemon=True)

    def start(self) -> None:
        """Begin to claim jobs."""
        for thread in (*self._threads, self._keeper):
            thread.start()

    def call(self) -> None:
        """Say that there is something to do."""
        self._bell.ring()

    def alive(self) -> int:
        """How many workers are there to claim jobs."""
        with self._lock:
            return sum(thread.is_alive() for thread in self._threads)

    def cancel(self, job: str) -> None:
        """Stop a job at once, if it is one of ours; the queue holds the wish for all others."""
        with self._lock:
            driving = self._driving.get(job)
        if driving is not None:
            driving.cancel()

    def stop(self, seconds: float) -> bool:
        """Claim nothing more, let each job finish its cycle and give it back; whether all did within that time."""
        self._stopping.set()
        with self._lock:
            threads = list(self._threads)
            for driving in self._driving.values():
                driving.cancel(give_back=True)
        self._bell.ring(len(threads))
        deadline = self._now() + seconds
        for thread in threads:
            thread.join(max(0.0, deadline - self._now()))
        self._drained.set()
        self._keeper.join(max(0.1, deadline - self._now()))
        return not any(thread.is_alive() for thread in threads)

    def _worker(self, name: str) -> threading.Thread:
        return threading.Thread(target=self._work, args=(name,), name=f"converge-worker-{name}", daemon=True)

    def _work(self, name: str) -> None:
        loop = asyncio.new_event_loop()
        job: QueuedJob | None = None
        try:
            while job is not None or (not self._stopping.is_set() and threading.current_thread() in self._threads):
                job = job or self._claim(name)
                if job is None:
                    self._bell.wait(_LOOK_SECONDS)
                else:
                    job = self._drive(job, loop, name)
        finally:
            loop.close()

    def _claim(self, name: str) -> QueuedJob | None:
        clock = self._setting.services.clock
        try:
            return self._setting.queue.claim(name, clock.now(), self._until())
        except ConvergeError as error:  # a full disk now may not be full in a moment
            self._ears.troubled("", error)
            return None

    def _drive(self, job: QueuedJob, loop: asyncio.AbstractEventLoop, name: str) -> QueuedJob | None:
        """Drive a job; returns the next one, where one was claimed with the word that this one is done."""
        self._ears.claimed(job)
        driving = DriveJob(self._setting, job, self._ears.sink, self._lost)
        with self._lock:
            self._driving[job.job] = driving
        if self._stopping.is_set():
            driving.cancel(give_back=True)
        elif job.cancel:
            driving.cancel()
        try:
            return self._settle_and_claim(job, driving.run(loop), name)
        except ConvergeError as error:  # its lease runs out, and whoever claims it then goes on
            self._ears.troubled(job.job, error)
            if error.code == "STORE_UNAVAILABLE":
                with self._lock:
                    self._owed.append((self._now(), job.lease))
        except Exception as error:  # noqa: BLE001  a fault of ours costs one job, not the worker
            self._fail(driving, error)
        finally:
            self._forget(driving)
        return None

    def _settle_and_claim(self, job: QueuedJob, settled: Settled, name: str) -> QueuedJob | None:
        if self._stopping.is_set():
            self._settle(job, settled)
            return None
        now = self._setting.services.clock.now()
        done, following = self._setting.queue.settle_and_claim(job.lease, settled, now, name, self._until())
        try:
            self._ears.settled(done)
        except Exception as error:  # noqa: BLE001  the next job is ours by now, whoever can't be told of this one
            self._ears.troubled(done.job, _unexpected(done.job, error))
        return following

    def _settle(self, job: QueuedJob, settled: Settled) -> None:
        self._ears.settled(self._setting.queue.settle(job.lease, settled, self._setting.services.clock.now()))

    def _fail(self, driving: DriveJob, error: Exception) -> None:
        """Whoever asks for the job is told what kind of error it was; what it says is for whoever runs the service."""
        self._ears.troubled(driving.job.job, _unexpected(driving.job.job, error))
        try:
            self._settle(driving.job, driving.failed(f"unexpected {type(error).__name__}"))
        except ConvergeError as again:
            self._ears.troubled(driving.job.job, again)

    def _lost(self, driving: DriveJob) -> None:
        """A suggestor holds its worker's thread for good: its run is recorded so far, and another thread takes over.

        Should the thread ever come back, the lease is no longer its own, and it ends.
        """
        try:
            self._settle(driving.job, driving.settled_so_far())
        except ConvergeError as error:
            self._ears.troubled(driving.job.job, error)
        self._forget(driving)
        successor = self._worker(f"{driving.job.worker}+")
        with self._lock:
            self._threads.discard(driving.thread)
            if self._stopping.is_set():
                return
            self._threads.add(successor)
        successor.start()

    def _forget(self, driving: DriveJob) -> None:
        with self._lock:
            if self._driving.get(driving.job.job) is driving:
                del self._driving[driving.job.job]

    def _keep(self) -> None:
        """Renew leases, hear wishes to cancel, and wake the jobs that have something to do again."""
        every = self._setting.lease_seconds / _RENEWALS
        renewed = self._now()
        while not self._drained.wait(min(_LOOK_SECONDS, every)):
            if self._now() - renewed >= every:
                renewed = self._now()
                self._renew_all()
            try:
                self._bell.ring(self._setting.queue.wake_due(self._setting.services.clock.now()))
                self._give_back()
            except ConvergeError as error:
                self._ears.troubled("", error)

    def _give_back(self) -> None:
        """Give back what workers here could not go on with, once the store can be written again.

        Raises:
            StoreUnavailableError: it can't.
        """
        late = self._now() - _AGAIN_SECONDS
        with self._lock:
            owed = [lease for since, lease in self._owed if since <= late]
        if owed:
            self._setting.probe()
        for lease in owed:
            try:
                self._setting.queue.settle(lease, Settled(JobStatus.QUEUED), self._setting.services.clock.now())
            except ConvergeError as error:
                if error.code == "STORE_UNAVAILABLE":
                    raise
                if not isinstance(error, LeaseLostError):  # somebody else has it by now
                    self._ears.troubled(lease.job, error)
            with self._lock:
                self._owed = [item for item in self._owed if item[1] != lease]
            self._bell.ring()

    def _renew_all(self) -> None:
        with self._lock:
            held = list(self._driving.values())
        for driving in held:
            try:
                job = self._setting.queue.renew(driving.job.lease, self._until())
            except LeaseLostError:  # settled since, or somebody else's: then the store refuses what this worker writes
                driving.cancel(give_back=True)
            except ConvergeError as error:
                self._ears.troubled(driving.job.job, error)
            else:
                if job.cancel:
                    driving.cancel()

    def _until(self) -> str:
        return later(self._setting.services.clock.now(), self._setting.lease_seconds)

    def _now(self) -> float:
        return self._setting.services.clock.monotonic()


def _unexpected(job: str, error: Exception) -> ConvergeError:
    return ConvergeError(f"unexpected {type(error).__name__}: {error}", where=job)
