"""The gRPC door of a server of jobs: listens, serves `converge.v1`, health and reflection, and stops in time.

Runs in the event loop of the others; imported only where it is served, for grpc takes a moment to load.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha import reflection

from converge_cli._internal.wire.converge_pb2_grpc import add_ConvergeServicer_to_server
from converge_cli.server.door import Door
from converge_cli.server.grpc_calls import Calls
from converge_cli.server.grpc_errors import abort
from converge_cli.server.grpc_health import ReadyHealth
from converge_cli.server.grpc_service import SERVICE, About, GrpcService
from converge_cli.server.grpc_stream import STUCK_SECONDS
from converge_cli.server.listening import TlsFiles, grpc_options, listen_grpc
from converge_cli.server.malformed import MalformedRefused
from converge_cli.server.request_errors import RequestMalformedError

_WORKERS = 16
_MALFORMED = RequestMalformedError(
    "a message is none of converge.v1", hint="send what converge.proto describes", where="request"
)


class GrpcServer:
    """Serves one door; made, started and stopped in one event loop."""

    def __init__(self, door: Door, about: About, *, stuck_seconds: float = STUCK_SECONDS) -> None:
        """Nothing is listened to yet.

        Args:
            door: whose service, callers and limits these are.
            about: what the server says of itself.
            stuck_seconds: how long a reader of Stream may take nothing.
        """
        self._door = door
        refusing = MalformedRefused(SERVICE, _MALFORMED, lambda context, told: abort(door, context, told))
        self._server: Any = grpc.aio.server(interceptors=(refusing,), options=grpc_options(door.most_bytes))
        self._workers = ThreadPoolExecutor(_WORKERS, "converge-grpc")
        self._calls = Calls(door, self._workers)
        service = GrpcService(self._calls, about, stuck_seconds=stuck_seconds)
        add_ConvergeServicer_to_server(service, self._server)  # type: ignore[no-untyped-call]
        ready = ReadyHealth((SERVICE,), self._ready, door.following.stopped)
        add_HealthServicer_to_server(ready, self._server)
        names = (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)

    def listen(self, host: str, port: int, tls: TlsFiles | None) -> int:
        """Take an address; the port, or 0 where that can't be done."""
        return listen_grpc(self._server, host, port, tls)

    async def start(self) -> None:
        """Take calls."""
        await self._server.start()

    async def stop(self, seconds: float) -> None:
        """Take no more calls; those under way have that time. Streams end when what they follow is told to."""
        await self._server.stop(seconds)
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def _ready(self) -> bool:
        return await self._calls.in_thread(lambda: all(check.ok for check in self._door.service.readiness.checks()))
