"""Counts what happens in a server, as Prometheus reads it. No label holds a run's id or what somebody wrote freely.

What happened in other processes on the same store shows up only in what is read from the queue.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from converge_cli import __version__
from converge_cli.core.errors import ConvergeError
from converge_cli.core.event import (
    CycleStarted,
    FactPromoted,
    GateDecided,
    ProposalDenied,
    ProposalParked,
    ProposalRejected,
    ProposalWithdrawn,
    RunEvent,
    RunPaused,
    RunStopped,
    SuggestorFailed,
    TimerFired,
)
from converge_cli.core.job_queue import JobQueue, JobStatus, QueuedJob
from converge_cli.server.telemetry.observer import Decision, Named, Observer

MOST_TRUTHS = 200
"""Names of truths that are told apart; those that come later are `other`."""
OTHER = "other"

# When each was first counted doubles the text, and nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]

_VERDICTS = {
    FactPromoted: "promoted",
    ProposalRejected: "rejected",
    ProposalParked: "parked",
    ProposalDenied: "denied",
    ProposalWithdrawn: "withdrawn",
}
_FAST = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_ANSWERS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_WAITS = (10.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 28_800.0, 86_400.0, 259_200.0, 604_800.0)


class Metrics(Observer):
    """The metrics of one server, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._truths: set[str] = set()
        about = Gauge("converge_build_info", "Version of the server.", ["version"], registry=self._registry)
        about.labels(__version__).set(1)
        self._submitted = self._counter("jobs_submitted", "Jobs that were queued, by truth.", "truth")
        self._settled = self._counter("jobs_settled", "Jobs that workers brought to a stop.", "truth", "status")
        self._refused = self._counter("refusals", "What callers were refused, by code of the error.", "doing", "code")
        self._claims = self._counter("claims", "Jobs that workers took.")
        self._lost = self._counter("lease_losses", "Leases that workers lost to others.")
        self._cycles = self._counter("cycles", "Cycles of runs.")
        self._proposals = self._counter("proposals", "Proposals, by what became of them.", "verdict")
        self._failures = self._counter("suggestor_failures", "Executions that failed, by code.", "code")
        self._gates = self._counter("gate_decisions", "Answers of policy.", "outcome")
        self._stops = self._counter("stops", "Stops of runs, by reason.", "reason")
        self._timers = self._counter("timers", "Requests whose time was up.", "action")
        self._decisions = self._counter("decisions", "Decisions of people, by what came of them.", "decision", "code")
        self._waits = self._histogram("gate_wait_seconds", "How long requests waited for people.", _WAITS, "decision")
        self._appends = self._histogram("append_seconds", "Durable appends of workers.", _FAST)
        self._requests = self._counter("http_requests", "HTTP requests but /health.", "method", "route", "status")
        self._latency = self._histogram(
            "http_request_seconds", "From an HTTP request to the beginning of its answer.", _ANSWERS, "method", "route"
        )
        self._open = Gauge("converge_open_streams", "Jobs that are being followed.", registry=self._registry)

    def watch(self, queue: JobQueue) -> None:
        """Tell also how many jobs stand where, asked of the queue whenever the metrics are read."""
        self._registry.register(_Queue(queue))

    def text(self) -> bytes:
        """The metrics in Prometheus' text format.

        Raises:
            StoreUnavailableError: the queue can't be asked.
        """
        return generate_latest(self._registry)

    def submitted(self, job: QueuedJob, caller: str) -> None:  # noqa: ARG002
        """See `Observer`."""
        self._submitted.labels(self._truth(job.truth)).inc()

    def refused(self, doing: str, caller: str, error: ConvergeError, named: Named) -> None:  # noqa: ARG002
        """See `Observer`."""
        self._refused.labels(doing, error.code).inc()

    def decided(self, job: QueuedJob, caller: str, decision: Decision) -> None:  # noqa: ARG002
        """See `Observer`."""
        for seconds in decision.waits:
            self._waits.labels(decision.decision).observe(seconds)
            self._decisions.labels(decision.decision, "ACCEPTED").inc()
        for code in decision.refused:
            self._decisions.labels(decision.decision, code).inc()

    def claimed(self, job: QueuedJob) -> None:  # noqa: ARG002
        """See `Observer`."""
        self._claims.inc()

    def recorded(self, run: str, events: Sequence[RunEvent]) -> None:  # noqa: ARG002
        """See `Observer`."""
        for event in events:
            verdict = _VERDICTS.get(type(event))
            if verdict is not None:
                # Facts without an execution are the engine's own, or were there from the beginning.
                if getattr(event, "execution", None) is not None:
                    self._proposals.labels(verdict).inc()
            elif isinstance(event, CycleStarted):
                self._cycles.inc()
            elif isinstance(event, GateDecided):
                self._gates.labels(event.decision.outcome).inc()
            elif isinstance(event, SuggestorFailed):
                self._failures.labels(event.code).inc()
            elif isinstance(event, RunPaused | RunStopped):
                self._stops.labels(event.stop.reason).inc()
            elif isinstance(event, TimerFired):
                self._timers.labels(event.action).inc()

    def settled(self, job: QueuedJob) -> None:
        """See `Observer`."""
        self._settled.labels(self._truth(job.truth), job.status).inc()

    def troubled(self, job: str, error: ConvergeError) -> None:  # noqa: ARG002
        """See `Observer`."""
        if error.code == "LEASE_LOST":
            self._lost.inc()

    def answered(self, method: str, route: str, status: int, seconds: float, run: str) -> None:  # noqa: ARG002
        """See `Observer`."""
        self._requests.labels(method, route, f"{status // 100}xx").inc()
        self._latency.labels(method, route).observe(seconds)

    def streams(self, change: int) -> None:
        """See `Observer`."""
        self._open.inc(change)

    def appending(self) -> AbstractContextManager[Any]:
        """See `Observer`."""
        return self._appends.time()

    def appended(self, seconds: float) -> None:
        """A worker of another process has made a durable append."""
        self._appends.observe(seconds)

    def _truth(self, name: str) -> str:
        if name in self._truths:
            return name
        if len(self._truths) >= MOST_TRUTHS:
            return OTHER
        self._truths.add(name)
        return name

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"converge_{name}", about, labels, registry=self._registry)

    def _histogram(self, name: str, about: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"converge_{name}", about, labels, buckets=buckets, registry=self._registry)


class _Queue(Collector):
    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("converge_jobs", "Jobs of the store, by where they stand.", labels=["status"])
        yield GaugeMetricFamily("converge_queue_depth", "Jobs that wait for a worker.")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        counts = self._queue.counts()
        jobs, depth = self.describe()
        for status in JobStatus:
            jobs.add_metric([status], counts.get(status, 0))
        depth.add_metric([], counts.get(JobStatus.QUEUED, 0))
        yield from (jobs, depth)
