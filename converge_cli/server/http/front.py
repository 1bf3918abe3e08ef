"""What every request passes first: where it comes from, what must not stand in its address; and on the way out the
headers that every answer has. Answers /health itself, so that a probe costs next to nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from converge_cli.core.errors import ConvergeError
from converge_cli.server.http.door import HttpDoor
from converge_cli.server.request_words import run_of

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]

SECURITY = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
HEALTHY = b'{"status":"alive"}'
_HEALTH_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(HEALTHY)), *SECURITY],
}
_HEALTH_BODY = {"type": "http.response.body", "body": HEALTHY}
_CREDENTIALS = frozenset({"access_token", "api_key", "apikey", "authorization", "bearer", "jwt", "key", "token"})
"""Names that people give to credentials; an address is written to logs and histories, so none may stand there."""
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class CredentialInQueryError(ConvergeError):
    """A credential stands in the address of a request: by now it may stand in logs as well."""

    code = "CREDENTIAL_IN_QUERY"

    def __init__(self) -> None:
        super().__init__(
            "a credential does not belong in an address: take it for known to others, and revoke it",
            hint="Authorization: Bearer KEY; for streams of browsers POST /api/v1/jobs/JOB/tickets",
            where="query",
        )


class OriginForbiddenError(ConvergeError):
    """A request comes from a web page, or under a name, that this server does not answer."""

    code = "ORIGIN_FORBIDDEN"

    def __init__(self, header: str) -> None:
        super().__init__(
            f"this server does not answer requests with that {header}",
            hint="call it as 127.0.0.1 or localhost, and not from a web page",
            where=header,
        )


class Front:
    """The outermost part of the door.

    Args:
        app: what is behind it.
        door: to answer errors with.
        local: whether only names of this machine may stand in Host and Origin: where nobody is asked who they are, a
            web page that somebody here looks at must not be able to call.
    """

    def __init__(self, app: App, door: HttpDoor, *, local: bool) -> None:
        self._app = app
        self._door = door
        self._local = local
        self._observer = door.service.observer
        self._monotonic = door.service.setting.services.clock.monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] == "/health" and scope["method"] == "GET" and not scope["query_string"]:
            await send(_HEALTH_START)
            await send(_HEALTH_BODY)
            return

        began = self._monotonic()

        async def secured(message: Any) -> None:
            if message["type"] == "http.response.start":
                seconds = self._monotonic() - began
                self._observer.answered(_method(scope), _route(scope), message["status"], seconds, _run(scope))
                known = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(item for item in SECURITY if item[0] not in known)]
            await send(message)

        error = self._refused(scope)
        if error is None:
            await self._app(scope, receive, secured)
        else:
            await self._door.problem(error, scope["path"])(dict(scope), receive, secured)

    def _refused(self, scope: Scope) -> ConvergeError | None:
        query = scope["query_string"]
        if query and any(name.lower() in _CREDENTIALS for name, _ in parse_qsl(query.decode("latin-1"))):
            return CredentialInQueryError()
        if not self._local:
            return None
        headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in {b"host", b"origin"}}
        if not _is_here(f"//{headers.get(b'host', 'localhost')}"):
            return OriginForbiddenError("Host")
        if not _is_here(headers.get(b"origin", "//localhost")):
            return OriginForbiddenError("Origin")
        return None


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in _METHODS else "OTHER"


def _route(scope: Scope) -> str:
    """The template of a path, so that nobody makes up names that are counted."""
    return str(getattr(scope.get("route"), "path", "none"))


def _run(scope: Scope) -> str:
    return run_of(scope.get("path_params", {}).get("job", ""))


def _is_here(url: str) -> bool:
    try:
        return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}
    except ValueError:
        return False
