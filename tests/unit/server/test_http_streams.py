"""Jobs followed as server-sent events: nothing lost, nothing twice, whatever is cut; nobody is held up."""

import asyncio
import socket
import threading
import time
from random import Random  # noqa: TID251  seeded
from typing import Any

import httpx2
import pytest
from sse_text import sse

from converge_cli.app.jobs.caller import LOCAL
from converge_cli.server.http.tickets import LIFE_SECONDS, Tickets
from converge_cli.testing import ManualClock

STREAMS = 100
CUTS = 100


def followed(served: Any, job: str, **options: Any) -> list[tuple[str, str, Any]]:
    """A whole stream."""
    return sse(served.http.get(f"/api/v1/jobs/{job}/stream", **options).text)


def test_a_stream_tells_every_event_then_the_end(served: Any):
    """Ids are sequences, data the events, and the last thing is the job as it stands."""
    job = served.submit()
    *told, (number, name, line) = followed(served, job)
    events = served.get(f"/api/v1/jobs/{job}/events")["events"]
    assert [(str(event["seq"]), event["type"], event) for event in events] == told
    assert ("", "end", "CriteriaMet", len(events)) == (number, name, line["outcome"], line["seq"])


def test_a_stream_goes_on_after_the_last_event_that_was_seen(served: Any):
    """By the header that browsers send, which counts before `after`."""
    job = served.submit()
    served.rested(job)
    rest = followed(served, job, headers={"Last-Event-ID": "7"}, params={"after": 2})
    assert "8" == rest[0][0]
    assert ["end"] == [name for _, name, _ in followed(served, job, params={"after": 10_000})]


def test_a_pause_is_told_and_the_stream_goes_on_with_the_run(served: Any):
    """Until it has stopped: the decision of another client is seen by the one that waits."""
    job = served.submit("vendor-selection")
    seen: list[Any] = []
    reader = threading.Thread(target=lambda: seen.extend(followed(served, job)))
    reader.start()
    served.rested(job)
    yes = {"decision": "approved", "reason": "ok", "by": "mona"}
    served.post(f"/api/v1/jobs/{job}/approvals/vendor_commitment", yes, 200)
    reader.join(20)
    names = [name for _, name, _ in seen]
    assert (1, "end") == (names.count("paused"), names[-1])
    assert names.index("RunPaused") < names.index("paused") < names.index("ApprovalDecided") < names.index("RunStopped")
    numbers = [int(number) for number, _, _ in seen if number]
    assert list(range(1, len(numbers) + 1)) == numbers


def test_a_stream_until_a_pause_ends_there(served: Any):
    """For who waits for people, and not for their answer."""
    job = served.submit("vendor-selection")
    assert ("end", "paused") == (followed(served, job, params={"until": "pause"})[-1][1], served.rested(job)["status"])


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"headers": {"Last-Event-ID": "x"}}, 422),
        ({"headers": {"Last-Event-ID": "-1"}}, 422),
        ({"params": {"until": "forever"}}, 422),
        ({"params": {"after": "-1"}}, 422),
        ({"params": {"ticket": "guessed"}}, 401),
        ({"params": {"token": "abc"}}, 400),
    ],
)
def test_a_stream_that_can_not_be_is_refused_before_it_begins(served: Any, options: Any, status: int):
    """With a problem, as any other request."""
    job = served.submit()
    assert status == served.http.get(f"/api/v1/jobs/{job}/stream", **options).status_code
    assert 404 == served.http.get("/api/v1/jobs/nope/stream").status_code


def test_a_ticket_opens_one_stream_of_one_job_once(served: Any):
    """A browser has it from a request with a credential, and a thief of the address comes too late."""
    job, other = served.submit(), served.submit()
    issued = served.post(f"/api/v1/jobs/{job}/tickets", None, 201)
    assert 401 == served.http.get(f"/api/v1/jobs/{other}/stream", params={"ticket": issued["ticket"]}).status_code
    issued = served.post(f"/api/v1/jobs/{job}/tickets", None, 201)
    assert "end" == sse(served.http.get(issued["url"]).text)[-1][1]
    assert 401 == served.http.get(issued["url"]).status_code


