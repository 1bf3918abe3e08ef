"""What comes again and again: told at once, then now and then with how often, and at last that it is over.

Must never hold back what has not been told of late.
"""

import math
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple


class Pace(NamedTuple):
    """How often something is told.

    Attributes:
        every: seconds from one line about it to the next.
        quiet: seconds without it until it is over.
    """

    every: float = 60.0
    quiet: float = 10.0


class Over(NamedTuple):
    """Something that was told more than once is over.

    Attributes:
        what: it.
        times: how often it came, in all.
        seconds: from the first time to the last.
    """

    what: Any
    times: int
    seconds: float


class _Seen(NamedTuple):
    first: float
    last: float
    told: float
    times: int
    kept_back: int


class Repeats:
    """Keeps account of what is told; used from many threads.

    Args:
        over: told what is over, from a thread that there is only as long as something may be.
        pace: how often something is told.
    """

    def __init__(self, over: Callable[[Over], None], pace: Pace) -> None:
        self._over = over
        self._pace = pace
        self._lock = threading.Lock()
        self._seen: dict[Hashable, _Seen] = {}
        self._watched = False
        self._closed = threading.Event()

    def count(self, what: Hashable) -> int | None:
        """How often it came since it was told last, where it is to be told now; None where it is not."""
        now = time.monotonic()
        with self._lock:
            known = self._seen.get(what) or _Seen(now, now, -math.inf, 0, -1)
            due = now - known.told >= self._pace.every
            kept_back = known.kept_back + 1
            told, rest = (now, 0) if due else (known.told, kept_back)
            self._seen[what] = _Seen(known.first, now, told, known.times + 1, rest)
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._watch, name="converge-log-repeats", daemon=True).start()
        return kept_back if due else None

    def close(self) -> None:
        """Nothing more is told."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(self._pace.quiet / 4):
            over, watched = self._ended()
            for one in over:
                self._over(one)
            if not watched:
                return

    def _ended(self) -> tuple[list[Over], bool]:
        """What is over, and whether anything else may be."""
        now = time.monotonic()
        with self._lock:
            gone = {what: seen for what, seen in self._seen.items() if now - seen.last >= self._pace.quiet}
            for what in gone:
                del self._seen[what]
            self._watched = bool(self._seen)
            over = [Over(what, seen.times, seen.last - seen.first) for what, seen in gone.items() if seen.times > 1]
            return over, self._watched
