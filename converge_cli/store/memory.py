"""Experience in memory: for embedding, tests and dry runs. Keeps nothing when the process ends."""

import itertools
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

from converge_cli._internal.hashing import GENESIS, digest_bytes
from converge_cli.core.call import KeptCall
from converge_cli.core.errors import RecordCorruptError, RunBusyError, RunNotFoundError
from converge_cli.core.port import Commit, RunFilter, RunRow
from converge_cli.store.chain import check_commit, check_follows, check_run_id, corrupt, extend, is_repeated


class MemoryExperience:
    """The Experience port over dictionaries; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, RunRow] = {}
        self._events: dict[str, list[bytes]] = {}
        self._blobs: dict[str, bytes] = {}
        self._calls: dict[str, dict[KeptCall, None]] = {}
        self._driven: set[str] = set()

    def append(self, commit: Commit) -> None:
        """Write the events of one commit; see `Experience.append`."""
        check_commit(commit)
        run = commit.row.run
        with self._lock:
            if is_repeated(commit, self._rows.get(run)) and all(
                digest_bytes(data) in self._blobs for data in commit.blobs
            ):
                return
            check_follows(commit, self._rows.get(run))
            self._events.setdefault(run, []).extend(commit.events)
            self._rows[run] = commit.row
            self._blobs.update((digest_bytes(data), bytes(data)) for data in commit.blobs)

    def read(self, run: str, after: int = 0) -> Iterator[bytes]:
        """Canonical bytes of the run's events above `after`; see `Experience.read`."""
        with self._lock:
            row = self._known(run)
            events = self._events[run][: row.seq]
        if len(events) != row.seq or extend(GENESIS, events).hex() != row.head:
            raise corrupt(run, 1, "its events do not hash to the recorded head")
        return iter(events[max(after, 0) :])

    def row(self, run: str) -> RunRow:
        """The run's line in the index; see `Experience.row`."""
        with self._lock:
            return self._known(run)

    def rows(self, *, truth: str | None = None, status: str | None = None, limit: int = 100) -> Iterable[RunRow]:
        """Runs, the newest first."""
        return self.query(RunFilter(truth=truth, status=status), limit)

    def query(self, wanted: RunFilter, limit: int = 100) -> Iterable[RunRow]:
        """Runs that a filter means, the newest first; see `Experience.query`."""
        with self._lock:
            rows = list(self._rows.values())
            if wanted.before is not None:
                rows = rows[: rows.index(self._known(wanted.before))]
        found = (row for row in reversed(rows) if wanted.means(row))
        return list(itertools.islice(found, max(limit, 0)))

    def put_blob(self, data: bytes) -> str:
        """Keep bytes; returns their SHA-256 in hex."""
        digest = digest_bytes(data)
        with self._lock:
            self._blobs[digest] = bytes(data)
        return digest

    def get_blob(self, digest: str) -> bytes:
        """Bytes kept under a digest; see `Experience.get_blob`."""
        with self._lock:
            data = self._blobs.get(digest)
        if data is None:
            raise RecordCorruptError(f"nothing is kept under digest {digest[:80]!r}", where=digest[:80])
        return data

    def put_call(self, run: str, call: KeptCall, request: bytes, answer: bytes) -> None:
        """Keep an external call; see `Experience.put_call`."""
        self.put_blob(request)
        self.put_blob(answer)
        with self._lock:
            self._calls.setdefault(check_run_id(run), {})[call] = None

    def calls(self, run: str) -> Iterable[KeptCall]:
        """The external calls of a run; see `Experience.calls`."""
        with self._lock:
            return list(self._calls.get(run, ()))

    def driving(self, run: str) -> AbstractContextManager[None]:
        """Hold the run; see `Experience.driving`."""
        return self._hold(check_run_id(run))

    def close(self) -> None:
        """Nothing to let go of; what was recorded stays readable."""

    @contextmanager
    def _hold(self, run: str) -> Iterator[None]:
        with self._lock:
            if run in self._driven:
                raise RunBusyError(
                    f"run {run} is being driven already", hint="wait until it pauses or stops", where=run
                )
            self._driven.add(run)
        try:
            yield
        finally:
            with self._lock:
                self._driven.discard(run)

    def _known(self, run: str) -> RunRow:
        row = self._rows.get(run)
        if row is None:
            raise RunNotFoundError(run, tuple(self._rows))
        return row
