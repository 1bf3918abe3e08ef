"""The gRPC door: who may call, what is refused and how, limits; the same service as over HTTP."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import grpc
import pytest
from google.protobuf import symbol_database
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_served import GrpcServed, told

from converge_cli._internal.wire import converge_pb2 as wire
from converge_cli.app.jobs.caller import Caller, Role
from converge_cli.app.jobs.submission import EarlyApproval, GivenInput, Submission
from converge_cli.core.budget import BudgetChange
from converge_cli.core.job_queue import JobStatus
from converge_cli.server.credentials import UnauthorizedError
from converge_cli.server.error_status import STATUS as HTTP_STATUS
from converge_cli.server.grpc_errors import STATUS, grpc_status
from converge_cli.server.grpc_messages import submission_of
from converge_cli.server.limits import Share
from converge_cli.server.request_errors import RequestInvalidError

CALLERS = {
    "Bearer ada": Caller("ada", frozenset({Role.SUBMIT})),
    "Bearer mona": Caller("mona", frozenset({Role.DECIDE})),
    "Bearer eve": Caller("eve", frozenset({Role.SUBMIT, Role.DECIDE})),
}


def known(authorization: str, address: str) -> Caller:
    """Three people."""
    if authorization not in CALLERS:
        raise UnauthorizedError
    return CALLERS[authorization]


def as_(person: str) -> Any:
    """Their metadata."""
    return (("authorization", f"Bearer {person}"),)


@pytest.fixture
def serving(tmp_path: Path) -> Callable[..., Any]:
    """Starts a server with options of its own; for `with`."""
    return lambda **options: GrpcServed(tmp_path, **options).running()


@pytest.fixture
def served(serving: Callable[..., Any]) -> Iterator[GrpcServed]:
    """A server where nobody is asked who they are."""
    with serving() as running:
        yield running


def every_call(stub: Any, job: str, **how: Any) -> dict[str, Callable[[], Any]]:
    """Each method, asked in the right way."""
    subscribed = wire.StreamRequest(id="1", subscribe=wire.SubscribeRequest(job_id=job))
    return {
        "SubmitJob": lambda: stub.SubmitJob(wire.SubmitJobRequest(truth="hello-convergence"), timeout=20, **how),
        "GetJob": lambda: stub.GetJob(wire.GetJobRequest(job_id=job), timeout=20, **how),
        "ListJobs": lambda: stub.ListJobs(wire.ListJobsRequest(), timeout=20, **how),
        "GetEvents": lambda: stub.GetEvents(wire.GetEventsRequest(job_id=job), timeout=20, **how),
        "Stream": lambda: list(stub.Stream(iter([subscribed]), timeout=20, **how)),
        "GetCapabilities": lambda: stub.GetCapabilities(wire.GetCapabilitiesRequest(), timeout=20, **how),
    }


def test_nobody_calls_without_a_credential_that_holds(serving: Any):
    """Each method, without one, with a wrong one, with two; health alone is asked by anybody."""
    wrong: tuple[Any, ...] = ((), as_("nobody"), (*as_("ada"), *as_("mona")))
    with serving(caller_of=known) as served:
        for metadata in wrong:
            for name, call in every_call(served.stub, "any", metadata=metadata).items():
                assert (name, ("UNAUTHENTICATED", "UNAUTHORIZED")) == (name, told(call))
        health = health_pb2_grpc.HealthStub(served.channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert health_pb2.HealthCheckResponse.SERVING == health.status


def test_what_is_anothers_is_not_there(serving: Any):
    """By whatever way it is asked for, a job of another reads like one that does not exist."""
    with serving(caller_of=known) as served:
        submitting = wire.SubmitJobRequest(truth="hello-convergence")
        job = served.stub.SubmitJob(submitting, timeout=20, metadata=as_("ada")).job.job_id
        calls = every_call(served.stub, job, metadata=as_("eve"))
        seen = {name: told(calls[name]) for name in ("GetJob", "GetEvents")}
        requests = [
            wire.StreamRequest(id="cancel", cancel=wire.CancelRequest(job_id=job)),
            wire.StreamRequest(id="approve", approve=wire.DecisionRequest(job_id=job, target="x", reason="y")),
            wire.StreamRequest(id="subscribe", subscribe=wire.SubscribeRequest(job_id=job)),
        ]
        streamed = list(served.stub.Stream(iter(requests), timeout=20, metadata=as_("eve")))
        listed = calls["ListJobs"]().jobs
        own = served.stub.GetJob(wire.GetJobRequest(job_id=job), timeout=20, metadata=as_("ada"))
    assert {"GetJob": ("NOT_FOUND", "JOB_NOT_FOUND"), "GetEvents": ("NOT_FOUND", "JOB_NOT_FOUND")} == seen
    assert [(request.id, "JOB_NOT_FOUND") for request in requests] == [(item.id, item.error.code) for item in streamed]
    assert ([], "ada") == (list(listed), own.job.owner)


def test_who_may_not_submit_is_told_which_role_it_takes(serving: Any):
    """A known caller, who lacks it."""
    with serving(caller_of=known) as served:
        assert ("PERMISSION_DENIED", "FORBIDDEN") == told(
            every_call(served.stub, "any", metadata=as_("mona"))["SubmitJob"]
        )


@pytest.mark.parametrize("other", ["Bearer mona", "Bearer ada", ""])
def test_two_authorizations_are_none(serving: Any, other: str):
    """Also when both are the same: what stands before us might have looked at the other one."""
    with serving(caller_of=known) as served:
        for both in ([*as_("ada"), ("authorization", other)], [("authorization", other), *as_("ada")]):
            calls = every_call(served.stub, "any", metadata=tuple(both))
            for call in calls.values():
                assert ("UNAUTHENTICATED", "UNAUTHORIZED") == told(call)
        one = every_call(served.stub, "any", metadata=as_("ada"))["GetJob"]
        assert ("NOT_FOUND", "JOB_NOT_FOUND") == told(one)


def test_a_key_that_is_revoked_opens_nothing_more_in_an_open_stream(serving: Any):
    """Each request of it is asked anew who makes it."""
    callers = {"Bearer ada": Caller("ada", frozenset({Role.SUBMIT}))}

    def looked_up(authorization: str, address: str) -> Caller:
        if authorization not in callers:
            raise UnauthorizedError
        return callers[authorization]

    submit = wire.SubmitJobRequest(truth="hello-convergence")
    asked: SimpleQueue[Any] = SimpleQueue()
    with serving(caller_of=looked_up) as served:
        answers = served.stub.Stream(iter(asked.get, None), timeout=20, metadata=as_("ada"))
        asked.put(wire.StreamRequest(id="1", submit=submit))
        assert ("1", "job") == ((first := next(answers)).id, first.WhichOneof("what"))
        callers.clear()
        asked.put(wire.StreamRequest(id="2", submit=submit))
        asked.put(None)
        assert [("2", "UNAUTHORIZED")] == [(item.id, item.error.code) for item in answers]


@pytest.mark.parametrize(
    ("method", "request_", "status", "code"),
    [
        ("SubmitJob", wire.SubmitJobRequest(), "INVALID_ARGUMENT", "SUBMISSION_INVALID"),
        ("SubmitJob", wire.SubmitJobRequest(truth="../etc"), "INVALID_ARGUMENT", "SUBMISSION_INVALID"),
        ("SubmitJob", wire.SubmitJobRequest(truth="absent"), "NOT_FOUND", "TRUTH_NOT_FOUND"),
        ("SubmitJob", wire.SubmitJobRequest(truth="a", parameters=b"{"), "INVALID_ARGUMENT", "REQUEST_INVALID"),
        ("SubmitJob", wire.SubmitJobRequest(truth="a", parameters=b"[1]"), "INVALID_ARGUMENT", "REQUEST_INVALID"),
        ("SubmitJob", wire.SubmitJobRequest(truth="a", parameters=b"\xff"), "INVALID_ARGUMENT", "REQUEST_INVALID"),
        (
            "SubmitJob",
            wire.SubmitJobRequest(truth="a", parameters=b'{"p":' + b"[" * 70 + b"]" * 70 + b"}"),
            "INVALID_ARGUMENT",
            "REQUEST_MALFORMED",
        ),
        ("SubmitJob", wire.SubmitJobRequest(truth="a", idempotency_key="\n"), "INVALID_ARGUMENT", "REQUEST_INVALID"),
        (
            "SubmitJob",
            wire.SubmitJobRequest(truth="a", budget=wire.Budget(time="NaN")),
            "INVALID_ARGUMENT",
            "REQUEST_INVALID",
        ),
        (
            "SubmitJob",
            wire.SubmitJobRequest(truth="a", inputs={"x": wire.Input()}),
            "INVALID_ARGUMENT",
            "REQUEST_INVALID",
        ),
        (
            "SubmitJob",
            wire.SubmitJobRequest(truth="vendor-selection", inputs={"nothing": wire.Input(text="a")}),
            "INVALID_ARGUMENT",
            "INPUT_UNKNOWN",
        ),
        ("GetJob", wire.GetJobRequest(job_id="absent"), "NOT_FOUND", "JOB_NOT_FOUND"),
        ("GetJob", wire.GetJobRequest(job_id="a\0b"), "NOT_FOUND", "JOB_NOT_FOUND"),
        ("ListJobs", wire.ListJobsRequest(limit=201), "INVALID_ARGUMENT", "REQUEST_INVALID"),
        ("ListJobs", wire.ListJobsRequest(status=77), "INVALID_ARGUMENT", "REQUEST_INVALID"),
        ("ListJobs", wire.ListJobsRequest(before="absent"), "NOT_FOUND", "JOB_NOT_FOUND"),
        ("GetEvents", wire.GetEventsRequest(job_id="absent"), "NOT_FOUND", "JOB_NOT_FOUND"),
        ("GetEvents", wire.GetEventsRequest(job_id="absent", after=1 << 60), "INVALID_ARGUMENT", "REQUEST_INVALID"),
        ("GetEvents", wire.GetEventsRequest(job_id="absent", limit=1001), "INVALID_ARGUMENT", "REQUEST_INVALID"),
    ],
)
def test_what_can_t_be_done_is_refused_with_a_code(
    method: str, request_: Any, status: str, code: str, served: GrpcServed
):
    """The codes that HTTP has as well."""
    assert (status, code) == told(lambda: getattr(served.stub, method)(request_, timeout=20))


def test_an_error_comes_whole_in_a_trailer_that_every_client_takes(serving: Any, tmp_path: Path):
    """With as many findings as there is room for and the number of the others, and without a path of the machine."""
    broken = tmp_path / "project" / "truths" / "broken"
    broken.mkdir(parents=True)
    wrong = "".join(f"wrong_{number}: 1\n" for number in range(400))
    (broken / "truth.yaml").write_text(f"truth: v1\nkey: broken\nkind: job\n{wrong}")
    with (
        serving(content=tmp_path / "project") as served,
        pytest.raises(grpc.RpcError) as caught,
    ):
        served.stub.SubmitJob(wire.SubmitJobRequest(truth="broken"), timeout=20)
    error: Any = caught.value
    data = json.loads(dict(error.trailing_metadata())["converge-error-bin"])
    assert (error.code().name, error.details()) == ("INVALID_ARGUMENT", data["message"][:500])
    assert 0 < len(data["findings"]) < 400 <= len(data["findings"]) + data["left_out"]
    assert str(tmp_path) not in json.dumps(data)


@pytest.mark.parametrize("method", ["SubmitJob", "GetJob", "ListJobs", "GetEvents", "Stream", "GetCapabilities"])
def test_a_message_that_is_none_of_the_protocol_is_refused_in_our_words(method: str, served: GrpcServed):
    """Whichever method it is for; what comes after it is served."""
    name = f"/converge.v1.Converge/{method}"
    if method == "Stream":
        status = told(lambda: list(served.channel.stream_stream(name)(iter([b"\xff\xff"]), timeout=10)))
    else:
        status = told(lambda: served.channel.unary_unary(name)(b"\xff\xff", timeout=10))
    assert ("INVALID_ARGUMENT", "REQUEST_MALFORMED") == status
    assert served.stub.ListJobs(wire.ListJobsRequest(), timeout=10).next == ""


def test_a_message_that_is_too_large_is_refused_and_the_next_one_served(serving: Any):
    """Just below the limit it is taken."""
    with serving(most_bytes=10_000) as served:
        large = wire.SubmitJobRequest(truth="absent", seeds=["x" * 10_000])
        assert "RESOURCE_EXHAUSTED" == told(lambda: served.stub.SubmitJob(large, timeout=10))[0]
        small = wire.SubmitJobRequest(truth="absent", seeds=["x" * 9_900])
        assert ("NOT_FOUND", "TRUTH_NOT_FOUND") == told(lambda: served.stub.SubmitJob(small, timeout=10))


def test_a_call_ends_at_its_deadline_and_the_server_goes_on(served: GrpcServed):
    """A stream of a job that waits for people, and a call that has no time at all."""
    job = served.submit("vendor-selection")
    served.rested(job)
    stream = served.stub.Stream(
        iter([wire.StreamRequest(id="1", subscribe=wire.SubscribeRequest(job_id=job))]), timeout=1
    )
    seen = []
    with pytest.raises(grpc.RpcError) as caught:
        seen.extend(iter(lambda: next(stream), None))
    late: Any = caught.value
    assert ("DEADLINE_EXCEEDED", "") == (late.code().name, seen and "")
    assert "DEADLINE_EXCEEDED" == told(lambda: served.stub.GetJob(wire.GetJobRequest(job_id=job), timeout=1e-6))[0]
    assert job == served.stub.GetJob(wire.GetJobRequest(job_id=job), timeout=10).job.job_id


def test_whoever_calls_too_often_is_told_when_to_come_back(serving: Any):
    """The same share for both doors; clients that retry by themselves hear it as well."""
    with serving(share=Share(rate=0.1, burst=2)) as served:
        calls = every_call(served.stub, "absent")
        calls["ListJobs"]()
        calls["ListJobs"]()
        with pytest.raises(grpc.RpcError) as caught:
            calls["ListJobs"]()
    error: Any = caught.value
    assert ("RESOURCE_EXHAUSTED", "1000") == (
        error.code().name, dict(error.trailing_metadata())["grpc-retry-pushback-ms"],
    )  # fmt: skip


def test_only_so_many_streams_of_one_caller_are_open(serving: Any):
    """The next one is refused; when one is closed there is room again."""
    with serving(share=Share(streams=1)) as served:
        job = served.submit("vendor-selection")
        served.rested(job)
        subscribed = wire.StreamRequest(id="1", subscribe=wire.SubscribeRequest(job_id=job))
        first = served.stub.Stream(iter([subscribed]), timeout=20)
        next(first)
        assert ("RESOURCE_EXHAUSTED", "TOO_MANY_REQUESTS") == told(every_call(served.stub, job)["Stream"])


def test_a_full_queue_is_told(serving: Any):
    """Nothing is taken that could not be kept."""
    with serving(most_queued=0) as served:
        assert ("RESOURCE_EXHAUSTED", "QUEUE_FULL") == told(every_call(served.stub, "")["SubmitJob"])


def test_every_error_code_of_http_has_a_status_here():
    """One table, derived: whoever adds a code there has said it for both."""
    for code in HTTP_STATUS:
        error = RequestInvalidError("x")
        error.code = code
        assert grpc_status(error).name
    assert {"READER_SLOW"} == set(STATUS) - set(HTTP_STATUS)


def test_a_submission_by_grpc_is_the_one_by_http():
    """Field by field, so that an idempotency key holds over both doors."""
    message = wire.SubmitJobRequest(
        truth="t",
        inputs={
            "a": wire.Input(name="a.csv", text="x"),
            "b": wire.Input(name="b.bin", data=b"\0"),
            "c": wire.Input(rows=b'[{"n":0.1,"m":12345678901234567890}]'),
            "d": wire.Input(folder=wire.Input.Folder(files={"e.txt": wire.Input(text="y")})),
        },
        parameters=b'{"p":{"limit":0.1}}',
        seeds=["Seeds:a=b"],
        budget=wire.Budget(cycles=3, time="2.5"),
        approvals=[wire.EarlyApproval(point="q", by="mona")],
        principal="ada",
        strict=True,
    )
    expected = Submission(
        truth="t",
        inputs={
            "a": GivenInput(name="a.csv", text="x"),
            "b": GivenInput(name="b.bin", base64="AA=="),
            "c": GivenInput(rows=[{"n": 0.1, "m": 12345678901234567890}]),
            "d": GivenInput(files={"e.txt": GivenInput(text="y")}),
        },
        parameters={"p": {"limit": 0.1}},
        seeds=("Seeds:a=b",),
        budget=BudgetChange(cycles=3, time=Decimal("2.5")),
        approvals=(EarlyApproval("q", by="mona"),),
        principal="ada",
        strict=True,
    )
    assert expected == submission_of(message)


def test_the_wire_knows_exactly_the_statuses_that_jobs_have():
    """Whoever adds one adds it there."""
    numbers = symbol_database.Default().pool.FindEnumTypeByName("converge.v1.JobStatus").values_by_name
    assert {"JOB_STATUS_UNSPECIFIED", *(f"JOB_STATUS_{status.name}" for status in JobStatus)} == set(numbers)


def test_pages_of_jobs_and_events_join_without_gap_or_double(served: GrpcServed):
    """The newest first; events by their sequence."""
    jobs = [served.submit() for _ in range(5)]
    for job in jobs:
        served.rested(job)
    found, before = [], ""
    while True:
        page = served.stub.ListJobs(wire.ListJobsRequest(limit=2, before=before, truth="hello-convergence"), timeout=10)
        found += [job.job_id for job in page.jobs]
        if not (before := page.next):
            break
    seqs, after = [], 0
    while True:
        events = served.stub.GetEvents(wire.GetEventsRequest(job_id=jobs[0], after=after, limit=3), timeout=10)
        seqs += [event.seq for event in events.events]
        if not (after := events.next_after):
            break
    assert list(reversed(jobs)) == found
    assert list(range(1, events.last + 1)) == seqs
    ended = served.stub.ListJobs(wire.ListJobsRequest(status=wire.JOB_STATUS_ENDED), timeout=10)
    none = served.stub.ListJobs(wire.ListJobsRequest(status=wire.JOB_STATUS_FAILED), timeout=10)
    assert (5, 0) == (len(ended.jobs), len(none.jobs))


def test_health_is_that_of_readiness(serving: Any):
    """Not serving while a check fails, soon serving again; of this service, of all, of none other; the end is told."""
    problems = ["a forbid is skipped"]
    with serving(self_test=lambda: problems) as served:
        health = health_pb2_grpc.HealthStub(served.channel)
        ask = health_pb2.HealthCheckRequest
        before = [health.Check(ask(service=name), timeout=10).status for name in ("", "converge.v1.Converge")]
        problems.clear()
        watching = health.Watch(ask(service="converge.v1.Converge"), timeout=10)
        after = next(answer.status for answer in watching if answer.status != before[0])
        watching.cancel()
        assert "NOT_FOUND" == told(lambda: health.Check(ask(service="other"), timeout=10))[0]
        watching = health.Watch(ask(), timeout=20)
        watched = [next(watching).status]
        served.stop_streams()
        watched += [answer.status for answer in watching]
    serving_, not_serving = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
    assert ([not_serving] * 2, serving_, [serving_, not_serving]) == (before, after, watched)
