"""`grpc.health.v1` over the checks of a server's readiness: SERVING only when work can be done now."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import grpc
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthServicer

_LOOK_SECONDS = 2.0
"""How often it is looked for who watches."""
_MOST_WATCHES = 100

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


class ReadyHealth(HealthServicer):  # type: ignore[misc]
    """Answers for the server as a whole and for the services that are named; asks nobody who they are.

    Args:
        services: their names.
        ready: whether work can be done now.
        stopped: set when the server stops.
    """

    def __init__(self, services: tuple[str, ...], ready: Callable[[], Awaitable[bool]], stopped: asyncio.Event) -> None:
        self._services = frozenset({"", *services})
        self._ready = ready
        self._stopped = stopped
        self._watches = 0

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802  the protocol's names
        """How it is now."""
        if request.service not in self._services:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such service")
        return await self._answer(request.service)

    async def Watch(self, request: Any, context: Any) -> None:  # noqa: N802
        """How it is, and how it becomes, until the server stops."""
        if self._watches >= _MOST_WATCHES:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{_MOST_WATCHES} watch already")
        self._watches += 1
        try:
            await self._watch(request.service, context)
        finally:
            self._watches -= 1

    async def _watch(self, service: str, context: Any) -> None:
        told = None
        while True:
            last = self._stopped.is_set()
            answer = await self._answer(service)
            if answer.status != told:
                told = answer.status
                await context.write(answer)
            if last:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._stopped.wait()

    async def _answer(self, service: str) -> Any:
        if service not in self._services:
            return health_pb2.HealthCheckResponse(status=_UNKNOWN)
        well = not self._stopped.is_set() and await self._ready()
        return health_pb2.HealthCheckResponse(status=_SERVING if well else _NOT_SERVING)
