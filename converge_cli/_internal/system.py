"""The real clock and the real source of ids: the only place that reads the time or draws randomness."""

import secrets
import time
from datetime import UTC, datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no i, l, o, u, so nothing that is read aloud or typed can be mistaken."""


class SystemClock:
    """The machine's clock."""

    def __init__(self) -> None:
        self._formatted = (-1, "")

    def now(self) -> str:
        """UTC now, ISO 8601 with microseconds and Z."""
        second, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        # Formatting a date costs more than a whole small cycle, so it is done once a second. Threads share the clock:
        # second and text are read as one, so that none gives its own fraction to another's second.
        formatted, text = self._formatted
        if second != formatted:
            text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            self._formatted = (second, text)
        return f"{text}.{nanoseconds // 1000:06d}Z"

    monotonic = staticmethod(time.monotonic)
    """Seconds that never go back."""


class RandomIds:
    """Run ids of nine random characters: 45 bits, short enough to type."""

    def run_id(self) -> str:
        """A new run id; begins with a letter, so that it is never taken for a number."""
        first = secrets.choice(_ALPHABET[10:])
        return first + "".join(secrets.choice(_ALPHABET) for _ in range(8))


def random_bytes(count: int) -> bytes:
    """Bytes that nobody can guess, for secrets."""
    return secrets.token_bytes(count)


def random_token() -> str:
    """A word that nobody can guess and that may stand in an address: 256 bits."""
    return secrets.token_urlsafe(32)
