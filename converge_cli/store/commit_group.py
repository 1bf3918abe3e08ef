"""Writers of one process whose work is one transaction. Each waits for the commit; none may rely on its part before.

Whoever uses it takes turns: one thread at a time works on the connection. Must never keep a part without the others
that were written before it: they are committed together, or nobody's is.
"""

import sqlite3
import threading
from contextlib import suppress


class CommitGroup:
    """A transaction that has begun, and its writers.

    Attributes:
        writers: how many have written, those who took it back included.
    """

    def __init__(self) -> None:
        """The caller is the first writer, and has begun the transaction."""
        self.writers = 1
        self._going = threading.Lock()
        self._going.acquire()
        self._error: Exception | None = None

    def join(self, connection: sqlite3.Connection) -> None:
        """Begin the part of another writer.

        Raises:
            sqlite3.Error: it can't, or those before have lost their transaction: they must not be told that it is kept.
        """
        self.writers += 1
        if not connection.in_transaction:
            raise sqlite3.OperationalError("the transaction was lost")
        connection.execute(f"SAVEPOINT part{self.writers}")

    def take_back(self, connection: sqlite3.Connection, error: BaseException) -> BaseException | None:
        """Undo the part of the last writer, which failed; returns what else was undone for, None where nothing was."""
        try:
            connection.execute(f"ROLLBACK TO part{self.writers}")
            connection.execute(f"RELEASE part{self.writers}")
        except sqlite3.Error as lost:  # SQLite has rolled back everything by itself, as after a full disk
            return error if isinstance(error, sqlite3.Error | OSError) else lost
        return None

    def end(self, connection: sqlite3.Connection, error: BaseException | None = None) -> None:
        """Commit, or roll back for an error; then everybody who waits goes on.

        Raises:
            BaseException: what went wrong while committing that nobody else is told.
        """
        try:
            if error is None:
                connection.execute("COMMIT")
        except BaseException as failed:
            error = failed
            if not isinstance(failed, Exception):
                raise
        finally:
            if error is not None:
                self._error = (
                    error if isinstance(error, Exception) else sqlite3.OperationalError("the writer was interrupted")
                )
                with suppress(sqlite3.Error):
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
            self._going.release()

    def wait(self) -> None:
        """Until it has ended."""
        with self._going:
            pass

    def check(self) -> None:
        """After its end.

        Raises:
            Exception: why nothing was committed.
        """
        if self._error is not None:
            raise self._error
