"""Loads a pack from its folder or its one file. Must never run a pack's code before its manifest has been checked."""

import inspect
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from converge_cli.core.errors import MalformedKindError, did_you_mean
from converge_cli.core.fact import FactModel
from converge_cli.core.kind import Kind, check_model
from converge_cli.core.pack import Factory, InvalidPackError, Pack, Parameters, PolicyFiles
from converge_cli.core.selector import selector
from converge_cli.pack.guarded_factory import guarded
from converge_cli.pack.importer import IMPORT_SECONDS, SlowPackError, importing
from converge_cli.pack.opened_pack import OpenedPack, check_name, check_version, open_pack, policy_of
from converge_cli.pack.pack_files import MANIFEST
from converge_cli.pack.step_reader import steps_of
from converge_cli.truth.findings import Place

_LOADED: dict[tuple[str, str], Pack | SlowPackError] = {}
_LOCK = threading.RLock()


def load_pack(
    path: Path,
    *,
    name: str | None = None,
    seconds: float = IMPORT_SECONDS,
    on_stuck: Callable[[str], None] | None = None,
) -> Pack:
    """The pack in a folder with a pack.yaml, or in one Python file with a PACK.

    The same files give the same object; changed files, or another folder, give a pack of its own. An import that took
    too long is not waited for again.

    Args:
        path: the folder or the file.
        name: what the pack must be called; by default as the folder or the file.
        seconds: how long its import may take.
        on_stuck: called with the name of an import that can't be interrupted.

    Raises:
        InvalidPackError: naming file, line and why.
    """
    opened = open_pack(path)
    check_name(opened, name or (path.stem if path.is_file() else path.resolve().name))
    check_version(opened)
    policy = policy_of(opened)
    with _LOCK:
        key = (str(path.resolve()), opened.snapshot.digest)
        if key not in _LOADED:
            try:
                _LOADED[key] = _load(opened, path, policy, seconds, on_stuck)
            except SlowPackError as error:
                _LOADED[key] = error
        loaded = _LOADED[key]
    if isinstance(loaded, SlowPackError):
        raise loaded
    return loaded


def _load(
    opened: OpenedPack,
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


def _module_names(opened: OpenedPack) -> tuple[str, str]:
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


def _named(opened: OpenedPack, module: ModuleType, name: str, place: Place) -> Any:
    if not hasattr(module, name):
        file = Path(str(module.__file__)).name
        hint = did_you_mean(name, [item for item in vars(module) if not item.startswith("_")])
        raise opened.failed(place, f"{file} has no {name}", hint or f"define {name} in {file}")
    return getattr(module, name)


def _kinds(opened: OpenedPack, module: ModuleType) -> Mapping[str, type[FactModel]]:
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


def _parameters(opened: OpenedPack, module: ModuleType) -> type[Parameters] | None:
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


def _factories(opened: OpenedPack, module: ModuleType) -> list[Factory]:
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


def _check_gate_fields(opened: OpenedPack, kinds: Mapping[str, type[FactModel]]) -> None:
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
