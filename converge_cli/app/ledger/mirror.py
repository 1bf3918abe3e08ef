"""Mirrors runs into a ledger in the background. Must never influence an outcome, nor keep a run's end waiting for long.

The engine's thread only says that something was committed. A thread of the mirror's own reads it back from the
experience store and copies it, so there is no queue that could grow, and nothing is lost that was not also kept: a
mirror that was killed, or a ledger that was down, is caught up with later.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from converge_cli.app.ledger.mirror_run import mirror_run, mirrored_so_far
from converge_cli.core.errors import ConvergeError
from converge_cli.core.event import RunEvent, SuggestorRunning
from converge_cli.core.ledger_errors import LedgerUnavailableError
from converge_cli.core.port import EventSink, Experience, Ledger

FINISH_SECONDS = 2.0
"""How long the end of a run may wait for its mirror."""

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_JOIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class MirrorReport:
    """How far the mirror came.

    Attributes:
        lagging: whether the ledger lacks something that was recorded.
        run: a run that it lags behind, or "".
        reason: what is wrong, or "".
    """

    lagging: bool
    run: str = ""
    reason: str = ""

    @property
    def word(self) -> str:
        """`current` or `lagging`."""
        return "lagging" if self.lagging else "current"


class Mirror:
    """Copies the runs of one process.

    Args:
        open_ledger: makes the ledger; called on the mirror's thread.
        name: what people call the ledger.
        alone: whether it was named for this process alone, and those that touch the runs later will not know of it.
    """

    def __init__(
        self, open_ledger: Callable[[], Ledger], experience: Experience, name: str, *, alone: bool = False
    ) -> None:
        self.name = name
        self.alone = alone
        self._open = open_ledger
        self._experience = experience
        self._ledger: Ledger | None = None
        self._changed = threading.Condition()
        self._due: dict[str, int] = {}
        self._copied: dict[str, int] = {}
        self._reason = ""
        self._failures = 0
        self._ending = False
        self._thread: threading.Thread | None = None

    @property
    def told(self) -> bool:
        """Whether anything was recorded that concerns it."""
        return bool(self._due)

    def paused(self) -> bool:
        """Whether a run that was copied can go on, so that more will be recorded of it.

        Raises:
            ConvergeError: the store can't be read.
        """
        return any(self._experience.row(run).status == "paused" for run in tuple(self._copied))

    def beside(self, sink: EventSink | None) -> EventSink:
        """A sink that hands everything on to another, and tells the mirror what was committed."""
        return _MirroredSink(self, sink)

    def committed(self, run: str, first: int, last: int) -> None:
        """Events were recorded; returns at once, and never raises."""
        with self._changed:
            if first == 1:
                self._copied.setdefault(run, 0)
            self._due[run] = max(last, self._due.get(run, 0))
            if self._thread is None:
                # Not named as ours that end by themselves: one that waits for a ledger must not keep the process.
                self._thread = threading.Thread(target=self._work, name="ledger-mirror", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def finish(self, seconds: float = FINISH_SECONDS) -> MirrorReport:
        """Wait a little until everything recorded is copied, and say how far it came. The mirror ends with this."""
        self._note_what_was_recorded()
        deadline = monotonic() + seconds
        with self._changed:
            self._ending = True
            failures = self._failures
            self._changed.notify_all()
            while self._behind() and self._failures <= failures and (left := deadline - monotonic()) > 0:
                self._changed.wait(left)
            behind, reason = self._behind(), self._reason
            self._due.clear()
            self._changed.notify_all()
        if self._thread is not None and not behind:
            self._thread.join(_JOIN_SECONDS)
        reason = reason or (f"it took longer than {seconds:g} s" if behind else "")
        return MirrorReport(lagging=behind is not None, run=behind or "", reason=reason)

    def _note_what_was_recorded(self) -> None:
        # Decisions are recorded without the engine; what it tells of is not all.
        for run in tuple(self._due):
            try:
                last = self._experience.row(run).seq
            except ConvergeError:
                continue
            self.committed(run, 0, last)

    def _behind(self) -> str | None:
        return next((run for run, seq in self._due.items() if self._copied.get(run, -1) < seq), None)

    def _work(self) -> None:
        while True:
            with self._changed:
                while (run := self._behind()) is None and not self._ending:
                    self._changed.wait()
            if run is None:
                break
            try:
                self._copy(run)
            except Exception as error:  # noqa: BLE001  whatever a ledger does, the run and its process go on
                self._failed(error)
        self._close()

    def _copy(self, run: str) -> None:
        if self._ledger is None:
            self._ledger = self._open()
        copied = self._copied.get(run)
        if copied is None:
            copied = mirrored_so_far(self._ledger, run)
        recorded = self._experience.row(run).seq
        if copied > recorded:
            raise ConvergeError(f"it claims {copied} events of run {run}, which has {recorded}")
        self._reached(run, copied)
        for reached in mirror_run(self._experience, self._ledger, run, copied):
            self._reached(run, reached)

    def _reached(self, run: str, sequence: int) -> None:
        with self._changed:
            self._copied[run], self._reason = sequence, ""
            self._changed.notify_all()

    def _failed(self, error: Exception) -> None:
        with self._changed:
            self._reason = _told(error)
            self._failures += 1
            self._changed.notify_all()
            pause = min(_FIRST_PAUSE * 2 ** min(self._failures, 10), _LONGEST_PAUSE)
            if not self._ending:
                self._changed.wait_for(lambda: self._ending, pause)

    def _close(self) -> None:
        close = getattr(self._ledger, "close", None)
        if close is not None:
            close()


def _told(error: Exception) -> str:
    if isinstance(error, LedgerUnavailableError):
        return error.why
    return error.message if isinstance(error, ConvergeError) else f"{type(error).__name__}: {error}"


class _MirroredSink:
    """The EventSink port in front of another."""

    def __init__(self, mirror: Mirror, inner: EventSink | None) -> None:
        self._mirror = mirror
        self._inner = inner

    def events(self, run: str, committed: Sequence[RunEvent]) -> None:
        """Tell the mirror, hand on."""
        self._mirror.committed(run, committed[0].seq, committed[-1].seq)
        if self._inner is not None:
            self._inner.events(run, committed)

    def running(self, beginning: SuggestorRunning) -> None:
        """Hand on."""
        if self._inner is not None:
            self._inner.running(beginning)
