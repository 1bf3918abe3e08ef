"""`converge serve` over gRPC, as people start it: real processes, real channels; what docs/service-grpc.md says."""

import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from converge_cli._internal.wire import converge_pb2 as wire
from converge_cli._internal.wire.converge_pb2_grpc import ConvergeStub
from converge_cli.server.grpc_errors import _OF_HTTP, STATUS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/service-grpc.md").read_text(encoding="utf-8")
SECONDS = 5
"""A server that is told to stop has ended by then."""
PAUSE = wire.SubscribeRequest.UNTIL_PAUSE
METHODS = {"SubmitJob", "GetJob", "ListJobs", "GetEvents", "Stream", "GetCapabilities"}


class Server:
    """A server in a process of its own, and a client of each door."""

    def __init__(self, process: subprocess.Popen[bytes], credentials: Any = None, verify: Any = True) -> None:
        self.process = process
        told = []
        assert process.stderr is not None
        for line in process.stderr:
            told.append(line.decode())
            if " ready " in told[-1]:
                break
        text = "".join(told)
        self.url = re.search(r"listening on (\S+)", text)[1]
        self.address = re.search(r"grpcs?://(\S+),", text)[1]
        self.channel = self.connect(credentials)
        self.stub = ConvergeStub(self.channel)
        self.http = httpx2.Client(base_url=self.url, timeout=20, verify=verify)

    def connect(self, credentials: Any = None) -> Any:
        """Another connection."""
        if credentials is None:
            return grpc.insecure_channel(self.address)
        return grpc.secure_channel(self.address, credentials)

    def submit(self, truth: str, **more: Any) -> str:
        """A job's id."""
        return str(self.stub.SubmitJob(wire.SubmitJobRequest(truth=truth, **more), timeout=30).job.job_id)

    def rested(self, job: str) -> Any:
        """The job once it is neither queued nor running, as GetJob answers."""
        asked = wire.SubscribeRequest(job_id=job, until=PAUSE)
        list(self.stub.Stream(iter([wire.StreamRequest(subscribe=asked)]), timeout=40))
        return self.stub.GetJob(wire.GetJobRequest(job_id=job), timeout=20)

    def stop(self) -> tuple[int, float]:
        """Exit code, and how many seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=30)
        return self.process.returncode, time.monotonic() - began


@pytest.fixture
def start(converge: Any) -> Iterator[Callable[..., Server]]:
    """Starts servers; those that still run at the end are killed."""
    started: list[Server] = []

    def serve(*args: str, access: str = "--insecure-local", **how: Any) -> Server:
        words = [word for word in ("serve", "--port", "0", access, *args) if word]
        started.append(Server(converge.start(*words), **how))
        return started[-1]

    yield serve
    for server in started:
        server.http.close()
        server.channel.close()
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate()


def status_of(call: Callable[[], Any]) -> str:
    """The status that a call ends with."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    error: Any = caught.value
    return str(error.code().name)


