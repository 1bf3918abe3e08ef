"""What a server and the processes of its workers say to each other: one JSON object a line, over a pair of sockets.

Must never carry what both can read from the store, but for the events that the server counts and logs.
"""

import socket
import threading
from collections.abc import Iterator

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.core.job_queue import QueuedJob


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """The first line, to the workers: what to work on.

    Attributes:
        name: of the process among others that share the store.
        storage: folder of the store.
        templates: folders whose truths are served, too.
        workers: how many jobs it drives at once.
    """

    name: str
    storage: str
    templates: tuple[str, ...]
    workers: int


class Ring(msgspec.Struct, frozen=True, tag="ring"):
    """There is something to do."""


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """Stop a job at once, whoever has it."""

    job: str


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Claim nothing more, finish the cycles, end; the jobs have so many seconds."""

    seconds: float


class JobClaimed(msgspec.Struct, frozen=True, tag="claimed"):
    """A worker has a job."""

    job: QueuedJob


class RunRecorded(msgspec.Struct, frozen=True, tag="recorded"):
    """A run has gone on by these events.

    Attributes:
        seconds: how long the durable appends took that were made since the line before.
    """

    run: str
    events: tuple[msgspec.Raw, ...]
    seconds: tuple[float, ...]


class JobSettled(msgspec.Struct, frozen=True, tag="settled"):
    """A worker has brought a job to a stop."""

    job: QueuedJob


class WorkerTroubled(msgspec.Struct, frozen=True, tag="troubled"):
    """A worker could not go on with a job just now; the rest is the error's."""

    job: str
    code: str
    message: str
    hint: str | None
    where: str | None


Order = Begin | Ring | Cancel | Stop
News = JobClaimed | RunRecorded | JobSettled | WorkerTroubled
_ORDERS = msgspec.json.Decoder(Order)
_NEWS = msgspec.json.Decoder(News)


class Line:
    """One end of the pair; any thread may write, one reads."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._read = end.makefile("rb")
        self._lock = threading.Lock()

    def tell(self, news: News | Begin) -> None:
        """Say something that must be heard; waits for who listens.

        Raises:
            OSError: nobody is at the other end any more.
        """
        data = encode(news) + b"\n"
        with self._lock:
            self._end.sendall(data)

    def order(self, order: Order) -> None:
        """Say something short to workers, who find out by themselves what they did not hear; never waits.

        Raises:
            OSError: nobody is at the other end any more, or whoever is there has not listened for long.
        """
        data = encode(order) + b"\n"
        with self._lock:
            self._end.send(data, socket.MSG_DONTWAIT)  # of so few bytes all are taken, or none

    def orders(self) -> Iterator[Order]:
        """What a server says, until it is gone."""
        return map(_ORDERS.decode, self._whole())

    def news(self) -> Iterator[News]:
        """What workers say, until they are gone."""
        return map(_NEWS.decode, self._whole())

    def _whole(self) -> Iterator[bytes]:
        """The lines; who was killed amid one has not said it."""
        return (data for data in self._read if data.endswith(b"\n"))

    def close(self) -> None:
        """Say no more; the other end hears that."""
        self._read.close()
        self._end.close()
