"""The operations of `converge.v1`, as thin as those of HTTP. Must never decide anything."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from converge_cli import __version__
from converge_cli._internal.canonical_json import encode
from converge_cli._internal.wire import converge_pb2 as wire
from converge_cli._internal.wire.converge_pb2_grpc import ConvergeServicer
from converge_cli.app.jobs.caller import Caller
from converge_cli.app.jobs.find_job import find_job, list_jobs
from converge_cli.app.jobs.job_data import job_data, job_line
from converge_cli.app.jobs.job_record import job_events
from converge_cli.app.list_truths import list_truths
from converge_cli.core.job_queue import JobFilter
from converge_cli.server.body_limits import MOST_DEEP
from converge_cli.server.following import NextEvent, type_of
from converge_cli.server.grpc_calls import Calls, traced
from converge_cli.server.grpc_errors import hidden
from converge_cli.server.grpc_messages import (
    event_message,
    job_message,
    number_of,
    status_of,
)
from converge_cli.server.grpc_stream import MOST_SEQ, MOST_SUBSCRIPTIONS, STUCK_SECONDS, Conversation
from converge_cli.server.service import Service

SERVICE = "converge.v1.Converge"
MOST_JOBS = 200
MOST_EVENTS = 1000
_JOBS = 50
_PAGE_BYTES = 3_000_000
"""Clients refuse answers over 4 MiB unless they are told otherwise: a page of events has no more than this, or one."""


class About(NamedTuple):
    """What a server says of itself that only whoever starts it knows.

    Attributes:
        transports: by which it can be reached.
        storage: the backend of its jobs and runs.
    """

    transports: tuple[str, ...]
    storage: str


class GrpcService(ConvergeServicer):
    """The service.

    Args:
        calls: what each call passes.
        about: for GetCapabilities.
        stuck_seconds: how long a reader of Stream may take nothing.
    """

    def __init__(self, calls: Calls, about: About, *, stuck_seconds: float = STUCK_SECONDS) -> None:
        self._calls = calls
        self._about = about
        self._stuck_seconds = stuck_seconds

    async def SubmitJob(self, request: Any, context: Any) -> Any:  # noqa: N802  the protocol's names
        """See converge.proto."""
        return await self._calls.answer(context, self._submit, traced(context, request))

    async def GetJob(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See converge.proto."""
        return await self._calls.answer(context, self._job, request)

    async def ListJobs(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See converge.proto."""
        return await self._calls.answer(context, self._jobs, request)

    async def GetEvents(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See converge.proto."""
        return await self._calls.answer(context, self._events, request)

    async def Stream(self, requests: AsyncIterator[Any], context: Any) -> None:  # noqa: N802
        """See converge.proto."""
        try:
            caller = await self._calls.caller(context)
            with self._door.limits.stream(caller.person):
                await Conversation(self._calls, context, self._stuck_seconds).hold(requests)
        except Exception as error:  # noqa: BLE001  the last line of defence
            await self._calls.refuse(context, error)

    async def GetCapabilities(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See converge.proto."""
        return await self._calls.answer(context, self._capabilities, request)

    @property
    def _door(self) -> Any:
        return self._calls.door

    @property
    def _service(self) -> Service:
        service: Service = self._door.service
        return service

    def _submit(self, caller: Caller, request: Any) -> Any:
        return wire.SubmitJobResponse(job=self._calls.submit(caller, request))

    def _job(self, caller: Caller, request: Any) -> Any:
        setting = self._service.setting
        data = hidden(self._door, job_data(setting, find_job(setting, caller, request.job_id)))
        result = data["result"]
        return wire.GetJobResponse(
            job=job_message(data),
            exit_code=data["exit_code"],
            outcome_digest="" if result is None else result["outcome_digest"],
            result=b"" if result is None else encode(result),
        )

    def _jobs(self, caller: Caller, request: Any) -> Any:
        limit = number_of(request.limit, _JOBS, MOST_JOBS, "limit")
        wanted = JobFilter(truth=request.truth or None, status=status_of(request.status), before=request.before or None)
        lines = [job_line(seen) for seen in list_jobs(self._service.setting, caller, wanted, limit)]
        following = lines[-1]["job_id"] if len(lines) == limit else ""
        return wire.ListJobsResponse(jobs=map(job_message, hidden(self._door, lines)), next=following)

    def _events(self, caller: Caller, request: Any) -> Any:
        limit = number_of(request.limit, MOST_EVENTS, MOST_EVENTS, "limit")
        after = number_of(request.after, 0, MOST_SEQ, "after")
        page = job_events(self._service.setting, caller, request.job_id, after, limit)
        events: list[Any] = []
        size, seq = 0, after
        for data in page.events:
            size += len(data)
            if events and size > _PAGE_BYTES:
                break
            seq += 1
            events.append(event_message(request.job_id, NextEvent(seq, type_of(data), data)))
        more = page.next_after is not None or len(events) < len(page.events)
        return wire.GetEventsResponse(events=events, last=page.last, next_after=seq if more else 0)

    def _capabilities(self, caller: Caller, request: Any) -> Any:  # noqa: ARG002  who calls must be known
        share, truths = self._door.limits.share, list_truths(self._service.setting.services)
        limits = wire.Limits(
            message_bytes=self._door.most_bytes,
            json_depth=MOST_DEEP,
            jobs_per_page=MOST_JOBS,
            events_per_page=MOST_EVENTS,
            queued_jobs=self._service.setting.most_queued,
            subscriptions_per_stream=MOST_SUBSCRIPTIONS,
            streams_per_caller=share.streams,
            requests_per_caller=share.requests,
            requests_per_second=share.rate,
        )
        return wire.GetCapabilitiesResponse(
            version=__version__,
            protocols=[SERVICE.rpartition(".")[0]],
            transports=self._about.transports,
            truths=[wire.Truth(key=row["key"], title=row["title"]) for row in truths if row["kind"] == "job"],
            limits=limits,
            auth=self._door.ways,
            storage=self._about.storage,
        )
