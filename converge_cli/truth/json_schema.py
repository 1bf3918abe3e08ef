"""JSON Schemas of our YAML files, made from the models that read them: what an editor completes, explains, underlines.

Must never know a key that the models don't: what no type says (references, closure, steps) only `validate` finds.
The dialect is draft 7, which every editor's YAML support reads.
"""

import re
from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import Any

import msgspec
from msgspec import inspect

_REF = "#/definitions/"
_FIELD = re.compile(r"    (\w+(?:, \w+)*): (.*)")

Schema = dict[str, Any]


def json_schema(
    title: str,
    model: type[msgspec.Struct],
    others: Mapping[str, type[msgspec.Struct]] = {},
    inside: Iterable[type[msgspec.Struct]] = (),
) -> Schema:
    """The schema of a file that holds a model, or one of the others when its `kind` is that model's name.

    `inside` are models that the file holds where its type is open; they are defined, and `definition` leads to them.
    """
    models = [model, *others.values(), *inside]
    _, parts = msgspec.json.schema_components(models, ref_template=_REF + "{name}")
    structs = dict(_structs(map(inspect.type_info, models)))
    parts = {name: _section(part, structs[name]) for name, part in parts.items() if name in structs}
    rule: Schema = {"$ref": _REF + model.__name__}
    for kind, other in others.items():
        is_it = {"type": "object", "properties": {"kind": {"const": kind}}, "required": ["kind"]}
        rule = {"if": is_it, "then": {"$ref": _REF + other.__name__}, "else": rule}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        "description": meaning(model),
        "allOf": [rule],
        "definitions": parts,
    }


def definition(model: type[msgspec.Struct]) -> Schema:
    """The way to a model that a schema defines."""
    return {"$ref": _REF + model.__name__}


def meaning(model: type[msgspec.Struct]) -> str:
    """What a model's docstring says of it, in one line."""
    return " ".join(cleandoc(model.__doc__ or "").split("\n\n")[0].split())


def meanings(model: type[msgspec.Struct]) -> dict[str, str]:
    """What the docstrings of a model and of those that it extends say of each field, by the name of the attribute."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        names: list[str] = []
        _, _, listed = cleandoc(base.__doc__ or "").partition("\nAttributes:\n")
        for line in listed.splitlines():
            if match := _FIELD.fullmatch(line):
                names = match[1].split(", ")
                found.update(dict.fromkeys(names, match[2]))
            else:
                found.update({name: f"{found[name]} {line.strip()}".strip() for name in names})
    return found


def _structs(kinds: Iterable[inspect.Type]) -> Iterable[tuple[str, type[msgspec.Struct]]]:
    """The models that a file is made of. What a function reads is no section, whatever it makes of it."""
    for kind in kinds:
        if isinstance(kind, inspect.StructType):
            yield kind.cls.__name__, kind.cls
            yield from _structs(field.type for field in kind.fields)
        elif isinstance(kind, inspect.Metadata):
            yield from () if "read" in (kind.extra or {}) else _structs([kind.type])
        elif isinstance(kind, inspect.UnionType):
            yield from _structs(kind.types)
        elif isinstance(kind, inspect.DictType):
            yield from _structs([kind.value_type])
        elif isinstance(kind, inspect.VarTupleType):
            yield from _structs([kind.item_type])


def _section(part: Schema, model: type[msgspec.Struct]) -> Schema:
    """A mapping with what each of its keys means."""
    told = {field.encode_name: meanings(model).get(field.name, "") for field in msgspec.structs.fields(model)}
    keys = {key: _key(value, told[key]) for key, value in part["properties"].items()}
    return {
        "type": "object",
        "description": meaning(model),
        "properties": keys,
        "required": part["required"],
        "additionalProperties": False,
    }


def _key(value: Schema, told: str) -> Schema:
    default = value.pop("default", None)
    schema: Schema = _plain(value)
    if "$ref" in schema:  # in draft 7 nothing that stands beside a $ref counts
        schema = {"allOf": [schema]}
    if told:
        schema["description"] = told
    # msgspec writes decimals as text and empty sections in full: neither helps at a cursor.
    if isinstance(default, str | int) and "number" not in schema.get("type", ()):
        schema["default"] = default
    return schema


def _plain(value: Any) -> Any:
    """The schema with `$as`, which a type says of itself, in place of what its Python type would give."""
    if isinstance(value, dict):
        return value["$as"] if "$as" in value else {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
