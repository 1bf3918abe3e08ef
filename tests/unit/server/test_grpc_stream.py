"""Stream of the gRPC door: requests in order, jobs followed beside them, cut and resumed; slow readers; the end."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from grpc_served import GrpcServed, told

from converge_cli._internal.wire import converge_pb2 as wire
from converge_cli._internal.wire.converge_pb2_grpc import ConvergeStub
from converge_cli.app.jobs.caller import LOCAL, Caller
from converge_cli.server.credentials import UnauthorizedError
from converge_cli.server.grpc_stream import MOST_SUBSCRIPTIONS, Conversation

PAUSE = wire.SubscribeRequest.UNTIL_PAUSE
READERS = 50
WAITING = "HumanInterventionRequired"


@pytest.fixture
def serving(tmp_path: Path) -> Callable[..., Any]:
    """Starts a server with options of its own; for `with`."""
    return lambda **options: GrpcServed(tmp_path, **options).running()


@pytest.fixture
def served(serving: Callable[..., Any]) -> Iterator[GrpcServed]:
    """A server where nobody is asked who they are."""
    with serving() as running:
        yield running


def subscribe(job: str, name: str = "s", **more: Any) -> Any:
    """A request to follow a job."""
    return wire.StreamRequest(id=name, subscribe=wire.SubscribeRequest(job_id=job, **more))


def said(answer: Any) -> tuple[str, str]:
    """Which request an answer is of, and what it is."""
    return answer.id, answer.WhichOneof("what")


def recorded(served: GrpcServed, job: str) -> list[tuple[int, bytes]]:
    """Sequence and bytes of the events, from the store itself."""
    events = served.service.setting.services.experience.read(job)
    return list(enumerate(events, 1))


def test_a_job_is_submitted_followed_decided_and_ends_in_one_call(served: GrpcServed):
    """Each request is answered once; the job's events come whole and in order, and then its last word."""
    asked: SimpleQueue[Any] = SimpleQueue()
    answers = served.stub.Stream(iter(asked.get, None), timeout=30)
    asked.put(wire.StreamRequest(id="1", submit=wire.SubmitJobRequest(truth="vendor-selection")))
    first = next(answers)
    job = first.job.job_id
    asked.put(subscribe(job))
    seen = [next(answers)]
    while seen[-1].WhichOneof("what") != "paused":
        seen.append(next(answers))
    decision = wire.DecisionRequest(job_id=job, target="vendor_commitment", by="mona", reason="three bids compared")
    asked.put(wire.StreamRequest(id="2", approve=decision))
    asked.put(None)
    seen += list(answers)

    events = [(item.event.seq, item.event.data) for item in seen if item.WhichOneof("what") == "event"]
    others = [said(item) for item in seen if item.WhichOneof("what") not in {"event", "heartbeat"}]
    assert recorded(served, job) == events
    assert [("2", "decided"), ("s", "ended"), ("s", "paused")] == sorted(others)
    assert ("s", "ended", "CriteriaMet") == (*said(seen[-1]), seen[-1].ended.outcome)


def test_a_rejection_and_a_cancellation_are_answered(served: GrpcServed):
    """A refused decision is told with its code; a cancelled job ends as that."""
    one, other = served.submit("vendor-selection"), served.submit("vendor-selection")
    served.rested(one)
    served.rested(other)
    by_frank = wire.DecisionRequest(job_id=one, target="vendor_commitment", by="frank", reason="x")
    rejection = wire.DecisionRequest(job_id=one, target="vendor_commitment", by="mona", reason="too dear")
    requests = [
        wire.StreamRequest(id="1", approve=by_frank),
        wire.StreamRequest(id="2", reject=rejection),
        wire.StreamRequest(id="3", cancel=wire.CancelRequest(job_id=other)),
        wire.StreamRequest(id="4", cancel=wire.CancelRequest(job_id="absent")),
        wire.StreamRequest(id="5"),
        wire.StreamRequest(id="x" * 129, cancel=wire.CancelRequest(job_id=one)),
        subscribe(one, "7", heartbeat_ms=5),
        subscribe(one, "8", until=9),
    ]
    refused, rejected, cancelled, *errors = served.stub.Stream(iter(requests), timeout=20)
    assert ("1", 1, []) == (refused.id, len(refused.decided.refusals), list(refused.decided.requests))
    assert ("2", 0, 1) == (rejected.id, len(rejected.decided.refusals), len(rejected.decided.requests))
    assert ("3", other) == (cancelled.id, cancelled.job.job_id)
    assert "cancelled" == served.rested(other).outcome.lower()
    invalid = "REQUEST_INVALID"
    assert [("4", "JOB_NOT_FOUND"), ("5", invalid), ("x" * 128, invalid), ("7", invalid), ("8", invalid)] == [
        (item.id, item.error.code) for item in errors
    ]


