"""A folder as an input: the listing of its files, each with size and SHA-256. Must never keep what the files hold."""

import stat
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path

from converge_cli._internal.canonical_json import encode
from converge_cli.core.errors import ConvergeError
from converge_cli.truth.source import MAX_INPUT, Source

MAX_FILES = 10_000


class InputFileError(ConvergeError):
    """An input can't be read, or was given before."""

    code = "INPUT_UNREADABLE"


def list_folder(folder: Path, what: str) -> Source:
    """The listing of a folder and all below it, as JSON records {name, size, sha256} in the order of the names.

    Names are relative and have slashes. Hidden files (a leading dot) are left out: no person put them there.

    Args:
        folder: whose files are listed.
        what: the input, for messages.

    Raises:
        InputFileError: a link, something that is no file, a file that is too large, or too many of them.
        OSError: a file can't be read.
    """
    found: list[dict[str, str | int]] = []
    for path in _files(folder, what):
        if len(found) == MAX_FILES:
            told = f"{what}: {folder} has more than {MAX_FILES} files"
            raise InputFileError(told, hint="name a folder inside it", where=str(folder))
        with path.open("rb") as stream:
            sha256, size = file_digest(stream, "sha256").hexdigest(), stream.tell()
        found.append({"name": path.relative_to(folder).as_posix(), "size": size, "sha256": sha256})
    # The slash tells a listing from a file, and people what it was made of.
    return Source(f"{folder}/", encode(sorted(found, key=lambda item: str(item["name"]))))


def _files(folder: Path, what: str) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        found = path.lstat()
        if stat.S_ISDIR(found.st_mode):
            yield from _files(path, what)
        elif not stat.S_ISREG(found.st_mode):
            # A link may lead anywhere, a pipe would be waited for without end.
            raise InputFileError(
                f"{what}: {path} is no regular file", hint="put the file itself there", where=str(path)
            )
        elif found.st_size > MAX_INPUT:
            told = f"{what}: {path} is larger than {MAX_INPUT // 1_000_000} MB"
            raise InputFileError(told, hint="give a part of it, or what it comes to", where=str(path))
        else:
            yield path
