"""Kinds: what a fact may hold. A kind is a name and one frozen model, checked when it is loaded."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.core.errors import MalformedKindError
from converge_cli.core.fact import Columns, FactModel, FrozenMap
from converge_cli.core.ids import SEGMENT
from converge_cli.core.privacy import check_private, private_fields, redacted

Inspected = msgspec.inspect.Type
_SCALARS = (
    msgspec.inspect.NoneType,
    msgspec.inspect.BoolType,
    msgspec.inspect.IntType,
    msgspec.inspect.StrType,
    msgspec.inspect.DecimalType,
    msgspec.inspect.DateType,
    msgspec.inspect.DateTimeType,
    msgspec.inspect.LiteralType,
    msgspec.inspect.EnumType,
)


class Kind:
    """A kind with its parser.

    Attributes:
        name: the text before the first colon of its facts' ids.
        model: the frozen model of its payload.
        is_private: whether it, or a model inside it, has private fields; they are hidden by whatever parses.
    """

    __slots__ = ("_decoder", "is_private", "model", "name")

    def __init__(self, name: str, model: type[FactModel]) -> None:
        self.is_private = any(private_fields(item) for item in check_model(name, model))
        self.name = name
        self.model = model
        self._decoder = msgspec.json.Decoder(model, dec_hook=freeze)

    def parse(self, payload: Any) -> tuple[FactModel, bytes]:
        """Return the typed payload and its canonical bytes, sharing nothing with what was given.

        Raises:
            msgspec.ValidationError: the payload does not fit the model.
            (TypeError, ValueError, OverflowError, RecursionError): it has no canonical JSON form.
        """
        return self.parse_content(encode(payload))

    def parse_content(self, content: bytes | msgspec.Raw) -> tuple[FactModel, bytes]:
        """Return the typed payload of JSON bytes and its canonical bytes.

        Raises:
            msgspec.ValidationError: the payload does not fit the model.
        """
        parsed = self._decoder.decode(content)
        if self.is_private:
            parsed = redacted(parsed)
        # Encoded anew even when a model was given: it may hold an int where a Decimal is declared.
        return parsed, encode(parsed)

    def parse_bytes(self, content: bytes) -> FactModel:
        """The typed payload of recorded canonical bytes."""
        return self._decoder.decode(content)

    def fields(self) -> Mapping[str, Inspected]:
        """Field name -> inspected type, for checks and for reading rows."""
        info = msgspec.inspect.type_info(self.model)
        assert isinstance(info, msgspec.inspect.StructType)  # noqa: S101  a FactModel is a Struct
        return {field.encode_name: field.type for field in info.fields}

    def field_words(self) -> dict[str, str]:
        """Field name -> its type in words, `?` after the optional ones."""
        return _words_of(self.model)

    def inner_words(self) -> dict[str, dict[str, str]]:
        """The models that its fields are made of, by name: their fields in words."""
        found: dict[str, dict[str, str]] = {}
        for hint in get_type_hints(self.model).values():
            _add_inner(hint, found)
        return found

    def defaults(self) -> dict[str, Any]:
        """Field name -> what an optional field holds when nothing is given, as plain JSON values."""
        info = msgspec.inspect.type_info(self.model)
        assert isinstance(info, msgspec.inspect.StructType)  # noqa: S101  a FactModel is a Struct
        return {
            field.encode_name: msgspec.json.decode(
                encode(field.default_factory() if field.default is msgspec.NODEFAULT else field.default)
            )
            for field in info.fields
            if not field.required
        }


def _words_of(model: Any) -> dict[str, str]:
    info = msgspec.inspect.type_info(model)
    assert isinstance(info, msgspec.inspect.StructType)  # noqa: S101  a FactModel is a Struct
    hints, private = get_type_hints(model), private_fields(model)
    return {
        field.encode_name: _word(hints[field.name]) + ("" if field.required else "?") + _privacy(private, field.name)
        for field in info.fields
    }


def _privacy(private: Mapping[str, Any], name: str) -> str:
    when = private.get(name)
    return "" if when is None else ", private" if when is True else f", private if {when}"


def _word(hint: Any) -> str:
    """A type in words; read from the annotation, since msgspec forgets what a map holds."""
    origin, parts = get_origin(hint), [part for part in get_args(hint) if part is not ...]
    if origin is Literal:
        return " or ".join(repr(value) for value in parts)
    if _is_frozen_map(origin or hint):
        return "map of " + " to ".join(_word(part) for part in parts or (str, str))
    if origin is tuple:
        words = [_word(part) for part in parts]
        return f"list of {words[0]}" if ... in get_args(hint) else f"({', '.join(words)})"
    if origin is not None:
        return " or ".join(_word(part) for part in parts)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint.__name__
    return type(msgspec.inspect.type_info(hint)).__name__.removesuffix("Type").lower()


def _add_inner(hint: Any, found: dict[str, dict[str, str]]) -> None:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct) and hint.__name__ not in found:
        found[hint.__name__] = _words_of(hint)
        for inner in get_type_hints(hint).values():
            _add_inner(inner, found)
    for part in get_args(hint):
        _add_inner(part, found)


def check_model(name: str, model: Any) -> set[Any]:
    """The model with all those inside it.

    Refuses one that would let anybody change what others read, or that has no exact canonical form.

    Raises:
        MalformedKindError: naming the field and what to use instead.
    """
    if not re.fullmatch(SEGMENT, name):
        raise MalformedKindError(f"{name!r} is not a well-formed kind name", where=name)
    if not (isinstance(model, type) and issubclass(model, FactModel)):
        raise MalformedKindError(
            f"the model of kind {name} is not a FactModel", hint="class Name(FactModel, frozen=True): ...", where=name
        )
    seen: set[Any] = set()
    _check_struct(name, model, seen)
    return seen


def _check_struct(path: str, model: Any, seen: set[Any]) -> None:
    """Check a model and those inside it, each once: a tree is made of trees."""
    if model in seen:
        return
    seen.add(model)
    if not model.__struct_config__.frozen:
        raise MalformedKindError(f"{path}: model {model.__name__} is not frozen", hint="derive it from FactModel")
    try:
        info = msgspec.inspect.type_info(model)
    except (TypeError, NameError) as error:
        raise MalformedKindError(f"{path}: {error}", where=path) from error
    check_private(path, model, info.fields)  # type: ignore[attr-defined]
    for field in info.fields:  # type: ignore[attr-defined]
        _check_type(f"{path}.{field.name}", field.type, seen)
    for name, hint in get_type_hints(model).items():
        for part in _in_maps(hint):
            _check_type(f"{path}.{name}", msgspec.inspect.type_info(part), seen)


def _in_maps(hint: Any) -> Iterator[Any]:
    """What the maps of an annotation hold, at any depth; msgspec only says that there is a map."""
    for part in get_args(hint):
        if _is_frozen_map(get_origin(hint)):
            yield part
        yield from _in_maps(part)


def _check_type(path: str, kind: Inspected, seen: set[Any]) -> None:
    if isinstance(kind, _SCALARS):
        return
    if isinstance(kind, msgspec.inspect.UnionType):
        for part in kind.types:
            _check_type(path, part, seen)
    elif isinstance(kind, msgspec.inspect.VarTupleType):
        _check_type(path, kind.item_type, seen)
    elif isinstance(kind, msgspec.inspect.TupleType):
        for part in kind.item_types:
            _check_type(path, part, seen)
    elif isinstance(kind, msgspec.inspect.StructType):
        _check_struct(path, kind.cls, seen)
    elif not (isinstance(kind, msgspec.inspect.CustomType) and _is_frozen_map(kind.cls)):
        raise MalformedKindError(
            f"{path} is of a type that could be changed or has no exact form: {type(kind).__name__[:-4].lower()}",
            hint="use str, int, bool, Decimal, date, datetime, Literal, tuple[...], FrozenMap[...] or a FactModel",
            where=path,
        )


def _is_frozen_map(cls: Any) -> bool:
    origin = getattr(cls, "__origin__", cls)
    return isinstance(origin, type) and issubclass(origin, FrozenMap)


def freeze(cls: Any, value: Any) -> Any:
    """Msgspec hook: build the frozen map that a field asks for."""
    if not isinstance(value, Mapping):
        raise TypeError("expected a mapping")
    if cls is Columns:
        return Columns(msgspec.convert(value, dict[str, str]))
    key, item = get_args(cls) or (str, str)
    return FrozenMap(msgspec.convert(value, dict[key, item], dec_hook=freeze))  # type: ignore[valid-type]
