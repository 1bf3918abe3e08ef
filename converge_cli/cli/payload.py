"""Bytes that come from a file or stdin, and bytes that go to a file whole or not at all."""

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from converge_cli._internal import whole_file
from converge_cli.app.template import NotWritableError
from converge_cli.cli.output import UsageError
from converge_cli.core.errors import ConvergeError
from converge_cli.core.ledger import MAX_PAYLOAD
from converge_cli.core.ledger_errors import EntryTooLargeError

_CHUNK = 1 << 16


class PayloadUnreadableError(ConvergeError):
    """A file that was named on the command line can't be read."""

    code = "FILE_UNREADABLE"

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path}: {error.strerror}", hint="check the path and its permissions", where=str(path))


def read_payload(file: Path | None) -> bytes:
    """The bytes of a file, or of stdin.

    Raises:
        UsageError: stdin is a terminal.
        EntryTooLargeError: it has more than a ledger takes; how many is not found out, for a pipe may have no end.
        PayloadUnreadableError: the file can't be read.
    """
    if file is None:
        if sys.stdin.isatty():
            raise UsageError("the payload comes from stdin", hint="pipe it in, or use --file PATH", where="--file")
        data = sys.stdin.buffer.read(MAX_PAYLOAD + 1)
    else:
        with chunks_of(file, MAX_PAYLOAD + 1) as chunks:
            data = next(chunks, b"")
    if len(data) > MAX_PAYLOAD:
        raise EntryTooLargeError("stdin" if file is None else str(file), None, MAX_PAYLOAD)
    return data


@contextmanager
def chunks_of(file: Path, size: int = _CHUNK) -> Iterator[Iterator[bytes]]:
    """The bytes of a file, chunk by chunk.

    Raises:
        PayloadUnreadableError: it can't be read.
    """
    try:
        stream = file.open("rb")
    except OSError as error:
        raise PayloadUnreadableError(file, error) from error
    with stream:
        yield _reading(file, stream, size)


def _reading(file: Path, stream: "io.BufferedReader", size: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = stream.read(size)
        except OSError as error:
            raise PayloadUnreadableError(file, error) from error
        if not chunk:
            return
        yield chunk


def write_whole(file: Path, chunks: Iterable[bytes]) -> int:
    """Write a file, durably, under its name only when all has come; returns its size.

    Raises:
        NotWritableError: it can't be written.
    """
    try:
        return whole_file.write_whole(file, chunks)
    except OSError as error:
        raise NotWritableError(file, error) from error
