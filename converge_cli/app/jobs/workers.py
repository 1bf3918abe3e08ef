"""Whoever drives the jobs of a service, and who is told what they do."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from converge_cli.core.errors import ConvergeError
from converge_cli.core.job_queue import QueuedJob
from converge_cli.core.port import EventSink


class Workers(Protocol):
    """Claim jobs and drive them, from `start` to `stop`; used from any thread."""

    def start(self) -> None:
        """Begin to claim jobs."""
        ...

    def call(self) -> None:
        """Say that there is something to do."""
        ...

    def cancel(self, job: str) -> None:
        """Stop a job at once, if it is driven here; the queue holds the wish for all others."""
        ...

    def alive(self) -> int:
        """How many jobs can be driven at once now."""
        ...

    def stop(self, seconds: float) -> bool:
        """Claim nothing more, let each job finish its cycle and give it back; whether all did within that time."""
        ...


class Ears(NamedTuple):
    """Who is told what workers do; from any thread, each job's news in order.

    Attributes:
        settled: each job that a worker has brought to a stop.
        troubled: a job's id, "" for none, and why a worker could not go on with it just now.
        sink: what is recorded of every run.
        claimed: each job that a worker has taken, before it is driven.
    """

    settled: Callable[[QueuedJob], None]
    troubled: Callable[[str, ConvergeError], None]
    sink: EventSink | None = None
    claimed: Callable[[QueuedJob], None] = lambda _: None
