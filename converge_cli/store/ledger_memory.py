"""The ledger in memory: for tests, and for a server that only has to pass things on. Keeps nothing at its end."""

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

from converge_cli.core.ledger import (
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
from converge_cli.core.ledger_errors import ContextNotEmptyError
from converge_cli.core.port import Clock
from converge_cli.store.ledger_snapshot import Snapshot, take_snapshot
from converge_cli.store.ledger_watch import DEFAULT_MAX_LAG, Wakers, watch


class _Entries:
    """The entries of one context, with what finds them."""

    def __init__(self) -> None:
        self.all: list[LedgerEntry] = []
        self.by_id: dict[str, LedgerEntry] = {}
        self.by_key: dict[str, list[int]] = {}

    def add(self, entries: Iterable[LedgerEntry]) -> None:
        for entry in entries:
            self.all.append(entry)
            self.by_id[entry.id] = entry
            self.by_key.setdefault(entry.key, []).append(entry.sequence)

    def above(self, key: str | None, after: int) -> Iterator[LedgerEntry]:
        if key is None:
            return self._from(range(after, len(self.all)))
        sequences = self.by_key.get(key, [])
        return self._from(sequences[at] - 1 for at in range(bisect_right(sequences, after), len(sequences)))

    def _from(self, places: Iterable[int]) -> Iterator[LedgerEntry]:
        return (self.all[place] for place in places)


class MemoryLedger:
    """The Ledger port over dictionaries; threads may share it."""

    def __init__(self, clock: Clock, *, max_lag: int = DEFAULT_MAX_LAG) -> None:
        self.max_lag = max_lag
        self._clock = clock
        self._lock = threading.Lock()
        self._contexts: dict[str, _Entries] = {}
        self._wakers = Wakers()

    def append(self, context: str, entries: Sequence[NewEntry]) -> list[LedgerEntry]:
        """See `Ledger.append`."""
        check_new(context, entries)
        with self._lock:
            held = self._contexts.get(context) or _Entries()
            last = Tail(held.all[-1].sequence, held.all[-1].time, held.all[-1].hash) if held.all else None
            known = {entry.id: held.by_id[entry.id] for entry in entries if entry.id in held.by_id}
            answer, fresh = extend(context, map(_own, entries), known, last, self._clock.now())
            held.add(fresh)
            self._contexts[context] = held
        if fresh:
            self._wakers.wake(context)
        return answer

    def get(self, context: str, *, key: str | None = None, after: int = 0, limit: int = 100) -> LedgerPage:
        """See `Ledger.get`."""
        check_query(context, key, after, limit)
        with self._lock:
            held = self._contexts.get(context)
            if held is None:
                return LedgerPage((), 0, more=False)
            return cut_page(held.above(key, after), limit, len(held.all))

    def snapshot(self, context: str) -> Iterator[bytes]:
        """See `Ledger.snapshot`."""
        return take_snapshot(self, context)

    def load(self, chunks: Iterable[bytes]) -> LedgerHead:
        """See `Ledger.load`."""
        with Snapshot(chunks) as snapshot:
            held = _Entries()
            held.add(snapshot.entries())
            context = snapshot.head.context
            with self._lock:
                if context in self._contexts:
                    raise ContextNotEmptyError(context, len(self._contexts[context].all))
                self._contexts[context] = held
        self._wakers.wake(context)
        return snapshot.head

    def watch(
        self, context: str, *, key: str | None = None, after: int = 0, heartbeat: float = 5.0
    ) -> Iterator[LedgerEntry | Heartbeat]:
        """See `Ledger.watch`."""
        return watch(self, context, key, after, heartbeat)

    def waking(self, context: str, wake: Callable[[], None]) -> AbstractContextManager[None]:
        """See `LocalLedger.waking`."""
        return self._wakers.waking(context, wake)

    def close(self) -> None:
        """Nothing to let go of."""


def _own(entry: NewEntry) -> NewEntry:
    """The entry with a mapping of its own: what the caller does to theirs later changes nothing here."""
    return NewEntry(entry.id, entry.key, bytes(entry.payload), dict(entry.metadata))
