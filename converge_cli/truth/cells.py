"""One cell of a table to one typed value. Strict: what does not clearly fit is refused, never guessed."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import inspect

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?")
_MAX_DIGITS = 60
_YES = frozenset({"true", "yes", "1"})
_NO = frozenset({"false", "no", "0"})


class CellError(ValueError):
    """Why a cell does not fit, as the end of a sentence: `is not a decimal number`."""


def read_cell(text: str, kind: inspect.Type) -> Any:
    """The value of a cell that is not empty.

    Raises:
        CellError: it does not fit the type.
    """
    if isinstance(kind, inspect.UnionType):
        return _read_union(text, kind)
    if isinstance(kind, inspect.LiteralType):
        return _read_choice(text, tuple(kind.values))
    if isinstance(kind, inspect.EnumType):
        return _read_choice(text, tuple(member.value for member in kind.cls))
    reader = _READERS.get(type(kind))
    if reader is None:
        raise CellError("can't stand in a cell: give the input as JSON or YAML")
    return reader(text)


def is_optional(kind: inspect.Type) -> bool:
    """Whether a field may be null."""
    parts = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return any(isinstance(part, inspect.NoneType) for part in parts)


def _read_union(text: str, kind: inspect.UnionType) -> Any:
    parts = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
    # Text takes anything, so it comes last.
    parts.sort(key=lambda part: isinstance(part, inspect.StrType))
    problem = CellError("fits no type of the field")
    for part in parts:
        try:
            return read_cell(text, part)
        except CellError as error:
            problem = error
    raise problem


def _read_choice(text: str, choices: tuple[Any, ...]) -> Any:
    for choice in choices:
        if text == str(choice):
            return choice
    raise CellError(f"is not one of {', '.join(map(str, choices))}")


def _read_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise CellError("is not a whole number")
    return int(text)


def _read_decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text) or len(text) > _MAX_DIGITS:
        raise CellError("is not a decimal number (digits, with a point and no separators)")
    return Decimal(text)


def _read_boolean(text: str) -> bool:
    word = text.lower()
    if word not in _YES | _NO:
        raise CellError("is neither true, yes, 1 nor false, no, 0")
    return word in _YES


def _read_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CellError("is not a date (YYYY-MM-DD)") from error


def _read_datetime(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise CellError("is not a date and time (ISO 8601)") from error


_READERS: dict[type, Callable[[str], Any]] = {
    inspect.StrType: str,
    inspect.IntType: _read_integer,
    inspect.DecimalType: _read_decimal,
    inspect.BoolType: _read_boolean,
    inspect.DateType: _read_date,
    inspect.DateTimeType: _read_datetime,
}
