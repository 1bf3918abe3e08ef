"""The packs of a project between the requests of a server: read again only when a file of theirs has changed.

A pack whose files change is loaded anew beside the old one, under an import name of its own: what runs goes on with the
code that it began with, and whatever starts later gets the new one. The old code stays in memory until the server ends.
"""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from converge_cli.app.templates.stamps import Stamps
from converge_cli.core.errors import ConvergeError
from converge_cli.core.pack import Pack
from converge_cli.pack.opened_pack import open_pack
from converge_cli.pack.registry import PackRegistry

_MOST = 256
"""Packs that are kept; what is asked for most rarely is read again."""


class _Kept(NamedTuple):
    path: Path
    stamps: Stamps
    found: Pack | ConvergeError | None


class StampedPacks(PackRegistry):
    """A registry that remembers what it loaded, failures included, as long as the files are as they were."""

    def __init__(self, roots: Sequence[Path], *, shipped: Sequence[Path] = ()) -> None:
        super().__init__(roots, shipped=shipped)
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.RLock()

    def find(self, name: str) -> Pack | None:
        """The pack of that name; None when there is none.

        Raises:
            InvalidPackError: it is there, and broken; or one place holds it twice.
        """
        found = self.look(name)
        if isinstance(found, ConvergeError):
            raise found.with_traceback(None)
        return found

    def look(self, name: str) -> Pack | ConvergeError | None:
        """The same, with what is wrong as a value; the same object as long as nothing has changed."""
        try:
            path = self.location(name)
        except ConvergeError as error:
            return error
        if path is None:
            return None
        kept = self._fresh(name, path)
        if kept is None:
            with self._lock:
                kept = self._fresh(name, path) or self._load(name, path)
        return kept.found

    def _fresh(self, name: str, path: Path) -> _Kept | None:
        kept = self._kept.get(name)
        return kept if kept is not None and kept.path == path and kept.stamps.hold() else None

    def _load(self, name: str, path: Path) -> _Kept:
        stamps = Stamps(_paths(path))
        found: Pack | ConvergeError | None
        try:
            found = super().find(name)
        except ConvergeError as error:
            found = error
        self._kept.pop(name, None)
        kept = self._kept[name] = _Kept(path, stamps, found)
        while len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]
        return kept


def _paths(path: Path) -> Iterator[Path]:
    """What a pack is made of, with its folders: a file that is added changes them."""
    yield path
    try:
        files = open_pack(path).snapshot.files
    except ConvergeError:
        files = {}
    base = path if path.is_dir() else path.parent
    for name in files:
        file = base / name
        yield file
        if path.is_dir():
            yield from (folder for folder in file.parents if folder.is_relative_to(base))
    if path.is_dir() and not files:
        yield from path.iterdir()
