"""The failing disk really fails: a database that does not sync loses what was committed, one that syncs does not."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = """
import sqlite3, sys
from converge_cli.testing.fault_disk import Fault, FaultDisk
file, synchronous, at, kind = sys.argv[1:]
FaultDisk(Fault(int(at), kind)).install()
connection = sqlite3.connect(file, isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute(f"PRAGMA synchronous = {synchronous}")
connection.execute("CREATE TABLE IF NOT EXISTS said (number)")
for number in range(100):
    try:
        connection.execute("INSERT INTO said VALUES (?)", (number,))
    except sqlite3.OperationalError as error:
        print(error.sqlite_errorname, flush=True)
        continue
    print(number, flush=True)
"""


def child(file: Path, synchronous: str, at: int, kind: str) -> tuple[int, list[str]]:
    """How the process ended, and what it said: each number that was acknowledged, each error."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(file), synchronous, str(at), kind],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.split()


def rows(file: Path) -> list[str]:
    connection = sqlite3.connect(file)
    found = [str(number) for (number,) in connection.execute("SELECT number FROM said ORDER BY rowid")]
    connection.close()
    return found


@pytest.mark.parametrize("kind", ["kill", "torn", "power", "scattered"])
def test_with_syncs_nothing_acknowledged_is_lost(tmp_path: Path, kind: str) -> None:
    """The process dies by SIGKILL amid the hundred; what it was told to be safe is there."""
    code, said = child(tmp_path / "a.db", "FULL", 60, kind)
    assert -signal.SIGKILL == code
    assert 3 < len(said) < 100
    assert said == rows(tmp_path / "a.db")[: len(said)]


def test_without_syncs_a_power_cut_loses_what_was_acknowledged(tmp_path: Path) -> None:
    """So the power cut is one: the test above would fail for a store that does not sync."""
    code, said = child(tmp_path / "a.db", "OFF", 60, "power")
    assert -signal.SIGKILL == code
    try:
        found = rows(tmp_path / "a.db")
    except sqlite3.OperationalError:  # not even the table is there
        found = []
    assert len(found) < len(said)


def test_a_full_disk_stays_full_and_an_error_passes(tmp_path: Path) -> None:
    """Every write after the first that did not fit fails too; a disk that erred once goes on."""
    _, full = child(tmp_path / "full.db", "FULL", 60, "full")
    _, erred = child(tmp_path / "erred.db", "FULL", 60, "error")
    first = full.index("SQLITE_FULL")
    assert {"SQLITE_FULL"} == set(full[first:])
    assert [1] == [sum(word.startswith("SQLITE_IOERR") for word in erred)]
    assert 99 == len(rows(tmp_path / "erred.db"))
