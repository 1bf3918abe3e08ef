"""The ledger in SQLite: one file of its own that any number of processes share.

Must never touch the experience store's file or lock: a busy ledger keeps no run waiting.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
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
from converge_cli.store.ledger_poll import Poll
from converge_cli.store.ledger_snapshot import Snapshot, take_snapshot
from converge_cli.store.ledger_watch import DEFAULT_MAX_LAG, Wakers, watch
from converge_cli.store.sqlite_file import SqliteFile
from converge_cli.store.sqlite_schema import BUSY_SECONDS, SEQ_BITS, Layout
from converge_cli.store.unavailable import StoreUnavailableError

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
        layout = Layout(
            file.name,
            _APPLICATION_ID,
            (_VERSION_1,),
            (),
            _ELSEWHERE,
            lock=f"{file.name}.lock",
            # A batch fills hundreds of pages: folding the log after each would double its time.
            checkpoint_pages=2000,
        )
        self._file = SqliteFile(file.parent, layout, file, lock_seconds)
        self._clock = clock
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
        self._file.close()

    def _version(self) -> tuple[int, int]:
        """Changes whenever another connection has written."""
        with self._reading() as connection:
            seen = (0,) if connection is None else connection.execute("PRAGMA data_version").fetchone()
            return self._file.opened, seen[0]

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with _told(), self._file.writing() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        with _told(), self._file.reading() as connection:
            yield connection


@contextmanager
def _told() -> Iterator[None]:
    """A ledger that can't be used is told as one: a run's record is not in danger."""
    try:
        yield
    except StoreUnavailableError as error:
        raise LedgerUnavailableError(error.where or "", error.why, _ELSEWHERE) from error


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
