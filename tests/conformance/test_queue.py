"""The suite of job queues, over every adapter, and processes that race for the jobs of one."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from converge_cli.core.job_queue import JobStatus
from converge_cli.store.memory import MemoryExperience
from converge_cli.store.queue_memory import MemoryQueue
from converge_cli.store.queue_sqlite import SqliteQueue
from converge_cli.store.sqlite import SqliteExperience
from converge_cli.testing.queue_conformance import QueueConformance, QueuePlace, submitted


class TestMemoryQueue(QueueConformance):
    """In memory."""

    @pytest.fixture
    def place(self) -> QueuePlace:
        store = MemoryExperience()
        return QueuePlace(store, MemoryQueue(store))


class TestSqliteQueue(QueueConformance):
    """In the file of the runs."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> Iterator[QueuePlace]:
        store = SqliteExperience(tmp_path / "store")
        yield QueuePlace(store, SqliteQueue(store))
        store.close()


RACER = """
import sys
from pathlib import Path
from converge_cli.core.job_queue import JobStatus, Settled
from converge_cli.store.queue_sqlite import SqliteQueue
from converge_cli.store.sqlite import SqliteExperience
from converge_cli.testing.queue_conformance import moment
queue = SqliteQueue(SqliteExperience(Path(sys.argv[1])))
print("ready", flush=True)
sys.stdin.readline()
while (job := queue.claim("w", moment(1), moment(59))) is not None:
    print(job.job)
    queue.settle(job.lease, Settled(JobStatus.ENDED), moment(2))
"""


def test_processes_that_race_for_jobs_get_each_exactly_once(tmp_path: Path) -> None:
    """Three workers of their own over one file; together they claim all of sixty jobs, none twice."""
    store = SqliteExperience(tmp_path)
    queue = SqliteQueue(store)
    names = [f"job{number}" for number in range(60)]
    submitted(queue, *names)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    claimed = [line for racer in racers for line in racer.communicate()[0].split()]
    assert [0, 0, 0] == [racer.returncode for racer in racers]
    assert sorted(names) == sorted(claimed)
    assert {JobStatus.ENDED: 60} == queue.counts()
    store.close()
