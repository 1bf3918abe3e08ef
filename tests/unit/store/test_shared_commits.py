"""Threads that write at the same time share a commit: each is kept or refused by itself, and nobody sees half of it."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from converge_cli.engine.watchdog import Watchdog, WatchdogTimeout
from converge_cli.store.sqlite_file import SqliteFile
from converge_cli.store.sqlite_schema import Layout
from converge_cli.store.unavailable import StoreUnavailableError

LAYOUT = Layout(
    "kept.db",
    0x54455354,
    ("CREATE TABLE kept (name TEXT PRIMARY KEY, owner TEXT REFERENCES kept (name) DEFERRABLE INITIALLY DEFERRED)",),
    (),
    "nowhere else",
    lock="lock",
    checkpoint_pages=100,
)
WAIT = 20.0


@pytest.fixture
def file(tmp_path: Path) -> Iterator[SqliteFile]:
    made = SqliteFile(tmp_path, LAYOUT, tmp_path)
    with made.writing() as connection:
        connection.execute("PRAGMA user_version")
    yield made
    made.close()


def put(file: SqliteFile, name: str, owner: str | None = None) -> None:
    with file.writing() as connection:
        connection.execute("INSERT INTO kept VALUES (?, ?)", (name, owner))


def seen_by_others(folder: Path) -> set[str]:
    """What another process finds."""
    with closing(sqlite3.connect(folder / "kept.db")) as other:
        return {name for (name,) in other.execute("SELECT name FROM kept")}


def until(true: Callable[[], bool]) -> None:
    last = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < last, "it never came to that"
        time.sleep(0.001)


class Writers:
    """Threads that write while the first of them is held up, so that the others line up behind it."""

    def __init__(self, file: SqliteFile) -> None:
        self.file = file
        self.told: dict[str, BaseException | None] = {}
        self.threads: list[threading.Thread] = []

    def start(self, name: str, write: Callable[[], None]) -> None:
        def work() -> None:
            try:
                write()
            except BaseException as error:  # noqa: BLE001  told to the test
                self.told[name] = error
            else:
                self.told[name] = None

        self.threads.append(threading.Thread(target=work, name=name))
        self.threads[-1].start()

    @contextmanager
    def behind_one(self, count: int) -> Iterator[None]:
        """In the block the writers are started; the first goes on when as many as `count` are lined up."""
        inside = threading.Event()

        def first() -> None:
            with self.file.writing() as connection:
                connection.execute("INSERT INTO kept VALUES ('first', NULL)")
                inside.set()
                until(lambda: len(self.file._lining_up) == count)

        self.start("first", first)
        assert inside.wait(WAIT)
        yield
        for thread in self.threads:
            thread.join(WAIT)
        assert [] == [thread for thread in self.threads if thread.is_alive()]


def test_writers_that_wait_are_kept_by_one_commit(file: SqliteFile, tmp_path: Path) -> None:
    """Ten writers, one of which was held up: one commit, and each has what it wrote."""
    writers = Writers(file)
    with file.reading() as connection:
        assert connection is not None
        said: list[str] = []
        connection.set_trace_callback(said.append)
    with writers.behind_one(9):
        for number in range(9):
            writers.start(f"w{number}", lambda number=number: put(file, f"w{number}"))  # type: ignore[misc]
    assert {"first", *(f"w{number}" for number in range(9))} == seen_by_others(tmp_path)
    assert dict.fromkeys(writers.told) == writers.told
    assert 1 == sum(text == "COMMIT" for text in said)


def test_a_writer_that_fails_takes_back_its_own_part_alone(file: SqliteFile, tmp_path: Path) -> None:
    """In the middle of a commit, and as the last of it, who waits alone to end it."""
    writers = Writers(file)

    def refused() -> None:
        with file.writing() as connection:
            connection.execute("INSERT INTO kept VALUES ('refused', NULL)")
            raise LookupError("refused")

    with writers.behind_one(5):
        for name, write in (("a", None), ("b", refused), ("c", None), ("d", refused), ("e", refused)):
            writers.start(name, write or (lambda name=name: put(file, name)))  # type: ignore[misc]
    assert {"first", "a", "c"} == seen_by_others(tmp_path)
    assert {"b", "d", "e"} == {name for name, error in writers.told.items() if isinstance(error, LookupError)}
    assert {"first", "a", "c"} == {name for name, error in writers.told.items() if error is None}


def test_a_commit_that_fails_is_told_to_everybody_in_it(file: SqliteFile, tmp_path: Path) -> None:
    """Nobody is told that it is kept, nothing is, and the next writer is well."""
    writers = Writers(file)
    with file.writing() as connection:
        connection.execute("SELECT 1")
    with file.reading() as connection:
        assert connection is not None
        connection.execute("PRAGMA foreign_keys = ON")  # what has no owner makes the commit itself fail
    with writers.behind_one(3):
        writers.start("a", lambda: put(file, "a"))
        writers.start("orphan", lambda: put(file, "orphan", "nobody"))
        writers.start("c", lambda: put(file, "c"))
    assert set() == seen_by_others(tmp_path)
    assert {"first", "a", "orphan", "c"} == {
        name for name, error in writers.told.items() if isinstance(error, StoreUnavailableError)
    }
    put(file, "later")
    assert {"later"} == seen_by_others(tmp_path)


def test_a_writer_that_is_refused_is_told_so_when_what_it_saw_is_kept(file: SqliteFile, tmp_path: Path) -> None:
    """It saw what the one before it wrote; that is not kept, so neither is the reason for the refusal."""
    writers = Writers(file)
    with file.reading() as connection:
        assert connection is not None
        connection.execute("PRAGMA foreign_keys = ON")

    def refused() -> None:
        with file.writing() as connection:
            assert ("orphan",) == connection.execute("SELECT name FROM kept WHERE owner = 'nobody'").fetchone()
            raise LookupError("there is one already")

    def orphan() -> None:
        with file.writing() as connection:
            connection.execute("INSERT INTO kept VALUES ('orphan', 'nobody')")
            writers.start("refused", refused)
            until(lambda: len(file._lining_up) == 1)

    with writers.behind_one(1):
        writers.start("orphan", orphan)
    assert [StoreUnavailableError] * 3 == [type(writers.told[name]) for name in ("first", "orphan", "refused")]
    assert set() == seen_by_others(tmp_path)


def test_nobody_is_told_that_a_lost_transaction_is_kept(file: SqliteFile, tmp_path: Path) -> None:
    """SQLite may roll back everything by itself; a block that does not tell makes nobody believe otherwise."""
    writers = Writers(file)

    def losing() -> None:
        with file.writing() as connection:
            connection.execute("ROLLBACK")

    with writers.behind_one(2):
        writers.start("losing", losing)
        writers.start("after", lambda: put(file, "after"))
    assert {"first", "losing", "after"} == {
        name for name, error in writers.told.items() if isinstance(error, StoreUnavailableError)
    }
    put(file, "later")
    assert {"later"} == seen_by_others(tmp_path)


def test_a_disk_that_is_full_for_one_is_told_to_whoever_it_concerns(file: SqliteFile, tmp_path: Path) -> None:
    """Whoever was told that it is kept finds it, and whoever was refused does not."""
    writers = Writers(file)

    def large() -> None:
        with file.writing() as connection:
            connection.execute("PRAGMA max_page_count = 20")
            try:
                connection.execute("INSERT INTO kept VALUES (?, NULL)", ("x" * 1_000_000,))
            finally:
                connection.execute("PRAGMA max_page_count = 1073741823")

    with writers.behind_one(3):
        writers.start("a", lambda: put(file, "a"))
        writers.start("large", large)
        writers.start("c", lambda: put(file, "c"))
    assert isinstance(writers.told["large"], StoreUnavailableError)
    assert {name for name, error in writers.told.items() if error is None} == seen_by_others(tmp_path)
    put(file, "later")
    assert "later" in seen_by_others(tmp_path)


def test_nobody_sees_what_is_not_committed_yet(file: SqliteFile, tmp_path: Path) -> None:
    """Neither a thread that reads over the same connection nor another process."""
    writers, found, reading = Writers(file), [], threading.Event()
    go_on = threading.Event()

    def slow() -> None:
        with file.writing() as connection:
            connection.execute("INSERT INTO kept VALUES ('slow', NULL)")
            assert go_on.wait(WAIT)

    def read() -> None:
        reading.set()
        with file.reading() as connection:
            assert connection is not None
            found.extend(name for (name,) in connection.execute("SELECT name FROM kept"))

    with writers.behind_one(1):
        writers.start("slow", slow)
        until(lambda: not file._lining_up and len(writers.threads) == 2 and not file._passed_on)
        reader = threading.Thread(target=read)
        reader.start()
        assert reading.wait(WAIT)
        time.sleep(0.05)
        assert (set(), []) == (seen_by_others(tmp_path), found)
        assert {} == writers.told
        go_on.set()
        reader.join(WAIT)
    assert {"first", "slow"} == set(found) == seen_by_others(tmp_path)


def test_whoever_is_interrupted_while_it_waits_leaves_nobody_behind(
    file: SqliteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever passed its transaction on to a writer that never came has it committed all the same."""
    writers = Writers(file)
    turn: Any = file._mutex
    left = threading.Event()

    class Interrupted:
        """The turn, as a thread has it that Ctrl-C reaches while it waits."""

        def __enter__(self) -> None:
            if threading.current_thread().name == "interrupted" and not left.is_set():
                until(lambda: file._passed_on)
                left.set()
                raise KeyboardInterrupt
            turn.acquire()

        def __exit__(self, *_: object) -> None:
            turn.release()

    monkeypatch.setattr(file, "_mutex", Interrupted())
    with writers.behind_one(1):
        writers.start("interrupted", lambda: put(file, "interrupted"))
    assert {"first"} == seen_by_others(tmp_path)
    assert isinstance(writers.told["interrupted"], KeyboardInterrupt)
    assert writers.told["first"] is None


