"""Wakes workers that have nothing to do. Must never lose a ring: who looks before it sleeps finds what rang."""

import threading


class Bell:
    """Rings are kept until somebody wakes by them, at most as many as there are sleepers."""

    def __init__(self, sleepers: int) -> None:
        self._sleepers = sleepers
        self._rings = 0
        self._changed = threading.Condition()

    def ring(self, times: int = 1) -> None:
        """Wake as many; from any thread."""
        with self._changed:
            self._rings = min(self._rings + times, self._sleepers)
            self._changed.notify(times)

    def wait(self, seconds: float) -> None:
        """Sleep until it rings, at most that long."""
        with self._changed:
            self._changed.wait_for(lambda: self._rings > 0, seconds)
            self._rings = max(self._rings - 1, 0)
