"""Drives one claimed job to its next stop: a new run, or the one that was begun before."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from weakref import WeakMethod

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.app.error_data import error_data
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.jobs.lapsed_claims import require_survivable
from converge_cli.app.jobs.submission import Instructions, ResumeRequest, Submission
from converge_cli.app.resume_run import ResumeRun
from converge_cli.app.run_job import RunAnswer, RunJob
from converge_cli.app.services import Services
from converge_cli.core.budget import BudgetChange
from converge_cli.core.errors import ConvergeError
from converge_cli.core.event import RunResumed, decode_event
from converge_cli.core.job_queue import JobStatus, QueuedJob, Settled
from converge_cli.core.port import EventSink, Experience
from converge_cli.core.stop_reason import RESUMABLE_REASONS, StopReason
from converge_cli.engine.engine import Engine
from converge_cli.engine.result import RunResult
from converge_cli.engine.watchdog import telling


class DriveJob:
    """One pass over a claimed job, that can be cancelled from any thread.

    Attributes:
        engine: drives it, once it is prepared.
        thread: the worker's, which made this.
    """

    def __init__(
        self, setting: JobSetting, job: QueuedJob, sink: EventSink | None, lost: Callable[["DriveJob"], None]
    ) -> None:
        """Nothing is prepared yet.

        Args:
            setting: what it is driven with.
            job: as it was claimed.
            sink: sees what is recorded.
            lost: called from another thread when a suggestor holds the worker's and can't be stopped.
        """
        self.job = job
        self.thread = threading.current_thread()
        self._lost = lost
        self.engine: Engine | None = None
        self._setting = setting
        self._sink = sink
        self._cancelled = False
        self._wanted = True

    def cancel(self, *, give_back: bool = False) -> None:
        """Stop between cycles; `give_back` when another worker is to go on with it."""
        self._cancelled = True
        self._wanted = not give_back
        if self.engine is not None:
            self.engine.cancel()

    def run(self, loop: asyncio.AbstractEventLoop) -> Settled:
        """Drive it; returns what it came to.

        Raises:
            LeaseLostError: another worker has it by now; nothing more was written.
            StoreUnavailableError: the store can't be written; the job goes on when it can, or its lease has run out.
        """
        row = self._setting.services.experience.find(self.job.job)
        if row is not None and row.status == "stopped":  # its end was recorded in other hands
            return Settled(JobStatus.ENDED)
        services = replace(self._setting.services_of(self.job), on_stuck=_weakly(self._stuck))
        try:
            require_survivable(services.experience, self.job)
            with telling(self._stuck):
                made = self._prepared(services, begun=row is not None)
                self.engine = made.engine
            if self._cancelled:
                made.engine.cancel()
            answer: RunAnswer = loop.run_until_complete(made.run())
        except ConvergeError as error:
            if error.code in _NOT_ITS_FAULT:
                raise
            return _failed(error)
        return self._settled(answer.result)

    def settled_so_far(self) -> Settled:
        """What the job has come to, of a worker whose thread is lost: its run was recorded as it stands."""
        store = self._setting.services.experience
        if self.engine is None or store.find(self.job.job) is None:
            return self.failed("a pack holds the worker and can't be stopped")
        return self._settled(self.engine.recorded(self.job.job))

    def failed(self, why: str) -> Settled:
        """What a job has come to that a worker could not bring to a stop."""
        error = ConvergeError(why, hint="whoever runs the service finds more in its log", where=self.job.job)
        error.code = "INTERNAL"
        return _failed(error)

    def _stuck(self, _: str) -> None:
        self._lost(self)

    def _prepared(self, services: Services, *, begun: bool) -> RunJob | ResumeRun:
        job, store = self.job, services.experience
        submission = msgspec.json.decode(store.get_blob(job.submission), type=Submission)
        request = submission.request(job.owner)
        # Given along, they are for the first stop: whoever refused them then is not asked again.
        approvals = request.approvals if job.passes == 0 else ()
        if not begun:
            return RunJob(services, request, self._sink)
        asked = _instructions(store, job)
        return ResumeRun(
            services,
            job.job,
            inputs={name: given.source(f"input {name}") for name, given in asked.inputs.items()},
            added=asked.add_budget,
            sink=self._sink,
            accept_changes=asked.accept_changes,
            approvals=approvals,
        )

    def _settled(self, result: RunResult) -> Settled:
        reason = result.stop.reason
        if reason is StopReason.CANCELLED:
            return Settled(JobStatus.CANCELLED if self._wanted else JobStatus.QUEUED)
        if reason not in RESUMABLE_REASONS:
            return Settled(JobStatus.ENDED)
        times = [request.until for request in result.pending if request.until]
        return Settled(JobStatus.PAUSED, min(times, default=""))


def _weakly(tell: Callable[[str], None]) -> Callable[[str], None]:
    """A method of an object, for what the object holds itself: together they would wait for the cyclic collector.

    It may be long in coming, and thousands of jobs would fill the memory of a server until then.
    """
    method = WeakMethod(tell)

    def told(name: str) -> None:
        alive = method()
        if alive is not None:
            alive(name)

    return told


_NOT_ITS_FAULT = frozenset({"LEASE_LOST", "STORE_UNAVAILABLE", "RUN_BUSY", "CONCURRENT_APPEND"})


def _failed(error: ConvergeError) -> Settled:
    return Settled(JobStatus.FAILED, error=encode(error_data(error)).decode())


def _instructions(store: Experience, job: QueuedJob) -> ResumeRequest:
    """What the next pass was asked for; nothing when a worker that died has recorded it already."""
    if not job.asked:
        return ResumeRequest()
    kept = msgspec.json.decode(store.get_blob(job.asked), type=Instructions)
    resumed = (event for event in map(decode_event, store.read(job.job, kept.after)) if isinstance(event, RunResumed))
    return ResumeRequest() if any(_heeds(event, kept.request) for event in resumed) else kept.request


def _heeds(event: RunResumed, asked: ResumeRequest) -> bool:
    given = {record.name for record in event.inputs}
    return event.added == (asked.add_budget or BudgetChange()) and given == asked.inputs.keys()
