"""A server as a process: listens, starts the workers, and ends in time when it is told to. One event loop for all."""

import asyncio
import errno
import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import uvicorn
import uvloop

from converge_cli._internal.collector import collect_often
from converge_cli._internal.process_exit import leave_now
from converge_cli.core.errors import ConvergeError
from converge_cli.server.door import Door
from converge_cli.server.grpc_server import GrpcServer
from converge_cli.server.grpc_service import About
from converge_cli.server.http.app import make_app
from converge_cli.server.http.front import App
from converge_cli.server.http.wire import BoundedProtocol
from converge_cli.server.listening import TlsFiles
from converge_cli.server.telemetry.observer import Note

GRPC_PORT = 50051
GRACE_SECONDS = 3.5
"""How long requests, streams and cycles have to end; the whole takes less than five seconds."""
_BACKLOG = 2048


class CannotListenError(ConvergeError):
    """The address can't be listened on."""

    code = "CANNOT_LISTEN"


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen.

    Attributes:
        port: of HTTP; 0 takes a free one.
        grpc_port: of gRPC; 0 takes a free one.
        tls: for both; None for none.
        origins: of web pages that may call from a browser.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    grpc_port: int = GRPC_PORT
    tls: TlsFiles | None = None
    origins: tuple[str, ...] = ()


def listen(listening: Listening) -> socket.socket:
    """A socket that is bound, so that a taken port is told before anything is started.

    Raises:
        CannotListenError: it is taken, or not of this machine.
    """
    host, port = listening.host.strip("[]"), listening.port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((host, port))
            bound.listen(_BACKLOG)
        except OSError:
            bound.close()
            raise
    except (OSError, OverflowError) as error:
        raise _cannot(f"{listening.host}:{listening.port}", error) from None
    return bound


def url_of(listening: Listening, bound: socket.socket) -> str:
    """How HTTP is reached."""
    return _url("http", listening, bound.getsockname()[1])


def serve(
    door: Door,
    listening: Listening,
    bound: socket.socket,
    ready: Callable[[str], None],
    *,
    storage: str,
    local: bool,
) -> bool:
    """Serve until SIGTERM or Ctrl-C; whether every job could finish its cycle. A second signal ends at once.

    Args:
        ready: called with the URL of gRPC when requests are answered.
        storage: the backend of jobs and runs.
        local: whether nobody is asked who they are.

    Raises:
        CannotListenError: gRPC's address can't be listened on, or the TLS files are none.
    """
    # The same loop as uvicorn would take by itself: several times as fast as that of the standard library.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_Server(door, listening, local=local).serve(bound, ready, storage))


class HttpServer(uvicorn.Server):
    """Speaks HTTP for an application; ends when `should_exit` is set.

    Attributes:
        taking: set as soon as requests are taken.
    """

    def __init__(
        self,
        app: App,
        tls: TlsFiles | None = None,
        *,
        note: Note = lambda _: None,
        protocol: type[BoundedProtocol] = BoundedProtocol,
    ) -> None:
        """Nothing listens yet.

        Args:
            app: what answers.
            tls: files; None for none.
            note: told what goes wrong below the application.
            protocol: what speaks HTTP on a connection.
        """
        _tell_errors(note)
        super().__init__(
            uvicorn.Config(
                app,
                port=0,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                http=protocol,
                timeout_graceful_shutdown=int(GRACE_SECONDS),
                **_tls(tls),
            )
        )
        self.taking = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say so when requests are taken."""
        await super().startup(sockets)
        self.taking.set()

    def capture_signals(self) -> Any:
        """Signals are heard by whoever runs this: they end more than this."""
        return nullcontext()


class _Server:
    def __init__(self, door: Door, listening: Listening, *, local: bool) -> None:
        self._door = door
        self._listening = listening
        app = make_app(door, local=local, origins=listening.origins)
        self._http = HttpServer(app, listening.tls, note=door.service.note)
        self._told = 0
        self._stop = asyncio.Event()

    async def serve(self, bound: socket.socket, ready: Callable[[str], None], storage: str) -> bool:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled)
        self._read_tls()
        grpc = GrpcServer(self._door, About(_transports(self._listening), storage))
        port = self._listen_grpc(grpc)
        self._door.service.start()
        serving = asyncio.create_task(self._http.serve([bound]))
        await self._http.taking.wait()
        await grpc.start()
        ready(_url("grpc", self._listening, port))
        collect_often()
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait((stopped, serving), return_when=asyncio.FIRST_COMPLETED)
        finished = asyncio.to_thread(self._door.service.stop, GRACE_SECONDS)
        self._door.following.stop()
        self._http.should_exit = True
        ended, _, _ = await asyncio.gather(finished, serving, grpc.stop(GRACE_SECONDS))
        return ended

    def _listen_grpc(self, server: GrpcServer) -> int:
        host, port, tls = self._listening.host, self._listening.grpc_port, self._listening.tls
        taken = server.listen(host, port, tls)
        if not taken:
            raise CannotListenError(
                f"can't listen on {host}:{port} for gRPC: something listens there already, the address is not of this "
                f"machine{'' if tls is None else ', or the TLS files are not for gRPC'}",
                hint="choose another with --grpc-port, or --grpc-port 0 for a free one",
                where=f"{host}:{port}",
            )
        return taken

    def _read_tls(self) -> None:
        """Before anything listens, so that it is told what is wrong with them."""
        try:
            self._http.config.load()
        except OSError as error:
            hint = "give PEM files that belong together"
            raise CannotListenError(f"the TLS files are none: {error}", hint=hint, where="--tls-cert") from None

    def _signalled(self) -> None:
        self._told += 1
        if self._told > 1:
            leave_now(130)
        self._stop.set()


class _Errors(logging.Handler):
    """Tells an error of the HTTP server in one line: what callers sent, and where it stood in code, stays out of it."""

    def __init__(self, note: Note) -> None:
        super().__init__(logging.ERROR)
        self._note = note

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        first = record.getMessage().partition("\n")[0]
        self._note(f"http: {first}{f' ({kind})' if kind else ''}")


def _tell_errors(note: Note) -> None:
    """Without a handler of its own Python would write whatever uvicorn says to stderr, between our lines."""
    logger = logging.getLogger("uvicorn.error")
    logger.handlers, logger.propagate = [_Errors(note)], False


def _url(scheme: str, listening: Listening, port: int) -> str:
    host = listening.host.strip("[]")
    secure = "" if listening.tls is None else "s"
    return f"{scheme}{secure}://{f'[{host}]' if ':' in host else host}:{port}"


def _transports(listening: Listening) -> tuple[str, ...]:
    return ("http", "sse", "grpc") if listening.tls is None else ("https", "sse", "grpcs")


def _tls(files: TlsFiles | None) -> dict[str, Any]:
    if files is None:
        return {}
    required = ssl.CERT_NONE if files.ca is None else ssl.CERT_REQUIRED
    return {
        "ssl_certfile": files.cert,
        "ssl_keyfile": files.key,
        "ssl_ca_certs": None if files.ca is None else str(files.ca),
        "ssl_cert_reqs": required,
    }


def _cannot(address: str, error: Exception) -> CannotListenError:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        why, hint = "something listens there already", "choose another with --port, or --port 0 for a free one"
    elif number in {errno.EACCES, errno.EPERM}:
        why, hint = "it takes more rights than you have", "choose a port above 1023 with --port"
    else:
        why, hint = (
            os.strerror(number) if number and number > 0 else str(error),
            "choose another with --host and --port",
        )
    return CannotListenError(f"can't listen on {address}: {why}", hint=hint, where=address)
