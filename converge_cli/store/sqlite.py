"""Experience in SQLite: the default store, one file that any number of processes share.

One row a commit keeps runs small and a commit cheap. A body is the events' canonical bytes joined by newlines
(canonical JSON has no raw newline), compressed where that pays. Must never write but through its `SqliteFile`.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from converge_cli._internal.hashing import GENESIS, digest_bytes
from converge_cli.core.call import KeptCall
from converge_cli.core.errors import RecordCorruptError, RunBusyError, RunNotFoundError
from converge_cli.core.job_queue import JobStatus
from converge_cli.core.port import Commit, RunFilter, RunRow
from converge_cli.store.chain import check_commit, check_follows, check_run_id, check_segment, corrupt, is_repeated
from converge_cli.store.file_lock import held_file
from converge_cli.store.job_rows import get_job, set_job
from converge_cli.store.job_turns import check_driver, check_writer, due_at_once, went_on
from converge_cli.store.packing import (
    call_check,
    checked_call,
    checked_row,
    compressed,
    damaged_rows,
    expanded_blob,
    expanded_body,
    row_check,
)
from converge_cli.store.sqlite_file import SqliteFile
from converge_cli.store.sqlite_schema import BUSY_SECONDS, EXPERIENCE, SEQ_BITS

_FIELDS = RunRow.__struct_fields__
_COLUMNS = ", ".join(_FIELDS)
# The names put into these statements are those of our own fields.
_ADD_ROW = f"INSERT INTO runs ({_COLUMNS}, crc) VALUES ({', '.join('?' * len(_FIELDS))}, ?)"  # noqa: S608
_SET_ROW = f"UPDATE runs SET {', '.join(f'{name} = ?' for name in (*_FIELDS[1:], 'crc'))} WHERE number = ?"  # noqa: S608
_GET_ROW = f"SELECT number, crc, {_COLUMNS} FROM runs WHERE run = ?"  # noqa: S608
_R_COLUMNS = ", ".join(f"r.{name}" for name in _FIELDS)
_GET_STANDING = (
    f"SELECT j.status, j.fence, r.number, r.crc, {_R_COLUMNS} FROM (SELECT ? AS run) AS asked "  # noqa: S608
    "LEFT JOIN runs AS r ON r.run = asked.run LEFT JOIN jobs AS j ON j.job = asked.run"
)
_GET_ROWS = f"SELECT number, crc, {_COLUMNS} FROM runs WHERE number < ? ORDER BY number DESC LIMIT ?"  # noqa: S608
_GET_CALLS = (
    "SELECT counted.calls, suggestor, since, request, occurrence, answer, crc FROM (SELECT ? AS run) AS asked "
    "LEFT JOIN call_counts AS counted ON counted.run = asked.run LEFT JOIN calls ON calls.run = asked.run"
)
_HAS_CALL = "SELECT 1 FROM calls WHERE run = ? AND suggestor = ? AND since = ? AND request = ? AND occurrence = ?"
_COUNT_CALL = "INSERT INTO call_counts VALUES (?, 1) ON CONFLICT (run) DO UPDATE SET calls = calls + 1"
_NOTHING = [None] * 6
_BATCH = 64
_ROWS = 256
_NO_RUN = 1 << 62
"""Above the number of every run."""
_NEARBY_RUNS = 1000

Segment = tuple[int, int, bytes, bytes]


class SqliteExperience:
    """The Experience port over `<folder>/experience.db`; threads and processes may share it.

    Attributes:
        file: the database, for the adapters of other ports that are kept in it.
    """

    def __init__(self, folder: Path, *, lock_seconds: float = BUSY_SECONDS) -> None:
        self._folder = folder
        self.file = SqliteFile(folder, EXPERIENCE, folder, lock_seconds)

    def append(self, commit: Commit) -> None:
        """Write the events of one commit, durably; see `Experience.append`."""
        head = check_commit(commit)
        row, first = commit.row, commit.first_seq
        body = b"\n".join(commit.events)
        if body.count(b"\n") != len(commit.events) - 1:
            raise corrupt(row.run, first, "an event holds a raw newline, so it is not canonical")
        stored = compressed(body)
        values = (*(getattr(row, name) for name in _FIELDS), row_check(row))
        with self.file.writing() as connection:
            number, standing, job = _standing(connection, row.run)
            if is_repeated(commit, standing) and not _lost(connection, commit.blobs):
                return
            check_writer(row.run, job, commit.fence)
            check_follows(commit, standing)
            if job is not None and job[0] == JobStatus.PAUSED and went_on(standing, row):
                set_job(connection, due_at_once(get_job(connection, row.run)))
            if standing is None:
                number = connection.execute(_ADD_ROW, values).lastrowid or 0
            else:
                connection.execute(_SET_ROW, (*values[1:], number))
            connection.execute(
                "INSERT INTO segments (id, last_seq, head, body) VALUES (?, ?, ?, ?)",
                (number << SEQ_BITS | first, row.seq, head, stored),
            )
            for digest, data in _lost(connection, commit.blobs).items():
                _put_blob(connection, digest, data)

    def read(self, run: str, after: int = 0) -> Iterator[bytes]:
        """Canonical bytes of the run's events above `after`, each commit checked before any of it is given out."""
        with self.file.reading() as connection:
            number, row = self._known(connection, run)
        # Append-only: what was there when the row was read stays, so batches need no transaction around them.
        return self._events(row, number << SEQ_BITS, max(after, 0))

    def row(self, run: str) -> RunRow:
        """The run's line in the index; see `Experience.row`."""
        with self.file.reading() as connection:
            return self._known(connection, run)[1]

    def find(self, run: str) -> RunRow | None:
        """The run's line in the index, if there is one; see `Experience.find`."""
        with self.file.reading() as connection:
            return None if connection is None else _find(connection, run)[1]

    def rows(self, *, truth: str | None = None, status: str | None = None, limit: int = 100) -> Iterable[RunRow]:
        """Runs, the newest first."""
        return self.query(RunFilter(truth=truth, status=status), limit)

    def query(self, wanted: RunFilter, limit: int = 100) -> Iterable[RunRow]:
        """Runs that a filter means, the newest first; see `Experience.query`."""
        with self.file.reading() as connection:
            if connection is None:
                return []
            number = _NO_RUN if wanted.before is None else self._known(connection, wanted.before)[0]
        return self._meant(wanted, number, limit)

    def put_blob(self, data: bytes) -> str:
        """Keep bytes, durably; returns their SHA-256 in hex."""
        digest = digest_bytes(data)
        with self.file.reading() as connection:
            if connection is not None and _blob(connection, digest) == data:
                return digest
        with self.file.writing() as connection:
            keep_blob(connection, digest, data)
        return digest

    def get_blob(self, digest: str) -> bytes:
        """Bytes kept under a digest; see `Experience.get_blob`."""
        with self.file.reading() as connection:
            data = None if connection is None else _blob(connection, digest)
        if data is None or digest_bytes(data) != digest:
            why = "nothing is kept" if data is None else "other bytes are kept"
            raise RecordCorruptError(f"{why} under digest {digest[:80]!r}", where=digest[:80])
        return data

    def put_call(self, run: str, call: KeptCall, request: bytes, answer: bytes, fence: int | None = None) -> None:
        """Keep an external call, durably; see `Experience.put_call`."""
        values = (check_run_id(run), *msgspec.structs.astuple(call), call_check(run, call))
        with self.file.writing() as connection:
            check_writer(run, _job_of(connection, run), fence)
            keep_blob(connection, call.request, request)
            keep_blob(connection, call.answer, answer)
            if connection.execute(_HAS_CALL, values[:5]).fetchone() is None:
                connection.execute(_COUNT_CALL, (run,))
            connection.execute("INSERT OR REPLACE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def calls(self, run: str) -> Iterable[KeptCall]:
        """The external calls of a run; see `Experience.calls`."""
        with self.file.reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(_GET_CALLS, (run,)).fetchall()
        kept = rows[0][0] or 0
        found = [values for _, *values in rows if values != _NOTHING]
        if len(found) != kept:
            raise RecordCorruptError(
                f"of run {run} {kept} external calls were counted as kept, {len(found)} are there",
                hint="restore the store from a backup: what is missing would be paid for again",
                where=f"{run}: calls",
            )
        return [checked_call(run, values, crc) for *values, crc in found]

    def driving(self, run: str) -> AbstractContextManager[None]:
        """Hold the run; see `Experience.driving`."""
        return self._hold(check_run_id(run))

    def close(self) -> None:
        """Fold the write-ahead log into the one file and let go of it; the next call opens it again."""
        self.file.close()

    def is_driven(self, run: str) -> bool:
        """Whether a command on this machine drives a run, whose job was found queued or running before this was asked.

        Whoever drives makes the file first and looks at the job then: one that makes it after this look is refused.
        """
        if not (self._folder / "runs" / run).exists():
            return False
        with self._held(run) as free:
            return not free

    def _held(self, run: str) -> AbstractContextManager[bool]:
        """Hold the lock of a run's drivers on this machine; yields False when another process has it."""
        folder = self._folder / "runs"
        self.file.make_folder()
        folder.mkdir(exist_ok=True)
        return held_file(folder / run)

    @contextmanager
    def _hold(self, run: str) -> Iterator[None]:
        with self.file.translated():
            holding = self._held(run)
            held = holding.__enter__()
        try:
            if not held:
                raise RunBusyError(
                    f"run {run} is being driven by another process",
                    hint=f"wait until it pauses or stops: converge show {run}",
                    where=run,
                )
            with self.file.reading() as connection:
                job = None if connection is None else _job_of(connection, run)
            check_driver(run, None if job is None else job[0])
            yield
        finally:
            with self.file.translated():
                holding.__exit__(None, None, None)

    def _meant(self, wanted: RunFilter, number: int, limit: int) -> Iterator[RunRow]:
        """The rows below a number that are meant. All are checked first: a damaged one may say anything of itself."""
        damaged: list[Any] = []
        given = 0
        while given < limit and (found := self._rows_below(number)):
            for below, crc, *values in found:
                number = below
                try:
                    row = checked_row(values, crc)
                except RecordCorruptError:
                    damaged.append(values[0])
                    continue
                if wanted.means(row):
                    given += 1
                    yield row
                    if given == limit:
                        break
        if damaged:
            raise damaged_rows(damaged)

    def _rows_below(self, number: int) -> list[tuple[Any, ...]]:
        with self.file.reading() as connection:
            return [] if connection is None else connection.execute(_GET_ROWS, (number, _ROWS)).fetchall()

    def _known(self, connection: sqlite3.Connection | None, run: str) -> tuple[int, RunRow]:
        near: list[tuple[str]] = []
        if connection is not None:
            number, row = _find(connection, run)
            if row is not None:
                return number, row
            near = connection.execute("SELECT run FROM runs ORDER BY number DESC LIMIT ?", (_NEARBY_RUNS,)).fetchall()
        raise RunNotFoundError(run, tuple(name for (name,) in near))

    def _events(self, row: RunRow, base: int, after: int) -> Iterator[bytes]:
        seq, head = self._standing_at(base, after)
        while seq < row.seq:
            batch = self._batch(base, seq)
            if not batch:
                raise corrupt(row.run, seq + 1, "its events are missing")
            for first, last, after_head, body in batch:
                if first != seq + 1:
                    raise corrupt(row.run, seq + 1, "its events are missing")
                events = expanded_body(row.run, first, body)
                check_segment(row.run, first, last, events, (head, after_head))
                yield from events[max(after - seq, 0) :]
                seq, head = last, after_head
                if seq >= row.seq:
                    break
        if after <= seq and (seq != row.seq or head.hex() != row.head):
            raise corrupt(row.run, row.seq, "its events do not hash to the recorded head")

    def _standing_at(self, base: int, after: int) -> tuple[int, bytes]:
        """The last commit that ends at or below `after`: its last sequence and head."""
        with self.file.reading() as connection:
            if not after or connection is None:
                return 0, GENESIS
            found = connection.execute(
                "SELECT last_seq, head FROM segments WHERE id > ? AND id <= ? AND last_seq <= ? "
                "ORDER BY id DESC LIMIT 1",
                (base, base + after, after),
            ).fetchone()
        return found or (0, GENESIS)

    def _batch(self, base: int, seq: int) -> list[Segment]:
        with self.file.reading() as connection:
            if connection is None:
                return []
            return connection.execute(
                "SELECT id - ?1, last_seq, head, body FROM segments WHERE id > ?1 + ?2 AND id < ?1 + (1 << ?3) "
                "ORDER BY id LIMIT ?4",
                (base, seq, SEQ_BITS, _BATCH),
            ).fetchall()


def _find(connection: sqlite3.Connection, run: str) -> tuple[int, RunRow | None]:
    found = connection.execute(_GET_ROW, (run,)).fetchone()
    if found is None:
        return 0, None
    number, crc, *values = found
    return number, checked_row(values, crc)


def _standing(connection: sqlite3.Connection, run: str) -> tuple[int, RunRow | None, tuple[str, int] | None]:
    """A run's number and row, and status and fencing number of its job, looked up at once: a writer asks each time."""
    status, fence, number, crc, *values = connection.execute(_GET_STANDING, (run,)).fetchone()
    job = None if status is None else (status, fence)
    return (0, None, job) if number is None else (number, checked_row(values, crc), job)


def _job_of(connection: sqlite3.Connection, run: str) -> tuple[str, int] | None:
    """Status and fencing number of the run's job, when it is one."""
    found: tuple[str, int] | None = connection.execute(
        "SELECT status, fence FROM jobs WHERE job = ?", (run,)
    ).fetchone()
    return found


def _blob(connection: sqlite3.Connection, digest: str) -> bytes | None:
    found = connection.execute("SELECT coding, data FROM blobs WHERE digest = ?", (digest,)).fetchone()
    return None if found is None else expanded_blob(*found)


def _lost(connection: sqlite3.Connection, blobs: tuple[bytes, ...]) -> dict[str, bytes]:
    """Those that are not kept by their digests, or that the disk has damaged."""
    wanted = {digest_bytes(data): data for data in blobs}
    digests = list(wanted)
    for names in (digests[at : at + _BATCH] for at in range(0, len(digests), _BATCH)):
        asked = ", ".join("?" * len(names))
        found = connection.execute(f"SELECT digest, coding, data FROM blobs WHERE digest IN ({asked})", names)  # noqa: S608
        for digest, coding, data in found:
            if expanded_blob(coding, data) == wanted[digest]:
                del wanted[digest]
    return wanted


def keep_blob(connection: sqlite3.Connection, digest: str, data: bytes) -> None:
    """Keep bytes, and mend what the disk has damaged of them."""
    if _blob(connection, digest) != data:
        _put_blob(connection, digest, data)


def _put_blob(connection: sqlite3.Connection, digest: str, data: bytes) -> None:
    stored = compressed(data)
    connection.execute(
        "INSERT INTO blobs (digest, coding, data) VALUES (?1, ?2, ?3) "
        "ON CONFLICT (digest) DO UPDATE SET coding = ?2, data = ?3",
        (digest, int(stored is not data), stored),
    )
