"""What every call of the gRPC door passes: who calls, what they may take, a thread to wait for disks, errors."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, NoReturn, TypeVar
from urllib.parse import unquote

from converge_cli.app.jobs.caller import Caller
from converge_cli.app.jobs.job_data import job_line
from converge_cli.core.errors import ConvergeError
from converge_cli.server.door import Door
from converge_cli.server.grpc_errors import abort, hidden, told_bug
from converge_cli.server.grpc_messages import job_message, key_of, submission_of
from converge_cli.server.request_words import trace_of

T = TypeVar("T")


class Calls:
    """The calls of one server.

    Attributes:
        door: what they come through; HTTP's callers have their share of the same.
    """

    def __init__(self, door: Door, workers: Executor) -> None:
        self.door = door
        self._workers = workers

    async def answer(self, context: Any, work: Callable[[Caller, Any], T], request: Any) -> T:
        """Do what a call asks for; an error ends the call."""
        authorization, address = _authorization(context), _address(context)
        try:
            return await self.in_thread(lambda: self._served(authorization, address, work, request))
        except Exception as error:  # noqa: BLE001  the last line of defence
            await self.refuse(context, error)

    async def caller(self, context: Any) -> Caller:
        """Who calls, counted; raises an error with the code UNAUTHORIZED, or TooManyRequestsError."""
        authorization, address = _authorization(context), _address(context)
        return await self.in_thread(lambda: self.door.known(authorization, address))

    def holds(self, context: Any) -> Callable[[], object]:
        """Asks whether what was shown with a call still holds; raises an error when not, counts nothing."""
        shown = _authorization(context), _address(context)
        return lambda: self.door.caller_of(*shown)

    def under_way(self, caller: Caller, work: Callable[[Caller, Any], T], request: Any) -> T:
        """Do it, with a place among the caller's requests."""
        with self.door.limits.request(caller.person):
            return work(caller, request)

    def submit(self, caller: Caller, request: Any) -> Any:
        """The job of a SubmitJobRequest, as a message."""
        given, key = submission_of(request), key_of(request)
        seen = self.door.service.submit(caller, given, key=key, trace=trace_of(request.traceparent))
        return job_message(hidden(self.door, job_line(seen)))

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do what waits for a disk."""
        return await asyncio.get_running_loop().run_in_executor(self._workers, work)

    async def refuse(self, context: Any, error: Exception) -> NoReturn:
        """End a call with an error; to be called where it is caught. Of a bug of ours nobody outside learns more."""
        await abort(self.door, context, error if isinstance(error, ConvergeError) else told_bug(self.door, error))

    def _served(self, authorization: str, address: str, work: Callable[[Caller, Any], T], request: Any) -> T:
        return self.under_way(self.door.known(authorization, address), work, request)


def traced(context: Any, request: Any) -> Any:
    """A SubmitJobRequest that belongs to the trace of its call, unless it names one itself."""
    if not request.traceparent:
        request.traceparent = trace_of(_metadata(context, "traceparent"))
    return request


def _authorization(context: Any) -> str:
    """Two of them are none: what stands before us might have looked at the other one."""
    return _metadata(context, "authorization")


def _metadata(context: Any, wanted: str) -> str:
    return ", ".join(str(value) for name, value in context.invocation_metadata() if name.lower() == wanted)


def _address(context: Any) -> str:
    """Of who calls, without the port: `ipv4:127.0.0.1:4711`."""
    return unquote(str(context.peer())).partition(":")[2].rpartition(":")[0].strip("[]")
