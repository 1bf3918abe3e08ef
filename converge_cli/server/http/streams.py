"""Routes: follow a job as server-sent events, and the tickets that browsers need for it."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Header, Query, Request
from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from converge_cli.app.jobs.caller import Caller
from converge_cli.app.jobs.find_job import find_job
from converge_cli.core.errors import ConvergeError
from converge_cli.server.following import Until
from converge_cli.server.http import answers
from converge_cli.server.http.door import JobId, Reply, TheCaller, TheDoor, door_of, shown_by
from converge_cli.server.http.openapi import OK, answering, problems_of, reference
from converge_cli.server.http.tickets import LIFE_SECONDS

_HEARTBEAT_SECONDS = 15
_STUCK_SECONDS = 60.0
"""How long a reader may take nothing before it is let go of; it comes back to where it was."""

router = APIRouter(prefix="/api/v1", tags=["streams"], default_response_class=Reply)


class TicketRefusedError(ConvergeError):
    """A ticket that is none: it was used, is too old, or is for another stream."""

    code = "UNAUTHORIZED"

    def __init__(self) -> None:
        super().__init__("the ticket opens nothing (any more)", hint="POST .../tickets for a new one", where="ticket")


class _Reader(NamedTuple):
    """Who reads, and what raises an error when the credential for it no longer holds."""

    caller: Caller
    holds: Callable[[], object]


async def _reader_of(
    request: Request,
    job: JobId,
    ticket: Annotated[str | None, Query(description="From POST .../tickets, for browsers.", max_length=100)] = None,
) -> AsyncIterator[_Reader]:
    """Who reads, with a place among the open streams until it is closed."""
    door = door_of(request)
    if ticket is None:
        caller, holds = await run_in_threadpool(door.known, *shown_by(request)), _holds(request)
    else:
        spent = door.tickets.spend(ticket, job)
        if spent is None:
            raise TicketRefusedError
        await run_in_threadpool(spent.holds)
        caller, holds = spent.caller, spent.holds
    with door.limits.stream(caller.person):
        yield _Reader(caller, holds)


def _holds(request: Request) -> Callable[[], object]:
    """Asks whether what was shown with a request still holds; counts nothing."""
    door, shown = door_of(request), shown_by(request)
    return lambda: door.caller_of(*shown)


_ABOUT = {
    OK: {
        "description": "Server-sent events: each event of the run with its sequence as id and its canonical JSON as "
        "data; `paused` and at last `end` with the job's line; `error` with a problem where the reader may read no "
        "more, or nothing can be read; comments as heartbeats.",
        "content": {"text/event-stream": {"schema": reference(answers.StreamEvent)}},
    },
    **problems_of(400, 401, 403, 404, 422, 429, 500, 503),
}


@router.get(
    "/jobs/{job}/stream",
    operation_id="streamJob",
    summary="Follow a job",
    responses=_ABOUT,
    response_class=EventSourceResponse,
)
async def stream(
    door: TheDoor,
    reader: Annotated[_Reader, Depends(_reader_of)],
    job: JobId,
    until: Annotated[Until, Query(description="`pause`: end also when people are waited for.")] = "stop",
    after: Annotated[int, Query(description="Only events above this sequence.", ge=0, le=1 << 53)] = 0,
    last_event_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", description="As `after`, of a stream that was cut.", pattern="^[0-9]{1,15}$"),
    ] = None,
) -> Response:
    """A stream that was cut goes on where it was; it ends with `end`, and is closed."""
    await run_in_threadpool(find_job, door.service.setting, reader.caller, job)
    begin = after if last_event_id is None else int(last_event_id)
    return EventSourceResponse(
        door.streams.follow(job, begin, until, reader.holds), ping=_HEARTBEAT_SECONDS, send_timeout=_STUCK_SECONDS
    )


@router.post(
    "/jobs/{job}/tickets",
    operation_id="issueTicket",
    summary="A ticket for one stream",
    status_code=201,
    responses=answering(answers.Ticket, 404, status=201),
)
def ticket(door: TheDoor, caller: TheCaller, job: JobId, request: Request) -> Response:
    """A browser sends no headers with a stream; a ticket in its address opens one stream, once, for a short time."""
    seen = find_job(door.service.setting, caller, job)
    issued = door.tickets.issue(caller, seen.job.job, _holds(request))
    url = f"/api/v1/jobs/{seen.job.job}/stream?ticket={issued}"
    return door.reply({"ticket": issued, "seconds": LIFE_SECONDS, "url": url}, 201)