def test_whoever_runs_out_of_time_while_it_waits_keeps_nobody_out(file: SqliteFile, tmp_path: Path) -> None:
    """A suggestor's answer is read back under the watchdog, which raises the moment that the wait is over."""
    writers, told = Writers(file), []
    waiting, over, others = threading.Event(), threading.Event(), threading.Event()

    def read_in_time() -> None:
        watchdog = Watchdog()
        try:
            with watchdog.guard("slow", 0.1):
                waiting.set()
                with file.reading():
                    pass
        except WatchdogTimeout:
            told.append("timeout")
        finally:
            watchdog.close()
            over.set()
        assert others.wait(WAIT)  # a worker lives on

    def hold_up() -> None:
        with file.writing() as connection:
            connection.execute("INSERT INTO kept VALUES ('held', NULL)")
            writers.start("reader", read_in_time)
            assert waiting.wait(WAIT)
            time.sleep(0.3)

    hold_up()
    assert over.wait(WAIT)
    writers.start("next", lambda: put(file, "next"))
    writers.threads[-1].join(2.0)
    others.set()
    assert ["timeout"] == told
    assert {"held", "next"} == seen_by_others(tmp_path)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_acknowledged_is_kept_and_nothing_else(file: SqliteFile, tmp_path: Path, seed: int) -> None:
    """Eight threads, and a second process' lock between them, each writing or failing as chance will have it."""
    kept: set[str] = set()
    lost: list[str] = []
    other = SqliteFile(tmp_path, LAYOUT, tmp_path)

    def work(thread: int) -> None:
        for number in range(30):
            name = f"{thread}-{number}"
            chance, another = sha256(f"{seed} {name}".encode()).digest()[:2]
            with suppress(LookupError):
                with (other if chance % 5 == 0 else file).writing() as connection:
                    connection.execute("INSERT INTO kept VALUES (?, NULL)", (name,))
                    if another % 3 == 0:
                        raise LookupError
                kept.add(name)
                lost.extend({name} - seen_by_others(tmp_path))
            with file.reading() as connection:
                assert connection is not None
                connection.execute("SELECT count(*) FROM kept").fetchone()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    other.close()
    assert [] == lost
    assert 100 < len(kept) < 240
    assert kept == seen_by_others(tmp_path)
