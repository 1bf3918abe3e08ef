"""What the routes of the HTTP door share, and what every request brings along: who calls, the body, the answer."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi import Path as PathParam
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from converge_cli._internal.canonical_json import encode
from converge_cli.app.jobs.caller import Caller
from converge_cli.core.errors import ConvergeError
from converge_cli.server.door import Door
from converge_cli.server.error_status import status_of
from converge_cli.server.http.bodies import read_body
from converge_cli.server.http.follow import Streams
from converge_cli.server.http.problems import PROBLEM, headers_of, problem_of
from converge_cli.server.http.tickets import Tickets


@dataclass(frozen=True, slots=True)
class HttpDoor(Door):
    """A server's door, and what HTTP alone has.

    Attributes:
        streams: the readers of HTTP.
        tickets: what lets a browser open a stream.
    """

    streams: Streams
    tickets: Tickets

    def reply(self, data: Any, status: int = 200, **headers: str) -> Response:
        """An answer, as canonical JSON."""
        return Reply(self.hide(encode(data)), status, {name.replace("_", "-"): text for name, text in headers.items()})

    def problem(self, error: ConvergeError, path: str) -> Response:
        """An error as an answer."""
        data = self.hide(encode(problem_of(error, path)))
        return Response(data, status_of(error), headers_of(error), PROBLEM)


def http_door(door: Door) -> HttpDoor:
    """What the routes need beside what every door shares."""
    shared = {field.name: getattr(door, field.name) for field in fields(door)}
    monotonic = door.service.setting.services.clock.monotonic
    return HttpDoor(**shared, streams=Streams(door.following, door.hide), tickets=Tickets(monotonic))


class Reply(JSONResponse):
    """JSON that is encoded already."""

    def render(self, content: Any) -> bytes:
        """The bytes as they are."""
        return bytes(content)


def door_of(request: Request) -> HttpDoor:
    """The door that a request came through."""
    door: HttpDoor = request.app.state.door
    return door


async def body_of(request: Request) -> bytes:
    """The body of a request; see `read_body`."""
    return await read_body(request, door_of(request).most_bytes)


def shown_by(request: Request) -> tuple[str, str]:
    """The text of the Authorization header, "" for none, and the address that a request comes from."""
    # Two of them are none: what stands before us might have looked at the other one.
    return ", ".join(request.headers.getlist("authorization")), request.client.host if request.client else ""


async def caller_of(request: Request) -> AsyncIterator[Caller]:
    """Who calls, with a place for the request until it is answered."""
    door = door_of(request)
    # Where nobody is asked, nothing is looked up that could hold up the others.
    caller = await run_in_threadpool(door.known, *shown_by(request)) if door.ways else door.known(*shown_by(request))
    with door.limits.request(caller.person):
        yield caller


async def _the_door(request: Request) -> HttpDoor:
    # Not a plain function: those are called in another thread, which costs more than the whole rest of a small request.
    return door_of(request)


TheDoor = Annotated[HttpDoor, Depends(_the_door)]
TheCaller = Annotated[Caller, Depends(caller_of)]
TheBody = Annotated[bytes, Depends(body_of)]
JobId = Annotated[str, PathParam(description="Id of the job, which is that of its run.", max_length=64)]
