"""What one caller may take of a server: requests in a second, requests and streams at once. Knows no store."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

from converge_cli.core.errors import ConvergeError

MOST_CALLERS = 10_000
"""Buckets that are kept; those that are full again, or will be soonest, are forgotten first."""
_KEPT = MOST_CALLERS * 3 // 4
"""As many are left when some must be forgotten: to choose them costs a moment."""


class TooManyRequestsError(ConvergeError):
    """The caller takes more than its share."""

    code = "TOO_MANY_REQUESTS"

    def __init__(self, told: str) -> None:
        super().__init__(told, hint="wait as long as Retry-After says", where="caller")


class Share(NamedTuple):
    """What each caller may take.

    Attributes:
        rate: requests in a second, in the long run.
        burst: requests at once, after a rest.
        requests: that are under way at the same time.
        streams: that are open at the same time.
        refused: requests in a second without a good credential, from one address.
    """

    rate: float = 1000.0
    burst: int = 2000
    requests: int = 128
    streams: int = 512
    refused: float = 20.0


class Limits:
    """Counts by caller; used from one event loop or many threads.

    Attributes:
        share: what each may take.
    """

    def __init__(self, share: Share, monotonic: Callable[[], float]) -> None:
        self.share = share
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._buckets: dict[str, float] = {}  # when each is full again
        self._open: Counter[str] = Counter()

    def count(self, caller: str) -> None:
        """Count a request of a caller.

        Raises:
            TooManyRequestsError: there were too many of late.
        """
        self._take(caller, self.share.rate, self.share.burst)

    def count_refused(self, address: str) -> None:
        """Count a request that had no good credential; the address is slowed down, so that nobody can guess.

        Raises:
            TooManyRequestsError: there were too many of late.
        """
        self._take(f"?{address}", self.share.refused, round(5 * self.share.refused))

    def request(self, caller: str) -> AbstractContextManager[None]:
        """Hold a place for a request that is under way.

        Entering it raises TooManyRequestsError if the caller has as many as it may.
        """
        return self._held(f"{caller} request", self.share.requests, "requests under way")

    def stream(self, caller: str) -> AbstractContextManager[None]:
        """Hold a place for an open stream.

        Entering it raises TooManyRequestsError if the caller has as many as it may.
        """
        return self._held(f"{caller} stream", self.share.streams, "streams open")

    @contextmanager
    def _held(self, key: str, most: int, what: str) -> Iterator[None]:
        with self._lock:
            if self._open[key] >= most:
                raise TooManyRequestsError(f"you have {most} {what} already")
            self._open[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[key] -= 1
                if not self._open[key]:
                    del self._open[key]

    def _take(self, key: str, rate: float, burst: int) -> None:
        now = self._monotonic()
        with self._lock:
            if len(self._buckets) >= MOST_CALLERS:
                self._forget(now)
            left = round(burst - max(0.0, self._buckets.get(key, now) - now) * rate, 6)
            # What is refused takes nothing: who asks a little too often would never be answered again.
            self._buckets[key] = now + (burst - left + (left >= 1)) / rate
        if left < 1:
            raise TooManyRequestsError(f"you made more than {rate:g} requests in a second")

    def _forget(self, now: float) -> None:
        """Let go of buckets that are full; should nearly all of them be in use, of those that are full soonest.

        So whoever took most is remembered longest, however many others take a little.
        """
        used = sorted((full, key) for key, full in self._buckets.items() if full > now)
        self._buckets = {key: full for full, key in used[-_KEPT:]}
