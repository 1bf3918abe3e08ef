"""Puts the HTTP door together: routes, errors, and what every request passes first."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sse_starlette.sse import SendTimeoutError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match, Route

from converge_cli.core.errors import ConvergeError
from converge_cli.server.door import Door
from converge_cli.server.http import catalog, jobs, probes, records, streams
from converge_cli.server.http.door import door_of, http_door
from converge_cli.server.http.front import App, Front
from converge_cli.server.http.openapi import document
from converge_cli.server.http.parameters import only_known
from converge_cli.server.http.problems import MethodNotAllowedError, RouteNotFoundError
from converge_cli.server.request_errors import InternalError, RequestInvalidError, RequestMalformedError
from converge_cli.server.telemetry.observer import Note, bug_lines

ROUTERS = (jobs.router, streams.router, records.router, catalog.router, probes.router)
_CORS_SECONDS = 600


def make_app(door: Door, *, local: bool = False, origins: Sequence[str] = ()) -> App:
    """The ASGI application of a server's HTTP door.

    Args:
        local: whether nobody is asked who they are, so that only this machine may call.
        origins: of web pages that may call from a browser.
    """
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        dependencies=[Depends(only_known)],
    )
    app.state.door = opened = http_door(door)
    app.openapi = partial(document, app)  # type: ignore[method-assign]
    for router in ROUTERS:
        app.include_router(router)
    handlers: tuple[tuple[type[Exception], Callable[[Request, Any], Awaitable[Response]]], ...] = (
        (ConvergeError, _told),
        (RequestValidationError, _invalid),
        (HTTPException, _refused),
        (Exception, _failed),
    )
    for kind, handler in handlers:
        app.add_exception_handler(kind, handler)
    inner: Any = _Guarded(app, door.service.note)
    if origins:
        inner = CORSMiddleware(
            inner,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "traceparent"],
            expose_headers=["Location", "Retry-After"],
            max_age=_CORS_SECONDS,
        )
    return Front(inner, opened, local=local)


class _Guarded:
    """What a bug of ours was is told to whoever runs the server; callers have been told that there is one."""

    def __init__(self, app: App, note: Note) -> None:
        self._app = app
        self._note = note

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._app(scope, receive, send)
        except (ClientDisconnect, SendTimeoutError):  # who asked is gone, or takes nothing any more
            return
        except Exception as error:  # noqa: BLE001  the last line of defence
            self._note(bug_lines(error))


async def _told(request: Request, error: ConvergeError) -> Response:
    return door_of(request).problem(error, request.url.path)


async def _failed(request: Request, _: Exception) -> Response:
    return door_of(request).problem(InternalError(), request.url.path)


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    told = RequestInvalidError(str(first["msg"]), hint="GET /api-docs/openapi.json says what is taken", where=where)
    return door_of(request).problem(told, request.url.path)


async def _refused(request: Request, error: HTTPException) -> Response:
    """What the framework itself refuses."""
    headers = error.headers or {}
    told: ConvergeError = RequestMalformedError(str(error.detail))
    if error.status_code == 404:
        told = RouteNotFoundError()
    elif error.status_code == 405:
        headers = {**headers, "Allow": ", ".join(_methods(request))}
        told = MethodNotAllowedError(headers["Allow"])
    answer = door_of(request).problem(told, request.url.path)
    answer.headers.update(headers)
    return answer


def _methods(request: Request) -> list[str]:
    """Those that any route serves a path by; the framework knows those of the first one alone."""
    found: set[str] = set()
    for route in (route for router in ROUTERS for route in router.routes):
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return sorted(found)
