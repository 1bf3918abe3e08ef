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
from converge_cli.core.privacy import private_fields

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
_PRIVATE = "private"

Outer = tuple[Any, ...]
"""The models around the one at hand, the outermost first: what is made of itself refers to one of them."""


@lru_cache(maxsize=1024)
def describe_model(model: type[FactModel]) -> Any:
    """A fact model as JSON values: field names, types, bounds and defaults."""
    return _struct(model, ())


def has_own_code(description: Any) -> bool:
    """Whether a described model, or one inside it, checks something by code that is not part of the description."""
    return _holds(description, "code", lambda value: value is True)


def has_private(description: Any) -> bool:
    """Whether a described model, or one inside it, has private fields."""
    return _holds(description, _PRIVATE, bool)


def model_of(description: Any) -> type[FactModel]:
    """The model of a description: reads the same JSON into the same values, but for what own code refuses.

    Raises:
        (KeyError, IndexError, TypeError, ValueError): it is not a description.
    """
    made: type[FactModel] = _model(description, ())
    return made


def _model(description: Any, outer: Outer) -> Any:
    fields, later = [], {}
    for number, item in enumerate(description["fields"]):
        if _holds(item["type"], "again", lambda _: True):
            # Made of itself: the annotation is a name, which is looked up in the class when that is there.
            hint: Any = f"_again{number}"
            later[hint] = item["type"]
        else:
            hint = _hint(item["type"], outer)
        default = (_default(item["default"], hint),) if "default" in item else ()
        fields.append((item["name"], hint, *default))
    made = msgspec.defstruct(
        description["name"],
        fields,
        bases=(FactModel,),
        rename={item["name"]: item["as"] for item in description["fields"] if "as" in item} or None,
        frozen=True,
        kw_only=True,
        **description.get("options", {}),
    )
    for name, described in later.items():
        setattr(made, name, _hint(described, (*outer, made)))
    return made


def _holds(description: Any, word: str, test: Callable[[Any], bool]) -> bool:
    if isinstance(description, Mapping):
        return (word in description and test(description[word])) or any(
            _holds(item, word, test) for item in description.values()
        )
    return isinstance(description, list | tuple) and any(_holds(item, word, test) for item in description)


def _struct(model: Any, outer: Outer) -> dict[str, Any]:
    if model in outer:
        return {"again": outer.index(model)}
    info: Any = i.type_info(model)
    hints = get_type_hints(model, include_extras=True)
    made: dict[str, Any] = {
        "name": model.__name__,
        "fields": [_field(field, hints[field.name], (*outer, model)) for field in info.fields],
    }
    if hasattr(model, _CODE):
        made["code"] = True
    if private_fields(model):
        made[_PRIVATE] = dict(private_fields(model))
    config = model.__struct_config__
    options = {name: getattr(config, name) for name in ("omit_defaults", "array_like", "tag", "tag_field")}
    options = {name: value for name, value in options.items() if value}
    if not config.forbid_unknown_fields:
        options["forbid_unknown_fields"] = False
    return {**made, "options": options} if options else made


def _field(field: Any, hint: Any, outer: Outer) -> dict[str, Any]:
    made: dict[str, Any] = {"name": field.name, "type": _type(field.type, hint, outer)}
    if field.encode_name != field.name:
        made["as"] = field.encode_name
    if not field.required:
        given = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
        made["default"] = msgspec.json.decode(encode(given))
    return made


def _type(kind: Any, hint: Any, outer: Outer) -> Any:
    """A type as JSON values; `hint` is the annotation, which alone knows what a map holds."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    for inspected, describe in _DESCRIBED:
        if isinstance(kind, inspected):
            return describe(kind, hint, outer)
    word = next(name for name, (inspected, _) in _PLAIN.items() if isinstance(kind, inspected))
    bounds = _bounds(kind)
    return {"plain": word, **bounds} if bounds else word


def _parts(hint: Any, outer: Outer) -> list[Any]:
    return [_type(i.type_info(part), part, outer) for part in get_args(hint) if part is not ...]


def _bounds(kind: Any) -> dict[str, Any]:
    return {name: getattr(kind, name) for name in _BOUNDS if getattr(kind, name, None) is not None}


def _map(hint: Any, outer: Outer) -> Any:
    if (get_origin(hint) or hint) is Columns:
        return "columns"
    return {"map": _parts(hint, outer) or ["text", "text"]}


def _enum(cls: Any) -> Any:
    base = next((name for name, known in _ENUMS.items() if issubclass(cls, known)), "enum")
    return {"enum": cls.__name__, "base": base, "members": {item.name: item.value for item in cls}}


_DESCRIBED: tuple[tuple[Any, Callable[[Any, Any, Outer], Any]], ...] = (
    (i.LiteralType, lambda kind, hint, _outer: {"one of": list(get_args(hint) or kind.values)}),
    (i.EnumType, lambda kind, _hint, _outer: _enum(kind.cls)),
    (i.StructType, lambda kind, _hint, outer: {"model": _struct(kind.cls, outer)}),
    (i.CustomType, lambda _kind, hint, outer: _map(hint, outer)),
    (i.UnionType, lambda _kind, hint, outer: {"any of": _parts(hint, outer)}),
    (i.TupleType, lambda _kind, hint, outer: {"tuple": _parts(hint, outer)}),
    (i.VarTupleType, lambda kind, hint, outer: {"list of": _parts(hint, outer)[0], **_bounds(kind)}),
)


def _hint(described: Any, outer: Outer) -> Any:
    """The annotation of a described type."""
    if isinstance(described, str):
        return Columns if described == "columns" else _PLAIN[described][1]
    word = next(word for word in _HINTS if word in described)
    return _HINTS[word](described, outer)


def _model_hint(described: Any, outer: Outer) -> Any:
    inner = described["model"]
    return outer[inner["again"]] if "again" in inner else _model(inner, outer)


def _enum_hint(described: Any, _outer: Outer) -> Any:
    made: Any = _ENUMS.get(described["base"], enum.Enum)
    return made(described["enum"], dict(described["members"]))


def _hints(described: Any, outer: Outer) -> tuple[Any, ...]:
    return tuple(_hint(part, outer) for part in described)


_LITERAL: Any = Literal
_UNION: Any = Union
_MAP: Any = FrozenMap
_TUPLE: Any = tuple
_HINTS: Mapping[str, Callable[[Any, Outer], Any]] = {
    "plain": lambda said, _: _bounded(_PLAIN[said["plain"]][1], said, "plain"),
    "one of": lambda said, _: _LITERAL[tuple(said["one of"])],
    "enum": _enum_hint,
    "model": _model_hint,
    "any of": lambda said, outer: _UNION[_hints(said["any of"], outer)],
    "map": lambda said, outer: _MAP[_hints(said["map"], outer)],
    "tuple": lambda said, outer: _TUPLE[_hints(said["tuple"], outer)],
    "list of": lambda said, outer: _bounded(_TUPLE[_hint(said["list of"], outer), ...], said, "list of"),
}


def _bounded(hint: Any, described: Mapping[str, Any], word: str) -> Any:
    bounds = {name: value for name, value in described.items() if name != word}
    return Annotated[hint, msgspec.Meta(**bounds)] if bounds else hint


def _default(plain: Any, hint: Any) -> Any:
    """A default with the type of its field, unless that would be written in another way."""
    if isinstance(hint, str):
        return tuple(plain) if isinstance(plain, list) else plain
    try:
        typed = msgspec.convert(plain, hint, dec_hook=freeze)
    except msgspec.ValidationError:
        return plain
    return typed if encode(typed) == encode(plain) else plain
