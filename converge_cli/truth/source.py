"""Sources: bytes with the name that people see, and the one way from bytes to text. Must never read a file itself."""

import msgspec

from converge_cli.core.errors import ConvergeError

MAX_TEXT = 5_000_000
"""Bytes that a truth, feature, people or pack file may have."""

MAX_INPUT = 200_000_000
"""Bytes that an input file may have."""

_BOM = b"\xef\xbb\xbf"


class Source(msgspec.Struct, frozen=True):
    """A file's bytes; `name` is its path as shown to people."""

    name: str
    data: bytes


class UnreadableSourceError(ConvergeError):
    """A source is too large, binary or not UTF-8.

    Attributes:
        finding: `too-large`, `binary` or `not-utf8`.
        line, column: 1-based place of the first byte at fault.
        fix: what to do about it.
    """

    code = "SOURCE_UNREADABLE"

    def __init__(self, finding: str, message: str, fix: str, source: Source, offset: int = 0) -> None:
        before = source.data[:offset]
        self.finding = finding
        self.fix = fix
        self.line = before.count(b"\n") + 1
        # Everything before the byte at fault is UTF-8, so the column counts characters.
        start = before[before.rfind(b"\n") + 1 :].removeprefix(_BOM)
        self.column = len(start.decode("utf-8", "replace")) + 1
        super().__init__(message, hint=fix, where=f"{source.name}:{self.line}:{self.column}")


def decode(source: Source, limit: int = MAX_TEXT) -> str:
    """The text of a source, without byte order mark and with plain newlines.

    Raises:
        UnreadableSourceError: it is larger than `limit` bytes, holds a NUL byte, or is not UTF-8.
    """
    data = source.data
    if len(data) > limit:
        raise UnreadableSourceError(
            "too-large",
            f"the file has {len(data)} bytes; at most {limit} are read",
            "split it into smaller files",
            source,
        )
    nul = data.find(b"\0")
    if nul >= 0:
        raise UnreadableSourceError(
            "binary", f"the file is binary: byte {nul} is NUL", "give a text file in UTF-8", source, nul
        )
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        offset = error.start + (len(_BOM) if data.startswith(_BOM) else 0)
        raise UnreadableSourceError(
            "not-utf8", f"byte {offset} (0x{data[offset]:02x}) is not UTF-8", "save the file as UTF-8", source, offset
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
