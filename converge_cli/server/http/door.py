"""What the routes of the HTTP door share, and what every request brings along: who calls, the body, the answer."""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi import Path as PathParam
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from converge_cli._internal.canonical_json import encode
from converge_cli.app.jobs.caller import Caller
from converge_cli.core.errors import ConvergeError
from converge_cli.server.following import Following
from converge_cli.server.http.bodies import MOST_BYTES, read_body
from converge_cli.server.http.follow import Streams
from converge_cli.server.http.limits import Limits, Share
from converge_cli.server.http.problems import PROBLEM, headers_of, problem_of, status_of
from converge_cli.server.http.tickets import Tickets
from converge_cli.server.service import Service

CallerOf = Callable[[str, str], Caller]
"""Who calls, by the text of the Authorization header ("" for none) and the address that it comes from; raises an
error with the code UNAUTHORIZED."""

_SHARE = Share()


@dataclass(frozen=True, slots=True)
class Door:
    """What every door of one server shares; the HTTP door's own is `streams`, `tickets` and `metrics`.

    Attributes:
        service: what it opens on.
        caller_of: who calls.
        hide: takes the paths of the machine out of an answer.
        following: the readers of runs.
        streams: the readers that HTTP has.
        limits: what each caller may take.
        tickets: what lets a browser open a stream.
        metrics: what is counted, as Prometheus reads it; None where nothing is.
        most_bytes: of a body.
        ways: what credentials are taken; none where nobody is asked who they are.
    """

    service: Service
    caller_of: CallerOf
    hide: Callable[[bytes], bytes]
    following: Following
    streams: Streams
    limits: Limits
    tickets: Tickets
    metrics: Callable[[], bytes] | None = None
    most_bytes: int = MOST_BYTES
    ways: tuple[str, ...] = ()

    def known(self, authorization: str, address: str) -> Caller:
        """Who calls, counted; whoever is nobody is counted by the address.

        Raises:
            ConvergeError: with the code UNAUTHORIZED; or the credential can't be looked up.
            TooManyRequestsError: there were too many of late.
        """
        try:
            caller = self.caller_of(authorization, address)
        except ConvergeError as error:
            if error.code == "UNAUTHORIZED":
                self.limits.count_refused(address)
            raise
        self.limits.count(caller.person)
        return caller

    def reply(self, data: Any, status: int = 200, **headers: str) -> Response:
        """An answer, as canonical JSON."""
        return Reply(self.hide(encode(data)), status, {name.replace("_", "-"): text for name, text in headers.items()})

    def problem(self, error: ConvergeError, path: str) -> Response:
        """An error as an answer."""
        data = self.hide(encode(problem_of(error, path)))
        return Response(data, status_of(error), headers_of(error), PROBLEM)


def make_door(
    service: Service,
    caller_of: CallerOf,
    *,
    share: Share = _SHARE,
    metrics: Callable[[], bytes] | None = None,
    most_bytes: int = MOST_BYTES,
    ways: tuple[str, ...] = (),
) -> Door:
    """A door on a service; see `Door`."""
    services = service.setting.services
    templates = () if services.shelf is None else services.shelf.folders
    hide = _hider((services.folder, services.shipped, *templates))
    monotonic = services.clock.monotonic
    following, limits, tickets = Following(service), Limits(share, monotonic), Tickets(monotonic)
    streams = Streams(following, hide)
    return Door(service, caller_of, hide, following, streams, limits, tickets, metrics, most_bytes, ways)


def _hider(folders: Iterable[Path]) -> Callable[[bytes], bytes]:
    """Leaves of paths below some folders what stands behind those: what a caller may know of them."""
    names = {str(path) for folder in folders for path in (folder, folder.resolve()) if len(path.parts) > 1}
    beginnings = [encode(f"{name}/")[1:-1] for name in sorted(names, key=len, reverse=True)]

    def hide(data: bytes) -> bytes:
        for beginning in beginnings:
            data = data.replace(beginning, b"")
        return data

    return hide


class Reply(JSONResponse):
    """JSON that is encoded already."""

    def render(self, content: Any) -> bytes:
        """The bytes as they are."""
        return bytes(content)


def door_of(request: Request) -> Door:
    """The door that a request came through."""
    door: Door = request.app.state.door
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
    caller = await run_in_threadpool(door_of(request).known, *shown_by(request))
    with door_of(request).limits.request(caller.person):
        yield caller


TheDoor = Annotated[Door, Depends(door_of)]
TheCaller = Annotated[Caller, Depends(caller_of)]
TheBody = Annotated[bytes, Depends(body_of)]
JobId = Annotated[str, PathParam(description="Id of the job, which is that of its run.", max_length=64)]
