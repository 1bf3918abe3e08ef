"""SQLite experience against dying processes and torn files: what was acknowledged is there, nothing is half there."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from converge_cli.core.errors import RunBusyError
from converge_cli.store.sqlite import SqliteExperience
from converge_cli.testing.experience_conformance import commit_after, fill, sample_events

CHILD = Path(__file__).with_name("experience_child.py")


@contextmanager
def child(verb: str, folder: Path, run: str = "run1") -> Iterator[subprocess.Popen[str]]:
    """A process that dies by SIGKILL at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, str(CHILD), verb, str(folder), run], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55])
def test_everything_acknowledged_before_kill_9_is_there_and_nothing_is_half_there(
    tmp_path: Path, milliseconds: int
) -> None:
    """The writer is killed while it appends; the next process reads a verified record and goes on with it."""
    with child("append", tmp_path) as process:
        acknowledged = int(said(process))
        time.sleep(milliseconds / 1000)
        process.kill()
        acknowledged = max([acknowledged, *(int(line) for line in (process.stdout or []) if line.endswith("\n"))])
    store = SqliteExperience(tmp_path)
    row = store.row("run1")
    assert row.seq >= acknowledged
    assert row.seq == len(list(store.read("run1")))
    store.append(commit_after(row, "run1", sample_events(row.seq + 1, 1)))
    assert row.seq + 1 == len(list(store.read("run1")))
    store.close()


def test_a_torn_write_ahead_log_gives_whole_commits_only(tmp_path: Path) -> None:
    """The log of a killed writer, cut at every page and amid pages, or with its tail overwritten."""
    with child("wait", tmp_path / "store") as process:
        assert said(process) == "written"
    log = (tmp_path / "store" / "experience.db-wal").read_bytes()
    seen = set()
    for cut in (*range(0, len(log), 1373), len(log)):
        for tail in (b"", b"\xff" * 700):
            torn = tmp_path / "torn"
            shutil.copytree(tmp_path / "store", torn)
            (torn / "experience.db-shm").unlink()
            (torn / "experience.db-wal").write_bytes(log[:cut] + tail)
            store = SqliteExperience(torn)
            sizes = [row.seq for row in store.rows()]
            assert [len(list(store.read(row.run))) for row in store.rows()] == sizes
            seen.update(sizes)
            store.close()
            shutil.rmtree(torn)
    assert seen == {2, 5, 9, 14}


def test_of_two_processes_that_append_to_one_run_one_wins_each_sequence(tmp_path: Path) -> None:
    """Each attempt either is in the record or was refused; the chain holds."""
    store = SqliteExperience(tmp_path)
    fill(store, "run1", (1,))
    with child("race", tmp_path) as one, child("race", tmp_path) as two:
        for process in (one, two):
            assert said(process) == "ready"
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        answers = [said(process) for process in (one, two) for _ in range(20)]
    assert answers.count("won") + answers.count("lost") == 40
    assert answers.count("won") == len(list(store.read("run1"))) - 1
    assert answers.count("won") >= 20
    store.close()


def test_a_run_driven_by_another_process_is_refused_until_that_process_dies(tmp_path: Path) -> None:
    """The system lets go of a killed driver's hold; no lock file has to be removed by hand."""
    store = SqliteExperience(tmp_path)
    with child("drive", tmp_path) as process:
        assert said(process) == "driving"
        with child("drive", tmp_path) as second:
            assert said(second) == "refused"
        with pytest.raises(RunBusyError), store.driving("run1"):
            pass
    with store.driving("run1"):
        pass
    assert list((tmp_path / "runs").iterdir()) == []
    store.close()