def test_fifty_readers_that_are_cut_and_come_back_miss_nothing_and_see_nothing_twice(served: GrpcServed):
    """Over jobs that are under way; the union of what each reader saw is the events, byte for byte."""
    jobs = [served.submit("vendor-selection") for _ in range(5)]

    def read(number: int) -> tuple[str, list[tuple[int, bytes]], int]:
        job, seen, cuts = jobs[number % len(jobs)], [], 0
        while True:
            after = seen[-1][0] if seen else 0
            stream = served.stub.Stream(iter([subscribe(job, resume_from=after, until=PAUSE)]), timeout=60)
            for count, answer in enumerate(stream):
                if answer.WhichOneof("what") == "ended":
                    return job, seen, cuts
                if answer.WhichOneof("what") == "event":
                    seen.append((answer.event.seq, answer.event.data))
                if count == 3 + (7 * number + 5 * cuts) % 30:
                    stream.cancel()
                    cuts += 1
                    break

    with ThreadPoolExecutor(READERS) as pool:
        read_by = list(pool.map(read, range(READERS)))
    expected = {job: recorded(served, job) for job in jobs}
    assert [expected[job] for job, _, _ in read_by] == [seen for _, seen, _ in read_by]
    assert min(cuts for _, _, cuts in read_by) >= 1


def test_one_call_follows_many_jobs_and_a_bound_is_kept(served: GrpcServed):
    """Each subscription has its own events and its own end; one too many is refused, the others go on."""
    job = served.submit("vendor-selection")
    served.rested(job)
    requests = [subscribe(job, str(number)) for number in range(MOST_SUBSCRIPTIONS + 1)]
    stream = served.stub.Stream(iter(requests), timeout=60)
    paused, refused = set(), None
    for answer in stream:
        if answer.WhichOneof("what") == "paused":
            paused.add(answer.id)
        if answer.WhichOneof("what") == "error":
            refused = (answer.id, answer.error.code)
        if len(paused) == MOST_SUBSCRIPTIONS and refused:
            stream.cancel()
            break
    assert (str(MOST_SUBSCRIPTIONS), "TOO_MANY_REQUESTS") == refused


def test_heartbeats_say_up_to_where_everything_was_given(served: GrpcServed):
    """Between the events, as often as was asked for."""
    job = served.submit("vendor-selection")
    seq = served.rested(job).seq
    stream = served.stub.Stream(iter([subscribe(job, heartbeat_ms=20)]), timeout=20)
    beats = []
    for answer in stream:
        if answer.WhichOneof("what") == "heartbeat" and answer.heartbeat.seq == seq:
            beats.append(time.monotonic())
            if len(beats) == 5:
                break
    stream.cancel()
    assert beats[-1] - beats[0] < 5


def vendors(count: int) -> Any:
    """A table of offers, so long that the events of its run do not fit between a server and a reader that waits."""
    lines = (Path(__file__).parents[3] / "truths/vendor-selection/vendors.csv").read_text().splitlines()
    first, rest = lines[1].split(",", 1)
    text = "\n".join([lines[0], *(f"{first}{number},{rest}" for number in range(count))])
    return {"vendors": wire.Input(name="vendors.csv", text=f"{text}\n")}


@pytest.fixture
def narrow() -> Iterator[Callable[[GrpcServed], ConvergeStub]]:
    """A client between which and the server there is room for 64 KiB."""
    channels = []

    def client(served: GrpcServed) -> ConvergeStub:
        options = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65536))
        channels.append(grpc.insecure_channel(served.address, options=options))
        return ConvergeStub(channels[-1])

    yield client
    for channel in channels:
        channel.close()


