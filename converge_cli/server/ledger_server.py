"""The ledger as a process of its own: listens, serves, stops gracefully when it is told to."""

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converge_cli._internal.collector import collect_often
from converge_cli._internal.loopback import is_loopback
from converge_cli.core.ledger_errors import LedgerRequestError, LedgerUnavailableError
from converge_cli.server.listening import grpc_options, listen_grpc, tls_files
from converge_cli.store.ledger_watch import LocalLedger

DEFAULT_LISTEN = "127.0.0.1:50052"
SERVICE = "converge.ledger.v1.Ledger"
GRACE_SECONDS = 5.0
_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen, and with which files.

    Attributes:
        address: host:port; port 0 takes a free one.
        cert: the server's certificate, with its `key`: TLS.
        ca: certificates of those who may call; others are refused.
    """

    address: str = DEFAULT_LISTEN
    cert: Path | None = None
    key: Path | None = None
    ca: Path | None = None


class LedgerServer:
    """Serves one ledger; made, started and stopped in one event loop."""

    def __init__(self, ledger: LocalLedger, listening: Listening) -> None:
        """Check what was asked for.

        Raises:
            LedgerRequestError: files that do not go together, can't be read, or no TLS beyond this machine.
        """
        self._ledger = ledger
        self._host, self._port = _split(listening.address)
        self._tls = tls_files(listening.cert, listening.key, listening.ca, LedgerRequestError)
        if self._tls is None and not is_loopback(self._host):
            raise LedgerRequestError(
                f"{listening.address} can be reached from other machines, and there is no TLS",
                hint="add --tls-cert and --tls-key (and --tls-ca for who may call), or listen on 127.0.0.1",
                where="--listen",
            )
        self._server: Any = None
        self._service: Any = None
        self._health: Any = None

    async def start(self) -> str:
        """Listen; returns the URL at which it can be reached.

        Raises:
            LedgerUnavailableError: the ledger can't be read, or the address not be listened on.
        """
        import grpc  # noqa: PLC0415  checking the words needs none of it
        from grpc_health.v1 import health, health_pb2, health_pb2_grpc  # noqa: PLC0415
        from grpc_reflection.v1alpha import reflection  # noqa: PLC0415

        from converge_cli._internal.wire.ledger_pb2_grpc import add_LedgerServicer_to_server  # noqa: PLC0415
        from converge_cli.server.ledger_service import LedgerService, abort  # noqa: PLC0415
        from converge_cli.server.malformed import MalformedRefused  # noqa: PLC0415
        from converge_cli.store.ledger_messages import MESSAGE_BYTES  # noqa: PLC0415  brings protobuf

        # A file that is no ledger is told of now, and not to each caller.
        self._ledger.get("start", limit=1)
        told = LedgerRequestError(
            "a message is none of converge.ledger.v1", hint="send what ledger.proto describes", where="request"
        )
        refusing = MalformedRefused(SERVICE, told, abort)
        self._server = grpc.aio.server(interceptors=(refusing,), options=grpc_options(MESSAGE_BYTES))
        self._service = LedgerService(self._ledger, ThreadPoolExecutor(_WORKERS, "converge-ledger"))
        add_LedgerServicer_to_server(self._service, self._server)  # type: ignore[no-untyped-call]
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection((SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server)
        port = self._listen()
        await self._server.start()
        for name in ("", SERVICE):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return f"{'grpc' if self._tls is None else 'grpcs'}://{self._host}:{port}"

    async def stop(self) -> None:
        """Take no more calls, end every watch, let the others end, for at most five seconds."""
        await self._health.enter_graceful_shutdown()
        self._service.stop()
        await self._server.stop(GRACE_SECONDS)

    def _listen(self) -> int:
        port = listen_grpc(self._server, self._host, self._port, self._tls)
        if not port:
            why = "the address is taken or not of this machine, or the TLS files are none"
            raise LedgerUnavailableError(f"{self._host}:{self._port}", why, "choose another with --listen HOST:PORT")
        return port


def serve(ledger: LocalLedger, listening: Listening, ready: Callable[[str], None]) -> str:
    """Serve until SIGTERM or Ctrl-C; returns the URL that was served.

    Args:
        ready: called with the URL as soon as calls are taken.

    Raises:
        LedgerRequestError: see `LedgerServer`.
        LedgerUnavailableError: the address can't be listened on.
    """
    return asyncio.run(_serving(LedgerServer(ledger, listening), ready))


async def _serving(server: LedgerServer, ready: Callable[[str], None]) -> str:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    url = await server.start()
    ready(url)
    collect_often()
    await stop.wait()
    await server.stop()
    return url


def _split(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        raise LedgerRequestError(
            f"--listen takes HOST:PORT, not {address[:80]!r}", hint=f"for example {DEFAULT_LISTEN}", where="--listen"
        )
    return host, int(port)
