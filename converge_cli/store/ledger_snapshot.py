"""Snapshots: a header and the entries as canonical JSON lines, compressed as one zstd frame.

Behind it stands a skippable frame, which zstd tools pass over, with the SHA-256 of the first: so no bit can change
unnoticed, not even one that would decompress to the same lines. Reading one believes
nothing: it is put aside, checked whole, and only then given out. Must never write to a ledger.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Self, TypeVar

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.core.errors import ConvergeError
from converge_cli.core.ledger import (
    MAX_ENTRIES,
    MAX_PAYLOAD,
    LedgerEntry,
    LedgerHead,
    NewEntry,
    check_context,
    check_new,
)
from converge_cli.core.ledger_errors import ContextUnknownError, LedgerUnverifiedError, SnapshotInvalidError
from converge_cli.core.ledger_proof import ChainCheck
from converge_cli.core.port import Ledger

if TYPE_CHECKING:
    import zstandard

T = TypeVar("T")

VERSION = "converge.ledger.snapshot/1"

MAX_LINE = 2 * MAX_PAYLOAD
MAX_COMPRESSED = 1 << 32
"""Bytes that a snapshot may have before it is refused unread."""

SEAL = bytes.fromhex("502a4d18") + (32).to_bytes(4, "little")
"""What begins the skippable frame: magic number and length of a SHA-256."""

_SEAL_BYTES = len(SEAL) + 32
_IN_MEMORY = 8 << 20
# A few compressed bytes can stand for megabytes: small slices keep what one step makes of them small.
_SLICE = 1024
_CHUNK = 1 << 16
_MAX_WINDOW = 8 << 20


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of a snapshot; `head` is the hash of the last entry, hex."""

    version: str
    context: str
    count: int
    head: str


def take_snapshot(ledger: Ledger, context: str) -> Iterator[bytes]:
    """Compressed chunks of the context as it is now; what is appended meanwhile is not in it.

    Raises:
        ContextUnknownError: it has no entries.
    """
    last = ledger.get(check_context(context), limit=1).last
    if not last:
        raise ContextUnknownError(context)
    [newest] = ledger.get(context, after=last - 1, limit=1).entries
    return _compressed(ledger, Header(VERSION, context, last, newest.hash))


def _compressed(ledger: Ledger, header: Header) -> Iterator[bytes]:
    import zstandard  # noqa: PLC0415  only snapshots need it

    packer, seal = zstandard.ZstdCompressor(level=3).compressobj(), sha256()
    for line in _lines(ledger, header):
        if chunk := packer.compress(line):
            seal.update(chunk)
            yield chunk
    last = packer.flush()
    seal.update(last)
    yield last + SEAL + seal.digest()


def _lines(ledger: Ledger, header: Header) -> Iterator[bytes]:
    yield encode(header) + b"\n"
    after = 0
    while after < header.count:
        entries = ledger.get(header.context, after=after, limit=min(MAX_ENTRIES, header.count - after)).entries
        if not entries:
            raise LedgerUnverifiedError(header.context, after + 1, "the ledger no longer has this entry")
        for entry in entries:
            yield encode(entry) + b"\n"
        after = entries[-1].sequence


class Snapshot(AbstractContextManager["Snapshot"]):
    """A snapshot that was put aside and found to be whole; its entries can be read as often as needed.

    Raises:
        SnapshotInvalidError: it is not as it was made; says where.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  closed by __exit__
        try:
            for chunk in chunks:
                self._file.write(chunk)
                if self._file.tell() > MAX_COMPRESSED:
                    raise SnapshotInvalidError(f"it has more than {MAX_COMPRESSED} bytes")
            self._size = self._file.tell() - _SEAL_BYTES
            self._check_seal()
            self.head = self._checked()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def entries(self) -> Iterator[LedgerEntry]:
        """The entries, in order."""
        lines = self._read_lines()
        next(lines)
        decoder = msgspec.json.Decoder(LedgerEntry)
        return (decoder.decode(line) for line in lines)

    def _checked(self) -> LedgerHead:
        lines = enumerate(self._read_lines(), 1)
        first = next(lines, (0, b""))[1]
        header = _decoded(msgspec.json.Decoder(Header), first, 1)
        if header.version != VERSION:
            raise SnapshotInvalidError(f"its version is {header.version[:80]!r}; this Converge reads {VERSION}")
        check = ChainCheck(header.context)
        decoder = msgspec.json.Decoder(LedgerEntry)
        for number, line in lines:
            entry = _decoded(decoder, line, number)
            _check_entry(check, entry, number)
        head = check.head()
        if (head.count, head.head) != (header.count, header.head) or not head.count:
            raise SnapshotInvalidError(f"its header says {header.count} entries, or another head than its {head.count}")
        return head

    def _check_seal(self) -> None:
        if self._size <= 0:
            raise SnapshotInvalidError("it is too short to be one")
        seal = sha256()
        for chunk in self._packed():
            seal.update(chunk)
        self._file.seek(self._size)
        if self._file.read() != SEAL + seal.digest():
            raise SnapshotInvalidError("its bytes are not those that were sealed at its end")

    def _packed(self) -> Iterator[bytes]:
        self._file.seek(0)
        left = self._size
        while left:
            chunk = self._file.read(min(_CHUNK, left))
            left -= len(chunk)
            yield chunk

    def _read_lines(self) -> Iterator[bytes]:
        rest = b""
        for data in self._expanded():
            *lines, rest = (rest + data).split(b"\n")
            yield from lines
            if len(rest) > MAX_LINE:
                raise SnapshotInvalidError("a line is longer than any entry")
        if rest:
            raise SnapshotInvalidError("its last line is cut off")

    def _expanded(self) -> Iterator[bytes]:
        import zstandard  # noqa: PLC0415

        unpacker = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
        for chunk in self._packed():
            for start in range(0, len(chunk), _SLICE):
                yield _unpacked(unpacker, chunk[start : start + _SLICE], zstandard.ZstdError)
        if not unpacker.eof or unpacker.unused_data:
            raise SnapshotInvalidError("it is cut off, or something follows it")


def _unpacked(unpacker: "zstandard.ZstdDecompressionObj", data: bytes, failed: type[Exception]) -> bytes:
    if unpacker.eof:
        raise SnapshotInvalidError("something follows its end")
    try:
        return unpacker.decompress(data)
    except failed as error:
        raise SnapshotInvalidError(f"it can't be decompressed: {error}") from None


def _decoded(decoder: "msgspec.json.Decoder[T]", line: bytes, number: int) -> T:
    try:
        value = decoder.decode(line)
    except msgspec.MsgspecError as error:
        raise SnapshotInvalidError(f"line {number} is not what it should be: {error}", f"line {number}") from None
    if encode(value) != line:
        raise SnapshotInvalidError(f"line {number} is not in canonical form", f"line {number}")
    return value


def _check_entry(check: ChainCheck, entry: LedgerEntry, number: int) -> None:
    try:
        check_new(entry.context, (NewEntry(entry.id, entry.key, entry.payload, entry.metadata),))
        check.take(entry)
    except ConvergeError as error:
        raise SnapshotInvalidError(f"line {number}: {error.message}", f"line {number}") from None
