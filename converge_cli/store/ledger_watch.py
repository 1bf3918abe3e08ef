"""Watching a local ledger: a cursor that takes pages, and who has to be woken by an append.

A watcher pulls: it asks for what is above its cursor until there is nothing, then waits to be woken. So there is no
buffer that could overflow, and neither a gap nor a duplicate. Must never hold a lock of the ledger while it waits.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from converge_cli.core.ledger import MAX_ENTRIES, Heartbeat, LedgerEntry, LedgerPage, check_query
from converge_cli.core.ledger_errors import LedgerRequestError, SlowWatcherError
from converge_cli.core.port import Ledger

DEFAULT_MAX_LAG = 10_000
"""How many entries a watcher that had reached the end may fall behind before it is let go."""

PAGE = 256
HEARTBEAT_SECONDS = (0.01, 60.0)


class LocalLedger(Ledger, Protocol):
    """A ledger in this process, which a server can offer to others.

    Attributes:
        max_lag: see `DEFAULT_MAX_LAG`.
    """

    max_lag: int

    def waking(self, context: str, wake: Callable[[], None]) -> AbstractContextManager[None]:
        """For the length of the block, call `wake`, from any thread, whenever the context may have new entries."""
        ...

    def close(self) -> None:
        """Let go of every resource."""
        ...


class Cursor:
    """What one watcher has been given so far."""

    def __init__(self, context: str, key: str | None, after: int, max_lag: int) -> None:
        self.context = context
        self.key = key
        self.after = after
        self._max_lag = max_lag
        self._at_end = False

    def take(self, page: LedgerPage) -> tuple[LedgerEntry, ...]:
        """The entries to give out next; none when the watcher has seen all.

        Raises:
            SlowWatcherError: since it had seen all, more came than a watcher may be behind.
        """
        if self._at_end and page.last - self.after > self._max_lag:
            raise SlowWatcherError(self.context, self.after)
        self._at_end = not page.more
        return page.entries

    def passed(self, page: LedgerPage) -> None:
        """Go on behind a page that was given out."""
        # A cursor ahead of the ledger stays where it is: what comes up to there was seen before.
        self.after = max(self.after, page.next_after())


def check_watch(context: str, key: str | None, after: int, heartbeat: float) -> None:
    """Refuse a watch that means nothing.

    Raises:
        LedgerRequestError: a name or number is out of range.
    """
    check_query(context, key, after)
    low, high = HEARTBEAT_SECONDS
    if not low <= heartbeat <= high:
        raise LedgerRequestError(f"a heartbeat comes every {low} to {high:g} seconds, not {heartbeat}", where=context)


def watch(
    ledger: LocalLedger, context: str, key: str | None, after: int, heartbeat: float
) -> Iterator[LedgerEntry | Heartbeat]:
    """See `Ledger.watch`."""
    check_watch(context, key, after, heartbeat)
    return _watching(ledger, Cursor(context, key, after, ledger.max_lag), heartbeat)


def _watching(ledger: LocalLedger, cursor: Cursor, heartbeat: float) -> Iterator[LedgerEntry | Heartbeat]:
    woken = threading.Event()
    with ledger.waking(cursor.context, woken.set):
        while True:
            # Cleared before reading: an append that comes after the reading wakes us again.
            woken.clear()
            page = ledger.get(cursor.context, key=cursor.key, after=cursor.after, limit=min(PAGE, MAX_ENTRIES))
            for entry in cursor.take(page):
                cursor.after = entry.sequence
                yield entry
            cursor.passed(page)
            if not page.entries and not woken.wait(heartbeat):
                yield Heartbeat(cursor.after)


class Wakers:
    """Who waits for which context."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Callable[[], None]]] = {}

    @contextmanager
    def waking(self, context: str, wake: Callable[[], None]) -> Iterator[None]:
        """See `LocalLedger.waking`."""
        with self._lock:
            self._waiting.setdefault(context, []).append(wake)
        try:
            yield
        finally:
            with self._lock:
                left = self._waiting[context]
                left.remove(wake)
                if not left:
                    del self._waiting[context]

    def wake(self, context: str) -> None:
        """Wake those who wait for a context."""
        with self._lock:
            waiting = tuple(self._waiting.get(context, ()))
        for wake in waiting:
            wake()

    def wake_all(self) -> None:
        """Wake everybody: something was written, nobody knows where."""
        with self._lock:
            waiting = [wake for wakes in self._waiting.values() for wake in wakes]
        for wake in waiting:
            wake()

    def any(self) -> bool:
        """Whether somebody waits."""
        return bool(self._waiting)
