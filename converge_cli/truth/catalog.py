"""Where truths are: a key, a folder or a file to the files that belong together. Looks, never compiles."""

import re
from pathlib import Path

import msgspec

from converge_cli.core.errors import ConvergeError, did_you_mean
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings
from converge_cli.truth.named_files import is_absolute
from converge_cli.truth.truth_kind import TruthKind, kind_of, kind_of_broken
from converge_cli.truth.yaml_source import Node, read_yaml

TRUTH_FILE = "truth.yaml"

_JOB = re.compile(rb"^kind: *job *\r?$", re.MULTILINE)


class TruthLocation(msgspec.Struct, frozen=True):
    """A truth's files.

    Attributes:
        key: its key, or its folder's name when the file does not say.
        project: the nearest folder above it that has truths/, None for a lone file.
        people: its people.yaml, when there is one.
        kind: `job` runs; `policy` and `invariant` are merged into the jobs of their truths/ folder.
        missing: the feature files that it names and that are not there, as they are named; `missing_inputs` likewise.
    """

    key: str
    file: Path
    project: Path | None
    features: tuple[Path, ...]
    people: Path | None
    kind: TruthKind = "job"
    missing: tuple[str, ...] = ()
    missing_inputs: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        """Whether it is a job."""
        return self.kind == "job"


class TruthNotFoundError(ConvergeError):
    """Nothing is a truth of that name."""

    code = "TRUTH_NOT_FOUND"

    def __init__(self, name: str, near: list[str]) -> None:
        guess = did_you_mean(name, near)
        listing = "converge truths list shows them"
        super().__init__(f"no truth {name!r}", hint=f"{guess}; {listing}" if guess else listing, where=name)


def find_truth(name: str, start: Path, shipped: Path) -> TruthLocation:
    """The truth that a key, a folder or a path to its file names.

    Args:
        name: as typed.
        start: folder that relative paths and the search for a project begin in.
        shipped: content root that holds our truths/.

    Raises:
        TruthNotFoundError: there is none.
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
            if file.parent.name not in found:
                found[file.parent.name] = msgspec.structs.replace(_locate(file), key=file.parent.name)
    return tuple(found.values())


def folder_of(location: TruthLocation) -> Path | None:
    """The truths/ folder that a truth stands in; None for one that stands alone."""
    folder = location.file.absolute().parent.parent
    return folder if folder.name == "truths" else None


def truths_in(folder: Path) -> tuple[TruthLocation, ...]:
    """Every truth of a truths/ folder, by key."""
    return tuple(_locate(file) for file in sorted(folder.glob(f"*/{TRUTH_FILE}")))


def shared_truths_in(folder: Path) -> tuple[TruthLocation, ...]:
    """The policy and invariant truths of a truths/ folder, by key; jobs are passed over without reading their YAML.

    A file that can't be read is among them: it might be one.
    """
    found = []
    for file in sorted(folder.glob(f"*/{TRUTH_FILE}")):
        if not _is_file(file):
            continue
        try:
            location = None if _JOB.search(read_source(file).data) else _locate(file)
        except ConvergeError:
            location = TruthLocation(file.parent.name, file, project_of(file), (), None, "policy")
        if location is not None and not location.runs:
            found.append(location)
    return tuple(found)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that no folder can have
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
    root, text = _declared(file)
    declared = root.get("key") if root is not None else None
    key = declared.value if declared is not None and isinstance(declared.value, str) else file.absolute().parent.name
    project = project_of(file)
    features = _feature_paths(file, root, project, key)
    missing = tuple(name for name, path in features.items() if not _is_file(path))
    there = tuple(dict.fromkeys(path for path in features.values() if _is_file(path)))
    kind = kind_of_broken(text) if root is None else kind_of(root)
    return TruthLocation(key, file, project, there, _people(file), kind, missing, _missing_inputs(file, root))


def _declared(file: Path) -> tuple[Node | None, str]:
    """The file's tree and text; no tree when it is no YAML, which the compiler explains."""
    source = read_source(file)
    return read_yaml(source, Findings()), source.data.decode("utf-8", "replace")


def _feature_paths(file: Path, root: Node | None, project: Path | None, key: str) -> dict[str, Path]:
    """Name -> path, of files that are there and of those that are not."""
    node = root.get("features") if root is not None else None
    names = [f"{key}.feature"]
    if node is not None and isinstance(node.value, list):
        # What an absolute path leads to is nobody's feature: it is refused, and never read.
        names = [item.value for item in node.value if isinstance(item.value, str) and not is_absolute(item.value)]
    found = {name: _feature(name, file, project) for name in names}
    if node is None and not _is_file(found[names[0]]):
        # A key that is not the name of its folder is told; that its feature is named as the folder is no second fault.
        folder = file.absolute().parent
        named = _feature(f"{folder.name}.feature", file, project)
        if folder.parent.name == "truths" and _is_file(named):
            return {names[0]: named}
    return found


def _missing_inputs(file: Path, root: Node | None) -> tuple[str, ...]:
    inputs = root.get("inputs") if root is not None else None
    missing = []
    for item in inputs.value.values() if inputs is not None and isinstance(inputs.value, dict) else []:
        name, required = item.get("file"), item.get("required")
        optional = required is not None and required.value is False
        if name is None or not isinstance(name.value, str) or optional:
            continue
        path = file.parent / name.value
        if not (_is_file(path) or (_is_folder(path) and not _is_text(item))):
            missing.append(name.value)
    return tuple(missing)


def _is_text(item: Node) -> bool:
    """Whether an input is one text, which no folder can give."""
    kind, shape = item.get("kind"), item.get("as")
    return kind is None or kind.value == "text" or (shape is not None and shape.value == "text")


def _feature(name: str, file: Path, project: Path | None) -> Path:
    beside = file.parent / name
    if _is_file(beside) or project is None:
        return beside
    shared = project / "features" / name
    return shared if _is_file(shared) else beside


def _people(file: Path) -> Path | None:
    beside = file.parent / "people.yaml"
    if beside.is_file():
        return beside
    shared = file.absolute().parent.parent / "people.yaml"
    return shared if shared.parent.name == "truths" and shared.is_file() else None
