"""A clock that stands still until it is told to go on."""

from datetime import UTC, datetime, timedelta

START = "2026-11-21T14:03:00.000000Z"


class ManualClock:
    """The Clock port for tests.

    Args:
        start: UTC time at which it stands, ISO 8601 with Z.
    """

    def __init__(self, start: str = START) -> None:
        self._start = datetime.fromisoformat(start).astimezone(UTC)
        self._passed = 0.0

    def now(self) -> str:
        """UTC, ISO 8601 with microseconds and Z."""
        moment = self._start + timedelta(seconds=self._passed)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._passed

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            ValueError: a negative time; clocks that go back are the business of another double.
        """
        if seconds < 0:
            raise ValueError(f"time passes forwards, not by {seconds} s")
        self._passed += seconds
