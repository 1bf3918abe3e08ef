"""The ledger in another process, over gRPC. Believes what it is told: who needs to know verifies."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from converge_cli.core.errors import ConvergeError
from converge_cli.core.ledger import Heartbeat, LedgerEntry, LedgerHead, LedgerPage, NewEntry, check_new, check_query
from converge_cli.core.ledger_address import LedgerAddress
from converge_cli.core.ledger_errors import LedgerRequestError, LedgerUnavailableError, SlowWatcherError
from converge_cli.store.ledger_watch import check_watch

# gRPC tells about broken connections on stderr; our errors say it better.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc

from converge_cli._internal.wire import ERROR_TRAILER
from converge_cli._internal.wire import ledger_pb2 as wire
from converge_cli._internal.wire.ledger_pb2_grpc import LedgerStub
from converge_cli.store.ledger_messages import (
    MESSAGE_BYTES,
    error_of_trailer,
    from_message,
    to_new_messages,
)

CALL_SECONDS = 10.0
STREAM_SECONDS = 3600.0
"""How long a snapshot or a load may take."""

_CHUNK = 1 << 20
_OPTIONS = (
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
    # A server that vanished without a word is noticed by a watcher within half a minute.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # Somebody who tries again soon after a failure means it.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)


class GrpcLedger:
    """The Ledger port over a server; threads may share it."""

    def __init__(self, address: LedgerAddress, *, call_seconds: float = CALL_SECONDS) -> None:
        self._address = address
        self._shown = address.shown()
        self._seconds = call_seconds
        self._lock = threading.Lock()
        self._channel: Any = None

    def append(self, context: str, entries: Sequence[NewEntry]) -> list[LedgerEntry]:
        """See `Ledger.append`."""
        check_new(context, entries)
        request = wire.AppendRequest(context=context, entries=to_new_messages(entries))
        answer = self._call(lambda stub: stub.Append(request, timeout=self._seconds))
        return [from_message(entry) for entry in answer.entries]

    def get(self, context: str, *, key: str | None = None, after: int = 0, limit: int = 100) -> LedgerPage:
        """See `Ledger.get`."""
        check_query(context, key, after, limit)
        request = wire.GetRequest(context=context, key=key, after=after, limit=limit)
        answer = self._call(lambda stub: stub.Get(request, timeout=self._seconds))
        return LedgerPage(tuple(map(from_message, answer.entries)), answer.last, answer.more)

    def snapshot(self, context: str) -> Iterator[bytes]:
        """See `Ledger.snapshot`."""
        check_query(context, None, 0)
        request = wire.SnapshotRequest(context=context)
        messages = self._stream(lambda stub: stub.Snapshot(request, timeout=STREAM_SECONDS))
        # The first chunk is fetched now, so that a context that is not there is an error of this call.
        first = next(messages)
        return (message.chunk for some in ((first,), messages) for message in some)

    def load(self, chunks: Iterable[bytes]) -> LedgerHead:
        """See `Ledger.load`."""
        requests = (wire.LoadRequest(chunk=part) for chunk in chunks for part in _parts(chunk))
        answer = self._call(lambda stub: stub.Load(requests, timeout=STREAM_SECONDS))
        return LedgerHead(answer.context, answer.count, answer.head.hex())

    def watch(
        self, context: str, *, key: str | None = None, after: int = 0, heartbeat: float = 5.0
    ) -> Iterator[LedgerEntry | Heartbeat]:
        """See `Ledger.watch`."""
        check_watch(context, key, after, heartbeat)
        request = wire.WatchRequest(context=context, key=key, after=after, heartbeat_ms=round(heartbeat * 1000))
        return self._watching(request)

    def close(self) -> None:
        """Let go of the connection; the next call makes another."""
        with self._lock:
            channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def _watching(self, request: Any) -> Iterator[LedgerEntry | Heartbeat]:
        last = request.after
        try:
            for message in self._stream(lambda stub: stub.Watch(request)):
                if message.HasField("heartbeat"):
                    yield Heartbeat(message.heartbeat.sequence)
                else:
                    entry = from_message(message.entry)
                    last = entry.sequence
                    yield entry
        except SlowWatcherError:
            # What was on its way to us when the server gave up has been given out by now.
            raise SlowWatcherError(request.context, last) from None
        except LedgerUnavailableError as error:
            raise LedgerUnavailableError(self._shown, error.why, f"watch again after sequence {last}") from None
        raise LedgerUnavailableError(self._shown, "it ended the watch", f"watch again after sequence {last}")

    def _stream(self, start: Callable[[Any], Any]) -> Iterator[Any]:
        call = self._call(start)
        try:
            yield from call
        except grpc.RpcError as error:
            raise self._error(error) from None
        finally:
            call.cancel()

    def _call(self, call: Callable[[Any], Any]) -> Any:
        try:
            return call(self._stub())
        except grpc.RpcError as error:
            raise self._error(error) from None
        except ValueError as error:  # gRPC's word for a channel that another thread has closed
            raise LedgerUnavailableError(self._shown, str(error)) from None

    def _stub(self) -> Any:
        with self._lock:
            if self._channel is None:
                address = self._address
                if address.kind == "grpc":
                    self._channel = grpc.insecure_channel(address.target, _OPTIONS)
                else:
                    self._channel = grpc.secure_channel(address.target, _credentials(address), _OPTIONS)
            made: Any = LedgerStub(self._channel)  # type: ignore[no-untyped-call]
            return made

    def _error(self, error: Any) -> ConvergeError:
        trailers = dict(error.trailing_metadata() or ())
        sent = error_of_trailer(trailers.get(ERROR_TRAILER, b""), self._shown)
        if sent is not None:
            return sent
        return LedgerUnavailableError(self._shown, _WHY.get(error.code()) or str(error.details()))


_WHY = {
    grpc.StatusCode.DEADLINE_EXCEEDED: "it did not answer in time",
    grpc.StatusCode.CANCELLED: "the call was cut off",
    grpc.StatusCode.UNAVAILABLE: "it can't be reached",
    grpc.StatusCode.UNIMPLEMENTED: "what answers there is no ledger",
}


def _credentials(address: LedgerAddress) -> Any:
    try:
        ca, key, cert = (None if file is None else Path(file).read_bytes() for file in _files(address))
    except OSError as error:
        raise LedgerRequestError(
            f"can't read {error.filename}: {error.strerror}", hint="give PEM files", where=address.shown()
        ) from None
    return grpc.ssl_channel_credentials(ca, key, cert)


def _files(address: LedgerAddress) -> tuple[str | None, str | None, str | None]:
    return address.ca, address.key, address.cert


def _parts(chunk: bytes) -> Iterator[bytes]:
    return (chunk[start : start + _CHUNK] for start in range(0, len(chunk), _CHUNK))
