"""Lists truths with their titles, without compiling them: one that is broken is listed all the same."""

from typing import Any

from converge_cli.app.services import Services
from converge_cli.app.shown_path import shown
from converge_cli.core.errors import ConvergeError
from converge_cli.truth.catalog import TruthLocation
from converge_cli.truth.catalog import list_truths as found_truths
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings
from converge_cli.truth.yaml_source import read_yaml


def list_truths(services: Services) -> list[dict[str, Any]]:
    """Key, kind, title and origin (`shipped`, or its file) of each truth, by key; for a server of those it serves."""
    rows = []
    for location in _locations(services):
        ours = location.project == services.shipped and not services.folder.is_relative_to(services.shipped)
        rows.append(
            {
                "key": location.key,
                "kind": location.kind,
                "title": _title(location.file),
                "from": "shipped" if ours else shown(location.file, services.folder),
            }
        )
    return rows


def _locations(services: Services) -> tuple[TruthLocation, ...]:
    if services.shelf is not None:
        return services.shelf.locations()
    return found_truths(services.folder, services.shipped)


def _title(file: Any) -> str:
    try:
        root = read_yaml(read_source(file), Findings())
    except ConvergeError as error:
        return f"(can't be read: {error.message})"
    title = root.get("title") if root is not None else None
    return title.value if title is not None and isinstance(title.value, str) else "(has no title)"
