"""The queue in memory against the one in SQLite: whatever is asked of both, they answer the same."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from converge_cli._internal.hashing import digest_bytes
from converge_cli.core.call import KeptCall
from converge_cli.core.errors import ConvergeError
from converge_cli.core.job_queue import JobFilter, JobStatus, Lease, Settled
from converge_cli.core.port import RunRow
from converge_cli.store.memory import MemoryExperience
from converge_cli.store.queue_memory import MemoryQueue
from converge_cli.store.queue_sqlite import SqliteQueue
from converge_cli.store.sqlite import SqliteExperience
from converge_cli.testing.experience_conformance import commit_after, sample_events
from converge_cli.testing.queue_conformance import QueuePlace, moment, sample_job

JOBS = st.sampled_from([f"job{number}" for number in range(5)])
OWNERS = st.sampled_from(["mona", "ivo"])
FENCES = st.integers(0, 4)
MAYBE_FENCES = st.none() | FENCES
SECONDS = st.integers(1, 12)
MOST = 3


class TwoQueues(RuleBasedStateMachine):
    """Both, asked the same; time goes on as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        memory, self.sqlite = MemoryExperience(), SqliteExperience(self.folder)
        self.places = (QueuePlace(memory, MemoryQueue(memory)), QueuePlace(self.sqlite, SqliteQueue(self.sqlite)))
        self.driven: dict[str, ExitStack] = {}
        self.second = 0

    def same(self, ask: Callable[[QueuePlace], Any]) -> Any:
        memory, sqlite = (_answer(ask, place) for place in self.places)
        assert memory == sqlite
        return memory

    @rule(job=JOBS, owner=OWNERS, key=st.sampled_from(["", "k"]), submission=st.sampled_from([b"one", b"two"]))
    def submit(self, job: str, owner: str, key: str, submission: bytes) -> None:
        given = sample_job(job, submission, owner=owner, key=key, created_at=moment(self.second))
        self.same(lambda place: place.queue.submit(given, submission, MOST))

    @rule(seconds=SECONDS)
    def time_goes_on(self, seconds: int) -> None:
        self.second = min(self.second + seconds, 3000)

    @rule(seconds=SECONDS)
    def claim(self, seconds: int) -> None:
        now, until = moment(self.second), moment(self.second + seconds)
        self.same(lambda place: place.queue.claim("w", now, until))

    @rule(job=JOBS, fence=FENCES, seconds=SECONDS)
    def renew(self, job: str, fence: int, seconds: int) -> None:
        self.same(lambda place: place.queue.renew(Lease(job, fence), moment(self.second + seconds)))

    @rule(job=JOBS, fence=FENCES, status=st.sampled_from([item for item in JobStatus if item != "running"]))
    def settle(self, job: str, fence: int, status: JobStatus) -> None:
        self.same(lambda place: place.queue.settle(Lease(job, fence), Settled(status), moment(self.second)))

    @rule(job=JOBS, fence=FENCES, seconds=st.none() | SECONDS)
    def pause(self, job: str, fence: int, seconds: int | None) -> None:
        settled = Settled(JobStatus.PAUSED, "" if seconds is None else moment(self.second + seconds))
        self.same(lambda place: place.queue.settle(Lease(job, fence), settled, moment(self.second)))

    @rule(job=JOBS, asked=st.sampled_from([b"", b"more"]))
    def wake(self, job: str, asked: bytes) -> None:
        self.same(lambda place: place.queue.wake(job, moment(self.second), asked))

    @rule()
    def wake_due(self) -> None:
        self.same(lambda place: place.queue.wake_due(moment(self.second)))

    @rule(job=JOBS)
    def cancel(self, job: str) -> None:
        self.same(lambda place: place.queue.cancel(job, moment(self.second)))

    @rule(job=JOBS, fence=MAYBE_FENCES, status=st.sampled_from(["running", "paused"]), pending=st.integers(0, 1))
    def append(self, job: str, fence: int | None, status: str, pending: int) -> None:
        row = self.same(lambda place: place.experience.row(job))
        known = row if isinstance(row, RunRow) else None
        events = sample_events(1 if known is None else known.seq + 1, 1)
        commit = commit_after(known, job, events, status=status, pending=pending)
        self.same(lambda place: place.experience.append(msgspec.structs.replace(commit, fence=fence)))

    @rule(job=JOBS, fence=MAYBE_FENCES)
    def keep_call(self, job: str, fence: int | None) -> None:
        call = KeptCall("asker", 0, digest_bytes(b"q"), 0, digest_bytes(b"a"))
        self.same(lambda place: place.experience.put_call(job, call, b"q", b"a", fence))

    @rule(job=JOBS)
    def drive_or_let_go(self, job: str) -> None:
        if job in self.driven:
            self.driven.pop(job).close()
            return
        held = ExitStack()
        self.same(lambda place: held.enter_context(place.experience.driving(job)))
        self.driven[job] = held

    @rule(
        owner=st.none() | OWNERS,
        status=st.none() | st.sampled_from(JobStatus),
        before=st.none() | JOBS,
        limit=st.integers(0, 5),
    )
    def list_some(self, owner: str | None, status: JobStatus | None, before: str | None, limit: int) -> None:
        wanted = JobFilter(owner=owner, status=status, before=before)
        self.same(lambda place: list(place.queue.jobs(wanted, limit)))

    @invariant()
    def both_hold_the_same(self) -> None:
        """Jobs, counts, runs."""
        self.same(lambda place: list(place.queue.jobs(JobFilter())))
        self.same(lambda place: dict(place.queue.counts()))
        self.same(lambda place: sorted(place.experience.rows(), key=lambda row: row.run))

    def teardown(self) -> None:
        for held in self.driven.values():
            held.close()
        self.sqlite.close()
        shutil.rmtree(self.folder)


def _answer(ask: Callable[[QueuePlace], Any], place: QueuePlace) -> Any:
    try:
        return ask(place)
    except ConvergeError as error:
        return (error.code, error.where)


TwoQueues.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
test_the_queue_in_memory_and_the_one_in_sqlite_answer_the_same = TwoQueues.TestCase
