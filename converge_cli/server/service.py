"""The job service that every door opens on: its workers, its readers, and what is called after a use case.

Doors (HTTP, gRPC) translate; what may be done, and what comes of it, is said by `app.jobs` alone.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import NamedTuple

from converge_cli.app.decide_approval import DecisionAnswer
from converge_cli.app.jobs.caller import Caller
from converge_cli.app.jobs.decide_job import DecisionRequest, decide_job
from converge_cli.app.jobs.find_job import SeenJob, find_job, look_up
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.jobs.run_news import RunNews
from converge_cli.app.jobs.steer_job import cancel_job, resume_job
from converge_cli.app.jobs.submission import ResumeRequest, Submission
from converge_cli.app.jobs.submit_job import submit_job
from converge_cli.app.jobs.worker_pool import WorkerPool
from converge_cli.app.jobs.workers import Ears, Workers
from converge_cli.core.errors import ConvergeError
from converge_cli.core.event import RunEvent, SuggestorRunning
from converge_cli.core.job_queue import QueuedJob
from converge_cli.server.readiness import Readiness
from converge_cli.server.request_words import run_of
from converge_cli.server.telemetry.observer import Decision, Named, Note, Observer
from converge_cli.server.telemetry.trace_context import trace_id_of


class StoppingError(ConvergeError):
    """The server takes nothing more: it is about to end."""

    code = "STOPPING"

    def __init__(self) -> None:
        super().__init__("the server is stopping", hint="try again when it is back", where="server")


class Step(NamedTuple):
    """What a reader of a run is given next.

    Attributes:
        events: canonical bytes, in order.
        seq: sequence of the last one; that of the reader where there is none.
        more: whether there are more already.
        seen: the job as it stood before the events were read, so that one at rest has no others.
    """

    events: tuple[bytes, ...]
    seq: int
    more: bool
    seen: SeenJob


class Service:
    """One server's jobs: made by the composition root's setting, started once, stopped once.

    Attributes:
        note: tells whoever runs the server.
        observer: is told what happens.
    """

    def __init__(
        self,
        setting: JobSetting,
        name: str,
        *,
        workers: int,
        self_test: Callable[[], list[str]],
        note: Note,
        observer: Observer | None = None,
        make_workers: Callable[[Ears], Workers] | None = None,
    ) -> None:
        """Nothing is started yet.

        Args:
            setting: ports and limits.
            name: of this process among others that share the store.
            workers: how many jobs are driven at once in this process.
            self_test: what is wrong with the policy engine; empty when nothing is.
            note: told what goes wrong behind everybody's back.
            observer: is told what happens.
            make_workers: makes those that drive jobs elsewhere, instead of here.
        """
        self.setting = setting
        self.news = RunNews()
        self.stopping = threading.Event()
        self.note = note
        self.observer = observer or Observer()
        ears = Ears(self._settled, self.observer.troubled, _Told(self.news, self.observer), self.observer.claimed)
        self.pool: Workers = (
            WorkerPool(setting, name, ears, workers=workers) if make_workers is None else make_workers(ears)
        )
        self.readiness = Readiness(setting, self.pool, self_test)

    def start(self) -> None:
        """Begin to drive jobs: those of before, too."""
        self.pool.start()

    def stop(self, seconds: float) -> bool:
        """Take nothing more, let each job finish its cycle and give it back; whether all did within that time."""
        self.stopping.set()
        return self.pool.stop(seconds)

    def submit(self, caller: Caller, given: Submission, *, key: str = "", trace: str = "") -> SeenJob:
        """Queue a job, and have a worker look; see `submit_job`."""
        with self._telling_refusals("submit", caller):
            self._require_going()
            began = self.setting.services.clock.now()
            job = submit_job(self.setting, caller, given, key=key, trace=trace)
        if job.created_at >= began:  # what came a second time was told before
            self.observer.submitted(job, caller.person)
        self.pool.call()
        return SeenJob(job, None) if not job.fence else find_job(self.setting, caller, job.job)

    def decide(self, caller: Caller, job: str, target: str, given: DecisionRequest) -> DecisionAnswer:
        """Record a decision, and have the job gone on with where it counted; see `decide_job`."""
        with self._telling_refusals("decide", caller, job):
            answer = decide_job(self.setting, caller, job, target, given)
        self.news.tell(job)
        self._wake()
        with suppress(ConvergeError):  # the decision stands, whatever can be told of it
            self._tell_decision(caller, job, given, answer)
        return answer

    def cancel(self, caller: Caller, job: str) -> SeenJob:
        """Ask a job to stop, also the worker here that has it; see `cancel_job`."""
        with self._telling_refusals("cancel", caller, job):
            cancelled = cancel_job(self.setting, caller, job)
        self.observer.cancelled(cancelled, caller.person)
        self.pool.cancel(job)
        self.pool.call()
        self.news.tell(job)
        return find_job(self.setting, caller, job)

    def resume(self, caller: Caller, job: str, given: ResumeRequest) -> SeenJob:
        """Have a job at rest gone on with; see `resume_job`."""
        with self._telling_refusals("resume", caller, job):
            self._require_going()
            resumed = resume_job(self.setting, caller, job, given)
        self.observer.resumed(resumed, caller.person)
        self.pool.call()
        return find_job(self.setting, caller, job)

    def step(self, job: str, after: int, limit: int) -> Step:
        """What a reader that has the events up to `after` is given next; who may read was asked before."""
        seen = look_up(self.setting, job)
        if seen.row is None or seen.row.seq <= after:
            return Step((), after, False, seen)
        events: list[bytes] = []
        for data in self.setting.services.experience.read(job, after):
            events.append(data)
            if len(events) == limit:
                break
        return Step(tuple(events), after + len(events), len(events) == limit, seen)

    def _wake(self) -> None:
        """Have what can go on by now gone on with, before whoever made that so is answered."""
        for _ in range(self.setting.queue.wake_due(self.setting.services.clock.now())):
            self.pool.call()

    def _require_going(self) -> None:
        if self.stopping.is_set():
            raise StoppingError

    def _settled(self, job: QueuedJob) -> None:
        self.news.tell(job.job)
        self.observer.settled(job)

    @contextmanager
    def _telling_refusals(self, doing: str, caller: Caller, job: str = "") -> Iterator[None]:
        try:
            yield
        except ConvergeError as error:
            self.observer.refused(doing, caller.person, error, self._named(run_of(job)))
            raise

    def _named(self, run: str) -> Named:
        """For the log alone, which may know of runs that the caller may not see."""
        if run:
            with suppress(ConvergeError):  # there is none, or it can't be looked up: its id is told all the same
                return Named(run, trace_id_of(self.setting.queue.job(run)))
        return Named(run)

    def _tell_decision(self, caller: Caller, job: str, given: DecisionRequest, answer: DecisionAnswer) -> None:
        made = [decided.approval for decided in answer.decisions if decided.code is None]
        waits = tuple(_seconds(answer.requested_at[one.request], one.decided_at) for one in made)
        refused = tuple(decided.code or "" for decided in answer.refused)
        self.observer.decided(self.setting.queue.job(job), caller.person, Decision(given.decision, waits, refused))


class _Told:
    """The EventSink of the workers: wakes readers, then tells the observer."""

    def __init__(self, news: RunNews, observer: Observer) -> None:
        self._news = news
        self._observer = observer

    def events(self, run: str, committed: Sequence[RunEvent]) -> None:
        """See `EventSink`."""
        self._news.events(run, committed)
        self._observer.recorded(run, committed)

    def running(self, beginning: SuggestorRunning) -> None:
        """See `EventSink`."""
        self._news.running(beginning)


def _seconds(since: str, until: str) -> float:
    """Never below zero: clocks go back."""
    return max(0.0, (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds())
