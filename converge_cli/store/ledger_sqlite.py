"""The ledger in SQLite: one file of its own that any number of processes share.

Must never touch the experience store's file or lock: a busy ledger keeps no run waiting.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.core.errors import ConvergeError, RecordCorruptError
from converge_cli.core.ledger import (
    MAX_ENTRIES,
    Heartbeat,
    LedgerEntry,
    LedgerHead,
    LedgerPage,
    NewEntry,
    Tail,
    check_new,
    check_query,
    cut_page,
    extend,
)
from converge_cli.core.ledger_errors import ContextNotEmptyError, LedgerUnavailableError
from converge_cli.core.port import Clock
from converge_cli.store.file_lock import lock_within, unlock
from converge_cli.store.ledger_poll import Poll
from converge_cli.store.ledger_snapshot import Snapshot, take_snapshot
from converge_cli.store.ledger_watch import DEFAULT_MAX_LAG, Wakers, watch
from converge_cli.store.sqlite_schema import BUSY_SECONDS, SEQ_BITS, Layout, check_version, connect, migrate
from converge_cli.store.unavailable import StoreUnavailableError, disk_error

_VERSION_1 = """
CREATE TABLE contexts (
    number INTEGER PRIMARY KEY,
    context TEXT NOT NULL UNIQUE
);
CREATE TABLE entries (
    place INTEGER PRIMARY KEY,
    context INTEGER NOT NULL,
    entry TEXT NOT NULL,
    key TEXT NOT NULL,
    metadata BLOB NOT NULL,
    time TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL,
    payload BLOB NOT NULL
);
CREATE UNIQUE INDEX entries_by_id ON entries (context, entry);
CREATE INDEX entries_by_key ON entries (context, key);
"""
"""A place is the context's number shifted by `SEQ_BITS`, plus the sequence: one tree, and each index ends in it."""

_APPLICATION_ID = 0x436E764C
_CHECKPOINT_PAGES = 2000
_ELSEWHERE = "choose another file with --ledger"
_COLUMNS = "place, entry, key, metadata, time, previous, hash, payload"
# The names put into these statements are our own.
_ABOVE = f"SELECT {_COLUMNS} FROM entries WHERE place > ? AND place <= ? ORDER BY place LIMIT ?"  # noqa: S608
_ABOVE_OF_KEY = f"SELECT {_COLUMNS} FROM entries WHERE context = ? AND key = ? AND place > ? ORDER BY place LIMIT ?"  # noqa: S608
_BY_IDS = (
    f"SELECT {_COLUMNS} FROM entries "  # noqa: S608
    "WHERE context = ? AND entry IN (SELECT value FROM json_each(?))"
)
_LAST = "SELECT place, time, hash FROM entries WHERE place > ? AND place <= ? ORDER BY place DESC LIMIT 1"
_ADD = f"INSERT INTO entries ({_COLUMNS}, context) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_MAX_SEQUENCE = (1 << SEQ_BITS) - 1

_DECODE_METADATA = msgspec.json.Decoder(dict[str, str]).decode


