"""Traces of runs by OpenTelemetry: a span for each pass of a run, with its cycles, suggestors and gates below it.

Made from what was recorded, after it was, with the times that stand there. Imports OpenTelemetry (extra `otel`) only
when it is made, and it is made only where the standard variables OTEL_* ask for it.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from converge_cli import __version__
from converge_cli.core.errors import ConvergeError
from converge_cli.core.event import (
    CycleStarted,
    GateDecided,
    RunEvent,
    RunPaused,
    RunStopped,
    SuggestorExecuted,
    SuggestorFailed,
)
from converge_cli.core.job_queue import JobStatus, QueuedJob
from converge_cli.server.telemetry.observer import Observer
from converge_cli.server.telemetry.trace_context import traceparent_of
from converge_cli.settings import InvalidSettingError

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP = "http/protobuf"
_LAST_SECONDS = 1.0
_INTERRUPTED = "interrupted"
"""Status of a pass that the end of the server cut; the job goes on in another."""


class OtelMissingError(ConvergeError):
    """Traces are asked for, and what sends them is not installed."""

    code = "TRACES_IMPOSSIBLE"

    def __init__(self) -> None:
        super().__init__(
            "OTEL_* asks for traces, and OpenTelemetry is not installed",
            hint="pip install 'converge-cli[otel]', or OTEL_SDK_DISABLED=true",
            where=ENDPOINTS[1],
        )


def make_spans(environment: Mapping[str, str]) -> "Spans | None":
    """What sends traces, where the environment says where to; None elsewhere.

    Raises:
        OtelMissingError: the extra `otel` is not installed.
        InvalidSettingError: they are to be sent in a way that is not ours.
    """
    exporter = environment.get("OTEL_TRACES_EXPORTER") or "otlp"
    wanted = any(environment.get(name) for name in ENDPOINTS)
    if not wanted or exporter == "none" or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    if exporter != "otlp":
        raise _unknown("exporter", exporter, "otlp", "OTEL_TRACES_EXPORTER")
    for name in PROTOCOLS:
        if environment.get(name, _HTTP) not in {"", _HTTP}:
            raise _unknown("protocol", environment[name], _HTTP, name)
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        raise OtelMissingError from None
    name = environment.get("OTEL_SERVICE_NAME") or "converge"
    about = Resource.create({"service.name": name, "service.version": __version__})
    provider = TracerProvider(resource=about, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider)


@dataclass(slots=True)
class _Pass:
    """The spans of a run that are open."""

    run: Any
    cycle: Any = None


class Spans(Observer):
    """Sends the spans of the runs that are driven here.

    Args:
        provider: OpenTelemetry's TracerProvider.
    """

    def __init__(self, provider: Any) -> None:
        from opentelemetry import trace  # noqa: PLC0415  only where traces are sent
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        self._api = trace
        self._provider = provider
        self._tracer = provider.get_tracer("converge", __version__)
        self._read = TraceContextTextMapPropagator().extract
        self._lock = threading.Lock()
        self._passes: dict[str, _Pass] = {}

    def claimed(self, job: QueuedJob) -> None:
        """Begin a span for the pass, below that of whoever submitted the job."""
        attributes = {"converge.run_id": job.job, "converge.truth": job.truth, "converge.pass": job.passes + 1}
        above = self._read({"traceparent": traceparent_of(job)})
        with self._lock:
            self._passes[job.job] = _Pass(self._tracer.start_span(f"run {job.truth}", above, attributes=attributes))

    def recorded(self, run: str, events: Sequence[RunEvent]) -> None:
        """Spans for what was recorded."""
        with self._lock:
            known = self._passes.get(run)
        if known is None:
            return
        for event in events:
            if isinstance(event, CycleStarted):
                self._end_cycle(known, event.at)
                name, about = f"cycle {event.cycle}", {"converge.cycle": event.cycle}
                known.cycle = self._begin(known.run, name, _ns(event.at), about)
            elif isinstance(event, SuggestorExecuted | SuggestorFailed):
                self._tell_suggestor(known, event)
            elif isinstance(event, GateDecided):
                asked = {"converge.gate": event.gate, "converge.outcome": event.decision.outcome}
                self._short(known, f"gate {event.gate}", _ns(event.at), 0, asked)
            elif isinstance(event, RunPaused | RunStopped):
                self._end_cycle(known, event.at)
                known.run.set_attribute("converge.stop_reason", event.stop.reason.value)

    def settled(self, job: QueuedJob) -> None:
        """End the span of the pass."""
        self._end(job.job, failed=job.status is JobStatus.FAILED, told=job.status.value)

    def troubled(self, job: str, error: ConvergeError) -> None:
        """End the span of a pass that somebody else goes on with."""
        self._end(job, failed=True, told=error.code)

    def close(self) -> None:
        """End what is open, and send what waits, for a moment: a collector that is gone must not hold up the end."""
        with self._lock:
            still_open = tuple(self._passes)
        for job in still_open:
            self._end(job, failed=True, told=_INTERRUPTED)
        last = threading.Thread(target=self._provider.shutdown, name="converge-last-spans", daemon=True)
        last.start()
        last.join(_LAST_SECONDS)

    def _tell_suggestor(self, known: _Pass, event: SuggestorExecuted | SuggestorFailed) -> None:
        about: dict[str, Any] = {"converge.suggestor": event.suggestor}
        elapsed, code = 0, None
        if isinstance(event, SuggestorExecuted):
            elapsed = event.elapsed_us * 1000
            about["converge.proposals"] = len(event.proposals)
        else:
            about["converge.code"] = code = event.code
        self._short(known, f"suggestor {event.suggestor}", _ns(event.at), elapsed, about, code)

    def _short(
        self, known: _Pass, name: str, at: int, elapsed: int, about: dict[str, Any], failed: str | None = None
    ) -> None:
        span = self._begin(known.cycle or known.run, name, at - elapsed, about)
        if failed is not None:
            span.set_status(self._api.Status(self._api.StatusCode.ERROR, failed))
        span.end(at)

    def _begin(self, above: Any, name: str, at: int, about: dict[str, Any]) -> Any:
        return self._tracer.start_span(name, self._api.set_span_in_context(above), attributes=about, start_time=at)

    def _end_cycle(self, known: _Pass, at: str) -> None:
        if known.cycle is not None:
            known.cycle.end(_ns(at))
            known.cycle = None

    def _end(self, job: str, *, failed: bool, told: str) -> None:
        with self._lock:
            known = self._passes.pop(job, None)
        if known is None:
            return
        if known.cycle is not None:
            known.cycle.end()
        known.run.set_attribute("converge.status", told)
        if failed:
            known.run.set_status(self._api.Status(self._api.StatusCode.ERROR, told))
        known.run.end()


def _unknown(what: str, given: str, ours: str, name: str) -> InvalidSettingError:
    return InvalidSettingError(f"unknown {what} {given!r}", hint=f"traces are sent by {ours}", where=name)


def _ns(at: str) -> int:
    """Nanoseconds of a recorded time, exactly."""
    moment = datetime.fromisoformat(at)
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000_000 + moment.microsecond * 1000
