"""The real clock and the real source of ids: the only place that reads the time or draws randomness."""

import secrets
import time
from datetime import UTC, datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no i, l, o, u, so nothing that is read aloud or typed can be mistaken."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> str:
        """UTC now, ISO 8601 with microseconds and Z."""
        now = datetime.now(UTC)  # noqa: TID251  this is the Clock port
        return now.isoformat(timespec="microseconds")[:-6] + "Z"

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


class RandomIds:
    """Run ids of nine random characters: 45 bits, short enough to type."""

    def run_id(self) -> str:
        """A new run id; begins with a letter, so that it is never taken for a number."""
        first = secrets.choice(_ALPHABET[10:])
        return first + "".join(secrets.choice(_ALPHABET) for _ in range(8))
