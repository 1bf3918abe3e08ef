"""Says on stderr which suggestor a command waits for, when it waits long. Must never say anything of a quick run."""

import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType

from converge_cli.core.event import RunEvent, SuggestorRunning
from converge_cli.trace.sanitize import safe

QUIET_SECONDS = 5.0
"""Seconds between two notices, and before the first."""


class SlowNotice:
    """An event sink with a thread of its own: what it waits for may hold every other one."""

    def __init__(self, quiet: float = QUIET_SECONDS) -> None:
        self._quiet = quiet
        self._began: tuple[str, float] | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="converge-slow-notice", daemon=True)

    def __enter__(self) -> "SlowNotice":
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Look no longer."""
        self._closed.set()

    def running(self, beginning: SuggestorRunning) -> None:
        """A suggestor began."""
        self._began = (beginning.suggestor, time.monotonic())

    def events(self, run: str, committed: Sequence[RunEvent]) -> None:  # noqa: ARG002  the port's signature
        """Something came of it."""
        self._began = None

    def _watch(self) -> None:
        last = time.monotonic()
        while not self._closed.wait(self._quiet / 20):
            began, now = self._began, time.monotonic()
            if began is not None and now - max(began[1], last) >= self._quiet:
                last, seconds = now, now - began[1]
                sys.stderr.write(f"suggestor {safe(began[0])} has been running for {seconds:.0f} s\n")
                sys.stderr.flush()
