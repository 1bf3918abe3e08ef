"""Traces: the spans of a job arrive at an OTLP collector, in the trace of whoever submitted it."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from converge_cli.core.event import CycleStarted
from converge_cli.core.job_queue import QueuedJob
from converge_cli.server.telemetry.spans import make_spans
from converge_cli.settings import InvalidSettingError

TRACE, ABOVE = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


class Collector:
    """Takes traces by OTLP over HTTP."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.services: set[str] = set()
        kept = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert "/v1/traces" == self.path
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    names = {item.key: item.value.string_value for item in resource.resource.attributes}
                    kept.services.add(names["service.name"])
                    for scope in resource.scope_spans:
                        kept.spans.extend(scope.spans)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the environment names."""
    made = Collector()
    monkeypatch.setenv(ENDPOINT, made.url)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_the_spans_of_a_job_arrive_in_the_callers_trace(collector: Collector, serving: Any):
    """Run above cycle above suggestor and gate; each as long as the record says, none with the content of a fact."""
    spans = make_spans({ENDPOINT: collector.url})
    assert spans is not None
    with serving(observer=spans) as served:
        parent = f"00-{TRACE}-{ABOVE}-01"
        answer = served.http.post("/api/v1/jobs", json={"truth": "vendor-selection"}, headers={"traceparent": parent})
        assert parent == answer.headers["traceparent"]
        seen = served.rested(answer.json()["job_id"])
    spans.close()
    found = {span.span_id: span for span in collector.spans}
    runs = [span for span in found.values() if span.name == "run vendor-selection"]
    assert {TRACE} == {span.trace_id.hex() for span in found.values()}
    assert [ABOVE] == [span.parent_span_id.hex() for span in runs]
    above = {span.name.split()[0]: found[span.parent_span_id].name.split()[0]
             for span in found.values() if span.parent_span_id in found}  # fmt: skip
    assert {"cycle": "run", "suggestor": "cycle", "gate": "cycle"} == above
    assert seen["cycles"] == sum(span.name.startswith("cycle ") for span in found.values())
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in found.values())
    about = {item.key: item.value.string_value for item in runs[0].attributes}
    assert ("HumanInterventionRequired", "paused", seen["run_id"]) == (
        about["converge.stop_reason"], about["converge.status"], about["converge.run_id"],
    )  # fmt: skip
    assert {"converge"} == collector.services
    assert "Acme" not in str(collector.spans)


def test_a_caller_that_does_not_want_to_be_traced_is_not(collector: Collector, serving: Any):
    """The last two digits of its traceparent."""
    spans = make_spans({ENDPOINT: collector.url})
    assert spans is not None
    with serving(observer=spans) as served:
        body = {"truth": "hello-convergence"}
        served.rested(served.post("/api/v1/jobs", body, traceparent=f"00-{TRACE}-{ABOVE}-00")["job_id"])
    spans.close()
    assert [] == collector.spans


def test_a_pass_that_the_end_of_the_server_cuts_arrives_and_says_so(collector: Collector):
    """A job that nobody could finish in time: its spans are ended, and marked, with those that ended before."""
    spans = make_spans({ENDPOINT: collector.url})
    assert spans is not None
    at = "2026-11-22T10:00:00.000000Z"
    spans.claimed(QueuedJob("run000001", "slow", "mona", "s", at, at))
    spans.recorded("run000001", [CycleStarted(seq=2, at=at, cycle=1, active_ms=0)])
    spans.close()
    spans.recorded("run000001", [CycleStarted(seq=3, at=at, cycle=2, active_ms=0)])
    told = {span.name: {item.key: item.value.string_value for item in span.attributes} for span in collector.spans}
    assert {"run slow", "cycle 1"} == set(told)
    assert "interrupted" == told["run slow"]["converge.status"]
    assert ["interrupted"] == [span.status.message for span in collector.spans if span.name == "run slow"]


@pytest.mark.parametrize(
    "environment",
    [{}, {ENDPOINT: "http://x", "OTEL_SDK_DISABLED": "true"}, {ENDPOINT: "http://x", "OTEL_TRACES_EXPORTER": "none"}],
)
def test_nothing_is_traced_unless_it_is_asked_for(environment: dict[str, str]):
    """By the standard variables."""
    assert make_spans(environment) is None


@pytest.mark.parametrize("name", ["OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL"])
def test_what_we_do_not_send_by_is_told(name: str):
    """Rather than nothing arriving."""
    with pytest.raises(InvalidSettingError) as raised:
        make_spans({ENDPOINT: "http://x", name: "grpc"})
    assert name == raised.value.where


GONE = """
import os, time
from converge_cli.core.job_queue import QueuedJob
from converge_cli.server.telemetry.telemetry import make_telemetry
from converge_cli.settings import LogSettings
at = "2026-11-22T10:00:00.000000Z"
job = QueuedJob("run000001", "t", "o", "s", at, at)
observer = make_telemetry(LogSettings("json", "warning"), os.environ).observer
observer.claimed(job)
observer.settled(job)
began = time.monotonic()
observer.close()
print(time.monotonic() - began < 2.5)
"""


def test_a_collector_that_is_gone_holds_up_no_end_and_is_told_in_the_log():
    """A process that ends; whatever the library says is a line of our log like any other."""
    environment = {**os.environ, ENDPOINT: "http://127.0.0.1:9"}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", GONE], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert ("True\n", True) == (done.stdout, time.monotonic() - began < 30)
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"note"} == {line["event"] for line in told}


def test_opentelemetry_is_imported_only_where_it_is_asked_for():
    """It takes its time."""
    code = (
        "import sys; from converge_cli.server.telemetry.telemetry import make_telemetry; "
        "from converge_cli.settings import LogSettings; make_telemetry(LogSettings('off'), {}); "
        "print(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "False\n" == done.stdout
