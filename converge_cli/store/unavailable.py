"""What goes wrong between a store and its disk, in words that help. Never shows a raw driver message alone."""

import errno
import sqlite3
from pathlib import Path

from converge_cli.core.errors import ConvergeError, RecordCorruptError

_BY_ERRNO = {
    errno.ENOSPC: ("the disk is full", "free some space; what was recorded is safe, then resume the run"),
    errno.EDQUOT: ("the disk quota is used up", "free some space; what was recorded is safe, then resume the run"),
    errno.EROFS: ("the file system is read-only", "choose a writable folder with CONVERGE_STORAGE_PATH"),
    errno.EACCES: ("permission is denied", "make the folder writable, or choose another with CONVERGE_STORAGE_PATH"),
    errno.EPERM: ("permission is denied", "make the folder writable, or choose another with CONVERGE_STORAGE_PATH"),
    errno.ENOTDIR: ("a part of the path is a file", "choose another folder with CONVERGE_STORAGE_PATH"),
    errno.EEXIST: ("a file is where the folder should be", "choose another folder with CONVERGE_STORAGE_PATH"),
}
_BY_SQLITE = {
    "SQLITE_FULL": _BY_ERRNO[errno.ENOSPC],
    "SQLITE_READONLY": ("it is read-only", "make the folder writable, or choose another with CONVERGE_STORAGE_PATH"),
    "SQLITE_PERM": _BY_ERRNO[errno.EACCES],
    "SQLITE_AUTH": _BY_ERRNO[errno.EACCES],
    "SQLITE_CANTOPEN": ("the database can't be opened", "check the folder's permissions"),
    "SQLITE_NOTADB": ("the file is not a database", "move that file away, or restore it from a backup"),
    "SQLITE_BUSY": ("another process keeps it busy", "try again when the other command has ended"),
    "SQLITE_LOCKED": ("another process keeps it busy", "try again when the other command has ended"),
    # The log's index is a file too, made by whoever opens the database first: there is no room for it.
    "SQLITE_IOERR_SHMSIZE": _BY_ERRNO[errno.ENOSPC],
    "SQLITE_IOERR": ("the disk reports an error", "check the disk; what was recorded before is untouched"),
}


class StoreUnavailableError(ConvergeError):
    """The store can't be read or written now; nothing was half-written.

    Attributes:
        why: what is wrong with it, without its name.
    """

    code = "STORE_UNAVAILABLE"

    def __init__(self, folder: Path, why: str, hint: str) -> None:
        # The folder as the user gave it; a name with control characters must not reach a terminal raw.
        shown = str(folder) if str(folder).isprintable() else ascii(str(folder))
        super().__init__(f"the store {shown} can't be used: {why}", hint=hint, where=shown)
        self.why = why


def disk_error(
    folder: Path, error: OSError | sqlite3.Error | UnicodeError, file: str = "experience.db"
) -> ConvergeError:
    """The error to raise for what the operating system or SQLite reported."""
    if isinstance(error, OSError):
        fallback = (error.strerror or type(error).__name__, "choose another folder with CONVERGE_STORAGE_PATH")
        return StoreUnavailableError(folder, *_BY_ERRNO.get(error.errno or 0, fallback))
    name = getattr(error, "sqlite_errorname", "") or ""
    undecodable = isinstance(error, UnicodeError) or "decode to UTF-8" in str(error)
    if name.startswith("SQLITE_CORRUPT") or undecodable:
        return RecordCorruptError(f"the database file {file} is damaged", where=file)
    family = "_".join(name.split("_")[:2])
    told = _BY_SQLITE.get(name) or _BY_SQLITE.get(family) or (str(error), "see converge doctor")
    return StoreUnavailableError(folder, *told)