def test_a_job_comes_to_the_same_over_grpc_http_and_here(start: Any, converge: Any, tmp_path: Path):
    """Decided over Stream, over HTTP and on the command line: one outcome digest. A key holds over both doors."""
    server = start()
    job = server.submit("vendor-selection", idempotency_key="once")
    same = server.http.post("/api/v1/jobs", json={"truth": "vendor-selection"}, headers={"Idempotency-Key": "once"})
    assert job == same.json()["job_id"] == server.submit("vendor-selection", idempotency_key="once")
    assert "ALREADY_EXISTS" == status_of(lambda: server.submit("hello-convergence", idempotency_key="once"))
    assert "HumanInterventionRequired" == server.rested(job).job.outcome
    decision = {"job_id": job, "target": "vendor_commitment", "by": "mona", "reason": "three bids compared"}
    [decided] = server.stub.Stream(iter([wire.StreamRequest(approve=wire.DecisionRequest(**decision))]), timeout=20)
    assert ([], 1) == (list(decided.decided.refusals), len(decided.decided.requests))
    by_grpc = server.rested(job)

    other = server.http.post("/api/v1/jobs", json={"truth": "vendor-selection"}).json()["job_id"]
    server.rested(other)
    body = {"decision": "approved", "by": "mona", "reason": "three bids compared"}
    server.http.post(f"/api/v1/jobs/{other}/approvals/vendor_commitment", json=body)
    server.rested(other)
    by_http = server.http.get(f"/api/v1/jobs/{other}").json()
    here = converge(
        "run", "vendor-selection", "--approve", "vendor_commitment=mona", "--reason", body["reason"], "--json",
        env={"CONVERGE_STORAGE_PATH": str(tmp_path / "other")},
    )  # fmt: skip
    assert (wire.JOB_STATUS_ENDED, "CriteriaMet", 0) == (by_grpc.job.status, by_grpc.job.outcome, by_grpc.exit_code)
    assert here.data["outcome_digest"] == by_http["result"]["outcome_digest"] == by_grpc.outcome_digest
    assert by_grpc.outcome_digest == json.loads(by_grpc.result)["outcome_digest"]
    lines = server.http.get(f"/api/v1/jobs/{job}/events", params={"format": "jsonl"}).content.splitlines()
    events = server.stub.GetEvents(wire.GetEventsRequest(job_id=job), timeout=20).events
    assert lines == [event.data for event in events]


def test_what_a_server_says_of_itself_is_so(start: Any, converge: Any):
    """Each claim of GetCapabilities, tried out; with keys it says so, and without one nothing is answered."""
    server = start()
    told = server.stub.GetCapabilities(wire.GetCapabilitiesRequest(), timeout=20)
    truths = server.http.get("/api/v1/truths").json()["truths"]
    assert converge("--version").out.split()[-1] == told.version
    assert (["converge.v1"], ["http", "sse", "grpc"]) == (list(told.protocols), list(told.transports))
    assert {row["key"]: row["title"] for row in truths if row["kind"] == "job"} == {
        truth.key: truth.title for truth in told.truths
    }
    job = server.submit("hello-convergence")
    server.rested(job)
    assert "event: end" in server.http.get(f"/api/v1/jobs/{job}/stream").text
    assert ([], "sqlite", True) == (
        list(told.auth), told.storage, any((converge.folder / "store").glob("*.db")),
    )  # fmt: skip
    limits = told.limits
    stub = server.stub

    def events(limit: int) -> Any:
        return stub.GetEvents(wire.GetEventsRequest(job_id=job, limit=limit), timeout=20)

    def parameters(deep: int) -> Any:
        data = b'{"p":{"x":' + b"[" * (deep - 2) + b"]" * (deep - 2) + b"}}"
        return stub.SubmitJob(wire.SubmitJobRequest(truth="absent", parameters=data), timeout=20)

    def seeds(size: int) -> Any:
        return stub.SubmitJob(wire.SubmitJobRequest(truth="absent", seeds=["x" * size]), timeout=60)

    stub.ListJobs(wire.ListJobsRequest(limit=limits.jobs_per_page), timeout=20)
    events(limits.events_per_page)
    assert "INVALID_ARGUMENT" == status_of(
        lambda: stub.ListJobs(wire.ListJobsRequest(limit=limits.jobs_per_page + 1), timeout=20)
    )
    assert "INVALID_ARGUMENT" == status_of(lambda: events(limits.events_per_page + 1))
    assert ("NOT_FOUND", "INVALID_ARGUMENT") == (
        status_of(lambda: parameters(limits.json_depth)), status_of(lambda: parameters(limits.json_depth + 1)),
    )  # fmt: skip
    assert ("NOT_FOUND", "RESOURCE_EXHAUSTED") == (
        status_of(lambda: seeds(limits.message_bytes - 100)), status_of(lambda: seeds(limits.message_bytes + 1)),
    )  # fmt: skip


