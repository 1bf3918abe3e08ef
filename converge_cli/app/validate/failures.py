"""Errors about a file as findings at their place, so that one bad file never hides the next."""

import re
from pathlib import Path

import msgspec

from converge_cli.app.shown_path import shown
from converge_cli.core.errors import ConvergeError
from converge_cli.core.pack import InvalidPackError
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.files import UnreadableFileError, read_source
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.source import Source, UnreadableSourceError

_WHERE = re.compile(r"(?P<file>.*?)(?::(?P<line>\d+))?(?::(?P<column>\d+))?", re.DOTALL)
_FIX = {"invalid-policy": "mend the rule, or the schema that it is judged by", "broken-pack": "mend the pack"}


def findings_of(error: ConvergeError, about: Path, folder: Path) -> tuple[Diagnostic, ...]:
    """What an error says, as findings.

    Args:
        about: the file that was looked at, or the folder of a pack.
        folder: where the user stands.
    """
    own: tuple[Diagnostic, ...] | None = getattr(error, "diagnostics", None)
    if own is not None:
        return tuple(msgspec.structs.replace(item, file=shown(Path(item.file), folder)) for item in own)
    match = _WHERE.fullmatch(error.where or "")
    assert match is not None  # noqa: S101  every text matches
    path = _file(match["file"], about, folder)
    findings = Findings()
    name = shown(path, folder)
    _read(path, name, findings)
    line, column = int(match["line"] or 1), int(match["column"] or 0)
    if isinstance(error, UnreadableSourceError):
        line, column = error.line, error.column
    text = findings.line(Place(name, line, 1, 1))
    place = Place(name, line, column, column + 1) if column else findings.whole_line(name, line)
    single = Findings()
    kind = _kind(error, path)
    single.add(kind, place, error.message, error.hint or _FIX.get(kind, "mend the file"))
    return tuple(msgspec.structs.replace(item, source_line=text) for item in single.sorted())


def finding(name: str, path: Path, folder: Path, message: str, fix: str, line: int = 1) -> Diagnostic:
    """A finding about a whole line of a file, or about its first line."""
    findings = Findings()
    shown_name = shown(path, folder)
    _read(path, shown_name, findings)
    findings.add(name, findings.whole_line(shown_name, line), message, fix)
    return next(item for item in findings.sorted() if item.name == name)


def _file(where: str, about: Path, folder: Path) -> Path:
    """The file that an error names: one inside the pack that was looked at, or as the user names it."""
    for base in (about if about.is_dir() else about.parent, folder):
        if where and (base / where).is_file():
            return base / where
    return about / "pack.yaml" if about.is_dir() else about


def _read(path: Path, name: str, findings: Findings) -> None:
    try:
        findings.read(read_source(path, name))
    except ConvergeError:
        findings.read(Source(name, b""))


def _kind(error: ConvergeError, path: Path) -> str:
    if isinstance(error, UnreadableSourceError):
        return error.finding
    if isinstance(error, InvalidPackError):
        return "invalid-policy" if error.code == "POLICY_INVALID" else "broken-pack"
    if isinstance(error, UnreadableFileError) and not path.exists() and not path.is_symlink():
        return "missing-file"
    return "unreadable-file"
