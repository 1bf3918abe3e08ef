"""Metrics: each is moved by what it counts, and by nothing that a caller may choose freely."""

import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from converge_cli.app.jobs.caller import Caller, Role
from converge_cli.core.event import (
    FactPromoted,
    ProposalDenied,
    ProposalRejected,
    ProposalWithdrawn,
    SuggestorFailed,
    TimerFired,
)
from converge_cli.core.job_queue import JobStatus, QueuedJob, Settled
from converge_cli.server.telemetry.metrics import MOST_TRUTHS, OTHER, Metrics
from converge_cli.server.telemetry.observer import Observer, Observers

HELLO, VENDORS = "hello-convergence", "vendor-selection"
YES = {"decision": "approved", "reason": "three bids compared", "by": "mona"}
WHO = "anna\nconverge_jobs 7"


class Counted:
    """A server whose metrics are read over HTTP."""

    def __init__(self, served: Any) -> None:
        self.served = served

    def samples(self) -> dict[str, float]:
        """`name{label=value,...}` without the prefix, as /metrics tells it now."""
        answer = self.served.http.get("/metrics")
        assert (200, "text/plain; version=0.0.4; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
        found = {}
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
                found[sample.name.removeprefix("converge_") + (f"{{{labels}}}" if labels else "")] = sample.value
        return found

    def moved(self, by: Callable[[], Any]) -> dict[str, float]:
        """What something adds to them."""
        before = self.samples()
        by()
        return {name: value - before.get(name, 0) for name, value in self.samples().items()}


@pytest.fixture
def counted(serving: Any) -> Any:
    """Starts a server with metrics; for `with`."""
    from contextlib import contextmanager

    @contextmanager
    def start(*also: Observer, **options: Any) -> Any:
        metrics, noted = Metrics(), []
        with serving(observer=_WithAppends([metrics, *also], noted.append), metrics=metrics.text, **options) as served:
            metrics.watch(served.service.setting.queue)
            yield Counted(served)
        assert [] == noted

    return start


class _WithAppends(Observers):
    def appending(self) -> Any:
        """Those of the metrics."""
        return self._observers[0].appending()


def subset(moved: dict[str, float], expected: dict[str, float]) -> dict[str, float]:
    """Of what moved, what is looked at."""
    return {name: moved.get(name, 0) for name in expected}


def test_a_job_moves_what_counts_jobs_runs_and_requests(counted: Any):
    """From its submission to its end: it is in the queue first that a job has ended, then with whoever counts."""
    with counted() as server:

        def works() -> None:
            server.served.rested(server.served.submit(HELLO))
            assert server.served.service.stop(20)  # what the worker still had to say is said

        moved = server.moved(works)
    expected = {
        f"jobs_submitted_total{{truth={HELLO}}}": 1,
        f"jobs_settled_total{{status=ended,truth={HELLO}}}": 1,
        "claims_total": 1,
        "stops_total{reason=CriteriaMet}": 1,
        "jobs{status=ended}": 1,
        "http_requests_total{method=POST,route=/api/v1/jobs,status=2xx}": 1,
        "http_request_seconds_count{method=POST,route=/api/v1/jobs}": 1,
    }
    assert expected == subset(moved, expected)
    for name in ("cycles_total", "proposals_total{verdict=promoted}", "append_seconds_count", "append_seconds_sum"):
        assert moved[name] > 0, name


def test_people_and_policy_move_their_own(counted: Any):
    """What was parked, what policy said, what was decided and how long it had waited."""
    with counted() as server:
        asked: list[str] = []

        def asks() -> None:
            asked.append(server.served.submit(VENDORS))
            server.served.rested(asked[0])

        moved = server.moved(asks)
        expected = {"jobs{status=paused}": 1, "stops_total{reason=HumanInterventionRequired}": 1}
        assert expected == subset(moved, expected)
        assert moved["gate_decisions_total{outcome=ESCALATE}"] >= 1
        assert moved["proposals_total{verdict=parked}"] >= 1
        (job,) = asked
        refused = {**YES, "by": "petra"}
        path = f"/api/v1/jobs/{job}/approvals/vendor_commitment"
        moved = server.moved(lambda: (server.served.post(path, refused, 200), server.served.post(path, YES, 200)))
        expected = {
            "decisions_total{code=ACCEPTED,decision=approved}": 1,
            "gate_wait_seconds_count{decision=approved}": 1,
        }
        assert expected == subset(moved, expected)
        assert 2 == sum(value for name, value in moved.items() if name.startswith("decisions_total"))
        assert moved["gate_wait_seconds_sum{decision=approved}"] > 0


def test_what_is_refused_is_counted_by_its_code_alone(counted: Any):
    """The words of a caller make no new names: neither its name, nor a truth or a path that is not there."""
    everything = Caller(WHO, frozenset(Role))
    with counted(caller_of=lambda *_: everything, local=False) as server:

        def asks() -> None:
            server.served.post("/api/v1/jobs", {"truth": "made-up-name"}, 404)
            server.served.http.get("/made/up/path")
            server.served.http.request("PROPFIND", "/api/v1/jobs")

        moved = server.moved(asks)
        text = server.served.http.get("/metrics").text
    expected = {
        "refusals_total{code=TRUTH_NOT_FOUND,doing=submit}": 1,
        "http_requests_total{method=GET,route=none,status=4xx}": 1,
        "http_requests_total{method=OTHER,route=/api/v1/jobs,status=4xx}": 1,
    }
    assert expected == subset(moved, expected)
    assert [] == [word for word in ("made-up", "made/up", "PROPFIND", "anna") if word in text]


def test_open_streams_are_counted_while_they_are_open(counted: Any):
    """And no longer."""
    with counted() as server:
        job = server.served.submit(VENDORS)
        server.served.rested(job)
        url = f"{server.served.url}/api/v1/jobs/{job}/stream"
        with httpx2.stream("GET", url, timeout=20) as answer:
            lines = answer.iter_lines()
            assert next(lines)
            assert 1 == server.samples()["open_streams"]
        until = time.monotonic() + 20
        while server.samples()["open_streams"] and time.monotonic() < until:
            time.sleep(0.05)
        assert 0 == server.samples()["open_streams"]


def test_jobs_that_wait_are_the_depth_of_the_queue(counted: Any):
    """Nobody works here."""
    with counted(workers=0) as server:
        moved = server.moved(lambda: [server.served.submit(HELLO) for _ in range(3)])
    assert (3, 3) == (moved["queue_depth"], moved["jobs{status=queued}"])


class Thief(Observer):
    """Takes each job away from the worker that has just claimed it."""

    queue: Any = None

    def claimed(self, job: QueuedJob) -> None:
        """The worker's lease holds nothing any more."""
        self.queue.settle(job.lease, Settled(JobStatus.CANCELLED), job.updated_at)


def test_a_lease_that_is_lost_is_counted(counted: Any):
    """The worker is refused when it writes."""
    thief = Thief()
    with counted(thief) as server:
        thief.queue = server.served.service.setting.queue
        server.served.submit(HELLO)
        until = time.monotonic() + 20
        while not server.samples()["lease_losses_total"] and time.monotonic() < until:
            time.sleep(0.05)
        assert 1 == server.samples()["lease_losses_total"]


AT = "2026-11-22T10:00:00.000000Z"
WHERE = {"cycle": 1, "key": "Signals", "id": "a:b", "execution": 1, "position": 0}
EVENTS = [
    (SuggestorFailed(seq=1, at=AT, cycle=1, suggestor="s", view=0, code="TIMEOUT", detail="d"),
     "suggestor_failures_total{code=TIMEOUT}"),
    (TimerFired(seq=1, at=AT, request="r", action="reject"), "timers_total{action=reject}"),
    (ProposalRejected(seq=1, at=AT, code="DUPLICATE", reason="d", **WHERE), "proposals_total{verdict=rejected}"),
    (ProposalDenied(seq=1, at=AT, cause="denied", by=("p",), **WHERE), "proposals_total{verdict=denied}"),
    (ProposalWithdrawn(seq=1, at=AT, reason="r", **WHERE), "proposals_total{verdict=withdrawn}"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "name"), EVENTS, ids=[name for _, name in EVENTS])
def test_events_that_are_rare_move_theirs(event: Any, name: str, counted: Any):
    """As they are recorded."""
    with counted(workers=0) as server:
        moved = server.moved(lambda: server.served.service.observer.recorded("r", [event]))
    assert {name: 1} == {name: value for name, value in moved.items() if value and name.startswith(("sug", "ti", "pr"))
                         and not name.startswith("process")}  # fmt: skip


def test_facts_that_nobody_proposed_are_no_proposals():
    """Seeds, and what the engine notes."""
    metrics = Metrics()
    metrics.recorded("r", [FactPromoted(1, AT, 1, "Seeds", "a:b")])
    assert b"proposals_total{" not in metrics.text()


def test_truths_beyond_the_most_that_are_told_apart_are_one():
    """So the metrics stay small whatever folders of templates hold."""
    metrics = Metrics()
    for number in range(MOST_TRUTHS + 5):
        metrics.submitted(QueuedJob("j", f"truth-{number}", "o", "s", AT, AT), "o")
    text = metrics.text().decode()
    assert f'jobs_submitted_total{{truth="{OTHER}"}} 5.0' in text
    assert MOST_TRUTHS + 1 == text.count("jobs_submitted_total{")


def test_only_who_may_see_every_job_sees_the_metrics(counted: Any):
    """Who submits may not."""
    caller = Caller("anna", frozenset({Role.SUBMIT}))
    with counted(caller_of=lambda *_: caller) as server:
        assert 403 == server.served.http.get("/metrics").status_code
