"""The files of a pack as they were at one moment: what is hashed is what is imported and what policy is read from.

Must never read a file twice, follow a link out of the pack, or wait for a pipe.
"""

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from converge_cli._internal.hashing import digest, digest_bytes
from converge_cli.core.pack import InvalidPackError

MAX_FILES = 2_000
MAX_BYTES = 64 * 1024 * 1024

_LEFT_OUT = frozenset({"__pycache__", "tests"})
_SMALLER = "leave out what it does not need to decide; data comes in as an input of a truth"


class Snapshot:
    """Bytes of a pack's files.

    Attributes:
        base: the folder that relative paths begin at, as people wrote it.
        files: relative path with slashes -> bytes.
        digests: (path, SHA-256 of its bytes) in order of paths.
        digest: SHA-256 of the canonical JSON of `digests`.
    """

    def __init__(self, base: Path, files: Mapping[str, bytes]) -> None:
        self.base = base
        self.files = {name: files[name] for name in sorted(files)}
        self.digests = tuple((name, digest_bytes(data)) for name, data in self.files.items())
        self.digest = digest(self.digests)

    def shown(self, name: str) -> str:
        """The path of a file for messages."""
        return str(self.base / name)


def snapshot_folder(folder: Path) -> Snapshot:
    """Every file under a folder, without tests, caches and hidden files.

    Raises:
        InvalidPackError: a link leaves the folder, something is no plain file, can't be read, or is too much.
    """
    found: list[Path] = []
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_left_out(name))
        inside = Path(where)
        for name in folders:
            if (inside / name).is_symlink():
                raise InvalidPackError("a folder of a pack is a link", hint="copy it", where=str(inside / name))
        found += [inside / name for name in sorted(names) if not _is_left_out(name)]
        if len(found) > MAX_FILES:
            raise InvalidPackError(f"a pack of more than {MAX_FILES} files", hint=_SMALLER, where=str(folder))
    return snapshot_files(folder, found)


def snapshot_files(base: Path, paths: Iterable[Path]) -> Snapshot:
    """Some files under a folder.

    Raises:
        InvalidPackError: as for a whole folder.
    """
    root = base.resolve()
    files: dict[str, bytes] = {}
    total = 0
    for path in paths:
        data = _read(root, path)
        total += len(data)
        if total > MAX_BYTES:
            raise InvalidPackError(f"a pack of more than {MAX_BYTES} bytes", hint=_SMALLER, where=str(base))
        files[path.relative_to(base).as_posix()] = data
    return Snapshot(base, files)


def _read(root: Path, path: Path) -> bytes:
    try:
        if not path.resolve(strict=True).is_relative_to(root):
            raise InvalidPackError("a file of a pack leads out of its folder", hint="copy it in", where=str(path))
        # Not blocking, so that a pipe in the folder can't hold us up.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                told = "a pack holds something that is not a plain file"
                raise InvalidPackError(told, hint="remove it", where=str(path))
            if status.st_size > MAX_BYTES:
                told = f"a file of more than {MAX_BYTES} bytes in a pack"
                raise InvalidPackError(told, hint=_SMALLER, where=str(path))
            return file.read()
    except (OSError, RuntimeError) as error:
        raise InvalidPackError(f"a file of a pack can't be read: {error}", where=str(path)) from error


def _is_left_out(name: str) -> bool:
    return name in _LEFT_OUT or name.startswith(".") or name.endswith((".pyc", "~"))