def test_a_ticket_is_soon_worth_nothing():
    """Whatever was written down of it."""
    clock = ManualClock()
    tickets = Tickets(clock.monotonic)
    ticket = tickets.issue(LOCAL, "job", lambda: None)
    clock.advance(LIFE_SECONDS + 1)
    assert None is tickets.spend(ticket, "job")


def test_a_hundred_streams_cut_at_random_lose_nothing_and_see_nothing_twice(served: Any):
    """Over running jobs; each reader comes back with the last id that it saw."""
    chance = Random(20)  # noqa: S311
    cuts = [0] * STREAMS
    for _ in range(CUTS):
        cuts[chance.randrange(STREAMS)] += 1
    jobs = [served.submit("vendor-selection") for _ in range(10)]
    threading.Thread(target=_approve_all, args=(served, jobs), daemon=True).start()
    seen = asyncio.run(_read_all(served.url, jobs, cuts, chance))
    for job, numbers in seen:
        assert list(range(1, served.get(f"/api/v1/jobs/{job}")["seq"] + 1)) == numbers


def test_a_reader_that_takes_nothing_holds_up_neither_the_run_nor_other_readers(serving: Any):
    """Megabytes wait for it in the store, and nowhere else."""
    with serving(most_bytes=30_000_000) as served:
        job = served.submit(seeds=[f"Seeds:text:n{number}={'x' * 900_000}" for number in range(12)])
        with socket.socket() as lazy:
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            lazy.connect(("127.0.0.1", httpx2.URL(served.url).port))
            lazy.sendall(f"GET /api/v1/jobs/{job}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            told = followed(served, job)
            assert ("ended", "end") == (served.rested(job)["status"], told[-1][1])
            assert len(told) - 1 == served.get(f"/api/v1/jobs/{job}")["seq"]


def test_the_end_of_the_server_ends_its_streams(serving: Any):
    """Readers of a job that waits for people are let go of at once, without an end of the job."""
    seen: list[Any] = []
    with serving() as served:
        job = served.submit("vendor-selection")
        reader = threading.Thread(target=lambda: seen.extend(followed(served, job)))
        reader.start()
        served.rested(job)
        began = time.monotonic()
    reader.join(10)
    assert ("RunPaused", "paused") == tuple(name for _, name, _ in seen[-2:])
    assert time.monotonic() - began < 5


def _approve_all(served: Any, jobs: list[str]) -> None:
    for job in jobs:
        served.rested(job)
        yes = {"decision": "approved", "reason": "ok", "by": "mona"}
        served.post(f"/api/v1/jobs/{job}/approvals/vendor_commitment", yes, 200)


async def _read_all(url: str, jobs: list[str], cuts: list[int], chance: Random) -> list[tuple[str, list[int]]]:
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        return await asyncio.gather(
            *(_read(client, jobs[index % len(jobs)], [chance.randrange(1, 80) for _ in range(cut)])
              for index, cut in enumerate(cuts))
        )  # fmt: skip


async def _read(client: Any, job: str, cuts: list[int]) -> tuple[str, list[int]]:
    """Every id that one reader saw; the connection is cut after as many lines as `cuts` says, each time."""
    numbers: list[int] = []
    while True:
        cut = cuts.pop() if cuts else None
        headers = {"Last-Event-ID": str(numbers[-1])} if numbers else {}
        async with client.stream("GET", f"/api/v1/jobs/{job}/stream", headers=headers) as answer:
            assert 200 == answer.status_code
            pending, lines = 0, 0
            async for line in answer.aiter_lines():
                lines += 1
                if line.startswith("id: "):
                    pending = int(line[4:])
                elif line == "" and pending:  # an event counts when it is whole, as in every client
                    numbers.append(pending)
                    pending = 0
                elif line == "event: end":
                    return job, numbers
                if cut is not None and lines >= cut:
                    break
