"""Requests to one server: what is sent along, how long is waited, what is tried again. Knows no routes.

Tried again is only what can do no harm: a question, what carries an idempotency key, what never left this machine, and
what the server says it has not done. A key is sent in one header and stands nowhere else.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from converge_cli import __version__
from converge_cli._internal.system import random_bytes
from converge_cli.client.address import ServerAddress, check_key, parse_server
from converge_cli.client.errors import ServerError, ServerUnreachableError, error_of
from converge_cli.core.errors import ConvergeError

if TYPE_CHECKING:
    from httpx2 import Client as Connection
    from httpx2 import EventSource

ATTEMPTS = 5
_FIRST_SECONDS = 0.2
_MOST_SECONDS = 5.0
_LONGEST_WAIT = 30.0
"""A server that asks for more is not waited for."""
_MOST_EVENT = 100_000_000
"""Bytes of one event."""

_NOT_DONE = frozenset({"CONCURRENT_APPEND", "QUEUE_FULL", "RUN_BUSY", "RUN_NOT_BEGUN", "STOPPING", "TOO_MANY_REQUESTS"})
"""Errors that say that nothing was done, and that it may be done in a moment."""
_LATER = frozenset({429, 503})


class Answer(NamedTuple):
    """A good answer."""

    status: int
    body: bytes


class Transport:
    """The connection to one server; several threads may use it."""

    def __init__(self, url: str, key: str | None, timeout: float, *, silence: float, plain_http: bool = False) -> None:
        """Nothing is opened yet.

        Args:
            url: of the server.
            key: API key or token, or None.
            timeout: seconds that are waited for a connection, and for each part of an answer.
            silence: seconds without even a heartbeat after which a stream counts as cut.
            plain_http: whether the key may be sent unprotected to another machine.

        Raises:
            ServerAddressError: see `parse_server` and `check_key`.
        """
        self.address: ServerAddress = parse_server(url)
        check_key(self.address, key, plain_http=plain_http)
        self._headers = {"User-Agent": f"converge/{__version__}"}
        if key is not None:
            self._headers["Authorization"] = f"Bearer {key}"
        self._timeout = timeout
        self._silence = silence
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        key: str | None = None,
        trace: str | None = None,
    ) -> Answer:
        """Ask, and ask again where that can do no harm.

        Args:
            key: idempotency key, with which also a POST can be sent twice.
            trace: W3C traceparent.

        Raises:
            ServerError: the server refuses.
            ServerUnreachableError: there is no answer.
            ServerAnswerError: it is none of Converge's.
        """
        harmless = method == "GET" or key is not None
        sent = {"Idempotency-Key": key, "traceparent": trace}
        headers = {name: value for name, value in sent.items() if value is not None}
        content = {key: value for key, value in (params or {}).items() if value is not None}
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            wait = None
            try:
                answer = self._open().request(method, path, params=content, json=json, headers=headers)
            except _errors() as error:
                unreachable = self.unreachable(error, sent=not _never_left(error) and not harmless)
                if last or unreachable.sent:
                    raise unreachable from None
            else:
                if answer.is_success:
                    return Answer(answer.status_code, answer.content)
                told = error_of(self.address.url, answer.status_code, answer.content)
                wait = _asked_wait(answer.headers.get("retry-after"))
                if last or not _may_try_again(told, answer.status_code, wait, harmless=harmless):
                    raise told
            time.sleep(pause(attempt) if wait is None else wait)
        raise AssertionError  # the last attempt returns or raises

    @contextmanager
    def events(
        self, path: str, params: Mapping[str, Any], after: int, seconds: float | None = None
    ) -> Iterator["EventSource"]:
        """One connection to a stream, from the event after a sequence on.

        Args:
            seconds: that it may be silent, where that is less than what means that it was cut.

        Raises:
            ServerError: the server refuses.
            ServerAnswerError: it is no stream.
        """
        import httpx2  # noqa: PLC0415  see `_open`

        timeout = httpx2.Timeout(self._timeout, read=self._silence if seconds is None else min(seconds, self._silence))
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        with self._open().stream("GET", path, params=params, headers=headers, timeout=timeout) as answer:
            if not answer.is_success or not answer.headers.get("content-type", "").startswith("text/event-stream"):
                raise error_of(self.address.url, answer.status_code, answer.read())
            yield httpx2.EventSource(answer, max_event_size=_MOST_EVENT)

    def unreachable(self, error: Exception, *, sent: bool = False) -> ServerUnreachableError:
        """What is told of a connection that failed."""
        return ServerUnreachableError(self.address.url, str(error) or type(error).__name__, sent=sent)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> "Connection":
        """The connection, made when it is needed: its library takes a moment to import."""
        with self._lock:
            if self._connection is None:
                import ssl  # noqa: PLC0415

                import httpx2  # noqa: PLC0415

                self._connection = httpx2.Client(
                    base_url=self.address.url,
                    headers=self._headers,
                    timeout=self._timeout,
                    # Without TLS nobody's certificate is looked at: to read all that are trusted takes a moment, too.
                    verify=self.address.protected or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                    # A proxy of the environment would read along where there is no TLS.
                    trust_env=self.address.protected,
                )
            return self._connection


def may_come_back(error: Exception) -> bool:
    """Whether a stream that failed so is worth another try: it was cut, or the server is busy or starting anew."""
    if isinstance(error, ServerError):
        return error.code in _NOT_DONE or error.status in _LATER
    return isinstance(error, _errors())


def _errors() -> tuple[type[Exception], ...]:
    """What the library raises when a connection fails."""
    import httpx2  # noqa: PLC0415  see `Transport._open`

    return (httpx2.TransportError,)


def _never_left(error: Exception) -> bool:
    import httpx2  # noqa: PLC0415  see `Transport._open`

    return isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)


def _may_try_again(told: ConvergeError, status: int, wait: float | None, *, harmless: bool) -> bool:
    if wait is not None and wait > _LONGEST_WAIT:
        return False
    return told.code in _NOT_DONE or (harmless and status in _LATER)


def _asked_wait(text: str | None) -> float | None:
    """Seconds of a Retry-After; None where there is none, or a date, which our servers do not send."""
    return float(text) if text is not None and text.isdecimal() and len(text) < 10 else None


def pause(attempt: int) -> float:
    """Seconds before another attempt: doubled each time, by chance up to half of it less, so that clients part."""
    most = min(_FIRST_SECONDS * 2.0**attempt, _MOST_SECONDS)
    return most * (1 - random_bytes(1)[0] / 512)
