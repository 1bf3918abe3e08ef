"""Notices, while somebody watches, what other processes write to a ledger's file. Must never read entries itself."""

import threading
import time
from collections.abc import Callable
from typing import Any

from converge_cli.core.errors import ConvergeError
from converge_cli.store.ledger_watch import Wakers

_SECONDS = 0.002
_SECONDS_AFTER_ERROR = 0.25


class Poll:
    """A thread that looks for a new version every two milliseconds; ends when nobody watches.

    Args:
        version: changes whenever another process has written.
    """

    def __init__(self, wakers: Wakers, version: Callable[[], Any]) -> None:
        self._wakers = wakers
        self._version = version
        self._lock = threading.Lock()
        self._running = False

    def start(self) -> None:
        """See to it that the thread runs; call it when a watcher has come."""
        with self._lock:
            if not self._running:
                self._running = True
                threading.Thread(target=self._work, name="converge-ledger-poll", daemon=True).start()

    def _work(self) -> None:
        known: Any = None  # so the first look wakes everybody: they may have read before it
        while True:
            with self._lock:
                if not self._wakers.any():
                    self._running = False
                    return
            pause = _SECONDS
            try:
                version = self._version()
            except ConvergeError:
                # Watchers come upon the same error when they read, and tell of it.
                version, pause = None, _SECONDS_AFTER_ERROR
            if version is None or version != known:
                known = version
                self._wakers.wake_all()
            time.sleep(pause)
