"""An Experience whose n-th write goes wrong on purpose, above any adapter: what a store in another place may do to its
caller. For tests: wrap the adapter, drive a run, then go on with the adapter alone.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

from converge_cli.core.call import KeptCall
from converge_cli.core.port import Commit, Experience, RunFilter, RunRow
from converge_cli.store.unavailable import StoreUnavailableError

PortFaultKind = Literal["before", "lost", "late", "twice"]
PORT_KINDS: tuple[PortFaultKind, ...] = ("before", "lost", "late", "twice")

T = TypeVar("T")


class PortFault(NamedTuple):
    """What goes wrong, and when.

    Attributes:
        at: at which write, counted from 1; 0 for never.
        kind: `before`: nothing is written, and that is told. `lost`: it is written, but the answer is an error all the
            same. `late`: it takes `seconds` until it is written, and as long until that is told. `twice`: what was sent
            arrives twice, and the caller gets the second answer.
        seconds: how late.
    """

    at: int = 0
    kind: PortFaultKind = "before"
    seconds: float = 0.2


class FaultyExperience:
    """The Experience port over another one.

    Attributes:
        writes: how often `append`, `put_blob` and `put_call` were called.
    """

    def __init__(self, store: Experience, fault: PortFault) -> None:
        self.writes = 0
        self._store = store
        self._fault = fault

    def append(self, commit: Commit) -> None:
        """See `Experience.append`; a write."""
        self._write(lambda: self._store.append(commit))

    def put_blob(self, data: bytes) -> str:
        """See `Experience.put_blob`; a write."""
        return self._write(lambda: self._store.put_blob(data))

    def put_call(self, run: str, call: KeptCall, request: bytes, answer: bytes, fence: int | None = None) -> None:
        """See `Experience.put_call`; a write."""
        self._write(lambda: self._store.put_call(run, call, request, answer, fence))

    def read(self, run: str, after: int = 0) -> Iterator[bytes]:
        """See `Experience.read`."""
        return self._store.read(run, after)

    def row(self, run: str) -> RunRow:
        """See `Experience.row`."""
        return self._store.row(run)

    def find(self, run: str) -> RunRow | None:
        """See `Experience.find`."""
        return self._store.find(run)

    def rows(self, *, truth: str | None = None, status: str | None = None, limit: int = 100) -> Iterable[RunRow]:
        """See `Experience.rows`."""
        return self._store.rows(truth=truth, status=status, limit=limit)

    def query(self, wanted: RunFilter, limit: int = 100) -> Iterable[RunRow]:
        """See `Experience.query`."""
        return self._store.query(wanted, limit)

    def get_blob(self, digest: str) -> bytes:
        """See `Experience.get_blob`."""
        return self._store.get_blob(digest)

    def calls(self, run: str) -> Iterable[KeptCall]:
        """See `Experience.calls`."""
        return self._store.calls(run)

    def driving(self, run: str) -> AbstractContextManager[None]:
        """See `Experience.driving`."""
        return self._store.driving(run)

    def close(self) -> None:
        """See `Experience.close`."""
        self._store.close()

    def _write(self, write: Callable[[], T]) -> T:
        self.writes += 1
        kind = self._fault.kind if self.writes == self._fault.at else None
        if kind == "before":
            raise _lost("the connection was lost")
        if kind == "late":
            time.sleep(self._fault.seconds)
        answer = write()
        if kind == "late":
            time.sleep(self._fault.seconds)
        if kind == "lost":
            raise _lost("the connection was lost before it answered")
        return write() if kind == "twice" else answer


def _lost(why: str) -> StoreUnavailableError:
    return StoreUnavailableError(Path("elsewhere"), why, "try again when the store is there")
