"""The gRPC door of a server of jobs in this process: the real service on a real port, over the test's store."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from opened_door import opened_door

from converge_cli._internal.wire import converge_pb2 as wire
from converge_cli._internal.wire.converge_pb2_grpc import ConvergeStub
from converge_cli.server.grpc_server import GrpcServer
from converge_cli.server.grpc_service import About


class GrpcServed:
    """A running server and a client of it.

    Attributes:
        stub: a client.
        channel: its connection.
    """

    def __init__(
        self,
        folder: Path,
        *,
        stuck_seconds: float = 60.0,
        **options: Any,
    ) -> None:
        """Nothing is started; `options` are those of `opened_door`."""
        self._door = opened_door(folder, **options)
        self.service = self._door.service
        self._stuck_seconds = stuck_seconds
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    @contextmanager
    def running(self) -> Iterator["GrpcServed"]:
        """Serve until the end of the block."""
        self._thread.start()
        server, port = self._run(self._start())
        self.service.start()
        self.address = f"127.0.0.1:{port}"
        self.channel = grpc.insecure_channel(self.address)
        self.stub = ConvergeStub(self.channel)
        try:
            yield self
        finally:
            self.channel.close()
            self.service.stop(5)
            self._run(self._stop(server))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()
            self.service.setting.services.experience.close()

    def submit(self, truth: str = "hello-convergence", **more: Any) -> str:
        """A job's id."""
        return str(self.stub.SubmitJob(wire.SubmitJobRequest(truth=truth, **more), timeout=20).job.job_id)

    def rested(self, job: str) -> Any:
        """The job once it is neither queued nor running."""
        asked = wire.SubscribeRequest(job_id=job, until=wire.SubscribeRequest.UNTIL_PAUSE)
        *_, last = self.stub.Stream(iter([wire.StreamRequest(id="rested", subscribe=asked)]), timeout=30)
        return last.ended

    def stop_streams(self) -> None:
        """As a server does that is told to end."""
        self._loop.call_soon_threadsafe(self._door.following.stop)

    def open_streams(self) -> int:
        """How many calls of Stream are under way."""
        return sum(count for key, count in self._door.limits._open.items() if key.endswith(" stream"))

    def tasks(self, name: str) -> list[str]:
        """What the server's event loop has under way of a class."""
        return [task.get_coro().__qualname__ for task in asyncio.all_tasks(self._loop) if name in repr(task.get_coro())]

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _start(self) -> tuple[GrpcServer, int]:
        server = GrpcServer(self._door, About(("grpc",), "sqlite"), stuck_seconds=self._stuck_seconds)
        port = server.listen("127.0.0.1", 0, None)
        await server.start()
        return server, port

    async def _stop(self, server: GrpcServer) -> None:
        self._door.following.stop()
        await server.stop(5)


def told(call: Callable[[], Any]) -> tuple[Any, str]:
    """Status and error code that a call ends with."""
    try:
        call()
    except grpc.RpcError as error:
        return status_and_code(error)
    raise AssertionError("it was answered")


def status_and_code(error: Any) -> tuple[Any, str]:
    """Status and error code of a call that has ended."""
    trailer = dict(error.trailing_metadata() or ()).get("converge-error-bin")
    return error.code().name, json.loads(trailer)["code"] if trailer else ""
