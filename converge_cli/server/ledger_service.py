"""The five operations of `converge.ledger.v1` over a ledger of this process. Must never decide anything."""

import asyncio
import sys
import tempfile
import traceback
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from typing import IO, Any

import grpc

from converge_cli._internal.wire import ERROR_TRAILER
from converge_cli._internal.wire import ledger_pb2 as wire
from converge_cli._internal.wire.ledger_pb2_grpc import LedgerServicer
from converge_cli.core.errors import ConvergeError
from converge_cli.core.ledger import LedgerEntry, LedgerPage
from converge_cli.core.ledger_errors import LedgerUnavailableError, SnapshotInvalidError
from converge_cli.store.ledger_messages import error_trailer, from_new_messages, to_message
from converge_cli.store.ledger_snapshot import MAX_COMPRESSED
from converge_cli.store.ledger_watch import PAGE, Cursor, LocalLedger, check_watch

DEFAULT_LIMIT = 100
DEFAULT_HEARTBEAT_MS = 5000
"""What holds for callers that leave these out."""

_IN_MEMORY = 1 << 20
_CHUNK = 1 << 16

STATUS = {
    "LEDGER_REQUEST_INVALID": grpc.StatusCode.INVALID_ARGUMENT,
    "LEDGER_ENTRY_TOO_LARGE": grpc.StatusCode.INVALID_ARGUMENT,
    "LEDGER_SNAPSHOT_INVALID": grpc.StatusCode.INVALID_ARGUMENT,
    "LEDGER_ENTRY_CONFLICT": grpc.StatusCode.ALREADY_EXISTS,
    "LEDGER_CONTEXT_NOT_EMPTY": grpc.StatusCode.FAILED_PRECONDITION,
    "LEDGER_CONTEXT_UNKNOWN": grpc.StatusCode.NOT_FOUND,
    "LEDGER_WATCHER_SLOW": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "LEDGER_UNAVAILABLE": grpc.StatusCode.UNAVAILABLE,
    "LEDGER_UNVERIFIED": grpc.StatusCode.DATA_LOSS,
    "RECORD_CORRUPT": grpc.StatusCode.DATA_LOSS,
}
"""Code of an error -> status of the call; anything else is INTERNAL."""


class LedgerService(LedgerServicer):
    """The service.

    Args:
        ledger: what is served.
        workers: threads for what waits for a disk.
    """

    def __init__(self, ledger: LocalLedger, workers: Executor) -> None:
        self._ledger = ledger
        self._workers = workers
        self._stopping = False
        self._watchers: set[asyncio.Event] = set()

    def stop(self) -> None:
        """End every watch; other calls go on to their end."""
        self._stopping = True
        for watcher in self._watchers:
            watcher.set()

    async def Append(self, request: Any, context: Any) -> Any:  # noqa: N802  the protocol's names
        """See ledger.proto."""
        new = from_new_messages(request.entries)
        entries = await self._work(context, self._ledger.append, request.context, new)
        return wire.AppendResponse(entries=map(to_message, entries))

    async def Get(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See ledger.proto."""
        limit = request.limit or DEFAULT_LIMIT
        page = await self._work(context, self._get, request.context, _key(request), request.after, limit)
        return wire.GetResponse(entries=map(to_message, page.entries), last=page.last, more=page.more)

    async def Snapshot(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        """See ledger.proto."""
        chunks = await self._work(context, self._ledger.snapshot, request.context)
        while (chunk := await self._work(context, next, chunks, None)) is not None:
            yield wire.SnapshotResponse(chunk=chunk)

    async def Load(self, requests: AsyncIterator[Any], context: Any) -> Any:  # noqa: N802
        """See ledger.proto."""
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            async for request in requests:
                await self._work(context, _put, file, request.chunk)
            head = await self._work(context, self._load, file)
        return wire.LoadResponse(context=head.context, count=head.count, head=bytes.fromhex(head.head))

    async def Watch(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        """See ledger.proto."""
        key, heartbeat = _key(request), (request.heartbeat_ms or DEFAULT_HEARTBEAT_MS) / 1000
        await self._work(context, check_watch, request.context, key, request.after, heartbeat)
        cursor = Cursor(request.context, key, request.after, self._ledger.max_lag)
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self._watchers.add(woken)
        try:
            with self._ledger.waking(cursor.context, lambda: _wake(loop, woken)):
                async for message in self._watching(cursor, woken, heartbeat, context):
                    yield message
        finally:
            self._watchers.discard(woken)

    async def _watching(
        self, cursor: Cursor, woken: asyncio.Event, heartbeat: float, context: Any
    ) -> AsyncIterator[Any]:
        while not self._stopping:
            # Cleared before reading: an append that comes after the reading wakes us again.
            woken.clear()
            entries = await self._work(context, self._next, cursor)
            for entry in entries:
                yield wire.WatchResponse(entry=to_message(entry))
            if entries:
                continue
            try:
                # Not wait_for: before Python 3.12 that forgets a cancellation that comes at the same time.
                async with asyncio.timeout(heartbeat):
                    await woken.wait()
            except TimeoutError:
                yield wire.WatchResponse(heartbeat=wire.Heartbeat(sequence=cursor.after))
        await abort(context, LedgerUnavailableError("server", "it is stopping"))

    def _get(self, context: str, key: str | None, after: int, limit: int) -> LedgerPage:
        return self._ledger.get(context, key=key, after=after, limit=limit)

    def _next(self, cursor: Cursor) -> tuple[LedgerEntry, ...]:
        page = self._get(cursor.context, cursor.key, cursor.after, PAGE)
        entries = cursor.take(page)
        cursor.passed(page)
        return entries

    def _load(self, file: IO[bytes]) -> Any:
        file.seek(0)
        return self._ledger.load(iter(lambda: file.read(_CHUNK), b""))

    async def _work(self, context: Any, call: Callable[..., Any], *args: Any) -> Any:
        """Do it on a worker; an error ends the call."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._workers, call, *args)
        except ConvergeError as error:
            await abort(context, error)
        except OSError as error:
            await abort(context, LedgerUnavailableError("server", error.strerror or "its disk fails it"))
        except Exception:  # noqa: BLE001  the caller learns nothing of our insides; the operator does
            sys.stderr.write(traceback.format_exc())
            await context.abort(grpc.StatusCode.INTERNAL, "internal error of the ledger's server")


async def abort(context: Any, error: ConvergeError) -> None:
    """End a call with an error: its status, its words and, for our own client, all of it."""
    status = STATUS.get(error.code, grpc.StatusCode.INTERNAL)
    told = error.why if isinstance(error, LedgerUnavailableError) else error.message
    await context.abort(status, told, ((ERROR_TRAILER, error_trailer(error)),))


def _key(request: Any) -> str | None:
    return request.key if request.HasField("key") else None


def _put(file: IO[bytes], chunk: bytes) -> None:
    if file.tell() + len(chunk) > MAX_COMPRESSED:
        raise SnapshotInvalidError(f"it has more than {MAX_COMPRESSED} bytes")
    file.write(chunk)


def _wake(loop: asyncio.AbstractEventLoop, woken: asyncio.Event) -> None:
    try:
        loop.call_soon_threadsafe(woken.set)
    except RuntimeError:  # the loop ended meanwhile, and nobody waits any more
        return
