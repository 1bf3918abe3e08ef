"""Which files a validation is about. Looks at names and folders; reads a file only to see whether it is a pack."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from converge_cli.pack.pack_files import MANIFEST, holds_pack

_LEFT_OUT = frozenset({"__pycache__", "node_modules", "site-packages"})
_PARTS = ("truths", "features", "packs")


@dataclass(slots=True)
class FoundFiles:
    """Files by sort, each once, in the order in which they were found.

    Attributes:
        packs: folders with a pack.yaml, and one-file packs.
        unreadable: folders that can't be looked into -> why.
    """

    truths: dict[Path, None] = field(default_factory=dict)
    features: dict[Path, None] = field(default_factory=dict)
    packs: dict[Path, None] = field(default_factory=dict)
    policies: dict[Path, None] = field(default_factory=dict)
    people: dict[Path, None] = field(default_factory=dict)
    wirings: dict[Path, None] = field(default_factory=dict)
    unreadable: dict[Path, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def add_named(self, path: Path) -> bool:
        """Add a file or folder that somebody named; a file of no known name is taken for a truth.

        Like all that add, says whether anything is there, be it known already.
        """
        if path.is_dir():
            return self.add_folder(path)
        if not self._add(path, named=True):
            self._put(self.truths, path)
        return True

    def add_folder(self, folder: Path) -> bool:
        """Add what is below a folder; of a project its three folders."""
        there = len(self.unreadable)
        files = [file for inside in _parts(folder) for file in self._walk(inside)]
        return self._add_all(files) or len(self.unreadable) > there

    def add_beside(self, folder: Path) -> bool:
        """Add the files of a folder, without those of the folders in it."""
        files = [Path(entry.path) for entry in self._entries(folder) if not _is_folder(entry)]
        return self._add_all(files)

    def _add_all(self, files: Iterable[Path]) -> bool:
        known = [file for file in files if self._add(file, named=False)]
        return bool(known)

    def _add(self, path: Path, *, named: bool) -> bool:
        """Put a file where its name says."""
        name, beside_truth = path.name, (path.parent / "truth.yaml").is_file()
        if name == "truth.yaml":
            self._put(self.truths, path)
        elif name.endswith(".feature"):
            self._put(self.features, path)
        elif name == MANIFEST:
            self._put(self.packs, path.parent)
        elif name.endswith((".cedar", ".cedarschema")):
            self._put(self.policies, path)
        elif name == "people.yaml" and (named or beside_truth or path.parent.name == "truths"):
            self._put(self.people, path)
        elif name == "wiring.yaml" and (named or beside_truth):
            self._put(self.wirings, path)
        elif name.endswith(".py") and (named or (path.parent.name == "packs" and may_be_pack(path))):
            self._put(self.packs, path)
        else:
            return False
        return True

    def _put(self, files: dict[Path, None], path: Path) -> None:
        """Add a file, unless it was found already by another way."""
        real = os.path.realpath(path)
        if real not in self._seen:
            self._seen.add(real)
            files[path] = None

    def _walk(self, root: Path) -> Iterator[Path]:
        """The files below a folder in order of names; links are followed, but to no folder twice, and never upwards."""
        above = {os.path.realpath(parent) for parent in (root, *root.absolute().parents)}
        seen: set[str] = set()
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            real = os.path.realpath(folder)
            if real in seen or (folder != root and real in above):
                continue
            seen.add(real)
            inside = [entry for entry in self._entries(folder) if not _is_left_out(entry.name)]
            yield from (Path(entry.path) for entry in inside if not _is_folder(entry))
            folders = [Path(entry.path) for entry in inside if _is_folder(entry)]
            waiting += (path for path in reversed(folders) if not (path / "pyvenv.cfg").exists())

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.unreadable[folder] = error.strerror or str(error)
            return []


def find_files(
    paths: Iterable[Path], folder: Path, project: Path | None, *, everything: bool = False
) -> tuple[FoundFiles, list[Path]]:
    """What the paths come to, and those that come to nothing.

    Args:
        everything: also the project of the folder, or without one the files in the folder itself.
    """
    found = FoundFiles()
    empty = [path for path in paths if not found.add_named(Path(os.path.normpath(folder / path)))]
    if everything and not (found.add_folder(project) if project is not None else found.add_beside(folder)):
        empty.append(folder)
    return found, empty


def exists(path: Path) -> bool:
    """Whether there is a file or folder, be it one that can't be read."""
    try:
        return path.exists() or path.is_symlink()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _parts(folder: Path) -> list[Path]:
    """The folders of a project that hold its content, or the folder itself when it is no project."""
    if not (folder / "truths").is_dir():
        return [folder]
    return [path for name in _PARTS if (path := folder / name).is_dir()]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle
        return False


def _is_left_out(name: str) -> bool:
    return name in _LEFT_OUT or name.startswith(".")


def may_be_pack(file: Path) -> bool:
    """Whether a Python file is a pack, or can't be read: then whoever loads it is told why."""
    return holds_pack(file) is not False
