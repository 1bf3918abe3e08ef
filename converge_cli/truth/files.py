"""Files to sources, within their limits. The one place in this folder, besides the catalog, that touches a disk."""

import stat
from pathlib import Path

from converge_cli.core.errors import ConvergeError
from converge_cli.truth.source import MAX_TEXT, Source, UnreadableSourceError


class UnreadableFileError(ConvergeError):
    """A file is missing, is no regular file, or may not be read."""

    code = "FILE_UNREADABLE"


def read_source(path: Path, shown: str | None = None, limit: int = MAX_TEXT) -> Source:
    """The source of a file; `shown` is the name that people see, the path by default.

    Raises:
        UnreadableFileError: it can't be read.
        UnreadableSourceError: it is larger than `limit` bytes; then it is not read at all.
    """
    name = shown if shown is not None else str(path)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise UnreadableFileError(f"{name} is not a file", hint="name a regular file", where=name)
        if found.st_size > limit:
            raise UnreadableSourceError(
                "too-large",
                f"the file has {found.st_size} bytes; at most {limit} are read",
                "split it up",
                Source(name, b""),
            )
        with path.open("rb") as stream:
            # It may have grown since; one byte more than allowed is enough for `decode` to refuse it.
            return Source(name, stream.read(limit + 1))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UnreadableFileError(f"{name} can't be read: {why}", hint="check the path", where=name) from error
