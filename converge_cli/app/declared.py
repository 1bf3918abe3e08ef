"""Where the parts of a truth are declared: file and line of its clauses, checks, criteria, points."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from converge_cli.app.shown_path import shown
from converge_cli.core.invariant import Origin
from converge_cli.truth.catalog import TruthLocation
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings
from converge_cli.truth.yaml_source import Node, read_yaml

_LISTS = (
    ("job", "failure_modes"),
    ("authority", "must_not"),
    ("authority", "requires_approval"),
    ("evidence", "requires"),
    ("constraints",),
    ("approval_points",),
    ("success_criteria",),
)


class Declared:
    """The places of one truth and of those that are merged into it.

    Raises:
        ConvergeError: a file of them can't be read.
    """

    def __init__(self, location: TruthLocation, merged: Iterable[TruthLocation], folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Path] = {}
        self._places: dict[tuple[str, str], str] = {}
        for owner in (location, *merged):
            self._add(owner, "" if owner is location else owner.key)

    def _add(self, owner: TruthLocation, prefix: str) -> None:
        self._files[f"{prefix}/truth.yaml" if prefix else owner.file.name] = owner.file
        self._files.update((feature.name, feature) for feature in owner.features)
        root = read_yaml(read_source(owner.file), Findings())
        for section, name, line in _items(root) if root is not None else ():
            self._places.setdefault((section, name), f"{shown(owner.file, self._folder)}:{line}")

    def item(self, section: str, name: str) -> str | None:
        """The place of an item of a list of a truth.yaml: `success_criteria`, `must_not` and so on."""
        return self._places.get((section, name))

    def origin(self, origin: Origin | None) -> str | None:
        """The place of something compiled."""
        if origin is None:
            return None
        file = self._files.get(origin.file)
        return f"{origin.file if file is None else shown(file, self._folder)}:{origin.line}"


def _items(root: Node) -> Iterator[tuple[str, str, int]]:
    for path in _LISTS:
        node = root.at(*path)
        for item in node.value if node is not None and isinstance(node.value, list) else ():
            name = item.get("id") or item
            if isinstance(name.value, str):
                yield path[-1], name.value, item.line
