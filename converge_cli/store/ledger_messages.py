"""Ledger values and errors as gRPC messages, and back. Must never decide anything.

Imported only where gRPC is used: protobuf takes a moment to load.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli._internal.wire import ledger_pb2 as wire
from converge_cli.core.errors import ConvergeError, RecordCorruptError
from converge_cli.core.ledger import LedgerEntry, NewEntry
from converge_cli.core.ledger_errors import (
    ContextNotEmptyError,
    ContextUnknownError,
    EntryConflictError,
    EntryTooLargeError,
    LedgerRequestError,
    LedgerUnavailableError,
    LedgerUnverifiedError,
    SlowWatcherError,
    SnapshotInvalidError,
)

MESSAGE_BYTES = 16 << 20
"""What one message may have at most; appends and pages stay far below."""

KNOWN_ERRORS: dict[str, type[ConvergeError]] = {
    kind.code: kind
    for kind in (
        ContextNotEmptyError,
        ContextUnknownError,
        EntryConflictError,
        EntryTooLargeError,
        LedgerRequestError,
        LedgerUnavailableError,
        LedgerUnverifiedError,
        RecordCorruptError,
        SlowWatcherError,
        SnapshotInvalidError,
    )
}


class SentError(msgspec.Struct, frozen=True):
    """An error on its way; `why` is that of a LedgerUnavailableError."""

    code: str
    message: str
    hint: str | None = None
    where: str | None = None


def to_message(entry: LedgerEntry) -> Any:
    """An entry as a message."""
    return wire.Entry(
        context=entry.context,
        id=entry.id,
        key=entry.key,
        payload=entry.payload,
        metadata=entry.metadata,
        sequence=entry.sequence,
        time=entry.time,
        previous=bytes.fromhex(entry.previous),
        hash=bytes.fromhex(entry.hash),
    )


def from_message(message: Any) -> LedgerEntry:
    """An entry of a message, as it claims to be: nothing is checked."""
    return LedgerEntry(
        message.context,
        message.id,
        message.key,
        message.payload,
        dict(message.metadata),
        message.sequence,
        message.time,
        message.previous.hex(),
        message.hash.hex(),
    )


def to_new_messages(entries: Iterable[NewEntry]) -> list[Any]:
    """New entries as messages."""
    return [
        wire.NewEntry(id=entry.id, key=entry.key, payload=entry.payload, metadata=entry.metadata) for entry in entries
    ]


def from_new_messages(messages: Iterable[Any]) -> list[NewEntry]:
    """New entries of messages."""
    return [NewEntry(message.id, message.key, message.payload, dict(message.metadata)) for message in messages]


def error_trailer(error: ConvergeError) -> bytes:
    """An error for the trailer of a call; what a server's disk is called stays there."""
    if isinstance(error, LedgerUnavailableError):
        return encode(SentError(error.code, error.why))
    return encode(SentError(error.code, error.message, error.hint, error.where))


def error_of_trailer(data: bytes, server: str) -> ConvergeError | None:
    """The error that a server sent; None when the bytes are none."""
    try:
        sent = msgspec.json.decode(data, type=SentError)
    except msgspec.MsgspecError:
        return None
    kind = KNOWN_ERRORS.get(sent.code)
    if kind is None:
        return None
    if kind is LedgerUnavailableError:
        return LedgerUnavailableError(server, sent.message)
    error = kind.__new__(kind)
    ConvergeError.__init__(error, sent.message, hint=sent.hint, where=sent.where)
    return error
