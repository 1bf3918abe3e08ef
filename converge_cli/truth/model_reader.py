"""Trees to models: reads a positioned tree as a msgspec Struct, and says everywhere where and why it does not fit.

The fields' types say what may stand there; `yaml_types` says what a type alone does not. Must never coerce a value.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import inspect

from converge_cli.core.errors import did_you_mean
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.yaml_source import Node, plain

Model = TypeVar("Model", bound=msgspec.Struct)

_FORMS: dict[type[inspect.Type], tuple[type, str]] = {
    inspect.StrType: (str, "text"),
    inspect.IntType: (int, "a whole number"),
    inspect.BoolType: (bool, "true or false"),
    inspect.VarTupleType: (list, "a list"),
    inspect.DictType: (dict, "a mapping"),
    inspect.StructType: (dict, "a mapping"),
}
"""How a type is written in YAML, and in words."""


class Stranger(NamedTuple):
    """What is said of a key that a file does not have and that its author had a reason to expect."""

    finding: str
    message: str
    fix: str


Strangers = Callable[[str], Stranger | None]


def read_model(
    root: Node, model: type[Model], findings: Findings, strangers: Strangers = lambda _: None
) -> Model | None:
    """The model of a tree, or None after a finding for each thing that does not fit.

    Args:
        strangers: what to say of an unknown key, wherever it stands; None for what is said of any.
    """
    reader = _Reader(findings, strangers)
    read: Model = reader.value(_Spot(root), _type(model))
    return read if not reader.misfits else None


@lru_cache(maxsize=64)
def _type(model: type[msgspec.Struct]) -> inspect.Type:
    return inspect.type_info(model)


@lru_cache(maxsize=64)
def _pattern(written: str) -> re.Pattern[str]:
    # In Python alone `$` also matches before a last line end.
    return re.compile(re.sub(r"\$$", r"\\Z", written))


class _Spot(NamedTuple):
    """A value with the way to it; `key` is the place of the key that it stands under."""

    node: Node
    path: tuple[str | int, ...] = ()
    key: Place | None = None

    def under(self, key: str | int) -> "_Spot":
        """The value under a key or an index that is there."""
        return _Spot(self.node.value[key], (*self.path, key), self.node.keys.get(str(key)))

    @property
    def name(self) -> str:
        """As findings call it."""
        return ".".join(str(part) for part in self.path) or "the file"


class _Reader:
    """Reads one tree, counting what does not fit; what it returns for a misfit is of no use to anyone."""

    def __init__(self, findings: Findings, strangers: Strangers) -> None:
        self.misfits = 0
        self._findings = findings
        self._strangers = strangers

    def value(self, spot: _Spot, kind: inspect.Type) -> Any:
        """The value at a spot as one of a type."""
        extra: dict[str, Any] = {}
        if isinstance(kind, inspect.Metadata):
            extra, kind = kind.extra or {}, kind.type
        if "read" in extra:
            return self._called(spot, extra["read"])
        if isinstance(kind, inspect.AnyType):
            return plain(spot.node)
        if isinstance(kind, inspect.UnionType):
            return self._one_of(spot, kind)
        if extra.get("alone") and isinstance(spot.node.value, str):
            spot = _Spot(Node([spot.node], spot.node.place), spot.path, spot.key)
        before = self.misfits
        read = self._formed(spot, kind, extra)
        if "check" in extra and self.misfits == before:
            self._called(spot, extra["check"])
        return read

    def _formed(self, spot: _Spot, kind: inspect.Type, extra: dict[str, Any]) -> Any:
        if isinstance(kind, inspect.LiteralType):
            return self._choice(spot, kind)
        form, words = _FORMS[type(kind)]
        if type(spot.node.value) is not form:
            return self._add_other_form(spot, words)
        if isinstance(kind, inspect.StructType):
            return self._section(spot, kind)
        if isinstance(kind, inspect.DictType):
            return self._mapping(spot, kind)
        if isinstance(kind, inspect.VarTupleType):
            return self._list(spot, kind)
        return self._scalar(spot, kind, extra)

    def _section(self, spot: _Spot, kind: inspect.StructType) -> Any:
        found = spot.node.value
        fields = {field.encode_name: field for field in kind.fields}
        meant = {self._add_unknown(spot, key, list(fields)) for key in found if key not in fields}
        values = {}
        for key, field in fields.items():
            if key in found:
                values[field.name] = self.value(spot.under(key), field.type)
            elif field.required and key not in meant:
                self._add_missing(spot, key)
        return kind.cls(**values) if not self.misfits else None

    def _mapping(self, spot: _Spot, kind: inspect.DictType) -> dict[str, Any]:
        read = {}
        for key in spot.node.value:
            inner = spot.under(key)
            place = inner.key or inner.node.place
            self.value(_Spot(Node(key, place, key), inner.path), kind.key_type)
            read[key] = self.value(inner, kind.value_type)
        return read

    def _list(self, spot: _Spot, kind: inspect.VarTupleType) -> tuple[Any, ...]:
        if len(spot.node.value) < (kind.min_length or 0):
            self._add(spot, "must not be empty")
        return tuple(self.value(spot.under(number), kind.item_type) for number in range(len(spot.node.value)))

    def _scalar(self, spot: _Spot, kind: inspect.Type, extra: dict[str, Any]) -> Any:
        value = spot.node.value
        if isinstance(kind, inspect.StrType) and kind.pattern and not _pattern(kind.pattern).search(value):
            words = extra.get("must_be")
            self._add(spot, f"must be {words}, not {_shown(value)}" if words else "must not be empty")
        elif isinstance(kind, inspect.IntType) and kind.ge is not None and value < kind.ge:
            self._add(spot, f"must be at least {kind.ge}, not {value}")
        elif isinstance(kind, inspect.IntType) and kind.le is not None and value > kind.le:
            self._add(spot, f"must be at most {kind.le}, not {value}")
        return value

    def _choice(self, spot: _Spot, kind: inspect.LiteralType) -> Any:
        value, choices = spot.node.value, {str(choice): choice for choice in kind.values}
        if isinstance(value, str) and value in choices:
            # The choice itself: msgspec leaves out a field that holds the very object of its default.
            return choices[value]
        wanted = _one_of_them([repr(choice) for choice in choices])
        written = str(plain(spot.node))
        mending = self._findings.mending(spot.node.place, written, choices) if isinstance(value, str) else None
        return self._add(spot, f"must be {wanted}, not {_shown(value)}", did_you_mean(written, choices), mending)

    def _one_of(self, spot: _Spot, kind: inspect.UnionType) -> Any:
        """The first type of a union that is written like this."""
        types = [item for item in kind.types if not isinstance(item, inspect.NoneType)]
        if spot.node.value is None and len(types) < len(kind.types):
            return None
        forms = [_FORMS.get(type(bare), (str, "text")) for bare in map(_bare, types)]
        for item, (form, _) in zip(types, forms, strict=True):
            if len(types) == 1 or type(spot.node.value) is form:
                return self.value(spot, item)
        return self._add_other_form(spot, _one_of_them(list(dict.fromkeys(words for _, words in forms))))

    def _called(self, spot: _Spot, function: Any) -> Any:
        value = plain(spot.node)
        try:
            return function(value)
        except ValueError as error:
            return self._add(spot, f"is {_shown(value)}; {error}")

    def _add_other_form(self, spot: _Spot, words: str) -> None:
        value = spot.node.value
        quoted = "text" in words and isinstance(value, int)
        fix = "put it in quotes to make it text" if quoted else None
        self._add(spot, f"must be {words}, not {_shown(value)}", fix)

    def _add(self, spot: _Spot, message: str, fix: str | None = None, mending: tuple[Place, str] | None = None) -> None:
        self.misfits += 1
        told = f"{spot.name} {message}"
        self._findings.add("invalid-value", spot.node.place, told, fix or "mend the value", mending)

    def _add_unknown(self, spot: _Spot, key: str, known: list[str]) -> str | None:
        """The key that was meant beyond doubt, which nobody is to be told is missing."""
        self.misfits += 1
        place, mending = spot.node.keys.get(key, spot.node.place), None
        told = self._strangers(key)
        if told is None:
            guess = None if self._findings.many else did_you_mean(key, known)
            told = Stranger("unknown-key", f"unknown key {key!r}", guess or f"the keys here are {', '.join(known)}")
            # A key that is there already can't be what another was meant as.
            mending = self._findings.mending(place, key, [name for name in known if name not in spot.node.keys])
        self._findings.add(told.finding, place, told.message, told.fix, mending)
        return None if mending is None else mending[1]

    def _add_missing(self, spot: _Spot, key: str) -> None:
        self.misfits += 1
        start = spot.node.place
        place = spot.key or Place(start.file, start.line, start.column, start.column + 1)
        self._findings.add("missing-key", place, f"{spot.name} has no {key!r}", f"add {key}:")


def _bare(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _one_of_them(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
