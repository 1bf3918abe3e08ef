"""Files that are there whole or not at all, whatever becomes of the process. Must never leave half of one under a name.

The bytes go to a file beside it, are synced, and take the name at once. A process that dies before leaves at most that
other file, `.<name>.<process>.partial`.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write_whole(file: Path, chunks: Iterable[bytes], *, private: bool = False) -> int:
    """Write a file, durably, over an older one, whose permissions it keeps; returns its size.

    What is no file (a pipe, a terminal) is written to as it is.

    Args:
        private: for the owner's eyes only, and never over an older one.

    Raises:
        OSError: it can't be written; an older one is as it was. FileExistsError: a private one is there already.
    """
    if file.exists() and not file.is_file() and not file.is_dir():
        with file.open("wb") as stream:
            return sum(map(stream.write, chunks))
    target = Path(os.path.realpath(file))
    made = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        # Whoever may not read the older one may not read the new one while it is being written either.
        size = _write(made, chunks, 0o600 if private or target.exists() else 0o666)
        if private:
            os.link(made, target)
        else:
            with suppress(FileNotFoundError):
                os.chmod(made, target.stat().st_mode & 0o7777)
            os.replace(made, target)
    finally:
        made.unlink(missing_ok=True)
    _sync_folder(target.parent)
    return size


def _write(made: Path, chunks: Iterable[bytes], mode: int) -> int:
    made.unlink(missing_ok=True)  # left by a dead process that had our number
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "wb") as stream:
        size = sum(map(stream.write, chunks))
        stream.flush()
        os.fsync(descriptor)
    return size


def _sync_folder(folder: Path) -> None:
    """So that the name survives a power cut too; a folder that can't be opened for it (write-only) holds it anyway."""
    with suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
