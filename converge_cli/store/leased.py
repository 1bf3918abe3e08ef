"""The experience store as one worker of a service sees it: each of its writes carries the fence of the worker's lease.

A worker that was paused, and whose job somebody else has by now, is refused by the store itself.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import msgspec

from converge_cli.core.call import KeptCall
from converge_cli.core.job_queue import Lease
from converge_cli.core.port import Commit, Experience, RunFilter, RunRow


class LeasedExperience:
    """The Experience port for whoever holds a lease; reads as ever, writes for its own run alone."""

    def __init__(
        self,
        experience: Experience,
        lease: Lease,
        *,
        appending: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        """Nothing is written yet.

        Args:
            experience: the store.
            lease: what is held.
            appending: entered around each append, by whoever measures them.
        """
        self._experience = experience
        self._lease = lease
        self._appending = appending

    def append(self, commit: Commit) -> None:
        """Write the events of one commit, under the lease; see `Experience.append`."""
        fenced = msgspec.structs.replace(commit, fence=self._lease.fence)
        with self._appending():
            self._experience.append(fenced)

    def put_call(self, run: str, call: KeptCall, request: bytes, answer: bytes, fence: int | None = None) -> None:
        """Keep an external call, under the lease; see `Experience.put_call`."""
        self._experience.put_call(run, call, request, answer, self._lease.fence if fence is None else fence)

    def driving(self, run: str) -> AbstractContextManager[None]:
        """The lease is the hold: whoever claims the job next is not kept waiting by a worker that sleeps."""
        if run != self._lease.job:
            return self._experience.driving(run)
        return nullcontext()

    def read(self, run: str, after: int = 0) -> Iterator[bytes]:
        """See `Experience.read`."""
        return self._experience.read(run, after)

    def row(self, run: str) -> RunRow:
        """See `Experience.row`."""
        return self._experience.row(run)

    def find(self, run: str) -> RunRow | None:
        """See `Experience.find`."""
        return self._experience.find(run)

    def rows(self, *, truth: str | None = None, status: str | None = None, limit: int = 100) -> Iterable[RunRow]:
        """See `Experience.rows`."""
        return self._experience.rows(truth=truth, status=status, limit=limit)

    def query(self, wanted: RunFilter, limit: int = 100) -> Iterable[RunRow]:
        """See `Experience.query`."""
        return self._experience.query(wanted, limit)

    def put_blob(self, data: bytes) -> str:
        """See `Experience.put_blob`."""
        return self._experience.put_blob(data)

    def get_blob(self, digest: str) -> bytes:
        """See `Experience.get_blob`."""
        return self._experience.get_blob(digest)

    def calls(self, run: str) -> Iterable[KeptCall]:
        """See `Experience.calls`."""
        return self._experience.calls(run)

    def close(self) -> None:
        """Nothing: the store is its owner's to close."""
