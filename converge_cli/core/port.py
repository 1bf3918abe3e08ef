"""Ports: what the machinery needs from the outside world. Adapters know these, never each other."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

import msgspec

from converge_cli.core.call import KeptCall
from converge_cli.core.event import RunEvent, SuggestorRunning
from converge_cli.core.flow_gate import FlowGateDecision, FlowQuestion

if TYPE_CHECKING:  # the engine imports this module and must not come to know what an entry is
    from converge_cli.core.ledger import Heartbeat, LedgerEntry, LedgerHead, LedgerPage, NewEntry


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> str:
        """UTC now, ISO 8601 with microseconds and Z: `2026-11-21T14:03:00.000000Z`."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""
        ...


class IdSource(Protocol):
    """The only source of randomness: new run ids."""

    def run_id(self) -> str:
        """Nine characters of an alphabet without look-alikes."""
        ...


class FlowGate(Protocol):
    """Policy: answers a question, never raises; what it can't judge it refuses (law 8)."""

    def decide(self, question: FlowQuestion) -> FlowGateDecision:
        """PROMOTE, REJECT or ESCALATE with what would unlock it."""
        ...


class Meter(Protocol):
    """Token and money budgets, asked before a model is called."""

    def charge(self, suggestor: str, tokens: int, cost_usd: Decimal) -> None:
        """Charge what a call may cost at most, before it is made.

        Where an attempt is made again on the answers of `view.call` that the one before had, or after a call of it had
        none, what was charged then is not charged again.

        Raises:
            Exception: the charge would cross a limit; let it through: the run ends with TokenBudgetExhausted or
                CostBudgetExhausted, and the suggestor runs again when the budget is raised.
            InvalidJobError: no suggestor of that name is running.
            ValueError: a negative charge.
        """
        ...


class EventSink(Protocol):
    """Sees events after they are committed, and beginnings of executions as they happen."""

    def events(self, run: str, committed: Sequence[RunEvent]) -> None:
        """Called once per commit, in order."""
        ...

    def running(self, beginning: SuggestorRunning) -> None:
        """Called when an execution begins; nothing of it is recorded yet."""
        ...


class RunRow(msgspec.Struct, frozen=True):
    """One line of the index of runs.

    Attributes:
        status: `running` (or died while running), `paused`, `stopped`.
        facts: promoted facts, without the notes that the engine itself wrote.
        reason: the stop reason, "" while running.
        started_at, updated_at: the earliest and the latest time of its events, also where the clock went back.
        location: path of the truth file that it was started from; not part of what is hashed.
        head: hash of the last event, hex.
        waiting: SHA-256 of the kept `core.approval.OpenRequests` of a paused run; "" otherwise, and in rows of versions
            that kept none.
    """

    run: str
    truth: str
    title: str
    status: str
    reason: str
    started_at: str
    updated_at: str
    seq: int
    head: str
    cycles: int
    facts: int
    pending: int
    location: str = ""
    waiting: str = ""


class RunFilter(msgspec.Struct, frozen=True):
    """Which runs are meant: those for which every field that is given holds.

    Attributes:
        status: see `RunRow`.
        reason: the stop reason that the run came to last.
        since, until: UTC times as recorded; runs that have an event at or after `since` and one before `until`.
        before: a run's id; only runs that began to be recorded before it.
    """

    truth: str | None = None
    status: str | None = None
    reason: str | None = None
    since: str | None = None
    until: str | None = None
    before: str | None = None

    def means(self, row: RunRow) -> bool:
        """Whether everything that is given holds for a row; `before` is the store's to look up."""
        return (
            self.truth in {None, row.truth}
            and self.status in {None, row.status}
            and self.reason in {None, row.reason}
            and (self.since is None or row.updated_at >= self.since)
            and (self.until is None or row.started_at < self.until)
        )


class Commit(msgspec.Struct, frozen=True):
    """What one transaction writes: canonical event bytes in sequence, and the row as it is after them.

    Attributes:
        blobs: bytes that the events name by their SHA-256, kept as by `put_blob`.
        fence: fencing number of the worker that writes it, None for a writer that is no worker of a service.
    """

    row: RunRow
    first_seq: int
    events: tuple[bytes, ...]
    previous_head: str
    blobs: tuple[bytes, ...] = ()
    fence: int | None = None


