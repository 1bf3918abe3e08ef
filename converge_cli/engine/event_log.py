"""The event log of one run: gives each event its sequence and time, and commits them, one transaction a cycle."""

from collections.abc import Callable
from typing import Any

from converge_cli._internal.hashing import GENESIS, chain_link, digest_bytes
from converge_cli.core.event import RunEvent, SuggestorRunning, encode_event
from converge_cli.core.port import Clock, Commit, EventSink, Experience, RunRow


class EventLog:
    """Append-only; what is not committed yet is visible to nobody.

    Without a store the events stay in memory and are hashed only when somebody asks for the head.

    Attributes:
        at: the time that the next events carry.
        started_at, updated_at: the earliest and the latest time of events; clocks may go back.
    """

    def __init__(self, run: str, clock: Clock, store: Experience | None, sink: EventSink | None) -> None:
        self.run = run
        self.seq = 0
        self.at = clock.now()
        self.started_at = self.updated_at = self.at
        self.events: list[RunEvent] = []
        self._clock = clock
        self._store = store
        self._sink = sink
        self._pending: list[RunEvent] = []
        self._blobs: list[bytes] = []
        self._head = GENESIS
        self._hashed = 0
        self._committed = 0

    def tick(self) -> None:
        """Take the time that the next events carry."""
        self.at = self._clock.now()
        self.started_at, self.updated_at = min(self.started_at, self.at), max(self.updated_at, self.at)

    def add(self, kind: Callable[..., Any], **fields: Any) -> int:
        """Add an event to the next commit; returns its sequence."""
        return self.put(kind(self.seq + 1, self.at, **fields))

    def put(self, event: RunEvent) -> int:
        """Add an event that was made with the next sequence and the log's time.

        For what is recorded with every fact or cycle: fields given by place cost a fifth of named ones.
        """
        self.seq = event.seq
        self._pending.append(event)
        return event.seq

    @property
    def is_kept(self) -> bool:
        """Whether there is a store behind it."""
        return self._store is not None

    def keep(self, data: bytes) -> str:
        """Keep bytes that events name, in the transaction of the next commit; returns their SHA-256 in hex.

        Without a store only the digest is made: nobody could read them later.
        """
        if self._store is not None:
            self._blobs.append(data)
        return digest_bytes(data)

    def running(self, cycle: int, suggestor: str) -> None:
        """Tell the display that an execution begins; records nothing."""
        if self._sink is not None:
            self._sink.running(SuggestorRunning(cycle, suggestor))

    def commit(self, row: Callable[[str], RunRow]) -> None:
        """Make the pending events durable, then show them.

        Args:
            row: makes the index row from the new head (hex).
        """
        pending = self._pending
        if not pending:
            return
        self._pending = []
        if self._store is None:
            self.events += pending
        else:
            previous, encoded = self._head, [encode_event(event) for event in pending]
            for data in encoded:
                self._head = chain_link(self._head, data)
            made = row(self._head.hex())
            blobs, self._blobs = tuple(self._blobs), []
            self._store.append(Commit(made, self._committed + 1, tuple(encoded), previous.hex(), blobs))
        self._committed = self.seq
        if self._sink is not None:
            self._sink.events(self.run, pending)

    def head(self) -> str:
        """Hash of the last committed event, hex."""
        for event in self.events[self._hashed :]:
            self._head = chain_link(self._head, encode_event(event))
        self._hashed = len(self.events)
        return self._head.hex()

    def restore(self, row: RunRow) -> None:
        """Go on after the recorded events of a row."""
        self.seq = self._committed = row.seq
        self._head = bytes.fromhex(row.head)
        self.started_at, self.updated_at = row.started_at, row.updated_at
