"""Loads a pack from its folder or its one file. Must never run a pack's code before its manifest has been checked."""

import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any, NamedTuple

from converge_cli import __version__
from converge_cli.core.errors import MalformedKindError, did_you_mean
from converge_cli.core.fact import FactModel
from converge_cli.core.kind import Kind, check_model
from converge_cli.core.pack import Factory, InvalidPackError, Pack, Parameters, PolicyFiles
from converge_cli.core.selector import selector
from converge_cli.pack.guarded_factory import guarded
from converge_cli.pack.importer import IMPORT_SECONDS, importing
from converge_cli.pack.manifest import Manifest, read_manifest
from converge_cli.pack.python_literal import NotLiteralError, literal_tree
from converge_cli.pack.snapshot import Snapshot, snapshot_files, snapshot_folder
from converge_cli.pack.step_reader import steps_of
from converge_cli.pack.version_range import in_range
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.source import Source, UnreadableSourceError, decode
from converge_cli.truth.yaml_source import Node, read_yaml

MANIFEST = "pack.yaml"

_LOADED: dict[tuple[str, str], Pack] = {}
_LOCK = threading.RLock()


class _Opened(NamedTuple):
    """A pack whose manifest has been read, and of which no code has run."""

    manifest: Manifest
    root: Node
    findings: Findings
    snapshot: Snapshot
    main: str

    def failed(self, place: Place, message: str, fix: str = "") -> InvalidPackError:
        self.findings.add("invalid-value", place, message, fix)
        return _first_error(self.findings)


def load_pack(
    path: Path,
    *,
    name: str | None = None,
    seconds: float = IMPORT_SECONDS,
    on_stuck: Callable[[str], None] | None = None,
) -> Pack:
    """The pack in a folder with a pack.yaml, or in one Python file with a PACK.

    The same files give the same object; changed files, or another folder, give a pack of its own.

    Args:
        path: the folder or the file.
        name: what the pack must be called; by default as the folder or the file.
        seconds: how long its import may take.
        on_stuck: called with the name of an import that can't be interrupted.

    Raises:
        InvalidPackError: naming file, line and why.
    """
    opened = _open_folder(path) if path.is_dir() else _open_file(path)
    _check_name(opened, name or (path.stem if path.is_file() else path.resolve().name))
    _check_version(opened)
    policy = _policy(opened)
    with _LOCK:
        key = (str(path.resolve()), opened.snapshot.digest)
        if key not in _LOADED:
            _LOADED[key] = _load(opened, path, policy, seconds, on_stuck)
        return _LOADED[key]


def digest_at(path: Path) -> str:
    """SHA-256 over the files of the pack in a folder or a file; none of its code runs.

    Raises:
        InvalidPackError: there is none, or its manifest is at fault.
    """
    return (_open_folder(path) if path.is_dir() else _open_file(path)).snapshot.digest


def _open_folder(folder: Path) -> _Opened:
    if not (folder / MANIFEST).is_file():
        raise InvalidPackError(f"there is no {MANIFEST} in the folder", where=str(folder))
    snapshot = snapshot_folder(folder)
    findings = Findings()
    root = read_yaml(Source(snapshot.shown(MANIFEST), snapshot.files[MANIFEST]), findings)
    return _opened(root, findings, snapshot, "__init__.py")


def _open_file(file: Path) -> _Opened:
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


def _opened(root: Node | None, findings: Findings, snapshot: Snapshot, main: str) -> _Opened:
    if root is None or findings.failed:
        raise _first_error(findings)
    manifest = read_manifest(root, findings)
    if manifest is None:
        raise _first_error(findings)
    return _Opened(manifest, root, findings, snapshot, main)


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


def _check_name(opened: _Opened, expected: str) -> None:
    if opened.manifest.name != expected:
        place = opened.root.nearest("name").place
        raise opened.failed(
            place, f"the pack is named {opened.manifest.name!r} and found as {expected!r}", "rename one"
        )


def _check_version(opened: _Opened) -> None:
    needed = opened.manifest.requires
    if needed is not None and not in_range(__version__, needed.converge):
        place = opened.root.nearest("requires", "converge").place
        raise opened.failed(place, f"the pack needs Converge {needed.converge}; this is {__version__}", "update one")


def _policy_paths(opened: _Opened) -> list[tuple[str, Node]]:
    paths = [(item, opened.root.nearest("policy", number)) for number, item in enumerate(opened.manifest.policy)]
    if opened.manifest.schema_file is not None:
        paths.append((opened.manifest.schema_file, opened.root.nearest("schema")))
    return paths


def _inside(opened: _Opened, item: str, node: Node) -> str:
    path = PurePosixPath(item)
    if path.is_absolute() or ".." in path.parts or "\\" in item or "\0" in item:
        raise opened.failed(node.place, f"{item} leaves the pack's folder", "keep policy inside it: policy/...")
    return path.as_posix()


def _policy(opened: _Opened) -> PolicyFiles | None:
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


