"""Fact models as plain JSON values, and back: a recorded run is read with the types that it was made with.

What a model checks by code of its own (`__post_init__`) is no data: the description says that there is some, and
what it said is found in the record. Must never import or run anything of a pack.
"""

import enum
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.core.fact import Columns, FactModel, FrozenMap
from converge_cli.core.kind import freeze

i = msgspec.inspect

_PLAIN: Mapping[str, tuple[Any, Any]] = {
    "none": (i.NoneType, None),
    "bool": (i.BoolType, bool),
    "int": (i.IntType, int),
    "text": (i.StrType, str),
    "decimal": (i.DecimalType, Decimal),
    "date": (i.DateType, date),
    "datetime": (i.DateTimeType, datetime),
}
_ENUMS: Mapping[str, Any] = {"strenum": enum.StrEnum, "intenum": enum.IntEnum}
_BOUNDS = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern", "tz")
_CODE = "__post_init__"


@lru_cache(maxsize=1024)
def describe_model(model: type[FactModel]) -> Any:
    """A fact model as JSON values: field names, types, bounds and defaults."""
    return _struct(model)


def has_own_code(description: Any) -> bool:
    """Whether a described model, or one inside it, checks something by code that is not part of the description."""
    if isinstance(description, Mapping):
        return description.get("code") is True or any(has_own_code(item) for item in description.values())
    return isinstance(description, list | tuple) and any(has_own_code(item) for item in description)


def model_of(description: Any) -> type[FactModel]:
    """The model of a description: reads the same JSON into the same values, but for what own code refuses.

    Raises:
        (KeyError, TypeError, ValueError): it is not a description.
    """
    fields = []
    for item in description["fields"]:
        hint = _hint(item["type"])
        names = (item["name"], hint)
        fields.append((*names, _default(item["default"], hint)) if "default" in item else names)
    options = description.get("options", {})
    model: Any = msgspec.defstruct(
        description["name"],
        fields,
        bases=(FactModel,),
        rename={item["name"]: item["as"] for item in description["fields"] if "as" in item} or None,
        frozen=True,
        kw_only=True,
        **options,
    )
    made: type[FactModel] = model
    return made


def _struct(model: Any) -> dict[str, Any]:
    info: Any = i.type_info(model)
    config = model.__struct_config__
    hints = get_type_hints(model, include_extras=True)
    made: dict[str, Any] = {
        "name": model.__name__,
        "fields": [_field(field, hints[field.name]) for field in info.fields],
    }
    if hasattr(model, _CODE):
        made["code"] = True
    options = {
        "omit_defaults": config.omit_defaults,
        "array_like": config.array_like,
        "tag": config.tag,
        "tag_field": config.tag_field,
    }
    options = {name: value for name, value in options.items() if value}
    if not config.forbid_unknown_fields:
        options["forbid_unknown_fields"] = False
    if options:
        made["options"] = options
    return made


def _field(field: Any, hint: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"name": field.name, "type": _type(field.type, hint)}
    if field.encode_name != field.name:
        made["as"] = field.encode_name
    if not field.required:
        given = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
        made["default"] = msgspec.json.decode(encode(given))
    return made


def _type(kind: Any, hint: Any) -> Any:
    """A type as JSON values; `hint` is the annotation, which alone knows what a map holds."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    for inspected, describe in _DESCRIBED:
        if isinstance(kind, inspected):
            return describe(kind, hint)
    word = next(name for name, (inspected, _) in _PLAIN.items() if isinstance(kind, inspected))
    bounds = _bounds(kind)
    return {"plain": word, **bounds} if bounds else word


def _parts(hint: Any) -> list[Any]:
    return [_type(i.type_info(part), part) for part in get_args(hint) if part is not ...]


def _bounds(kind: Any) -> dict[str, Any]:
    return {name: getattr(kind, name) for name in _BOUNDS if getattr(kind, name, None) is not None}


def _map(hint: Any) -> Any:
    if (get_origin(hint) or hint) is Columns:
        return "columns"
    return {"map": _parts(hint) or ["text", "text"]}


def _enum(cls: Any) -> Any:
    base = next((name for name, known in _ENUMS.items() if issubclass(cls, known)), "enum")
    return {"enum": cls.__name__, "base": base, "members": {item.name: item.value for item in cls}}


_DESCRIBED: tuple[tuple[Any, Callable[[Any, Any], Any]], ...] = (
    (i.LiteralType, lambda kind, _: {"one of": list(kind.values)}),
    (i.EnumType, lambda kind, _: _enum(kind.cls)),
    (i.StructType, lambda kind, _: {"model": _struct(kind.cls)}),
    (i.CustomType, lambda _, hint: _map(hint)),
    (i.UnionType, lambda _, hint: {"any of": _parts(hint)}),
    (i.TupleType, lambda _, hint: {"tuple": _parts(hint)}),
    (i.VarTupleType, lambda kind, hint: {"list of": _parts(hint)[0], **_bounds(kind)}),
)


def _hint(described: Any) -> Any:
    """The annotation of a described type."""
    if isinstance(described, str):
        return Columns if described == "columns" else _PLAIN[described][1]
    word = next(word for word in _HINTS if word in described)
    return _HINTS[word](described[word], described)


def _enum_of(name: str, described: Mapping[str, Any]) -> Any:
    made: Any = _ENUMS.get(described["base"], enum.Enum)
    return made(name, dict(described["members"]))


_LITERAL: Any = Literal
_UNION: Any = Union
_MAP: Any = FrozenMap
_TUPLE: Any = tuple
_HINTS: Mapping[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "plain": lambda word, described: _bounded(_PLAIN[word][1], described, "plain"),
    "one of": lambda values, _: _LITERAL[tuple(values)],
    "enum": _enum_of,
    "model": lambda inner, _: model_of(inner),
    "any of": lambda parts, _: _UNION[tuple(map(_hint, parts))],
    "map": lambda parts, _: _MAP[tuple(map(_hint, parts))],
    "tuple": lambda parts, _: _TUPLE[tuple(map(_hint, parts))],
    "list of": lambda item, described: _bounded(_TUPLE[_hint(item), ...], described, "list of"),
}


def _bounded(hint: Any, described: Mapping[str, Any], word: str) -> Any:
    bounds = {name: value for name, value in described.items() if name != word}
    return Annotated[hint, msgspec.Meta(**bounds)] if bounds else hint


def _default(plain: Any, hint: Any) -> Any:
    """A default with the type of its field, unless that would be written in another way."""
    try:
        typed = msgspec.convert(plain, hint, dec_hook=freeze)
    except msgspec.ValidationError:
        return plain
    return typed if encode(typed) == encode(plain) else plain