def test_with_keys_a_call_needs_one(start: Any, converge: Any):
    """One that was made at the command line; what it opens is the same as over HTTP."""
    key = converge("keys", "new", "--person", "ada", "--role", "submit", "--json").data["secret"]
    server = start(access="")
    ask = wire.GetCapabilitiesRequest()
    told = server.stub.GetCapabilities(ask, timeout=20, metadata=(("authorization", f"Bearer {key}"),))
    assert ["api_key"] == list(told.auth)
    for metadata in ((), (("authorization", f"Bearer {key}x"),), (("authorization", key),)):
        call = partial(server.stub.GetCapabilities, ask, timeout=20, metadata=metadata)
        assert "UNAUTHENTICATED" == status_of(call)


def test_a_server_offers_exactly_these_methods_and_says_that_it_is_well(start: Any):
    """Counted by reflection, as any client can; the page lists the same."""
    server = start()
    database = ProtoReflectionDescriptorDatabase(server.channel)
    service = DescriptorPool(database).FindServiceByName("converge.v1.Converge")
    health = health_pb2_grpc.HealthStub(server.channel)
    for name in ("", "converge.v1.Converge"):
        answer = health.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)
        assert health_pb2.HealthCheckResponse.SERVING == answer.status
    services = {"converge.v1.Converge", "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
    assert METHODS == {method.name for method in service.methods}
    assert METHODS == set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert services == set(database.get_services())


def certificate(folder: Path, name: str) -> None:
    """A certificate of its own, for this machine."""
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout",
            f"{name}.key", "-out", f"{name}.pem",
        ],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


def test_tls_is_for_both_doors_and_lets_in_whom_it_should(start: Any, converge: Any):
    """A client that trusts the certificate; with --tls-ca only one that shows its own."""
    for name in ("server", "me", "stranger"):
        certificate(converge.folder, name)
    read = {path.name: path.read_bytes() for path in converge.folder.glob("*.*") if path.suffix in {".pem", ".key"}}
    trusted = grpc.ssl_channel_credentials(read["server.pem"])
    mine = grpc.ssl_channel_credentials(read["server.pem"], read["me.key"], read["me.pem"])
    other = grpc.ssl_channel_credentials(read["server.pem"], read["stranger.key"], read["stranger.pem"])
    files = ("--tls-cert", "server.pem", "--tls-key", "server.key")
    ask = wire.GetCapabilitiesRequest()
    here = ssl.create_default_context(cafile=converge.folder / "server.pem")
    server = start(*files, credentials=trusted, verify=here)
    assert ["https", "sse", "grpcs"] == list(server.stub.GetCapabilities(ask, timeout=20).transports)
    assert (200, True) == (server.http.get("/health").status_code, server.url.startswith("https://"))
    closed = start(*files, "--tls-ca", "me.pem", credentials=mine, verify=here)
    assert closed.stub.GetCapabilities(ask, timeout=20).version
    ways = {"no TLS": None, "no certificate": trusted, "another's": other}
    for name, credentials in ways.items():
        with closed.connect(credentials) as channel:
            call = partial(ConvergeStub(channel).GetCapabilities, ask, timeout=20)
            assert (name, "UNAVAILABLE") == (name, status_of(call))
    with pytest.raises(httpx2.TransportError):
        closed.http.get("/health")


@pytest.mark.parametrize(
    ("words", "code", "error", "where"),
    [
        (("--tls-cert", "server.pem"), 2, "USAGE", "--tls-cert"),
        (("--tls-cert", "server.pem", "--tls-key", "absent"), 2, "USAGE", "absent"),
        (("--tls-cert", "server.pem", "--tls-key", "secret.key"), 2, "USAGE", "secret.key"),
        (("--tls-cert", "junk", "--tls-key", "junk"), 1, "CANNOT_LISTEN", "--tls-cert"),
        (("--tls-cert", "server.pem", "--tls-key", "other.key"), 1, "CANNOT_LISTEN", "--tls-cert"),
    ],
)
def test_tls_files_that_are_none_are_told_before_anything_is_served(
    words: tuple[str, ...], code: int, error: str, where: str, converge: Any
):
    """With a hint; no server stays."""
    certificate(converge.folder, "server")
    certificate(converge.folder, "other")
    (converge.folder / "junk").write_text("junk")
    (converge.folder / "secret.key").write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    ran = converge("serve", "--port", "0", "--insecure-local", "--json", *words)
    assert (code, error, where) == (ran.code, ran.error["code"], ran.error["where"])
    assert ran.error["hint"]