class SqliteLedger:
    """The Ledger port over one database file; threads and processes may share it."""

    def __init__(
        self, file: Path, clock: Clock, *, max_lag: int = DEFAULT_MAX_LAG, lock_seconds: float = BUSY_SECONDS
    ) -> None:
        self.max_lag = max_lag
        self._file = file
        self._layout = Layout(file.name, _APPLICATION_ID, (_VERSION_1,), _ELSEWHERE)
        self._clock = clock
        self._lock_seconds = lock_seconds
        self._mutex = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._writable = False
        self._opened = 0
        self._lock_file: int | None = None
        self._wakers = Wakers()
        self._poll = Poll(self._wakers, self._version)

    def append(self, context: str, entries: Sequence[NewEntry]) -> list[LedgerEntry]:
        """See `Ledger.append`."""
        check_new(context, entries)
        with self._writing() as connection:
            number = _number(connection, context) or 0
            last = _last(connection, number) if number else None
            known = _by_ids(connection, context, number, entries) if number else {}
            answer, fresh = extend(context, entries, known, last, self._clock.now())
            if fresh:
                _add(connection, number or _new_context(connection, context), fresh)
        if fresh:
            self._wakers.wake(context)
        return answer

    def get(self, context: str, *, key: str | None = None, after: int = 0, limit: int = 100) -> LedgerPage:
        """See `Ledger.get`."""
        check_query(context, key, after, limit)
        with self._reading() as connection:
            number = None if connection is None else _number(connection, context)
            if connection is None or number is None:
                return LedgerPage((), 0, more=False)
            last = _last(connection, number)
            base, after = number << SEQ_BITS, min(after, _MAX_SEQUENCE)
            if key is None:
                rows = connection.execute(_ABOVE, (base + after, base + _MAX_SEQUENCE, limit + 1))
            else:
                rows = connection.execute(_ABOVE_OF_KEY, (number, key, base + after, limit + 1))
            try:
                found = (_entry(context, row) for row in rows)
                return cut_page(found, limit, 0 if last is None else last.sequence)
            finally:
                rows.close()

    def snapshot(self, context: str) -> Iterator[bytes]:
        """See `Ledger.snapshot`."""
        return take_snapshot(self, context)

    def load(self, chunks: Iterable[bytes]) -> LedgerHead:
        """See `Ledger.load`."""
        with Snapshot(chunks) as snapshot:
            context = snapshot.head.context
            with self._writing() as connection:
                number = _number(connection, context)
                last = None if number is None else _last(connection, number)
                if last is not None:
                    raise ContextNotEmptyError(context, last.sequence)
                number = number or _new_context(connection, context)
                entries = snapshot.entries()
                while some := list(islice(entries, MAX_ENTRIES)):
                    _add(connection, number, some)
        self._wakers.wake(context)
        return snapshot.head

    def watch(
        self, context: str, *, key: str | None = None, after: int = 0, heartbeat: float = 5.0
    ) -> Iterator[LedgerEntry | Heartbeat]:
        """See `Ledger.watch`."""
        return watch(self, context, key, after, heartbeat)

    @contextmanager
    def waking(self, context: str, wake: Callable[[], None]) -> Iterator[None]:
        """See `LocalLedger.waking`; appends of other processes wake too."""
        with self._wakers.waking(context, wake):
            self._poll.start()
            yield

    def close(self) -> None:
        """Fold the write-ahead log into the one file and let go of it; the next call opens it again."""
        with self._mutex:
            connection, self._connection = self._connection, None
            if connection is not None:
                if self._writable:
                    with suppress(sqlite3.Error):
                        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.close()
            if self._lock_file is not None:
                os.close(self._lock_file)
            self._lock_file, self._writable = None, False

    def _version(self) -> tuple[int, int]:
        """Changes whenever another connection has written."""
        with self._reading() as connection:
            return self._opened, 0 if connection is None else connection.execute("PRAGMA data_version").fetchone()[0]

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._mutex, self._translated(), self._file_lock():
            connection = self._writer()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after a full disk; then there is nothing left to roll back.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        with self._mutex, self._translated():
            if self._connection is None and self._file.exists():
                self._connection = self._reader()
            yield self._connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            try:
                yield
            except (OSError, sqlite3.Error) as error:
                raise disk_error(self._file, error, self._file.name) from error
        except StoreUnavailableError as error:
            raise LedgerUnavailableError(error.where or "", error.why, _ELSEWHERE) from error

    @contextmanager
    def _file_lock(self) -> Iterator[None]:
        if self._lock_file is None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            name = self._file.with_name(f"{self._file.name}.lock")
            self._lock_file = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if not lock_within(self._lock_file, self._lock_seconds):
            raise StoreUnavailableError(self._file, "another process keeps it busy", "try again later")
        try:
            yield
        finally:
            unlock(self._lock_file)

    def _reader(self) -> sqlite3.Connection | None:
        connection = connect(self._file.parent, create=False, layout=self._layout)
        if check_version(connection, self._file, layout=self._layout) == 0:  # another process is just making it
            connection.close()
            return None
        self._opened += 1
        return connection

    def _writer(self) -> sqlite3.Connection:
        if self._connection is None or not self._writable:
            if self._connection is not None:
                self._connection.close()
            self._connection = connect(self._file.parent, create=True, layout=self._layout)
            migrate(self._connection, self._file, layout=self._layout)
            # A batch fills hundreds of pages: folding the log after each would double its time.
            self._connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            self._writable = True
            self._opened += 1
        return self._connection


def _number(connection: sqlite3.Connection, context: str) -> int | None:
    found = connection.execute("SELECT number FROM contexts WHERE context = ?", (context,)).fetchone()
    return None if found is None else int(found[0])


def _new_context(connection: sqlite3.Connection, context: str) -> int:
    return connection.execute("INSERT INTO contexts (context) VALUES (?)", (context,)).lastrowid or 0


def _last(connection: sqlite3.Connection, number: int) -> Tail | None:
    base = number << SEQ_BITS
    row = connection.execute(_LAST, (base, base + _MAX_SEQUENCE)).fetchone()
    return None if row is None else Tail(row[0] & _MAX_SEQUENCE, row[1], row[2].hex())


def _by_ids(
    connection: sqlite3.Connection, context: str, number: int, entries: Sequence[NewEntry]
) -> dict[str, LedgerEntry]:
    ids = encode([entry.id for entry in entries]).decode()
    rows = connection.execute(_BY_IDS, (number, ids))
    return {entry.id: entry for entry in (_entry(context, row) for row in rows)}


def _add(connection: sqlite3.Connection, number: int, entries: Iterable[LedgerEntry]) -> None:
    connection.executemany(_ADD, (_row(number, entry) for entry in entries))


def _row(number: int, entry: LedgerEntry) -> tuple[Any, ...]:
    return (
        number << SEQ_BITS | entry.sequence,
        entry.id,
        entry.key,
        encode(entry.metadata),
        entry.time,
        bytes.fromhex(entry.previous),
        bytes.fromhex(entry.hash),
        entry.payload,
        number,
    )


def _entry(context: str, row: Sequence[Any]) -> LedgerEntry:
    place, entry, key, metadata, time, previous, link, payload = row
    try:
        known = _DECODE_METADATA(metadata)
        sequence, before, after = place & _MAX_SEQUENCE, previous.hex(), link.hex()
        return LedgerEntry(context, entry, key, bytes(payload), known, sequence, time, before, after)
    except (msgspec.MsgspecError, AttributeError, TypeError) as error:
        raise _damaged(context, place) from error


def _damaged(context: str, place: int) -> ConvergeError:
    sequence = place & _MAX_SEQUENCE
    return RecordCorruptError(
        f"entry {sequence} of context {context} is damaged in the ledger's file",
        hint="load a snapshot of the context into a new ledger",
        where=f"{context}:{sequence}",
    )
