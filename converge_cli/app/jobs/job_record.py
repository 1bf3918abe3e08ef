"""What the record of a job's run proves: events, facts, explanations, the receipt, kept bytes; of that run alone."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from converge_cli.app.experience.export import digests_of
from converge_cli.app.explain.explain_run import explain_run
from converge_cli.app.jobs.caller import Caller
from converge_cli.app.jobs.find_job import SeenJob, find_job
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.open_run import open_run
from converge_cli.app.record.recorded_run import events_of
from converge_cli.app.record.write_receipt import make_receipt, sign_receipt
from converge_cli.app.result_data import fact_data
from converge_cli.core.errors import ConvergeError
from converge_cli.core.port import RunRow


class RunNotBegunError(ConvergeError):
    """The job waits for a worker: there is nothing recorded of its run yet."""

    code = "RUN_NOT_BEGUN"

    def __init__(self, seen: SeenJob) -> None:
        job = seen.job
        super().__init__(
            f"job {job.job} is {job.status}: nothing is recorded of its run",
            hint=f"GET /api/v1/jobs/{job.job} says where it stands",
            where=job.job,
        )


class FactNotFoundError(ConvergeError):
    """No fact of that id is in the run."""

    code = "FACT_NOT_FOUND"

    def __init__(self, job: str, fact: str) -> None:
        super().__init__(
            f"job {job} has no fact {fact[:80]!r}", hint=f"GET /api/v1/jobs/{job} lists its facts", where=fact[:80]
        )


class BlobNotFoundError(ConvergeError):
    """The events of the run name no such bytes."""

    code = "BLOB_NOT_FOUND"

    def __init__(self, job: str, digest: str) -> None:
        super().__init__(f"no event of job {job} names {digest[:64]!r}", where=digest[:64])


class EventPage(NamedTuple):
    """Canonical bytes of events, in order.

    Attributes:
        last: sequence of the run's last event.
        next_after: where the next page begins; None on the last.
    """

    events: tuple[bytes, ...]
    last: int
    next_after: int | None


def job_events(setting: JobSetting, caller: Caller, job: str, after: int, limit: int) -> EventPage:
    """A page of the events above `after`; none of a run that has not begun.

    Raises:
        JobNotFoundError: there is no such job to be seen.
    """
    row = find_job(setting, caller, job).row
    if row is None or row.seq <= after:
        return EventPage((), 0 if row is None else row.seq, None)
    events = tuple(islice(setting.services.experience.read(row.run, after), limit))
    reached = after + len(events)
    return EventPage(events, max(row.seq, reached), reached if reached < row.seq else None)


def job_fact(setting: JobSetting, caller: Caller, job: str, fact: str) -> dict[str, Any]:
    """A fact of the run, with where it came from.

    Raises:
        FactNotFoundError: there is none of that id.
        (JobNotFoundError, RunNotBegunError): see `begun`.
    """
    row = begun(setting, caller, job)
    for found in open_run(setting.services, row.run).engine.recorded(row.run).facts:
        if found.id == fact:
            return fact_data(found)
    raise FactNotFoundError(job, fact)


def explain_job(setting: JobSetting, caller: Caller, job: str, target: str | None) -> dict[str, Any]:
    """What `converge explain RUN [TARGET] --json` says.

    Raises:
        UnknownTargetError: nothing is named so.
        (JobNotFoundError, RunNotBegunError): see `begun`.
    """
    return explain_run(setting.services, begun(setting, caller, job).run, target).data


def job_receipt(setting: JobSetting, caller: Caller, job: str) -> bytes:
    """The file that proves the run, signed by nobody: a service has no key of a person's.

    Raises:
        ReceiptRefusedError: the run has not come to rest.
        (JobNotFoundError, RunNotBegunError): see `begun`.
    """
    return sign_receipt(make_receipt(setting.services, begun(setting, caller, job).run), None).data


def job_blob(setting: JobSetting, caller: Caller, job: str, digest: str) -> bytes:
    """Bytes that the run's events name. What only stands in a fact is no name: whoever wrote it may have guessed.

    Raises:
        BlobNotFoundError: they name no such bytes, or these are not kept.
        (JobNotFoundError, RunNotBegunError): see `begun`.
    """
    named = dict(_named(setting, begun(setting, caller, job)))
    if digest not in named:
        raise BlobNotFoundError(job, digest)
    return setting.services.experience.get_blob(digest)


def begun(setting: JobSetting, caller: Caller, job: str) -> RunRow:
    """The run of a job that somebody may see.

    Raises:
        JobNotFoundError: there is no such job to be seen.
        RunNotBegunError: no worker has begun it.
    """
    seen = find_job(setting, caller, job)
    if seen.row is None:
        raise RunNotBegunError(seen)
    return seen.row


def _named(setting: JobSetting, row: RunRow) -> Iterator[tuple[str, bool]]:
    for event in events_of(setting.services, row.run):
        yield from digests_of(event)
