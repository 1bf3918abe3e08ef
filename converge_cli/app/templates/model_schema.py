"""JSON Schema of a pack's models, for programs that fill them in. What only a model's own code checks, it can't say."""

from collections.abc import Callable, Mapping
from typing import Any

from converge_cli.core.fact import FactModel
from converge_cli.core.kind_description import describe_model
from converge_cli.core.pack import Parameters
from converge_cli.truth.json_schema import meanings

Schema = dict[str, Any]

_PLAIN: Mapping[str, Schema] = {
    "none": {"type": "null"},
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "text": {"type": "string"},
    "decimal": {"type": ["number", "string"]},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "columns": {"type": "object", "additionalProperties": {"type": "string"}},
}
_NUMBERS = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
    "multiple_of": "multipleOf",
}
_TEXTS = {"min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"}
_LISTS = {"min_length": "minItems", "max_length": "maxItems"}


def model_schema(model: type[FactModel] | type[Parameters], *, partial: bool = False) -> Schema:
    """The schema of a model, with what its docstring says of each field.

    Args:
        partial: whether values go over others, so that no field must be given and no default is told.
    """
    described: Any = model
    schema = _struct(describe_model(described), partial=partial)
    for name, told in meanings(model).items():
        if name in schema["properties"]:
            schema["properties"][name] |= {"description": told}
    return schema


def _struct(described: Any, *, partial: bool) -> Schema:
    properties, required = {}, []
    for field in described["fields"]:
        name = field.get("as", field["name"])
        properties[name] = dict(_type(field["type"], partial=partial))
        if "default" not in field:
            required.append(name)
        elif not partial:
            properties[name]["default"] = field["default"]
    open_to_more = described.get("options", {}).get("forbid_unknown_fields") is False
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": open_to_more}
    return schema if partial or not required else {**schema, "required": required}


def _type(described: Any, *, partial: bool) -> Schema:
    if isinstance(described, str):
        return _PLAIN[described]
    word = next((word for word in _TYPES if word in described), None)
    return {} if word is None else _TYPES[word](described, partial)


def _plain(described: Any, _partial: bool) -> Schema:
    bounds = _NUMBERS if described["plain"] in {"int", "decimal"} else _TEXTS
    return {
        **_PLAIN[described["plain"]],
        **{said: described[name] for name, said in bounds.items() if name in described},
    }


def _model(described: Any, partial: bool) -> Schema:
    inner = described["model"]
    # A model that is made of itself goes on without end; that much of it is left open.
    return {"type": "object"} if "again" in inner else _struct(inner, partial=partial)


def _list(described: Any, partial: bool) -> Schema:
    items = _type(described["list of"], partial=partial and _is_model(described["list of"]))
    return {"type": "array", "items": items, **{said: described[n] for n, said in _LISTS.items() if n in described}}


def _is_model(described: Any) -> bool:
    return isinstance(described, Mapping) and "model" in described


def _map(described: Any, partial: bool) -> Schema:
    return {"type": "object", "additionalProperties": _type(described["map"][1], partial=partial)}


def _tuple(described: Any, partial: bool) -> Schema:
    parts = [_type(part, partial=partial) for part in described["tuple"]]
    return {"type": "array", "prefixItems": parts, "minItems": len(parts), "maxItems": len(parts)}


_TYPES: Mapping[str, Callable[[Any, bool], Schema]] = {
    "plain": _plain,
    "one of": lambda described, _: {"enum": list(described["one of"])},
    "enum": lambda described, _: {"enum": list(described["members"].values())},
    "model": _model,
    "any of": lambda described, partial: {"anyOf": [_type(part, partial=partial) for part in described["any of"]]},
    "map": _map,
    "tuple": _tuple,
    "list of": _list,
}
