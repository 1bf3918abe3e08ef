"""Fields of payloads: looking them up by dotted path and comparing them with literals, in three values."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from converge_cli.core.predicate import FieldTest, Value


class _Absent:
    """The value of a field that is not there."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()

MATCH_SECONDS = 1.0
"""Seconds that one search for a pattern may take."""

_HOPELESS: set[str] = set()
"""Patterns that ran into the limit: nobody waits for them twice."""


def lookup(payload: Any, path: str) -> Any:
    """The value at a dotted path, or ABSENT. List positions are numbers from 0; NaN and infinity are no values."""
    value = payload
    for part in path.split("."):
        if isinstance(value, msgspec.Struct):
            value = getattr(value, part, ABSENT) if part in value.__struct_fields__ else ABSENT
        elif isinstance(value, Mapping):
            value = value.get(part, ABSENT)
        elif isinstance(value, tuple) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return ABSENT
    # NaN and infinity can't be compared or added: a field that holds one says nothing.
    return ABSENT if isinstance(value, Decimal) and not value.is_finite() else value


def test_field(payload: Any, test: FieldTest) -> bool | None:
    """Whether a payload passes a field test; None when the field is absent or of another type."""
    value = lookup(payload, test.field)
    if test.comparison == "exists":
        return value is not ABSENT and value is not None
    if value is ABSENT or value is None:
        return None
    if test.comparison == "matches":
        return matches(test.values[0].text, value) if isinstance(value, str) else None
    if test.comparison == "is one of":
        answers = [_equal(value, choice) for choice in test.values]
        return True if True in answers else (None if None in answers else False)
    return compare(value, test.comparison, test.values[0])


def compare(value: Any, comparison: str, literal: Value) -> bool | None:
    """Compare a field's value with a literal; None when they are of different types."""
    if comparison in {"is", "is not"}:
        same = _equal(value, literal)
        return same if same is None or comparison == "is" else not same
    if not _same_type(value, literal) or literal.type == "boolean":
        return None
    left, right = _aligned(value, literal)
    if comparison == "is greater than":
        return bool(left > right)
    if comparison == "is less than":
        return bool(left < right)
    if comparison == "is at least":
        return bool(left >= right)
    return bool(left <= right)


def plain_number(value: Any) -> Decimal | None:
    """A number as Decimal; None for anything else, booleans included."""
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def texts(value: Any) -> Iterator[str]:
    """Every text inside a payload, without recursion limits to fear: payloads are finite and typed."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from texts(getattr(value, field))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(key)
            yield from texts(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)


def matches(pattern: str, text: str) -> bool | None:
    """Whether a pattern of the step language is found in a text; None when that can't be told in reasonable time.

    Texts come from outside, and some patterns take for ever on some texts, so the search has a limit.
    """
    if pattern in _HOPELESS:
        return None
    try:
        return _compiled(pattern).search(text, timeout=MATCH_SECONDS) is not None
    except TimeoutError:
        _HOPELESS.add(pattern)
        return None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    import regex  # noqa: PLC0415  only truths with patterns need it

    return regex.compile(pattern)


def _equal(value: Any, literal: Value) -> bool | None:
    if not _same_type(value, literal):
        return None
    left, right = _aligned(value, literal)
    return bool(left == right)


def _same_type(value: Any, literal: Value) -> bool:
    if literal.type == "boolean":
        return isinstance(value, bool)
    if literal.type == "number":
        return isinstance(value, int | Decimal) and not isinstance(value, bool)
    return isinstance(value, date) if literal.type == "date" else isinstance(value, str)


def _aligned(value: Any, literal: Value) -> tuple[Any, Any]:
    right = literal.plain()
    return (value.date() if isinstance(value, datetime) else value), right
