"""One call of Stream: requests worked off in order, jobs followed beside them, one writer. Must never hold up a run.

What is followed is read from the store when there is room for it, so that a reader that takes nothing holds up only
itself, and what waits for it stays small.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Any

from converge_cli._internal.wire import converge_pb2 as wire
from converge_cli.app.jobs.caller import Caller
from converge_cli.app.jobs.find_job import find_job
from converge_cli.app.jobs.job_data import job_line
from converge_cli.app.result_data import decision_data
from converge_cli.core.approval import Decision
from converge_cli.core.errors import ConvergeError
from converge_cli.server.following import AtRest, NextEvent, Until
from converge_cli.server.grpc_calls import Calls
from converge_cli.server.grpc_errors import SlowReaderError, hidden, told_bug
from converge_cli.server.grpc_messages import (
    decided_message,
    decision_of,
    error_message,
    event_message,
    job_message,
    number_of,
)
from converge_cli.server.limits import TooManyRequestsError
from converge_cli.server.request_errors import RequestInvalidError
from converge_cli.server.service import StoppingError
from converge_cli.server.told_error import told_error

MOST_SUBSCRIPTIONS = 100
STUCK_SECONDS = 60.0
"""How long a reader may take nothing before it is let go of; it comes back to where it was."""
MOST_SEQ = 1 << 53
_MOST_WAITING = 64
"""Messages that wait for the reader."""
_MOST_ID = 128
_HEARTBEAT_MS = 5000
_LEAST_HEARTBEAT_MS = 10
_MOST_HEARTBEAT_MS = 60_000
_LAST_SECONDS = 1.0
"""How long the reader has to take what waits for it when the server stops."""

_END = object()


class Conversation:
    """A call of Stream, from its first message to its last.

    Args:
        calls: what each request passes.
        context: of the call.
        stuck_seconds: how long the reader may take nothing.
    """

    def __init__(self, calls: Calls, context: Any, stuck_seconds: float) -> None:
        self._calls = calls
        self._context = context
        self._stuck_seconds = stuck_seconds
        self._following = calls.door.following
        self._out: asyncio.Queue[Any] = asyncio.Queue(_MOST_WAITING)
        self._subscriptions: set[asyncio.Task[None]] = set()
        self._works: dict[str, Callable[[Caller, Any], dict[str, Any]]] = {
            "submit": self._submit,
            "cancel": self._cancel,
            "approve": lambda caller, request: self._decide(caller, request, "approved"),
            "reject": lambda caller, request: self._decide(caller, request, "rejected"),
            "subscribe": self._subscribed,
        }

    async def hold(self, requests: AsyncIterator[Any]) -> None:
        """Answer until the caller has said all and every subscription has ended.

        Raises:
            SlowReaderError: the caller takes nothing.
            StoppingError: the server stops.
        """
        talking = asyncio.create_task(self._talk(requests))
        writing = asyncio.create_task(self._write())
        stopping = asyncio.create_task(self._following.stopped.wait())
        try:
            await asyncio.wait((talking, writing, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not stopping.done():
                await (writing if writing.done() else talking)
                await writing
                return
            talking.cancel()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_SECONDS):
                    await self._out.join()
            raise StoppingError
        finally:
            tasks = (talking, writing, stopping, *self._subscriptions)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _talk(self, requests: AsyncIterator[Any]) -> None:
        async for request in requests:
            await self._answer(request)
        while self._subscriptions:
            await asyncio.wait(self._subscriptions)
        await self._out.put(_END)

    async def _write(self) -> None:
        while (message := await self._out.get()) is not _END:
            try:
                # Not wait_for: before Python 3.12 that forgets a cancellation that comes at the same time.
                async with asyncio.timeout(self._stuck_seconds):
                    await self._context.write(message)
            except TimeoutError:
                raise SlowReaderError(self._stuck_seconds) from None
            self._out.task_done()

    async def _answer(self, request: Any) -> None:
        """Do what is asked for, and say what came of it."""
        try:
            work, asked = self._asked(request)
            # Who calls is asked each time: a key may have been revoked since the call began.
            caller = await self._calls.caller(self._context)
            answer = await self._calls.in_thread(lambda: self._calls.under_way(caller, work, asked))
        except Exception as error:  # noqa: BLE001  the last line of defence
            answer = self._error(error)
        if answer:
            await self._put(request.id[:_MOST_ID], **answer)
        else:
            task = asyncio.create_task(self._tell(request.id, request.subscribe))
            self._subscriptions.add(task)
            task.add_done_callback(self._subscriptions.discard)

    def _asked(self, request: Any) -> tuple[Callable[[Caller, Any], dict[str, Any]], Any]:
        kind = request.WhichOneof("what")
        if len(request.id) > _MOST_ID:
            raise RequestInvalidError(f"an id has at most {_MOST_ID} characters", where="id")
        if kind is None:
            raise RequestInvalidError("nothing is asked for", hint="see StreamRequest in converge.proto", where="what")
        return self._works[kind], getattr(request, kind)

    def _submit(self, caller: Caller, request: Any) -> dict[str, Any]:
        return {"job": self._calls.submit(caller, request)}

    def _cancel(self, caller: Caller, request: Any) -> dict[str, Any]:
        return {"job": self._job(job_line(self._calls.door.service.cancel(caller, request.job_id)))}

    def _decide(self, caller: Caller, request: Any, decision: Decision) -> dict[str, Any]:
        given, job = decision_of(request, decision), request.job_id
        answer = self._calls.door.service.decide(caller, job, request.target, given)
        return {"decided": decided_message(job, hidden(self._calls.door, decision_data(answer)))}

    def _subscribed(self, caller: Caller, request: Any) -> dict[str, Any]:
        """Nothing to answer yet, where it may be followed."""
        number_of(request.resume_from, 0, MOST_SEQ, "resume_from")
        if 0 < request.heartbeat_ms < _LEAST_HEARTBEAT_MS or request.heartbeat_ms > _MOST_HEARTBEAT_MS:
            raise RequestInvalidError(
                f"heartbeat_ms is {_LEAST_HEARTBEAT_MS} to {_MOST_HEARTBEAT_MS}", where="heartbeat_ms"
            )
        _until(request)
        if len(self._subscriptions) >= MOST_SUBSCRIPTIONS:
            raise TooManyRequestsError(f"{MOST_SUBSCRIPTIONS} jobs are followed in this call already")
        find_job(self._calls.door.service.setting, caller, request.job_id)
        return {}

    async def _tell(self, name: str, request: Any) -> None:
        """A subscription, from its first event to its last word."""
        try:
            job, after = request.job_id, request.resume_from
            holds = self._calls.holds(self._context)
            async with aclosing(self._following.follow(job, after, _until(request), holds)) as news:
                await self._pass_on(name, request, news)
        except Exception as error:  # noqa: BLE001  the last line of defence
            await self._put(name, **self._error(error))

    async def _pass_on(self, name: str, request: Any, news: AsyncGenerator[NextEvent | AtRest, None]) -> None:
        seq, seconds = request.resume_from, (request.heartbeat_ms or _HEARTBEAT_MS) / 1000
        while (told := await self._next(name, request.job_id, seq, news, seconds)) is not None:
            if isinstance(told, NextEvent):
                seq = told.seq
                await self._put(name, event=event_message(request.job_id, told))
            else:
                await self._put(name, **{"ended" if told.last else "paused": self._job(job_line(told.seen))})

    async def _next(
        self, name: str, job: str, seq: int, news: AsyncGenerator[NextEvent | AtRest, None], seconds: float
    ) -> NextEvent | AtRest | None:
        """What is told next, after as many heartbeats as it takes; None when nothing is any more."""
        upcoming = asyncio.ensure_future(anext(news, None))
        try:
            while not (await asyncio.wait((upcoming,), timeout=seconds))[0]:
                await self._put(name, heartbeat=wire.Heartbeat(job_id=job, seq=seq))
            return upcoming.result()
        finally:
            # The reader must have come to rest before it can be closed.
            upcoming.cancel()
            await asyncio.wait((upcoming,))

    def _put(self, name: str, **what: Any) -> Awaitable[None]:
        return self._out.put(wire.StreamResponse(id=name, **what))

    def _job(self, line: dict[str, Any]) -> Any:
        return job_message(hidden(self._calls.door, line))

    def _error(self, error: Exception) -> dict[str, Any]:
        told = error if isinstance(error, ConvergeError) else told_bug(self._calls.door, error)
        return {"error": error_message(hidden(self._calls.door, told_error(told)))}


def _until(request: Any) -> Until:
    if request.until == wire.SubscribeRequest.UNTIL_STOP:
        return "stop"
    if request.until == wire.SubscribeRequest.UNTIL_PAUSE:
        return "pause"
    raise RequestInvalidError(f"{request.until} is no end", hint="see Until in converge.proto", where="until")
