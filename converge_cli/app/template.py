"""Templates: folders of files that `init` and `new` fill in and write. Must never overwrite, nor leave half of it.

A template is a folder below `converge_cli/template`; `%%name` stands for a value in its files and in their paths.
"""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from string import Template

import converge_cli
from converge_cli.core.errors import ConvergeError

_HOME = Path(converge_cli.__file__).parent / "template"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*|[A-Za-z][A-Za-z0-9_,.'()-]*( [A-Za-z0-9_,.'()-]+)+")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
"""What YAML, or an older YAML, does not read as text."""

Files = Mapping[str, bytes]
"""Path below the folder that they are written into -> content."""


class FileTakenError(ConvergeError):
    """A file that would be written is there already; nothing was written."""

    code = "FILE_EXISTS"

    def __init__(self, path: Path, hint: str) -> None:
        super().__init__(f"{path} is there already; nothing was written", hint=hint, where=str(path))


class NotWritableError(ConvergeError):
    """A file can't be written; nothing is left of what was."""

    code = "NOT_WRITABLE"

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"can't write {path}: {error.strerror or error}; nothing was written",
            hint="check the folder and its permissions, or name another one",
            where=str(path),
        )


class _Marked(Template):
    delimiter = "%%"


def filled(template: str, names: Mapping[str, str]) -> dict[str, bytes]:
    """The files of a template with their placeholders filled in, by path."""
    home = _HOME / template
    paths = sorted(path for path in home.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {
        _fill(path.relative_to(home).as_posix(), names): _fill(path.read_text(encoding="utf-8"), names).encode()
        for path in paths
    }


def _fill(text: str, names: Mapping[str, str]) -> str:
    return _Marked(text).substitute(names)


def yaml_text(text: str) -> str:
    """A text as a YAML scalar: as it is where that is certain to be read back as this text, else in quotes."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else json.dumps(text, ensure_ascii=False)


def check_new(folder: Path, files: Iterable[str], hint: str) -> None:
    """Make sure that none of the files is there.

    Raises:
        FileTakenError: one is.
        NotWritableError: it can't be seen whether one is.
    """
    for path in (folder / name for name in files):
        try:
            taken = path.exists() or path.is_symlink()
        except OSError as error:
            raise NotWritableError(path, error) from error
        if taken:
            raise FileTakenError(path, hint)


def write_new(folder: Path, files: Files, hint: str, *, dry_run: bool = False) -> list[Path]:
    """Write files that are not there yet, all of them or none; everything that was made, folders included, in order.

    A dry run makes nothing and fails where it can be seen that writing would.

    Raises:
        FileTakenError: one is there.
        NotWritableError: one can't be written.
    """
    check_new(folder, files, hint)
    made: list[Path] = []
    for name, content in () if dry_run else files.items():
        path = folder / name
        try:
            _make_folders(path.parent, made)
            with path.open("xb") as file:  # never onto what somebody else has just made
                made.append(path)
                file.write(content)
        except OSError as error:
            remove_new(made)
            raise NotWritableError(path, error) from error
    return made


def remove_new(made: Iterable[Path]) -> None:
    """Take back what was made, the last first; a folder that somebody else has put something into stays."""
    for path in reversed(list(made)):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()


def _make_folders(folder: Path, made: list[Path]) -> None:
    """Make a folder and those above it, and note each."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir()
        made.append(path)
