"""Tells whoever waits that a run has gone on: a wake-up, never the news itself, which is read from the store.

So a slow reader holds nothing up, and what another process recorded is found the same way.
"""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from converge_cli._internal.loop_call import call_in
from converge_cli.core.event import RunEvent, SuggestorRunning


class RunNews:
    """An EventSink for many runs; readers are coroutines of any event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}

    def events(self, run: str, committed: Sequence[RunEvent]) -> None:  # noqa: ARG002  the news is in the store
        """Wake the readers of a run."""
        self.tell(run)

    def running(self, beginning: SuggestorRunning) -> None:
        """Nothing: it is not recorded."""

    def tell(self, run: str) -> None:
        """Wake the readers of a run; from any thread."""
        with self._lock:
            readers = tuple(self._readers.get(run, ()))
        for loop, woken in readers:
            call_in(loop, woken.set)

    @contextmanager
    def reading(self, run: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the run may have gone on; the reader clears it before it looks."""
        reader = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._readers.setdefault(run, set()).add(reader)
        try:
            yield reader[1]
        finally:
            with self._lock:
                readers = self._readers[run]
                readers.discard(reader)
                if not readers:
                    del self._readers[run]
