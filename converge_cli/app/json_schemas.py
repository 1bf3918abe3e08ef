"""The JSON Schemas of a project's YAML files, for its editor: as text, and as files in `.schemas/`.

A project carries its own, so that a modeline beside any file of it leads there without a network or an installation.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from converge_cli.app.settings_file import SettingsFile
from converge_cli.app.template import NotWritableError
from converge_cli.core.entity_states import ENTITY_STATES
from converge_cli.pack.manifest import Manifest
from converge_cli.pack.wiring import Wiring
from converge_cli.truth.contract import Contract, InvariantContract, PolicyContract
from converge_cli.truth.entity_states import MachineSection
from converge_cli.truth.json_schema import Schema, definition, json_schema
from converge_cli.truth.people import PeopleFile

FOLDER = ".schemas"
NAMES = ("truth", "wiring", "pack", "people", "converge")


def schema_of(name: str) -> Schema:
    """The schema of `<name>.yaml`; `name` is one of NAMES."""
    if name == "truth":
        return _schema_of_truths()
    models: Mapping[str, type[msgspec.Struct]] = {
        "wiring": Wiring,
        "pack": Manifest,
        "people": PeopleFile,
        "converge": SettingsFile,
    }
    return json_schema(f"{name}.yaml", models[name])


def _schema_of_truths() -> Schema:
    """With the one parameter that is the same for every pack; what else a pack may be told, its model says."""
    others: Mapping[str, type[msgspec.Struct]] = {"policy": PolicyContract, "invariant": InvariantContract}
    schema = json_schema("truth.yaml", Contract, others, [MachineSection])
    parameters = schema["definitions"]["Contract"]["properties"]["parameters"]
    states = {
        "type": "object",
        "description": "kind -> where its entities may stand, and how they may move.",
        "additionalProperties": definition(MachineSection),
    }
    parameters["additionalProperties"]["properties"] = {ENTITY_STATES: states}
    return schema


def schema_text(name: str) -> str:
    """The schema as its file holds it."""
    return msgspec.json.format(msgspec.json.encode(schema_of(name)), indent=2).decode() + "\n"


def missing_schemas(project: Path) -> dict[str, bytes]:
    """The schemas that a project lacks, by path."""
    paths = {f"{FOLDER}/{name}.json": name for name in NAMES}
    return {path: schema_text(name).encode() for path, name in paths.items() if not (project / path).exists()}


def write_schemas(folder: Path, names: tuple[str, ...] = NAMES) -> list[Path]:
    """Write schemas into a folder, over older ones.

    Raises:
        NotWritableError: one can't be written.
    """
    written = []
    for name in names:
        path = folder / f"{name}.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(schema_text(name), encoding="utf-8")
        except OSError as error:
            raise NotWritableError(path, error) from error
        written.append(path)
    return written
