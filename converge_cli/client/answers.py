"""What a client gets: jobs and the events of their streams. What a newer server says besides is passed over."""

from typing import Any

import msgspec

from converge_cli._internal.canonical_json import decode
from converge_cli.core.job_queue import UNDER_WAY


class Job(msgspec.Struct, frozen=True):
    """A job as it stood when it was asked for.

    Attributes:
        job_id, run_id: the same.
        status: queued, running, paused, ended, failed or cancelled.
        outcome: why its run stopped, `CriteriaMet` for example; the status while it has not.
        pending: how many requests wait for people.
        seq: sequence of the last event of its run.
        head: hash of that event, hex.
        created_at, updated_at: UTC.
        error: of a failed job: code, message, hint, where.
        exit_code: of the command line; None while it is under way, and in lists.
        result: what the run has come to, as `converge show --json` says it; None before it began, and in lists.
    """

    job_id: str
    run_id: str
    truth: str
    status: str
    outcome: str
    title: str = ""
    owner: str = ""
    cycles: int = 0
    facts: int = 0
    pending: int = 0
    seq: int = 0
    head: str = ""
    created_at: str = ""
    updated_at: str = ""
    error: dict[str, Any] | None = None
    exit_code: int | None = None
    result: dict[str, Any] | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether a worker has it, or is to get it."""
        return self.status in UNDER_WAY

    @property
    def is_over(self) -> bool:
        """Whether it can't go on by itself: ended, failed or cancelled."""
        return not self.is_under_way and self.status != "paused"


class StreamEvent(msgspec.Struct, frozen=True):
    """One event of a stream.

    Attributes:
        type: that of the run's event (`FactPromoted`); or `paused` when people are waited for, and at last `end`.
        seq: sequence of the run's event; of the others that of the last event before.
        raw: its JSON; of a run's event the very bytes that were hashed.
    """

    type: str
    seq: int
    raw: bytes

    @property
    def is_recorded(self) -> bool:
        """Whether it is an event of the run, and not the server's word on where the job stands."""
        return self.type not in {"paused", "end"}

    @property
    def data(self) -> Any:
        """What it says, as plain values."""
        return decode(self.raw)

    @property
    def job(self) -> Job:
        """The job, as `paused` and `end` tell it."""
        return msgspec.json.decode(self.raw, type=Job)
