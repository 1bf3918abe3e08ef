"""What the suite of ledgers is written with: entries, reading all of a context, threads. Must never know an adapter."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

from converge_cli.core.ledger import (
    Heartbeat,
    LedgerEntry,
    NewEntry,
)
from converge_cli.core.port import Ledger

MAX_LAG = 200
"""How far behind a watcher of `ledger` may fall; set it where the adapter is made."""

SOON = 0.05
"""Seconds between heartbeats, so that a watcher that waits for nothing gives control back."""


def some(count: int, first: int = 1, key: str = "facts", payload: bytes = b"") -> list[NewEntry]:
    """Entries with ids `e1`, `e2` ... that differ in everything."""
    return [
        NewEntry(f"e{number}", key, payload or f"payload {number}".encode(), {"number": str(number)})
        for number in range(first, first + count)
    ]


def fill(ledger: Ledger, context: str, count: int, **changes: Any) -> list[LedgerEntry]:
    """Append entries to a new context, a hundred at a time; returns them as they are held."""
    new, held = some(count, **changes), []
    for start in range(0, count, 100):
        held += ledger.append(context, new[start : start + 100])
    return held


def all_of(ledger: Ledger, context: str, *, limit: int = 100, **query: Any) -> Iterator[LedgerEntry]:
    """Every entry of a context, page by page."""
    after = query.pop("after", 0)
    while True:
        page = ledger.get(context, after=after, limit=limit, **query)
        yield from page.entries
        if not page.more:
            return
        after = page.next_after()


def entries_in(seen: Iterable[LedgerEntry | Heartbeat]) -> Iterator[LedgerEntry]:
    """What a watcher was given, without heartbeats."""
    return (item for item in seen if isinstance(item, LedgerEntry))


def closed(watching: Iterator[LedgerEntry | Heartbeat]) -> "closing[Any]":
    """Ends a watch at the end of the block."""
    return closing(watching)


def in_threads(calls: list[Callable[[], None]]) -> None:
    """Do all at the same time; the first error is raised."""
    failures: list[BaseException] = []

    def work(call: Callable[[], None]) -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001  handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(call,), daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if failures:
        raise failures[0]
    if any(thread.is_alive() for thread in threads):
        raise AssertionError("a thread did not end in a minute")
