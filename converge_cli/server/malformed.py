"""Refuses messages that are none of a protocol of ours in our own words. Must never look at others' services."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from converge_cli.core.errors import ConvergeError

Abort = Callable[[Any, Any], Awaitable[Any]]
"""Ends a call with an error."""

_MALFORMED = object()


class MalformedRefused(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Without it such a call ends as UNKNOWN, with words of a library.

    Args:
        service: whose calls are looked at.
        told: what is said.
        abort: ends a call with it.
    """

    def __init__(self, service: str, told: ConvergeError, abort: Abort) -> None:
        self._prefix = f"/{service}/"
        self._told = told
        self._abort = abort

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], details: Any) -> Any:
        """The handler of a call, with a reading of messages that tells what is none."""
        handler = await continuation(details)
        if handler is None or not details.method.startswith(self._prefix):
            return handler
        read, write = _reading(handler.request_deserializer), handler.response_serializer
        if handler.stream_stream is not None:
            return grpc.stream_stream_rpc_method_handler(self._both_checked(handler.stream_stream), read, write)
        if handler.stream_unary is not None:
            return grpc.stream_unary_rpc_method_handler(self._requests_checked(handler.stream_unary), read, write)
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(self._answers_checked(handler.unary_stream), read, write)
        return grpc.unary_unary_rpc_method_handler(self._checked(handler.unary_unary), read, write)

    def _checked(self, serve: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def served(request: Any, context: Any) -> Any:
            await self._check(request, context)
            return await serve(request, context)

        return served

    def _answers_checked(self, serve: Callable[..., AsyncIterator[Any]]) -> Callable[..., AsyncIterator[Any]]:
        async def served(request: Any, context: Any) -> AsyncIterator[Any]:
            await self._check(request, context)
            async for answer in serve(request, context):
                yield answer

        return served

    def _requests_checked(self, serve: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def served(requests: AsyncIterator[Any], context: Any) -> Any:
            return await serve(self._each(requests, context), context)

        return served

    def _both_checked(self, serve: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """Of a call that writes its answers itself."""

        async def served(requests: AsyncIterator[Any], context: Any) -> None:
            await serve(self._each(requests, context), context)

        return served

    async def _each(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for request in requests:
            await self._check(request, context)
            yield request

    async def _check(self, request: Any, context: Any) -> None:
        if request is _MALFORMED:
            await self._abort(context, self._told)


def _reading(read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def parsed(data: bytes) -> Any:
        try:
            return read(data)
        except DecodeError:
            return _MALFORMED

    return parsed
