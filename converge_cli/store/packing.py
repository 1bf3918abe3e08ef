"""How bytes lie in the database: compressed where that pays, rows with a checksum. Must never change what was given."""

import zlib
from collections.abc import Sequence
from typing import Any

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.core.call import KeptCall
from converge_cli.core.errors import RecordCorruptError
from converge_cli.core.port import RunRow
from converge_cli.store.chain import corrupt

_COMPRESS_FROM = 256
_NAMED = 20
_ROW_TYPES = tuple(int if name in ("seq", "cycles", "facts", "pending") else str for name in RunRow.__struct_fields__)
_CALL_TYPES = (str, int, str, int, str)


def compressed(data: bytes) -> bytes:
    """The bytes, compressed if that makes them smaller; the very object that was given otherwise."""
    if len(data) < _COMPRESS_FROM:
        return data
    smaller = zlib.compress(data, 1)
    return smaller if len(smaller) < len(data) else data


def expanded_body(run: str, first_seq: int, body: Any) -> list[bytes]:
    """The events of a stored commit.

    Raises:
        RecordCorruptError: the body can't be unpacked.
    """
    # A body of events begins with a brace; a compressed one never does.
    if type(body) is bytes and body[:1] == b"{":
        return body.split(b"\n")
    try:
        return zlib.decompress(body).split(b"\n")
    except (zlib.error, TypeError) as error:
        raise corrupt(run, first_seq, "its bytes can't be unpacked") from error


def expanded_blob(coding: Any, data: Any) -> bytes:
    """The bytes of a stored blob; empty when they can't be unpacked, so that their digest will not fit."""
    try:
        return zlib.decompress(data) if coding else bytes(data)
    except (zlib.error, TypeError):
        return b""


def row_check(row: RunRow) -> int:
    """Checksum of a row, against decay of the disk: the chain protects the events, not their index."""
    said = msgspec.structs.asdict(row)
    if not row.waiting:  # so that rows of layouts before 3 keep their checksum
        del said["waiting"]
    return zlib.crc32(encode(said))


def checked_row(values: Sequence[Any], check: Any) -> RunRow:
    """The row of stored values.

    Raises:
        RecordCorruptError: they are not what was written.
    """
    row = RunRow(*values)
    if tuple(map(type, values)) != _ROW_TYPES or row_check(row) != check:
        raise damaged_rows([values[0]])
    return row


def damaged_rows(runs: Sequence[Any]) -> RecordCorruptError:
    """The error for index entries that are not what was written, by the ids that stand in them now."""
    names = [str(run)[:80] for run in runs[:_NAMED]]
    said = ", ".join(map(repr, names)) + (f" and {len(runs) - _NAMED} more" if len(runs) > _NAMED else "")
    entries = f"the index entry of run {said} is" if len(runs) == 1 else f"the index entries of runs {said} are"
    return RecordCorruptError(f"{entries} damaged", where=", ".join(names))


def call_check(run: str, call: KeptCall) -> int:
    """Checksum of a kept call, against decay of the disk: no chain protects it until an event names it."""
    return zlib.crc32(encode((run, call)))


def checked_call(run: str, values: Sequence[Any], check: Any) -> KeptCall:
    """The kept call of stored values.

    Raises:
        RecordCorruptError: they are not what was written.
    """
    call = KeptCall(*values)
    if tuple(map(type, values)) != _CALL_TYPES or call_check(run, call) != check:
        raise RecordCorruptError(f"a kept call of run {run} is damaged", where=run)
    return call