def _load(
    opened: _Opened,
    path: Path,
    policy: PolicyFiles | None,
    seconds: float,
    on_stuck: Callable[[str], None] | None,
) -> Pack:
    manifest = opened.manifest
    facts, suggestors = _module_names(opened)
    steps = "steps" if {"steps.py", "steps/__init__.py"} & opened.snapshot.files.keys() else ""
    modules = [name for name in dict.fromkeys((facts, suggestors, steps)) if name]
    with importing(
        manifest.name, opened.snapshot, opened.main, modules, seconds=seconds, on_stuck=on_stuck
    ) as imported:
        from_facts, from_suggestors = imported.module(facts), imported.module(suggestors)
        kinds = _kinds(opened, from_facts)
        parameters = _parameters(opened, from_facts)
        made_by = _factories(opened, from_suggestors)
        factories = [guarded(manifest.name, factory, on_stuck=on_stuck) for factory in made_by]
        _check_gate_fields(opened, kinds)
        return Pack(
            manifest.name,
            version=manifest.version,
            description=manifest.description,
            kinds=kinds,
            factories=factories,
            parameters=parameters,
            gates=tuple(gate.spec(manifest.name) for gate in manifest.gates),
            policy=policy,
            steps=steps_of(manifest.name, imported.module(steps), on_stuck),
            folder=str(path),
            digest=opened.snapshot.digest,
            files=opened.snapshot.digests,
            manifest=opened.snapshot.files[MANIFEST if opened.main == "__init__.py" else opened.main],
        )


def _module_names(opened: _Opened) -> tuple[str, str]:
    """The modules that hold the models and the suggestors; "" is the pack itself."""
    if opened.main != "__init__.py":
        return "", ""
    files = opened.snapshot.files
    for name, key in (("facts", "kinds"), ("facts", "parameters"), ("suggestors", "suggestors")):
        if key in opened.root.keys and not {f"{name}.py", f"{name}/__init__.py"} & files.keys():
            if key == "kinds" and not opened.manifest.kinds:
                continue
            raise opened.failed(opened.root.keys[key], f"the pack has no {name}.py for its {key}", "write it")
    has_facts = {"facts.py", "facts/__init__.py"} & files.keys()
    return ("facts" if has_facts else ""), "suggestors"


def _named(opened: _Opened, module: ModuleType, name: str, place: Place) -> Any:
    if not hasattr(module, name):
        file = Path(str(module.__file__)).name
        hint = did_you_mean(name, [item for item in vars(module) if not item.startswith("_")])
        raise opened.failed(place, f"{file} has no {name}", hint or f"define {name} in {file}")
    return getattr(module, name)


def _kinds(opened: _Opened, module: ModuleType) -> Mapping[str, type[FactModel]]:
    kinds: dict[str, type[FactModel]] = {}
    for kind, name in opened.manifest.kinds.items():
        place = opened.root.nearest("kinds", kind).place
        model = _named(opened, module, name, place)
        try:
            Kind(kind, model)
        except MalformedKindError as error:
            raise InvalidPackError(
                f"kind {kind}: {error.message}", hint=error.hint, where=_defined_at(model) or _shown(place)
            ) from error
        kinds[kind] = model
    return kinds


def _parameters(opened: _Opened, module: ModuleType) -> type[Parameters] | None:
    name = opened.manifest.parameters
    if name is None:
        return None
    place = opened.root.nearest("parameters").place
    model = _named(opened, module, name, place)
    if not (isinstance(model, type) and issubclass(model, Parameters)):
        raise opened.failed(place, f"{name} is not a Parameters model", f"class {name}(Parameters): ...")
    try:
        check_model("parameters", model)
    except MalformedKindError as error:
        raise InvalidPackError(error.message, hint=error.hint, where=_defined_at(model) or _shown(place)) from error
    return model


def _factories(opened: _Opened, module: ModuleType) -> list[Factory]:
    factories: list[Factory] = []
    for number, name in enumerate(opened.manifest.suggestors):
        place = opened.root.nearest("suggestors", number).place
        factory = _named(opened, module, name, place)
        if not callable(factory):
            raise opened.failed(
                place,
                f"{name} is not callable",
                "an entry is a Suggestor class, or a function that takes the parameters and returns suggestors",
            )
        factories.append(factory)
    return factories


def _check_gate_fields(opened: _Opened, kinds: Mapping[str, type[FactModel]]) -> None:
    """A gate of the pack's own kinds takes its values from fields that exist."""
    for number, gate in enumerate(opened.manifest.gates):
        kind = (selector(gate.on).glob or "").partition(":")[0]
        if kind not in kinds:
            continue
        fields = Kind(kind, kinds[kind]).fields()
        node = opened.root.nearest("gates", number)
        used = [(gate.resource.id, node.nearest("resource", "id"))]
        used += [(field.field, node.nearest("context", name)) for name, field in gate.context.items()]
        used += [(gate.principal, node.nearest("principal"))] if gate.principal != "run" else []
        used += [(field, node.nearest("when", field)) for field in gate.when]
        for field, at in used:
            if field.partition(".")[0] not in fields:
                hint = did_you_mean(field, fields) or f"its fields are {', '.join(fields)}"
                raise opened.failed(at.place, f"kind {kind} has no field {field}", hint)
        for field, wanted in gate.when.items():
            choices = getattr(fields.get(field), "values", (wanted,))
            if wanted not in choices:
                place = node.nearest("when", field).place
                hint = did_you_mean(wanted, choices) or f"it may be {', '.join(map(str, choices))}"
                raise opened.failed(place, f"field {field} of {kind} is never {wanted}, so nothing would ask", hint)


def _defined_at(model: Any) -> str | None:
    try:
        return f"{inspect.getsourcefile(model)}:{inspect.getsourcelines(model)[1]}"
    except (TypeError, OSError):
        return None


def _shown(place: Place) -> str:
    return f"{place.file}:{place.line}:{place.column}"
