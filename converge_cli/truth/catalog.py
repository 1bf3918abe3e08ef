"""Where truths are: a key, a folder or a file to the files that belong together. Looks, never compiles."""

from pathlib import Path

import msgspec

from converge_cli.core.errors import ConvergeError, did_you_mean
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings
from converge_cli.truth.yaml_source import Node, read_yaml

TRUTH_FILE = "truth.yaml"


class TruthLocation(msgspec.Struct, frozen=True):
    """A truth's files.

    Attributes:
        key: its key, or its folder's name when the file does not say.
        project: the nearest folder above it that has truths/, None for a lone file.
        people: its people.yaml, when there is one.
    """

    key: str
    file: Path
    project: Path | None
    features: tuple[Path, ...]
    people: Path | None


class TruthNotFoundError(ConvergeError):
    """Nothing is a truth of that name."""

    code = "TRUTH_NOT_FOUND"

    def __init__(self, name: str, near: list[str]) -> None:
        guess = did_you_mean(name, near)
        listing = "converge truths list shows them"
        super().__init__(f"no truth {name!r}", hint=f"{guess}; {listing}" if guess else listing, where=name)


class FeatureNotFoundError(ConvergeError):
    """A truth names a feature file that is not there."""

    code = "FEATURE_NOT_FOUND"


def find_truth(name: str, start: Path, shipped: Path) -> TruthLocation:
    """The truth that a key, a folder or a path to its file names.

    Args:
        name: as typed.
        start: folder that relative paths and the search for a project begin in.
        shipped: content root that holds our truths/.

    Raises:
        TruthNotFoundError: there is none.
        FeatureNotFoundError: its feature file is missing.
        (UnreadableFileError, UnreadableSourceError): its file can't be read.
    """
    for root in _roots(start, shipped):
        file = root / "truths" / name / TRUTH_FILE
        if "/" not in name and name not in {"", ".", ".."} and _is_file(file):
            return _locate(file)
    path = start / name
    file = path if _is_file(path) else path / TRUTH_FILE
    if not _is_file(file):
        raise TruthNotFoundError(name, [item.key for item in list_truths(start, shipped)])
    return _locate(file)


def list_truths(start: Path, shipped: Path) -> tuple[TruthLocation, ...]:
    """Every truth of the project, then those shipped, by key; a project's truth hides a shipped one of its key."""
    found: dict[str, TruthLocation] = {}
    for root in _roots(start, shipped):
        for file in sorted(root.glob(f"truths/*/{TRUTH_FILE}")):
            key = file.parent.name
            if key not in found:
                features = _feature_paths(file, _declared(file), project_of(file), key)
                there = tuple(path for path in features if path.is_file())
                found[key] = TruthLocation(key, file, project_of(file), there, _people(file))
    return tuple(found.values())


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have
        return False


def project_of(path: Path) -> Path | None:
    """The nearest folder above a file (or the folder itself) that has truths/."""
    for folder in (path, *path.absolute().parents):
        if (folder / "truths").is_dir():
            return folder
    return None


def _roots(start: Path, shipped: Path) -> list[Path]:
    project = project_of(start)
    return [shipped] if project is None or project == shipped else [project, shipped]


def _locate(file: Path) -> TruthLocation:
    root = _declared(file)
    declared = root.get("key") if root is not None else None
    key = declared.value if declared is not None and isinstance(declared.value, str) else file.absolute().parent.name
    project = project_of(file)
    features = _feature_paths(file, root, project, key)
    for number, path in enumerate(features):
        if not path.is_file() and (root is not None and root.get("kind") is not None):
            raise _missing(file, root, number, path)
    return TruthLocation(key, file, project, tuple(path for path in features if path.is_file()), _people(file))


def _declared(file: Path) -> Node | None:
    """The file's tree; None when it is no YAML, which the compiler explains."""
    return read_yaml(read_source(file), Findings())


def _feature_paths(file: Path, root: Node | None, project: Path | None, key: str) -> list[Path]:
    node = root.get("features") if root is not None else None
    names = [f"{key}.feature"]
    if node is not None and isinstance(node.value, list):
        names = [item.value for item in node.value if isinstance(item.value, str)]
    return [_feature(name, file, project) for name in names]


def _feature(name: str, file: Path, project: Path | None) -> Path:
    beside = file.parent / name
    if beside.is_file() or project is None:
        return beside
    shared = project / "features" / name
    return shared if shared.is_file() else beside


def _missing(file: Path, root: Node, number: int, path: Path) -> FeatureNotFoundError:
    node = root.nearest("features", number) if root.get("features") is not None else root
    return FeatureNotFoundError(
        f"feature file {path.name} is neither beside {file.name} nor in the project's features/",
        hint=f"write {path.name}, or name another file under features: ([] for none)",
        where=f"{file}:{node.line}:{node.column}",
    )


def _people(file: Path) -> Path | None:
    beside = file.parent / "people.yaml"
    if beside.is_file():
        return beside
    shared = file.absolute().parent.parent / "people.yaml"
    return shared if shared.parent.name == "truths" and shared.is_file() else None
