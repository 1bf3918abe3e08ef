"""Experience in memory: for embedding, tests and dry runs. Keeps nothing when the process ends."""

import itertools
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

from converge_cli._internal.hashing import GENESIS, digest_bytes
from converge_cli.core.call import KeptCall
from converge_cli.core.errors import RecordCorruptError, RunBusyError, RunNotFoundError
from converge_cli.core.job_queue import JobStatus, QueuedJob
from converge_cli.core.port import Commit, RunFilter, RunRow
from converge_cli.store.chain import check_commit, check_follows, check_run_id, corrupt, extend, is_repeated
from converge_cli.store.job_turns import check_driver, check_writer, due_at_once, went_on


class MemoryExperience:
    """The Experience port over dictionaries; threads may share it.

    Attributes:
        lock: held around every use of the others, which the queue of jobs shares.
        known: row by run; `driven` are the runs that are being driven.
        blobs: bytes by their SHA-256.
        jobs: the queue's jobs by id; whoever writes for one of them must have its fence.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.known: dict[str, RunRow] = {}
        self.blobs: dict[str, bytes] = {}
        self.driven: set[str] = set()
        self.jobs: dict[str, QueuedJob] = {}
        self._events: dict[str, list[bytes]] = {}
        self._calls: dict[str, dict[KeptCall, None]] = {}

    def append(self, commit: Commit) -> None:
        """Write the events of one commit; see `Experience.append`."""
        check_commit(commit)
        run = commit.row.run
        with self.lock:
            if is_repeated(commit, self.known.get(run)) and all(
                digest_bytes(data) in self.blobs for data in commit.blobs
            ):
                return
            check_writer(run, self._standing(run), commit.fence)
            check_follows(commit, self.known.get(run))
            job = self.jobs.get(run)
            if job is not None and job.status is JobStatus.PAUSED and went_on(self.known.get(run), commit.row):
                self.jobs[run] = due_at_once(job)
            self._events.setdefault(run, []).extend(commit.events)
            self.known[run] = commit.row
            self.blobs.update((digest_bytes(data), bytes(data)) for data in commit.blobs)

    def read(self, run: str, after: int = 0) -> Iterator[bytes]:
        """Canonical bytes of the run's events above `after`; see `Experience.read`."""
        with self.lock:
            row = self._known(run)
            events = self._events[run][: row.seq]
        if len(events) != row.seq or extend(GENESIS, events).hex() != row.head:
            raise corrupt(run, 1, "its events do not hash to the recorded head")
        return iter(events[max(after, 0) :])

    def row(self, run: str) -> RunRow:
        """The run's line in the index; see `Experience.row`."""
        with self.lock:
            return self._known(run)

    def find(self, run: str) -> RunRow | None:
        """The run's line in the index, if there is one; see `Experience.find`."""
        with self.lock:
            return self.known.get(run)

    def rows(self, *, truth: str | None = None, status: str | None = None, limit: int = 100) -> Iterable[RunRow]:
        """Runs, the newest first."""
        return self.query(RunFilter(truth=truth, status=status), limit)

    def query(self, wanted: RunFilter, limit: int = 100) -> Iterable[RunRow]:
        """Runs that a filter means, the newest first; see `Experience.query`."""
        with self.lock:
            rows = list(self.known.values())
            if wanted.before is not None:
                rows = rows[: rows.index(self._known(wanted.before))]
        found = (row for row in reversed(rows) if wanted.means(row))
        return list(itertools.islice(found, max(limit, 0)))

    def put_blob(self, data: bytes) -> str:
        """Keep bytes; returns their SHA-256 in hex."""
        digest = digest_bytes(data)
        with self.lock:
            self.blobs[digest] = bytes(data)
        return digest

    def get_blob(self, digest: str) -> bytes:
        """Bytes kept under a digest; see `Experience.get_blob`."""
        with self.lock:
            data = self.blobs.get(digest)
        if data is None:
            raise RecordCorruptError(f"nothing is kept under digest {digest[:80]!r}", where=digest[:80])
        return data

    def put_call(self, run: str, call: KeptCall, request: bytes, answer: bytes, fence: int | None = None) -> None:
        """Keep an external call; see `Experience.put_call`."""
        with self.lock:
            check_writer(run, self._standing(run), fence)
            self.blobs.update((digest_bytes(data), bytes(data)) for data in (request, answer))
            self._calls.setdefault(check_run_id(run), {})[call] = None

    def calls(self, run: str) -> Iterable[KeptCall]:
        """The external calls of a run; see `Experience.calls`."""
        with self.lock:
            return list(self._calls.get(run, ()))

    def driving(self, run: str) -> AbstractContextManager[None]:
        """Hold the run; see `Experience.driving`."""
        return self._hold(check_run_id(run))

    def close(self) -> None:
        """Nothing to let go of; what was recorded stays readable."""

    @contextmanager
    def _hold(self, run: str) -> Iterator[None]:
        with self.lock:
            if run in self.driven:
                raise RunBusyError(
                    f"run {run} is being driven already", hint="wait until it pauses or stops", where=run
                )
            standing = self._standing(run)
            check_driver(run, None if standing is None else standing[0])
            self.driven.add(run)
        try:
            yield
        finally:
            with self.lock:
                self.driven.discard(run)

    def _standing(self, run: str) -> tuple[str, int] | None:
        job = self.jobs.get(run)
        return None if job is None else (job.status, job.fence)

    def _known(self, run: str) -> RunRow:
        row = self.known.get(run)
        if row is None:
            raise RunNotFoundError(run, tuple(self.known))
        return row
