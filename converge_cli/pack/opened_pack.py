"""A pack's files, read and checked as far as that goes without running any of them. Must never import one."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from converge_cli import __version__
from converge_cli.core.pack import InvalidPackError, PolicyFiles
from converge_cli.pack.manifest import Manifest, read_manifest
from converge_cli.pack.pack_files import MANIFEST
from converge_cli.pack.python_literal import NotLiteralError, literal_tree
from converge_cli.pack.snapshot import Snapshot, snapshot_files, snapshot_folder
from converge_cli.pack.version_range import in_range
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.source import Source, UnreadableSourceError, decode
from converge_cli.truth.yaml_source import Node, read_yaml


class OpenedPack(NamedTuple):
    """A pack whose manifest has been read, and of which no code has run."""

    manifest: Manifest
    root: Node
    findings: Findings
    snapshot: Snapshot
    main: str

    def failed(self, place: Place, message: str, fix: str = "") -> InvalidPackError:
        """The error that a finding about the manifest comes to."""
        self.findings.add("invalid-value", place, message, fix)
        return _first_error(self.findings)


def open_pack(path: Path) -> OpenedPack:
    """The pack in a folder with a pack.yaml, or in one Python file with a PACK.

    Raises:
        InvalidPackError: there is none, or its manifest is at fault.
    """
    return _open_folder(path) if path.is_dir() else _open_file(path)


def digest_at(path: Path) -> str:
    """SHA-256 over the files of the pack in a folder or a file; none of its code runs.

    Raises:
        InvalidPackError: there is none, or its manifest is at fault.
    """
    return open_pack(path).snapshot.digest


def _open_folder(folder: Path) -> OpenedPack:
    if not (folder / MANIFEST).is_file():
        raise InvalidPackError(f"there is no {MANIFEST} in the folder", where=str(folder))
    snapshot = snapshot_folder(folder)
    findings = Findings()
    root = read_yaml(Source(snapshot.shown(MANIFEST), snapshot.files[MANIFEST]), findings)
    return _opened(root, findings, snapshot, "__init__.py")


def _open_file(file: Path) -> OpenedPack:
    if file.suffix != ".py" or not file.is_file():
        raise InvalidPackError("a pack is a folder with a pack.yaml, or a .py file with a PACK", where=str(file))
    snapshot = snapshot_files(file.parent, [file])
    findings = Findings()
    text = findings.read(Source(str(file), snapshot.files[file.name]))
    root = None
    if text is not None:
        try:
            root = literal_tree(text, str(file))
        except NotLiteralError as error:
            findings.add("invalid-value", Place(str(file), error.line, 1, 2), str(error))
    opened = _opened(root, findings, snapshot, file.name)
    policy = [file.parent / _inside(opened, item, at) for item, at in _policy_paths(opened)]
    return opened._replace(snapshot=snapshot_files(file.parent, [file, *policy])) if policy else opened


def _opened(root: Node | None, findings: Findings, snapshot: Snapshot, main: str) -> OpenedPack:
    if root is None or findings.failed:
        raise _first_error(findings)
    manifest = read_manifest(root, findings)
    if manifest is None:
        raise _first_error(findings)
    return OpenedPack(manifest, root, findings, snapshot, main)


class InvalidManifestError(InvalidPackError):
    """A pack's manifest is at fault: tells of the first finding; every one is in `diagnostics`."""

    def __init__(self, diagnostics: Sequence[Diagnostic], message: str, *, hint: str | None, where: str) -> None:
        super().__init__(message, hint=hint, where=where)
        self.diagnostics = tuple(diagnostics)


def _first_error(findings: Findings) -> InvalidManifestError:
    errors = [item for item in findings.sorted() if item.severity == "error"]
    # A misspelt key explains the missing one.
    first = next((item for item in errors if item.name == "unknown-key"), errors[0])
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    where = f"{first.file}:{first.line}:{first.column}"
    return InvalidManifestError(findings.sorted(), f"{first.message}{more}", hint=first.fix or None, where=where)


def check_name(opened: OpenedPack, expected: str) -> None:
    """A pack is called as it is found.

    Raises:
        InvalidPackError: it is not.
    """
    if opened.manifest.name != expected:
        place = opened.root.nearest("name").place
        raise opened.failed(
            place, f"the pack is named {opened.manifest.name!r} and found as {expected!r}", "rename one"
        )


def check_version(opened: OpenedPack) -> None:
    """A pack says which versions of Converge it works with.

    Raises:
        InvalidPackError: this one is not among them.
    """
    needed = opened.manifest.requires
    if needed is not None and not in_range(__version__, needed.converge):
        place = opened.root.nearest("requires", "converge").place
        raise opened.failed(place, f"the pack needs Converge {needed.converge}; this is {__version__}", "update one")


def _policy_paths(opened: OpenedPack) -> list[tuple[str, Node]]:
    paths = [(item, opened.root.nearest("policy", number)) for number, item in enumerate(opened.manifest.policy)]
    if opened.manifest.schema_file is not None:
        paths.append((opened.manifest.schema_file, opened.root.nearest("schema")))
    return paths


def _inside(opened: OpenedPack, item: str, node: Node) -> str:
    path = PurePosixPath(item)
    if path.is_absolute() or ".." in path.parts or "\\" in item or "\0" in item:
        raise opened.failed(node.place, f"{item} leaves the pack's folder", "keep policy inside it: policy/...")
    return path.as_posix()


def policy_of(opened: OpenedPack) -> PolicyFiles | None:
    """A pack's policy; None when it has no schema to judge one by.

    Raises:
        InvalidPackError: a file that the manifest names is missing, outside of the pack, or no text.
    """
    texts: dict[str, str] = {}
    for item, node in _policy_paths(opened):
        path = _inside(opened, item, node)
        if path not in opened.snapshot.files:
            raise opened.failed(node.place, f"there is no file {item} in the pack", "write it, or mend the path")
        try:
            texts[path] = decode(Source(opened.snapshot.shown(path), opened.snapshot.files[path]))
        except UnreadableSourceError as error:
            raise InvalidPackError(error.message, hint=error.hint, where=error.where) from error
    if opened.manifest.schema_file is None:
        return None
    schema = PurePosixPath(opened.manifest.schema_file).as_posix()
    return PolicyFiles(texts, texts.pop(schema), schema)