def test_a_taken_port_is_told_with_what_to_do(converge: Any):
    """Before a worker is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = converge("serve", "--port", "0", "--grpc-port", port, "--insecure-local", "--json")
    assert (1, "CANNOT_LISTEN", True) == (ran.code, ran.error["code"], "--grpc-port" in ran.error["hint"])


def test_it_ends_in_time_with_open_streams_which_go_on_at_the_next_start(start: Any):
    """UNAVAILABLE; with resume_from the same job is followed to its end, without loss or double."""
    server = start()
    jobs = [server.submit("vendor-selection") for _ in range(3)]
    last = {job: server.rested(job).job.seq for job in jobs}
    requests = [wire.StreamRequest(id=job, subscribe=wire.SubscribeRequest(job_id=job)) for job in jobs]
    streams = [server.stub.Stream(iter(requests), timeout=40) for _ in range(10)]
    for stream in streams:
        next(stream)
    code, seconds = server.stop()
    assert (0, True) == (code, seconds < SECONDS)
    assert {"UNAVAILABLE"} == {status_of(lambda stream=stream: list(stream)) for stream in streams}

    again = start()
    decision = {"target": "vendor_commitment", "by": "mona", "reason": "three bids compared"}
    for job in jobs:
        following = wire.SubscribeRequest(job_id=job, resume_from=last[job])
        asked = [
            wire.StreamRequest(approve=wire.DecisionRequest(job_id=job, **decision)),
            wire.StreamRequest(subscribe=following),
        ]
        seen = list(again.stub.Stream(iter(asked), timeout=40))
        events = [item.event.seq for item in seen if item.WhichOneof("what") == "event"]
        assert ("CriteriaMet", list(range(last[job] + 1, seen[-1].ended.seq + 1))) == (seen[-1].ended.outcome, events)


def test_the_client_of_the_page_does_what_the_page_says(start: Any, tmp_path: Path):
    """Generated as it says, in an empty folder, without our package."""
    [program] = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    server, folder = start(), tmp_path / "client"
    folder.mkdir()
    (folder / "client.py").write_text(program)
    shutil.copy(ROOT / "converge_cli/_internal/wire/converge.proto", folder)
    [generating] = re.findall(r"^python -m (grpc_tools.*)$", PAGE, re.MULTILINE)
    for words in (["-m", *generating.split()], ["client.py", server.address]):
        done = subprocess.run(
            [sys.executable, *words], cwd=folder, capture_output=True, timeout=60, check=False, text=True
        )
        assert 0 == done.returncode, done.stderr
    job = server.stub.ListJobs(wire.ListJobsRequest(), timeout=20).jobs[0].job_id
    assert [
        "waits for 1 decision",
        "ended CriteriaMet",
        f"outcome digest {server.rested(job).outcome_digest}",
    ] == done.stdout.splitlines()


def test_the_tables_of_the_page_are_those_of_the_code():
    """Both directions."""
    statuses = dict(re.findall(r"^\| (\d{3}) \| ([A-Z_]+) \|$", PAGE, re.MULTILINE))
    codes = dict(re.findall(r"^\| ([A-Z_]+) \| ([A-Z_]+) \|$", PAGE, re.MULTILINE))
    assert {str(number): status.name for number, status in _OF_HTTP.items()} == statuses
    assert {code: status.name for code, status in STATUS.items()} == codes
