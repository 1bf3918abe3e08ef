"""What happens in a server, told to whoever counts, logs or traces it. Must never change or hold up what is told."""

import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from converge_cli.core.errors import ConvergeError
from converge_cli.core.event import RunEvent
from converge_cli.core.job_queue import QueuedJob

Note = Callable[[str], None]
"""Takes one line for whoever runs the server."""


class Decision(NamedTuple):
    """What came of a decision.

    Attributes:
        decision: `approved` or `rejected`.
        waits: seconds that each request had waited that was decided by it.
        refused: codes of those that were not accepted.
    """

    decision: str
    waits: tuple[float, ...]
    refused: tuple[str, ...]


class Named(NamedTuple):
    """The run that a request names.

    Attributes:
        run: its id; "" where the request names none.
        trace_id: of its job; "" where there is none, or it can't be looked up.
    """

    run: str = ""
    trace_id: str = ""


class Observer:
    """Is told everything and does nothing; those who count, log or trace say what they do at what. From any thread."""

    def submitted(self, job: QueuedJob, caller: str) -> None:
        """A job was queued."""

    def refused(self, doing: str, caller: str, error: ConvergeError, named: Named) -> None:
        """What a caller wanted was refused; `doing` is `submit`, `decide`, `cancel` or `resume`."""

    def cancelled(self, job: QueuedJob, caller: str) -> None:
        """A job is to stop."""

    def resumed(self, job: QueuedJob, caller: str) -> None:
        """A job at rest is to go on."""

    def decided(self, job: QueuedJob, caller: str, decision: Decision) -> None:
        """A person decided."""

    def claimed(self, job: QueuedJob) -> None:
        """A worker here has a job from now on."""

    def recorded(self, run: str, events: Sequence[RunEvent]) -> None:
        """A run that is driven here has gone on."""

    def settled(self, job: QueuedJob) -> None:
        """A worker here has brought a job to a stop, or given it back."""

    def troubled(self, job: str, error: ConvergeError) -> None:
        """A worker could not go on just now; `job` is "" where it had none."""

    def answered(self, method: str, route: str, status: int, seconds: float, run: str) -> None:
        """The answer to an HTTP request began, so many seconds after the request; `run` is "" where it names none."""

    def streams(self, change: int) -> None:
        """So many more jobs are followed."""

    def appending(self) -> AbstractContextManager[Any]:
        """Entered around each durable append of a worker."""
        return nullcontext()

    def close(self) -> None:
        """Nothing more is told."""


class Observers(Observer):
    """Tells several. What fails in one of them is told to whoever runs the server, and nobody else feels it."""

    def __init__(self, observers: Sequence[Observer], note: Note) -> None:
        self._observers = tuple(observers)
        self._note = note

    def submitted(self, job: QueuedJob, caller: str) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.submitted(job, caller))

    def refused(self, doing: str, caller: str, error: ConvergeError, named: Named) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.refused(doing, caller, error, named))

    def cancelled(self, job: QueuedJob, caller: str) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.cancelled(job, caller))

    def resumed(self, job: QueuedJob, caller: str) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.resumed(job, caller))

    def decided(self, job: QueuedJob, caller: str, decision: Decision) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.decided(job, caller, decision))

    def claimed(self, job: QueuedJob) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.claimed(job))

    def recorded(self, run: str, events: Sequence[RunEvent]) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.recorded(run, events))

    def settled(self, job: QueuedJob) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.settled(job))

    def troubled(self, job: str, error: ConvergeError) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.troubled(job, error))

    def answered(self, method: str, route: str, status: int, seconds: float, run: str) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.answered(method, route, status, seconds, run))

    def streams(self, change: int) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.streams(change))

    def close(self) -> None:
        """See `Observer`."""
        self._tell(lambda observer: observer.close())

    def _tell(self, what: Callable[[Observer], None]) -> None:
        for observer in self._observers:
            try:
                what(observer)
            except Exception as error:  # noqa: BLE001  a run must not end because somebody could not count it
                self._note(bug_lines(error))


def bug_lines(error: BaseException) -> str:
    """Where a fault of ours happened and of what kind it is; its own words may hold what is nobody's business."""
    places = "".join(traceback.format_tb(error.__traceback__))
    return f"Traceback: {places}{type(error).__name__}".replace("\n", " | ")
