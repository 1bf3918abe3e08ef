"""What the outside does to a run while it runs: time passes, and somebody may ask it to stop."""

from typing import Protocol

from converge_cli.core.port import Clock
from converge_cli.core.stop_reason import Stop, StopReason
from converge_cli.engine.cancellation import Cancellation
from converge_cli.engine.halt import Halt
from converge_cli.engine.run import Run


class Conditions(Protocol):
    """Asked by the loop; a replay answers from the record."""

    def active_ms(self) -> int:
        """Active time of the run so far, in milliseconds."""
        ...

    def seconds_left(self) -> float:
        """Active time that the budget leaves."""
        ...

    def stop_if_told(self) -> None:
        """Raises: Halt: somebody asked the run to stop, or its time is up."""
        ...

    def stop_for_cut(self) -> None:
        """Raises: Halt: called when executions were cut off before they could add something."""
        ...

    def settle(self) -> None:
        """Charge the run with the active time since the last call."""
        ...


class LiveConditions:
    """By the clock, and by whoever cancels."""

    def __init__(self, run: Run, clock: Clock, cancelled: Cancellation) -> None:
        self._run = run
        self._clock = clock
        self._cancelled = cancelled
        self._since = clock.monotonic()

    def active_ms(self) -> int:
        """See `Conditions.active_ms`."""
        return int((self._run.meter.active + self._running()) * 1000)

    def seconds_left(self) -> float:
        """See `Conditions.seconds_left`."""
        return self._run.meter.time_left(self._running())

    def stop_if_told(self) -> None:
        """See `Conditions.stop_if_told`."""
        if self._cancelled.requested:
            raise Halt(Stop(StopReason.CANCELLED, cycle=self._run.cycle))
        self._run.meter.check_time(self._run.cycle, self._running())

    def stop_for_cut(self) -> None:
        """See `Conditions.stop_for_cut`."""
        self.stop_if_told()
        self._run.meter.halt_for_time(self._run.cycle)

    def settle(self) -> None:
        """See `Conditions.settle`."""
        self._run.meter.active += self._running()
        self._since = self._clock.monotonic()

    def _running(self) -> float:
        return self._clock.monotonic() - self._since
