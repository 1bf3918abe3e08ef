"""Private fields of fact models: what a fact holds and nobody keeps. Must never let through what it hides.

A model names them in its class: `__private__ = {"email": True, "text": "confidential"}`. The first is always private,
the second where that other field of the same model is true. Their values are hidden before anything is recorded. Of
private `Columns` every value is hidden; how the columns are called is kept.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from converge_cli.core.errors import MalformedKindError, did_you_mean
from converge_cli.core.fact import Columns, FrozenMap

HIDDEN = "[redacted]"
"""What stands in place of a private text. It says nothing of the text, not even whether two of them are equal."""


def private_fields(model: Any) -> Mapping[str, Any]:
    """Field name -> True, or the name of the field that makes it private; of one model, not of those inside it."""
    found: Mapping[str, Any] = getattr(model, "__private__", {})
    return found


def redacted(value: Any) -> Any:
    """A payload with `[redacted]` for each private text in it, at any depth; itself when there is none."""
    if isinstance(value, msgspec.Struct):
        return _redacted_model(value)
    if isinstance(value, tuple):
        return tuple(redacted(item) for item in value)
    if isinstance(value, FrozenMap):
        return type(value)({key: redacted(item) for key, item in value.items()})
    return value


def _redacted_model(value: msgspec.Struct) -> msgspec.Struct:
    private, changed = private_fields(type(value)), {}
    for name in value.__struct_fields__:
        held = getattr(value, name)
        when = private.get(name, False)
        hides = held and (when is True or (when and getattr(value, when)))
        kept = _hidden(held) if hides else redacted(held)
        if kept != held:
            changed[name] = kept
    return msgspec.structs.replace(value, **changed) if changed else value


def _hidden(held: Any) -> Any:
    if isinstance(held, Columns):
        return Columns({name: HIDDEN if text else text for name, text in held.items()})
    return HIDDEN


def check_private(path: str, model: Any, fields: Iterable[Any]) -> None:
    """Refuse a model whose private fields could not be hidden, or never would be.

    Raises:
        MalformedKindError: naming the field.
    """
    types = {field.name: field.type for field in fields}
    private: Any = getattr(model, "__private__", {})
    if not isinstance(private, Mapping):
        raise MalformedKindError(f"{path}: __private__ is no mapping", hint='write {"field": True}', where=path)
    for name, when in private.items():
        if name not in types:
            hint = did_you_mean(str(name), types) or f"its fields are {', '.join(types)}"
            raise MalformedKindError(f"{path} has no field {name!r} to be private", hint=hint, where=path)
        if not (_is_plain_text(types[name]) or _is_columns(types[name])):
            hint = "only a str without bounds, None, or Columns can be private; put the rest into text"
            raise MalformedKindError(f"{path}.{name} is private, but no plain text", hint=hint, where=path)
        flag = types.get(when) if isinstance(when, str) else None
        if when is not True and not isinstance(flag, msgspec.inspect.BoolType):
            hint = "write True, or the name of a bool field of the same model"
            raise MalformedKindError(
                f"{path}.{name} is private when {when!r}, which is no such field", hint=hint, where=path
            )


def _is_plain_text(kind: Any) -> bool:
    parts = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
    texts = [part for part in parts if not isinstance(part, msgspec.inspect.NoneType)]
    return texts == [msgspec.inspect.StrType()]


def _is_columns(kind: Any) -> bool:
    return isinstance(kind, msgspec.inspect.CustomType) and kind.cls is Columns
