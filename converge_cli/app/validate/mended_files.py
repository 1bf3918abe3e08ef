"""Writes what mends findings beyond doubt into their files. Must never touch anything else in them."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from converge_cli._internal.whole_file import write_whole
from converge_cli.core.errors import ConvergeError
from converge_cli.truth.diagnostics import Diagnostic, Replacement

_ROUNDS = 10
_BOM = b"\xef\xbb\xbf"
_LINES = re.compile(r"([^\r\n]*)(\r\n|\r|\n|$)")


class NotMendedError(ConvergeError):
    """A file can't be written; it is as it was."""

    code = "NOT_MENDED"


class Mended(msgspec.Struct, frozen=True):
    """One change: which finding it mends, where, what stood there and what stands there now."""

    code: str
    file: str
    line: int
    column: int
    old: str
    new: str


def mend_until_done(
    find: Callable[[], Sequence[Diagnostic]], folder: Path, keep: Callable[[Path], bool]
) -> tuple[Mended, ...]:
    """Mend, look again, mend what only shows now; ends when nothing is left that is beyond doubt.

    Args:
        find: the findings as they are.
        folder: where their files' names begin.
        keep: whether a file must stay as it is.

    Raises:
        NotMendedError: a file can't be written.
    """
    done: list[Mended] = []
    for _ in range(_ROUNDS):
        mended = _mend(find(), folder, keep)
        if not mended:
            break
        done += mended
    return tuple(done)


def _mend(findings: Iterable[Diagnostic], folder: Path, keep: Callable[[Path], bool]) -> list[Mended]:
    by_file: dict[str, list[Diagnostic]] = {}
    for item in findings:
        if item.replacement is not None:
            by_file.setdefault(item.file, []).append(item)
    return [
        change
        for file, items in by_file.items()
        if not keep(path := (folder / file).resolve())
        for change in _mend_file(path, items)
    ]


def _mend_file(path: Path, items: Iterable[Diagnostic]) -> list[Mended]:
    try:
        data = path.read_bytes()
        text = data.removeprefix(_BOM).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise NotMendedError(f"{path} can't be read again", where=str(path)) from error
    lines = _LINES.findall(text)
    done: list[Mended] = []
    for line, found in _by_line(items).items():
        if not 0 < line <= len(lines):
            continue
        written, end = lines[line - 1]
        # From the end, so that the columns before a change stay right.
        limit = len(written) + 2
        for item, change in sorted(found, key=lambda pair: pair[1].column, reverse=True):
            if item.source_line == written and change.end_column <= limit:
                limit = change.column
                text, _ = lines[line - 1]
                begin, stop = change.column - 1, change.end_column - 1
                lines[line - 1] = (text[:begin] + change.text + text[stop:], end)
                done.append(Mended(item.code, item.file, line, change.column, text[begin:stop], change.text))
    if done:
        _write(path, (_BOM if data.startswith(_BOM) else b"") + "".join(map("".join, lines)).encode())
    return sorted(done, key=lambda change: (change.line, change.column))


def _by_line(items: Iterable[Diagnostic]) -> dict[int, list[tuple[Diagnostic, Replacement]]]:
    found: dict[int, list[tuple[Diagnostic, Replacement]]] = {}
    for item in items:
        if item.replacement is not None:
            found.setdefault(item.line, []).append((item, item.replacement))
    return found


def _write(path: Path, data: bytes) -> None:
    """Replace a file at once: whoever reads it sees the old text or the new one, with the old permissions."""
    try:
        write_whole(path, [data])
    except OSError as error:
        hint = "give yourself the right to write it, or mend it by hand"
        raise NotMendedError(f"{path} can't be written: {error.strerror}", hint=hint, where=str(path)) from error
