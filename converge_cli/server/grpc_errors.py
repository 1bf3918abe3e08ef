"""How the gRPC door says errors: one table from codes to statuses, derived from the one of HTTP."""

from typing import Any, NoReturn

import grpc

from converge_cli._internal.canonical_json import decode, encode
from converge_cli._internal.wire import ERROR_TRAILER
from converge_cli.core.errors import ConvergeError
from converge_cli.server.door import Door
from converge_cli.server.error_status import RETRY_SECONDS, status_of
from converge_cli.server.request_errors import InternalError
from converge_cli.server.telemetry.observer import bug_lines
from converge_cli.server.told_error import told_error

_PUSHBACK = "grpc-retry-pushback-ms"
"""Standard metadata: clients that retry by themselves wait so long."""

_TRAILER_BYTES = 4096
_MESSAGE_CHARACTERS = 500
"""Clients refuse answers whose metadata has more than 8 KiB: then they would not be told what is wrong."""

_OF_HTTP = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    405: grpc.StatusCode.UNIMPLEMENTED,
    409: grpc.StatusCode.FAILED_PRECONDITION,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    415: grpc.StatusCode.INVALID_ARGUMENT,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.UNAVAILABLE,
}

STATUS = {
    "CONCURRENT_APPEND": grpc.StatusCode.ABORTED,
    "IDEMPOTENCY_CONFLICT": grpc.StatusCode.ALREADY_EXISTS,
    "LEASE_LOST": grpc.StatusCode.ABORTED,
    "READER_SLOW": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "QUEUE_FULL": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "RECORD_CORRUPT": grpc.StatusCode.DATA_LOSS,
    "RUN_BUSY": grpc.StatusCode.ABORTED,
}
"""Error code -> status, of what HTTP does not tell apart or does not have; any other has the one of its HTTP status."""


class SlowReaderError(ConvergeError):
    """A reader took nothing for so long that it is let go of; nothing is lost, it comes back to where it was."""

    code = "READER_SLOW"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"nothing was read for {seconds:g} seconds",
            hint="subscribe again with resume_from: the last sequence that was read",
            where="stream",
        )


def grpc_status(error: ConvergeError) -> Any:
    """The status that an error ends a call with."""
    return STATUS.get(error.code, _OF_HTTP[status_of(error)])


def hidden(door: Door, data: Any) -> Any:
    """Data without paths of the machine."""
    return decode(door.hide(encode(data)))


async def abort(door: Door, context: Any, error: ConvergeError) -> NoReturn:
    """End a call with an error: its status, its words, and all of it in a trailer."""
    told = hidden(door, told_error(error))
    trailers: list[tuple[str, str | bytes]] = [(ERROR_TRAILER, _fitted(told))]
    if error.code in RETRY_SECONDS:
        trailers.append((_PUSHBACK, str(1000 * RETRY_SECONDS[error.code])))
    await context.abort(grpc_status(error), told["message"][:_MESSAGE_CHARACTERS], tuple(trailers))
    raise AssertionError("abort raises")


def told_bug(door: Door, error: Exception) -> InternalError:
    """What a caller is told of a bug of ours; what it was stands in the log."""
    door.service.note(bug_lines(error))
    return InternalError()


def _fitted(told: dict[str, Any]) -> bytes:
    """An error as JSON, with as many of its findings as there is room for."""
    data, kept = encode(told), list(told.get("findings", ()))
    while len(data) > _TRAILER_BYTES and kept:
        del kept[len(kept) // 2 :]
        data = encode({**told, "findings": kept, "left_out": len(told["findings"]) - len(kept)})
    if len(data) <= _TRAILER_BYTES:
        return data
    return encode({"code": told["code"], "message": told["message"][:_MESSAGE_CHARACTERS], "hint": None, "where": None})