class Experience(Protocol):
    """The authoritative store of runs: append-only events, content-addressed blobs, an index of runs.

    Every `append` is one durable transaction: after it returns, its events survive any crash.
    """

    def append(self, commit: Commit) -> None:
        """Write the events of one commit; the newest commit delivered again, byte for byte the same, changes nothing.

        Raises:
            ConcurrentAppendError: the run's head is not `previous_head`, or its last sequence not `first_seq - 1`.
            LeaseLostError: its fence is not that of the run's job any more.
            RunBusyError: it has none, and a worker of a service drives the run.
        """
        ...

    def read(self, run: str, after: int = 0) -> Iterator[bytes]:
        """Canonical bytes of the run's events with a sequence above `after`, in order.

        Raises:
            RunNotFoundError: no such run.
            RecordCorruptError: the bytes do not hash to the recorded head.
        """
        ...

    def row(self, run: str) -> RunRow:
        """The run's line in the index.

        Raises:
            RunNotFoundError: no such run.
        """
        ...

    def find(self, run: str) -> RunRow | None:
        """The run's line in the index; None for an unknown run. It costs the same either way."""
        ...

    def rows(self, *, truth: str | None = None, status: str | None = None, limit: int = 100) -> Iterable[RunRow]:
        """Runs, the newest first; see `query`."""
        ...

    def query(self, wanted: RunFilter, limit: int = 100) -> Iterable[RunRow]:
        """Runs that a filter means, the newest first; a page's cost does not grow with the pages before it.

        Raises:
            RunNotFoundError: no run has the id `before`.
            RecordCorruptError: rows are not as they were written, whatever they say now; raised after the others have
                been given, and names them all.
        """
        ...

    def put_blob(self, data: bytes) -> str:
        """Keep bytes; returns their SHA-256 in hex. Keeping the same bytes again changes nothing."""
        ...

    def get_blob(self, digest: str) -> bytes:
        """Bytes kept under a digest.

        Raises:
            RecordCorruptError: there are none, or they no longer hash to it.
        """
        ...

    def put_call(self, run: str, call: KeptCall, request: bytes, answer: bytes, fence: int | None = None) -> None:
        """Keep an external call of a run, with its request and answer as blobs, in one durable transaction.

        Keeping the same call again changes nothing. It is no event: the chain of the run stays as it is.

        Raises:
            LeaseLostError, RunBusyError: see `append`.
        """
        ...

    def calls(self, run: str) -> Iterable[KeptCall]:
        """The external calls that were kept of a run, in no particular order; none of an unknown run.

        Raises:
            RecordCorruptError: one is not as it was written, or they are not as many as were kept.
        """
        ...

    def driving(self, run: str) -> AbstractContextManager[None]:
        """Hold the run: one process drives it at a time; let go at exit, and by the system if the process dies.

        Raises:
            RunBusyError: another process holds it, or it is a job of a service that is queued or running.
        """
        ...

    def close(self) -> None:
        """Let go of every resource."""
        ...


class Ledger(Protocol):
    """The optional mirror of what happened: entries by context, append-only. Never an authority; five operations.

    Every operation may raise LedgerUnavailableError, and LedgerRequestError for a name or number that means nothing.
    """

    def append(self, context: str, entries: "Sequence[NewEntry]") -> "list[LedgerEntry]":
        """Write entries durably, all or none; returns each as it is held.

        An entry whose id the context holds already, with the same content, is not written again.

        Raises:
            EntryTooLargeError: one of them, or all together, are over the limits.
            EntryConflictError: an id is taken by other content.
        """
        ...

    def get(self, context: str, *, key: str | None = None, after: int = 0, limit: int = 100) -> "LedgerPage":
        """Entries with a sequence above `after`, in order; the cost does not grow with the context.

        A page may end early (`more`) when its entries are large. A context without entries has an empty page.
        """
        ...

    def snapshot(self, context: str) -> Iterator[bytes]:
        """The context as it is now: canonical JSON lines, zstd, streamed; a header, then every entry.

        Raises:
            ContextUnknownError: it has no entries.
        """
        ...

    def load(self, chunks: Iterable[bytes]) -> "LedgerHead":
        """Verify a snapshot, then write it, all or nothing, into its context; the next append goes on from there.

        Raises:
            SnapshotInvalidError: it is not as it was made.
            ContextNotEmptyError: the context has entries.
        """
        ...

    def watch(
        self, context: str, *, key: str | None = None, after: int = 0, heartbeat: float = 5.0
    ) -> "Iterator[LedgerEntry | Heartbeat]":
        """Every entry above `after`, then each new one as it comes, once and in order, without end.

        `heartbeat` is how many seconds pass without an entry before a Heartbeat is given.

        Raises:
            SlowWatcherError: the watcher fell too far behind; it can watch again from what it was given last.
        """
        ...
