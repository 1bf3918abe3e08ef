"""One database file of ours: its one connection, the lock of its writers, and errors in words that help.

Threads of a process share the connection, processes share the lock. Threads that write at the same time share a
transaction too: each one's work is a part of it, and one commit, with its one wait for the disk, keeps them all.
Must never write outside a transaction that holds the lock, must never let anybody see or rely on what is not committed,
must never make anything for a command that only reads, and knows no table.
"""

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from converge_cli.store.commit_group import CommitGroup
from converge_cli.store.file_lock import lock_within, unlock
from converge_cli.store.sqlite_schema import BUSY_SECONDS, Layout, check_version, connect, migrate, read_older
from converge_cli.store.unavailable import StoreUnavailableError, disk_error

_PROBE_BYTES = 4096
_MOST_WRITERS = 64
"""How many writers one commit keeps at most, so that those of other processes get their turn."""


class SqliteFile:
    """A database of a layout, in a folder.

    Attributes:
        opened: how often a connection was opened; what SQLite says of changes is told apart by it.
    """

    def __init__(self, folder: Path, layout: Layout, shown: Path, lock_seconds: float = BUSY_SECONDS) -> None:
        """Nothing is opened yet.

        Args:
            folder: where the file is, or will be.
            layout: what is in it, and how it and its lock are called.
            shown: the path that errors name, as the user gave it.
            lock_seconds: how long a writer waits for others.
        """
        self.opened = 0
        self._folder = folder
        self._layout = layout
        self._shown = shown
        self._lock_seconds = lock_seconds
        self._mutex = threading.RLock()
        self._lining_up: set[object] = set()
        self._open: CommitGroup | None = None
        self._passed_on = False
        self._connection: sqlite3.Connection | None = None
        self._writable = False
        self._older: int | None = None
        self._lock_file: int | None = None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction, or nothing of it: what the block wrote is kept for good when this returns.

        A block may read, and must neither write in another one nor be inside a `reading`.

        Raises:
            StoreUnavailableError: the file can't be written now.
            RecordCorruptError: it is damaged.
        """
        with self.translated():
            refused = None
            with self._our_turn():
                try:
                    yield self._join()
                    group = self._keep()
                except BaseException as error:
                    shared = self._withdraw(error)
                    if shared is None or not isinstance(error, Exception):
                        raise
                    group, refused = shared, error
            group.wait()
            group.check()
            # Only now: what it was refused for may have been part of the same transaction.
            if refused is not None:
                raise refused

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """The connection; None while there is no such database.

        Raises:
            StoreUnavailableError: the file can't be read now.
            RecordCorruptError: it is damaged.
        """
        with self._nobody_writing(), self.translated():
            self._drop_outdated()
            if self._connection is None and (self._folder / self._layout.file).exists():
                self._connection = self._reader()
            yield self._connection

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Raises in our words what the operating system or SQLite reports inside."""
        try:
            yield
        except (OSError, sqlite3.Error, UnicodeError) as error:
            raise disk_error(self._shown, error, self._layout.file) from error

    def probe(self) -> None:
        """Write and sync, in the database and beside it, and leave everything as it was.

        Raises:
            StoreUnavailableError: nothing could be recorded now.
            RecordCorruptError: the database is damaged.
        """
        with self.writing() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            connection.execute(f"PRAGMA user_version = {version:d}")  # the same, and written all the same
        with self.translated(), TemporaryFile(dir=self._folder) as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())

    def make_folder(self) -> None:
        """Make the folder, so that its name survives a crash too."""
        if self._folder.is_dir():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._folder.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Fold the write-ahead log into the one file and let go of it; the next call opens it again."""
        with self._nobody_writing():
            connection, self._connection = self._connection, None
            if connection is not None:
                if self._writable:
                    # Nothing is lost when a reader in another process forbids it: the log is kept and read again.
                    with suppress(sqlite3.Error):
                        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.close()
            if self._lock_file is not None:
                os.close(self._lock_file)
            self._lock_file, self._writable, self._older = None, False, None

    # Turns are taken by `with` alone: a watchdog raises in a thread as soon as it is not waiting any more, and a turn
    # that was taken then, and not given back, would have every other thread wait for ever.

    @contextmanager
    def _nobody_writing(self) -> Iterator[None]:
        """Our turn at the connection, with no transaction of other threads open on it."""
        while True:
            with self._mutex:
                group = self._open if self._passed_on else None
                if group is None:
                    yield
                    return
            group.wait()

    @contextmanager
    def _our_turn(self) -> Iterator[None]:
        """Our turn at the connection, whoever began a transaction; who has the turn before us knows that we wait."""
        us = object()
        try:
            self._lining_up.add(us)
            with self._mutex:
                self._lining_up.discard(us)
                yield
        finally:
            if us in self._lining_up:  # an interrupt: but who passed on counted on us
                self._lining_up.discard(us)
                self._end_what_is_left()

    def _end_what_is_left(self) -> None:
        with self._mutex:
            if self._passed_on and not self._lining_up:
                self._end()

    def _join(self) -> sqlite3.Connection:
        """The connection, in the transaction that the thread before us has passed on, or in a new one."""
        self._passed_on = False
        if self._open is None:
            self._take_lock()
            connection = self._writer()
            connection.execute("BEGIN IMMEDIATE")
            self._open = CommitGroup()
        else:
            connection = self._writer()
            self._open.join(connection)
        return connection

    def _keep(self) -> CommitGroup:
        """Have our part committed: by the writer after us, if one is waiting, else by ourselves; its end decides."""
        group = self._open
        assert group is not None  # noqa: S101  it is our turn, and we have joined it
        if self._lining_up and group.writers < _MOST_WRITERS:
            self._passed_on = True
        else:
            self._end()
        return group

    def _withdraw(self, error: BaseException) -> CommitGroup | None:
        """Take back our part, and only ours; returns what others have parts of, None where nobody has."""
        group, connection = self._open, self._connection
        if group is None or connection is None:
            self._leave()
            return None
        if group.writers == 1:
            self._end(error)
            return None
        lost = group.take_back(connection, error)
        if lost is None:
            return self._keep()
        self._end(lost)
        return group

    def _end(self, error: BaseException | None = None) -> None:
        """Commit for everybody, or nothing when there was an error."""
        group, connection = self._open, self._connection
        self._open, self._passed_on = None, False
        try:
            if group is not None and connection is not None:
                group.end(connection, error)
        finally:
            self._leave()

    def _leave(self) -> None:
        """No transaction is open any more, and others may write."""
        connection = self._connection
        if connection is not None and connection.in_transaction:  # it could not be rolled back: that way it is
            self._connection, self._writable = None, False
            with suppress(sqlite3.Error):
                connection.close()
        self._let_go_of_lock()

    def _take_lock(self) -> None:
        if self._lock_file is None:
            self.make_folder()
            self._lock_file = os.open(self._folder / self._layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if not lock_within(self._lock_file, self._lock_seconds):
            raise StoreUnavailableError(
                self._shown, "another process keeps it busy", "try again when the other command has ended"
            )

    def _let_go_of_lock(self) -> None:
        if self._lock_file is not None:
            unlock(self._lock_file)

    def _reader(self) -> sqlite3.Connection | None:
        connection = connect(self._folder, create=False, layout=self._layout)
        version = check_version(connection, self._shown, layout=self._layout)
        if version == 0:  # another process is just making it
            connection.close()
            return None
        # An older version of Converge may still use it: only who writes raises its layout.
        self._older = version if version < len(self._layout.migrations) else None
        read_older(connection, version, self._layout)
        self._note(connection)
        return connection

    def _drop_outdated(self) -> None:
        """Let go of a reader of an older layout once another process has raised the file's."""
        connection = self._connection
        if connection is None or self._older is None:
            return
        if connection.execute("PRAGMA user_version").fetchone() != (self._older,):
            connection.close()
            self._connection = self._older = None

    def _writer(self) -> sqlite3.Connection:
        if self._connection is None or not self._writable:
            if self._connection is not None:
                self._connection.close()
            self._connection = connect(self._folder, create=True, layout=self._layout)
            migrate(self._connection, self._shown, layout=self._layout)
            self._writable, self._older = True, None
            self._note(self._connection)
        return self._connection

    def _note(self, connection: sqlite3.Connection) -> None:
        """Count an opened connection, and have it closed when the process ends, at the latest: its log is folded in."""
        self.opened += 1
        weakref.finalize(self, _let_go, connection)


def _let_go(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):
        connection.close()
