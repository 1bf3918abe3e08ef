"""The runs of a server, read through the port of the experience store: so what reads a record works on a remote one.

Must never write: what a server keeps is changed by its own routes alone.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from heapq import merge
from itertools import islice
from typing import NoReturn

from converge_cli._internal.hashing import GENESIS, chain_link, digest_bytes
from converge_cli.client.answers import Job
from converge_cli.client.client import Client
from converge_cli.client.errors import ServerError
from converge_cli.core.call import KeptCall
from converge_cli.core.errors import ConvergeError, RecordCorruptError, RunNotFoundError
from converge_cli.core.port import Commit, RunFilter, RunRow

_STATUS = {"queued": "queued", "running": "running", "paused": "paused", "cancelled": "paused", "ended": "stopped"}
"""Status of a job -> that of its run; a job that failed, or was not begun, has no run that one could speak of."""
_JOBS_THAT_ARE = {
    None: (None,),
    "running": ("queued", "running"),
    "paused": ("paused", "cancelled"),
    "stopped": ("ended", "failed"),
}
_HINT = "ask again; should it stay so, whoever runs the server can verify it: converge replay RUN --verify"


class ReadOnlyError(ConvergeError):
    """Something would be written to a record that another machine keeps."""

    code = "READ_ONLY"

    def __init__(self, url: str) -> None:
        super().__init__(f"what {url} keeps is not written from here", hint="it has commands of its own", where=url)


class RemoteExperience:
    """The Experience port over a client; what is read is checked here, against the hashes that name it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._run = ""

    def row(self, run: str) -> RunRow:
        """The run's line in the index.

        Raises:
            RunNotFoundError: no such job, or none that one may see.
        """
        try:
            return row_of(self._client.job(run))
        except ServerError as error:
            if error.code == "JOB_NOT_FOUND":
                raise RunNotFoundError(run) from None
            raise

    def find(self, run: str) -> RunRow | None:
        """The run's line in the index; None where there is none that one may see."""
        try:
            return self.row(run)
        except RunNotFoundError:
            return None

    def rows(self, *, truth: str | None = None, status: str | None = None, limit: int = 100) -> Iterable[RunRow]:
        """Jobs as runs, the newest first."""
        found = [self._client.jobs(truth=truth, status=item, limit=limit) for item in _JOBS_THAT_ARE[status]]
        newest = merge(*found, key=lambda job: (job.created_at, job.job_id), reverse=True)
        return [row_of(job) for job in islice(newest, limit)]

    def query(self, wanted: RunFilter, limit: int = 100) -> Iterable[RunRow]:
        """Runs that a filter means, the newest first."""
        rows = self.rows(truth=wanted.truth, status=wanted.status, limit=limit)
        return [row for row in rows if wanted.means(row)]

    def read(self, run: str, after: int = 0) -> Iterator[bytes]:
        """The run's events above `after`.

        Raises:
            RunNotFoundError: nothing is recorded of it.
            RecordCorruptError: they do not hash to its head.
        """
        row = self.row(run)
        if not row.seq:
            raise ConvergeError(f"run {run} is {row.status}: nothing is recorded of it yet", where=run)
        self._run = run
        head, seq = GENESIS, after
        for event in self._client.events(run, after):
            head, seq = chain_link(head, event), seq + 1
            if after == 0 and seq == row.seq and head.hex() != row.head:
                raise RecordCorruptError(f"the events of {run} do not hash to its head", hint=_HINT, where=run)
            yield event
        if seq < row.seq:
            raise RecordCorruptError(f"{run} has {row.seq} events, and {seq} came", hint=_HINT, where=run)

    def get_blob(self, digest: str) -> bytes:
        """Bytes that the run which was read last names.

        Raises:
            RecordCorruptError: it names none, or they do not hash to it.
        """
        try:
            data = self._client.blob(self._run, digest)
        except ServerError as error:
            if error.code != "BLOB_NOT_FOUND":
                raise
            data = b""
        if digest_bytes(data) != digest:
            raise RecordCorruptError(f"no bytes that hash to {digest[:12]}", hint=_HINT, where=self._run)
        return data

    def calls(self, run: str) -> Iterable[KeptCall]:  # noqa: ARG002  the port's signature
        """None: a server does not tell calls that no event names."""
        return ()

    def append(self, commit: Commit) -> None:
        """Raises: ReadOnlyError."""
        self._refuse(commit)

    def put_blob(self, data: bytes) -> str:
        """Raises: ReadOnlyError."""
        self._refuse(data)

    def put_call(self, run: str, call: KeptCall, request: bytes, answer: bytes, fence: int | None = None) -> None:
        """Raises: ReadOnlyError."""
        self._refuse(run, call, request, answer, fence)

    def driving(self, run: str) -> AbstractContextManager[None]:
        """Raises: ReadOnlyError."""
        self._refuse(run)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _refuse(self, *_: object) -> NoReturn:
        raise ReadOnlyError(self._client.url)


def row_of(job: Job) -> RunRow:
    """A job as a line of the index of runs. Where its truth lies is the server's own business."""
    return RunRow(
        run=job.job_id,
        truth=job.truth,
        title=job.title,
        status=_STATUS.get(job.status, job.status),
        reason="" if job.outcome == job.status else job.outcome,
        started_at=job.created_at,
        updated_at=job.updated_at,
        seq=job.seq,
        head=job.head,
        cycles=job.cycles,
        facts=job.facts,
        pending=job.pending,
    )
