"""Begins a truth as a copy of one that uses the same pack: its files under another key, nothing else changed."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from converge_cli.app.load_truth import people_at
from converge_cli.app.new.starter import check_text
from converge_cli.app.services import Services
from converge_cli.app.template import yaml_text
from converge_cli.core.errors import ConvergeError
from converge_cli.truth.catalog import TruthLocation, list_truths
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings
from converge_cli.truth.source import MAX_INPUT, Source, decode
from converge_cli.truth.yaml_source import Node, plain, read_yaml

_PEOPLE = "people.yaml"


class NothingToCopyError(ConvergeError):
    """No truth that can be read uses the pack, so there is nothing to begin from."""

    code = "NOTHING_TO_COPY"


def copied_truth(
    services: Services, project: Path, key: str, pack: str, title: str | None
) -> tuple[dict[str, bytes], str]:
    """The files of the new truth by path below the project, and the key of the truth that they were copied from.

    Raises:
        NothingToCopyError: no job truth uses the pack.
        InvalidNameError: the title can't be one.
        UnreadableFileError: a file of that truth can't be read.
    """
    if title is not None:
        check_text("title", title)
    for location in list_truths(services.folder, services.shipped):
        contract = _contract(location, pack, key, title)
        if contract is not None:
            files = dict(_files(location, project, key, contract))
            people = _people(services, project, location, key) if _names_people(contract) else {}
            return files | people, location.key
    raise NothingToCopyError(
        f"no truth uses pack {pack} yet, so there is nothing to begin from",
        hint=f"converge truths new {key} --pack NAME, with a name that is free, brings a pack along",
        where=pack,
    )


def _contract(location: TruthLocation, pack: str, key: str, title: str | None) -> bytes | None:
    """The contract under its new key and title; None when the truth is broken or no job that uses the pack."""
    try:
        source = read_source(location.file)
    except ConvergeError:  # it can't be an example
        return None
    root = read_yaml(source, Findings())
    values = plain(root)
    if root is None or not isinstance(values, dict) or values.get("kind") != "job":
        return None
    if not isinstance(values.get("packs"), list) or pack not in values["packs"]:
        return None
    changes: dict[tuple[str | int, ...], str] = {("key",): key}
    if title is not None:
        changes["title",] = title
    features = values.get("features")
    for number, name in enumerate(features if isinstance(features, list) else ()):
        if name == f"{location.key}.feature":
            changes["features", number] = f"{key}.feature"
    return _changed(source, root, changes)


def _changed(source: Source, root: Node, changes: Mapping[tuple[str | int, ...], str]) -> bytes | None:
    """The text with the scalars at some paths replaced; None when that would change anything else."""
    lines = decode(source).split("\n")
    wanted = plain(root)
    for path, text in changes.items():
        node, at = root.at(*path), wanted
        if node is None:
            return None
        for part in path[:-1]:
            at = at[part]
        at[path[-1]] = text
        line, start, end = lines[node.line - 1], node.column - 1, node.place.end_column - 1
        lines[node.line - 1] = line[:start] + yaml_text(text) + line[end:]
    made = "\n".join(lines).encode()
    return made if plain(read_yaml(Source(source.name, made), Findings())) == wanted else None


def _files(location: TruthLocation, project: Path, key: str, contract: bytes) -> Iterator[tuple[str, bytes]]:
    folder = location.file.parent
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path == location.file:
            yield f"truths/{key}/{name}", contract
        elif path.is_file() and name != _PEOPLE and "__pycache__" not in path.parts:
            yield f"truths/{key}/{_renamed(name, location.key, key)}", _content(path)
    for path in location.features:
        name = _renamed(path.name, location.key, key)
        shared = location.project == project and name == path.name
        if path.parent != folder and not shared:
            yield f"features/{name}", _content(path)


def _renamed(name: str, old: str, new: str) -> str:
    return f"{new}.feature" if name == f"{old}.feature" else name


def _names_people(contract: bytes) -> bool:
    values = plain(read_yaml(Source("", contract), Findings()))
    return not {"authority", "approval_points", "exception"}.isdisjoint(values)


def _people(services: Services, project: Path, location: TruthLocation, key: str) -> dict[str, bytes]:
    """The people of the truth, where the project does not know all of them."""
    shared = project / "truths" / _PEOPLE
    if location.people is None or services.people is not None:
        return {}
    if not shared.is_file():
        return {f"truths/{_PEOPLE}": _content(location.people)}
    known = TruthLocation(key, shared, project, (), shared)
    if set(people_at(services, location)) <= set(people_at(services, known)):
        return {}
    return {f"truths/{key}/{_PEOPLE}": _content(location.people)}


def _content(path: Path) -> bytes:
    return read_source(path, limit=MAX_INPUT).data
