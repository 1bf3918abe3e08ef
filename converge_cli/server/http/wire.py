"""HTTP on the wire as uvicorn speaks it, with the limits that it lacks: how long a head may be, and how long a request
may take to come in. Whoever keeps to neither is told and let go of, before anybody looks at what was asked. Must never
close on a request that is here already: whoever sent it would see the connection reset, and not know what became of it.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from converge_cli._internal.canonical_json import encode
from converge_cli.core.errors import ConvergeError
from converge_cli.server.http.front import SECURITY
from converge_cli.server.http.problems import headers_of, problem_of
from converge_cli.server.request_errors import RequestMalformedError
from converge_cli.server.service import StoppingError

MOST_HEAD = 65_536
"""Bytes of a request before its body: the line, and all of its headers."""
HEAD_SECONDS = 10.0
"""How long a head may take to come in."""
REQUEST_SECONDS = 60.0
"""How long a whole request may take to come in."""
IDLE_SECONDS = 75.0
"""How long a connection is kept without a request: longer than clients and proxies keep theirs (mostly 5 to 60), for
who closes first can't send a request into a connection that has just been closed."""
_LAST_LOOK_SECONDS = 0.01
"""How long what came in is still read when a time is up: a machine that was held up hears of its timers first."""


class HeadTooLargeError(ConvergeError):
    """A request has more to say before its body than any client of ours."""

    code = "HEAD_TOO_LARGE"

    def __init__(self) -> None:
        told = f"the headers of a request may have {MOST_HEAD} bytes in all"
        super().__init__(told, hint="put what is long into the body", where="headers")


class RequestSlowError(ConvergeError):
    """A request did not come in whole in its time."""

    code = "REQUEST_SLOW"

    def __init__(self) -> None:
        told = f"a request comes in within {REQUEST_SECONDS:.0f} seconds, its headers within {HEAD_SECONDS:.0f}"
        super().__init__(told, hint="send it again, whole", where="request")


class BoundedProtocol(HttpToolsProtocol):
    """One connection.

    Attributes:
        head_seconds, request_seconds, idle_seconds: see `HEAD_SECONDS`, `REQUEST_SECONDS` and `IDLE_SECONDS`.
    """

    head_seconds = HEAD_SECONDS
    request_seconds = REQUEST_SECONDS
    idle_seconds = IDLE_SECONDS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.timeout_keep_alive = self.idle_seconds  # type: ignore[assignment]  # whole seconds only in its options
        self._in_head = True
        self._head_bytes = 0
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, not for ever."""
        super().connection_made(transport)
        self._wait(self.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more is waited for."""
        self._wait(None)
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came in, of a head no more than is allowed."""
        if self._in_head:
            if not self._head_bytes:
                self._wait(self.head_seconds)
            head, data = data[: MOST_HEAD - self._head_bytes], data[MOST_HEAD - self._head_bytes :]
            self._head_bytes += len(head)
            super().data_received(head)
            if self._in_head and self._head_bytes >= MOST_HEAD:
                self._refuse(HeadTooLargeError(), HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if data and not self.transport.is_closing():
            super().data_received(data)

    def on_headers_complete(self) -> None:
        """The body may take longer."""
        self._in_head = False
        self._wait(self.request_seconds)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is in: what it is answered may take as long as it takes."""
        self._in_head, self._head_bytes = True, 0
        self._wait(None)
        super().on_message_complete()

    def shutdown(self) -> None:
        """The server ends: whoever is still about to ask is told so, and not waited for."""
        if self._patience is not None and (self._head_bytes or not self._in_head):
            self._refuse(StoppingError(), HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP at all is told like every other error."""
        self._refuse(RequestMalformedError(msg, hint="HTTP/1.1, as RFC 9112 writes it"), HTTPStatus.BAD_REQUEST)

    def timeout_keep_alive_handler(self) -> None:
        """Close, unless a request turns out to be here."""
        close = super().timeout_keep_alive_handler
        self.timeout_keep_alive_task = self.loop.call_later(_LAST_LOOK_SECONDS, close)

    def time_is_up(self) -> None:
        """Give up on what is waited for, unless it turns out to be here."""
        self._patience = self.loop.call_later(_LAST_LOOK_SECONDS, self._give_up)

    def _wait(self, seconds: float | None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience = None if seconds is None else self.loop.call_later(seconds, self.time_is_up)

    def _give_up(self) -> None:
        if self._in_head and not self._head_bytes:  # nobody asked anything, so nobody is answered
            self.transport.close()
        else:
            self._refuse(RequestSlowError(), HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, error: ConvergeError, status: HTTPStatus) -> None:
        """Answer, unless an answer is under way already, and close."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            body = encode(problem_of(error, "/", status))
            named = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body)), *SECURITY]
            lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode())]
            named += [(name.lower().encode(), text.encode()) for name, text in headers_of(error).items()]
            lines += [b"%s: %s" % header for header in (*named, (b"connection", b"close"))]
            self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.close()