def test_a_reader_that_takes_nothing_holds_up_neither_runs_nor_others(served: GrpcServed, narrow: Any):
    """While it waits, jobs run to their end and others are told of them; then it reads all of it."""
    job = served.submit("vendor-selection", inputs=vendors(200))
    slow = narrow(served).Stream(iter([subscribe(job, str(number), until=PAUSE) for number in range(3)]), timeout=60)
    assert WAITING == served.rested(job).outcome
    assert "CriteriaMet" == served.rested(served.submit()).outcome
    seen: dict[str, list[tuple[int, bytes]]] = {"0": [], "1": [], "2": []}
    for answer in slow:
        if answer.WhichOneof("what") == "event":
            seen[answer.id].append((answer.event.seq, answer.event.data))
    assert [recorded(served, job)] * 3 == list(seen.values())


def test_a_reader_that_takes_nothing_for_too_long_is_let_go_of_and_comes_back(serving: Any, narrow: Any):
    """It is told; nothing is lost."""
    with serving(stuck_seconds=0.5) as served:
        job = served.submit("vendor-selection", inputs=vendors(200))
        events = served.rested(job).seq
        slow = narrow(served).Stream(iter([subscribe(job)]), timeout=60)
        until = time.monotonic() + 20
        seen = [next(slow).event.seq]
        while served.open_streams() and time.monotonic() < until:
            time.sleep(0.05)

        def read() -> None:
            seen.extend(item.event.seq for item in slow)

        assert ("RESOURCE_EXHAUSTED", "READER_SLOW") == told(read)
        assert len(seen) < events
        again = served.stub.Stream(iter([subscribe(job, resume_from=seen[-1], until=PAUSE)]), timeout=20)
        seen += [item.event.seq for item in again if item.WhichOneof("what") == "event"]
        assert list(range(1, events + 1)) == seen


def test_what_is_followed_ends_soon_after_its_key_was_revoked(serving: Any):
    """In the words of any other refusal, although the job still waits."""
    revoked = threading.Event()

    def caller_of(*_: str) -> Caller:
        if revoked.is_set():
            raise UnauthorizedError
        return LOCAL

    with serving(caller_of=caller_of) as served:
        job = served.submit("vendor-selection")
        answers = served.stub.Stream(iter([subscribe(job)]), timeout=30)
        assert any(said(answer) == ("s", "paused") for answer in answers)
        revoked.set()
        *_, last = answers
    assert ("error", "UNAUTHORIZED") == (last.WhichOneof("what"), last.error.code)


def test_what_a_cut_stream_held_is_let_go_of(served: GrpcServed):
    """However it is cut: nothing is left of it that waits."""
    job = served.submit("vendor-selection")
    served.rested(job)
    for count in range(60):
        stream = served.stub.Stream(iter([subscribe(job), subscribe(job, "t")]), timeout=20)
        for _ in range(count):
            next(stream)
        stream.cancel()
    until = time.monotonic() + 20
    while (left := served.tasks("Conversation")) and time.monotonic() < until:
        time.sleep(0.05)
    assert (0, []) == (served.open_streams(), left)


class Taking:
    """A call whose reader takes a message when it is told to."""

    def __init__(self) -> None:
        self.taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def write(self, message: Any) -> None:
        """Wait for that."""
        await self.taken


@pytest.mark.parametrize("later", range(5))
async def test_a_stream_that_is_cut_while_its_reader_takes_something_ends(later: int):
    """However close the one follows the other: a cut that is forgotten would leave a writer that waits for ever."""
    calls: Any = SimpleNamespace(door=SimpleNamespace(following=None))
    conversation = Conversation(calls, taking := Taking(), 60.0)
    await conversation._out.put(wire.StreamResponse())
    writing = asyncio.create_task(conversation._write())
    await asyncio.sleep(0.01)
    taking.taken.set_result(None)
    for _ in range(later):
        await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait((writing,), timeout=2)
    assert writing.cancelled()


def test_streams_end_in_words_when_the_server_stops(served: GrpcServed):
    """UNAVAILABLE, which clients take as: try again; within the time of a stop."""
    job = served.submit("vendor-selection")
    served.rested(job)
    streams = [served.stub.Stream(iter([subscribe(job)]), timeout=30) for _ in range(10)]
    endless: SimpleQueue[Any] = SimpleQueue()
    streams.append(served.stub.Stream(iter(endless.get, None), timeout=30))
    for stream in streams[:-1]:
        next(stream)
    threading.Timer(0.2, served.stop_streams).start()
    began = time.monotonic()
    assert {("UNAVAILABLE", "STOPPING")} == {told(lambda stream=stream: list(stream)) for stream in streams}
    assert time.monotonic() - began < 4
    endless.put(None)
