"""The SQLite ledger's own promises: a file of its own, shared by processes, honest about damage."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from converge_cli._internal.system import SystemClock
from converge_cli.core.errors import ConvergeError, RecordCorruptError
from converge_cli.core.ledger import Heartbeat, NewEntry
from converge_cli.core.ledger_errors import LedgerUnavailableError
from converge_cli.core.ledger_proof import check_chain
from converge_cli.store.file_lock import try_lock
from converge_cli.store.ledger_sqlite import SqliteLedger
from converge_cli.store.sqlite import SqliteExperience
from converge_cli.testing import ManualClock
from converge_cli.testing.experience_conformance import fill as fill_experience
from converge_cli.testing.ledger_samples import all_of, entries_in, some

WRITER = """
import sys
from pathlib import Path
from converge_cli._internal.system import SystemClock
from converge_cli.store.ledger_sqlite import SqliteLedger
from converge_cli.testing.ledger_samples import some
ledger = SqliteLedger(Path(sys.argv[1]), SystemClock())
for number in range(50):
    ledger.append("run1", some(2, int(sys.argv[2]) + 2 * number))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def test_a_ledger_that_is_only_read_is_not_created(file: Path):
    """Nor is its folder."""
    ledger = SqliteLedger(file.parent / "absent" / "ledger.db", SystemClock())
    assert 0 == ledger.get("run1").last
    with closing(ledger.watch("run1", heartbeat=0.01)) as watching:
        assert Heartbeat(0) == next(watching)
    ledger.close()
    assert [] == list(file.parent.iterdir())


def test_closing_folds_everything_into_one_file(file: Path):
    """And the next call opens it again."""
    ledger = SqliteLedger(file, SystemClock())
    ledger.append("run1", some(3))
    ledger.close()
    assert ["ledger.db", "ledger.db.lock"] == sorted(path.name for path in file.parent.iterdir())
    ledger.append("run1", some(1, 4))
    ledger.close()
    assert 4 == SqliteLedger(file, SystemClock()).get("run1").last


def test_processes_share_a_ledger_and_their_watchers_hear_of_each_other(file: Path):
    """Two processes append to one context while this one watches; one chain, nothing missed, without a heartbeat."""
    ledger = SqliteLedger(file, SystemClock())
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(file), str(first)]) for first in (1, 1001)]
    with closing(ledger.watch("run1", heartbeat=30)) as watching:
        seen = list(islice(entries_in(watching), 200))
    assert [0, 0] == [writer.wait(30) for writer in writers]
    assert seen == list(all_of(ledger, "run1"))
    check_chain("run1", seen)
    ledger.close()


def test_what_others_write_is_heard_within_milliseconds(file: Path):
    """Long before the next heartbeat."""
    ledger, other = SqliteLedger(file, SystemClock()), SqliteLedger(file, SystemClock())
    ledger.append("run1", some(1))
    timer = threading.Timer(0.2, lambda: other.append("run1", some(1, 2)))
    with closing(ledger.watch("run1", heartbeat=30)) as watching:
        next(watching)
        timer.start()
        assert "e2" == next(watching).id
    timer.join()
    ledger.close()
    other.close()


def test_a_ledger_and_a_store_of_runs_never_wait_for_each_other(tmp_path: Path):
    """In the same folder, while somebody holds the store's lock."""
    store = SqliteExperience(tmp_path)
    fill_experience(store, "run1", (1,))
    with (tmp_path / "lock").open("r+b") as lock:
        assert try_lock(lock.fileno())
        ledger = SqliteLedger(tmp_path / "ledger.db", SystemClock(), lock_seconds=0.01)
        assert 1 == ledger.append("run1", some(1))[0].sequence
    ledger.close()
    store.close()


def test_a_lock_that_is_held_too_long_is_an_error(file: Path):
    """Nothing is written."""
    ledger = SqliteLedger(file, SystemClock(), lock_seconds=0.01)
    ledger.append("run1", some(1))
    with Path(f"{file}.lock").open("r+b") as lock:
        assert try_lock(lock.fileno())
        with pytest.raises(LedgerUnavailableError, match="busy"):
            ledger.append("run1", some(1, 2))
    assert 1 == ledger.get("run1").last
    ledger.close()


@pytest.mark.parametrize("content", [b"no database" * 400, b"\x00" * 5000])
def test_another_file_is_never_touched(file: Path, content: bytes):
    """Not a database at all."""
    file.write_bytes(content)
    ledger = SqliteLedger(file, SystemClock())
    for call in (lambda: ledger.get("run1"), lambda: ledger.append("run1", some(1))):
        with pytest.raises(ConvergeError):
            call()
    ledger.close()
    assert content == file.read_bytes()


def test_the_database_of_runs_is_no_ledger(tmp_path: Path):
    """Whoever gives its name is told so."""
    store = SqliteExperience(tmp_path)
    fill_experience(store, "run1", (1,))
    store.close()
    with pytest.raises(LedgerUnavailableError, match="belongs to another program"):
        SqliteLedger(tmp_path / "experience.db", SystemClock()).append("run1", some(1))


def test_a_newer_ledger_is_not_opened(file: Path):
    """Its layout could mean anything."""
    SqliteLedger(file, SystemClock()).append("run1", some(1))
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA user_version = 2")
    with pytest.raises(LedgerUnavailableError, match="newer"):
        SqliteLedger(file, SystemClock()).get("run1")


@pytest.mark.parametrize("change", ["metadata = x'ff'", "previous = 5", "hash = NULL || 'x'", "payload = 1.5"])
def test_a_row_that_no_ledger_wrote_is_reported_with_its_place(file: Path, change: str):
    """Damage that is not even an entry; what still is one is found by verification."""
    ledger = SqliteLedger(file, SystemClock())
    ledger.append("run1", some(3))
    ledger.close()
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE copy AS SELECT * FROM entries")
        database.execute("DROP TABLE entries")
        database.execute("ALTER TABLE copy RENAME TO entries")
        database.execute(f"UPDATE entries SET {change} WHERE place & 4294967295 = 2")  # noqa: S608  our own words
    with pytest.raises(RecordCorruptError) as caught:
        SqliteLedger(file, SystemClock()).get("run1")
    assert "run1:2" == caught.value.where


def test_a_loaded_context_goes_on_from_its_own_time(file: Path):
    """Even where the clock is behind the one that the entries come from."""
    ahead, behind = ManualClock("2026-11-21T15:00:00.000000Z"), ManualClock("2026-11-21T14:00:00.000000Z")
    ledger, other = SqliteLedger(file, ahead), SqliteLedger(file.with_name("other.db"), behind)
    ledger.append("run1", some(2))
    other.load(ledger.snapshot("run1"))
    [entry] = other.append("run1", [NewEntry("later", "facts")])
    assert (3, "2026-11-21T15:00:00.000000Z") == (entry.sequence, entry.time)
    check_chain("run1", all_of(other, "run1"))
    ledger.close()
    other.close()


def test_a_load_that_fails_leaves_nothing(file: Path):
    """The disk fails in the middle of the writing: no context, no entry, and the same snapshot loads later."""
    source = SqliteLedger(file, SystemClock())
    source.append("run1", some(1000))
    packed = list(source.snapshot("run1"))
    source.close()
    target = SqliteLedger(file.with_name("small.db"), SystemClock())
    target.append("other", some(1))
    target.append("other", some(1, 2))
    connection = target._file._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(LedgerUnavailableError, match="full"):
        target.load(packed)
    assert 0 == target.get("run1").last
    connection.execute("PRAGMA max_page_count = 1000000")
    assert 1000 == target.load(packed).count
    target.close()
