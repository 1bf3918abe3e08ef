"""Finds packs by name: the project's folders, installed packages, what is shipped. Imports only what is asked for."""

import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from converge_cli.core.pack import InvalidPackError, Pack
from converge_cli.pack.loader import load_pack
from converge_cli.pack.opened_pack import digest_at
from converge_cli.pack.pack_files import MANIFEST, holds_pack

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "converge.packs"

_NAME = re.compile(r"[a-z][a-z0-9_-]*")


class PackRegistry:
    """Packs by name. A broken pack fails when it is asked for, and not before.

    Args:
        roots: the project's packs/ folders, the nearest first.
        shipped: packs/ folders that come last, after installed packages.
        on_stuck: called with the name of an import that can't be interrupted.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        *,
        shipped: Sequence[Path] = (),
        on_stuck: Callable[[str], None] | None = None,
    ) -> None:
        self._roots = tuple(roots)
        self._shipped = tuple(shipped)
        self._on_stuck = on_stuck
        self._installed: dict[str, list[EntryPoint]] | None = None

    def find(self, name: str) -> Pack | None:
        """The pack of that name, loaded; None when there is none.

        Raises:
            InvalidPackError: it is there, and broken; or one place holds it twice.
        """
        path = self.location(name)
        return None if path is None else load_pack(path, name=name, on_stuck=self._on_stuck)

    def digest(self, name: str) -> str | None:
        """SHA-256 over the files of the pack of that name, without running any of its code; None when there is none.

        Raises:
            InvalidPackError: it is there, and broken.
        """
        path = self.location(name)
        return None if path is None else digest_at(path)

    def location(self, name: str) -> Path | None:
        """The folder or file of the pack of that name, without loading it.

        Raises:
            InvalidPackError: one place holds it twice, or an installed package can't be located.
        """
        if not _NAME.fullmatch(name):
            return None
        for root in self._roots:
            if (found := _in_root(root, name)) is not None:
                return found
        if name in self._entry_points():
            return _installed_at(name, self._entry_points()[name])
        return next((found for root in self._shipped if (found := _in_root(root, name)) is not None), None)

    def names(self) -> list[str]:
        """The names of all packs, sorted; none of them is loaded."""
        found = {name for root in (*self._roots, *self._shipped) for name in _names_in(root)}
        return sorted(found.union(self._entry_points()))

    def _entry_points(self) -> dict[str, list["EntryPoint"]]:
        if self._installed is None:
            from importlib.metadata import entry_points  # noqa: PLC0415  slow, and often not needed

            self._installed = {}
            for point in entry_points(group=GROUP):
                if _NAME.fullmatch(point.name):
                    self._installed.setdefault(point.name, []).append(point)
        return self._installed


def _in_root(root: Path, name: str) -> Path | None:
    folder, file = root / name, root / f"{name}.py"
    has_folder, has_file = (folder / MANIFEST).is_file(), file.is_file()
    if has_folder and has_file:
        raise InvalidPackError(f"pack {name} is there twice: {folder} and {file}", hint="keep one", where=str(root))
    if has_folder:
        return folder
    return file if has_file else None


def _names_in(root: Path) -> list[str]:
    try:
        inside = sorted(root.iterdir())
    except OSError:
        return []
    folders = [path.name for path in inside if (path / MANIFEST).is_file()]
    files = [path.stem for path in inside if path.suffix == ".py" and holds_pack(path)]
    return [name for name in dict.fromkeys((*folders, *files)) if _NAME.fullmatch(name)]


def _installed_at(name: str, points: "list[EntryPoint]") -> Path:
    values = sorted({point.value for point in points})
    if len(values) > 1:
        raise InvalidPackError(
            f"two installed packages bring a pack {name}: {', '.join(values)}", hint="remove one", where=name
        )
    module = points[0].module
    try:
        spec = find_spec(module)
    except (Exception, SystemExit) as error:  # a parent package is imported to find its module, and may do anything
        raise InvalidPackError(f"pack {name}: {module} can't be found: {error}", where=f"{GROUP}: {name}") from error
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        if (Path(folder) / MANIFEST).is_file():
            return Path(folder)
    if spec is not None and spec.origin is not None and (file := Path(spec.origin)).is_file():
        beside = file.parent / MANIFEST
        return file.parent if beside.is_file() and not holds_pack(file) else file
    raise InvalidPackError(
        f"pack {name}: {module} is neither a folder with a {MANIFEST} nor a file with a PACK",
        hint="an entry point names a package with a pack.yaml, or a module with a PACK",
        where=f"{GROUP}: {name}",
    )
