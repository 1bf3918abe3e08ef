"""The real clock and the real source of ids: the only place that reads the time or draws randomness."""

import secrets
import time
from datetime import UTC, datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no i, l, o, u, so nothing that is read aloud or typed can be mistaken."""


class SystemClock:
    """The machine's clock."""

    def __init__(self) -> None:
        self._second = -1
        self._prefix = ""

    def now(self) -> str:
        """UTC now, ISO 8601 with microseconds and Z."""
        second, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        if second != self._second:
            # Formatting a date costs more than a whole small cycle, so it is done once a second.
            self._prefix = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            self._second = second
        return f"{self._prefix}.{nanoseconds // 1000:06d}Z"

    monotonic = staticmethod(time.monotonic)
    """Seconds that never go back."""


class RandomIds:
    """Run ids of nine random characters: 45 bits, short enough to type."""

    def run_id(self) -> str:
        """A new run id; begins with a letter, so that it is never taken for a number."""
        first = secrets.choice(_ALPHABET[10:])
        return first + "".join(secrets.choice(_ALPHABET) for _ in range(8))
