"""A recorded run as a replay reads it: its events in order, and what was made of each suggestor in each cycle."""

from collections.abc import Sequence

import msgspec

from converge_cli.core import event as e
from converge_cli.core.errors import RecordCorruptError
from converge_cli.core.stop_reason import Stop
from converge_cli.engine.merge import Feed

Outcome = e.SuggestorExecuted | e.SuggestorFailed

_PRELUDE_ENDS = (e.CycleStarted, e.RunPaused, e.RunStopped, e.RunResumed)


class Record:
    """The events of one run.

    Attributes:
        data: canonical bytes of each event; `events` are the same, decoded. Event n stands at place n - 1.

    Raises:
        RecordCorruptError: it is empty, does not begin with RunStarted, or its sequence has gaps.
    """

    def __init__(self, run: str, data: Sequence[bytes]) -> None:
        self.run = run
        self.data = tuple(data)
        self.events: list[e.RunEvent] = [self._decoded(number, item) for number, item in enumerate(self.data, 1)]
        for place, event in enumerate(self.events):
            if event.seq != place + 1 or isinstance(event, e.RunStarted) != (place == 0):
                stands = f"{type(event).__name__} {event.seq} stands at {place + 1}"
                raise RecordCorruptError(
                    f"the record of run {run} is out of order: {stands}", where=f"{run}:{place + 1}"
                )
        if not self.events:
            raise RecordCorruptError(f"run {run} has no events", where=run)
        self._outcomes: dict[tuple[int, str], Outcome] = {}
        self._last_pass: dict[int, Stop] = {}
        self._index()

    @property
    def started(self) -> e.RunStarted:
        """The first event."""
        first = self.events[0]
        assert isinstance(first, e.RunStarted)  # noqa: S101  checked when it was made
        return first

    def at(self, seq: int) -> e.RunEvent | None:
        """The event that follows the first `seq` ones."""
        return self.events[seq] if seq < len(self.events) else None

    def outcome(self, cycle: int, suggestor: str) -> Outcome | None:
        """What came of a suggestor in a cycle; None when it did not run, or was cut off."""
        return self._outcomes.get((cycle, suggestor))

    def ended_in(self, cycle: int) -> Stop | None:
        """The stop that came in a cycle or right after it, before another one began."""
        return self._last_pass.get(cycle)

    def next_stop(self, seq: int) -> Stop | None:
        """The first stop after the first `seq` events."""
        for place in range(seq, len(self.events)):
            event = self.events[place]
            if isinstance(event, e.RunPaused | e.RunStopped):
                return event.stop
        return None

    def feeds(self, seq: int) -> list[Feed]:
        """What was brought in from outside between a start or resume and the cycle that follows it."""
        found: list[Feed] = []
        for place in range(seq, len(self.events)):
            event = self.events[place]
            if isinstance(event, _PRELUDE_ENDS):
                break
            if isinstance(event, e.SuggestorExecuted):
                found.append((event.suggestor, event.proposals))
        return found

    def _decoded(self, number: int, data: bytes) -> e.RunEvent:
        try:
            return e.decode_event(data)
        except msgspec.MsgspecError as error:
            raise RecordCorruptError(
                f"event {number} of run {self.run} can't be read by this version: {error}",
                hint="was it recorded by a newer version? converge version",
                where=f"{self.run}:{number}",
            ) from error

    def _index(self) -> None:
        cycle = 0
        for event in self.events:
            if isinstance(event, e.CycleStarted):
                cycle = event.cycle
            elif isinstance(event, e.RunPaused | e.RunStopped):
                self._last_pass[cycle], cycle = event.stop, 0
            elif isinstance(event, e.RunResumed):
                cycle = 0
            elif cycle and isinstance(event, e.SuggestorExecuted | e.SuggestorFailed):
                self._outcomes[cycle, event.suggestor] = event
