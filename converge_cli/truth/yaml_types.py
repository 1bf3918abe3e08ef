"""The values of our YAML files as types, and how `model_reader` reads those whose type does not say it all.

Knows no file and no section. What is written in `Meta.extra` is for the reader:
    must_be   what a pattern asks for, in words
    read      makes the value of the plain one, whatever its type; raises ValueError with what to write
    check     looks at a value of the right type; raises ValueError with what to write
    alone     True: one item without a list is a list of one
`Meta.extra_json_schema` tells an editor the same; under `$as` it stands for the whole type.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every mapping of our YAML files: unknown keys are errors, nothing is coerced."""


def spelled(pattern: str, must_be: str) -> Meta:
    """Text of a form; `pattern` is anchored with ^ and $."""
    return Meta(
        pattern=pattern,
        extra={"must_be": must_be},
        extra_json_schema={"patternErrorMessage": f"must be {must_be}"},
    )


def made_by(read: Callable[[Any], Any], **schema: Any) -> Meta:
    """A value that a function makes of what is written; `schema` is the JSON Schema of what may be written."""
    return Meta(extra={"read": read}, extra_json_schema={"$as": schema})


def seconds(value: Any) -> Decimal:
    """Seconds of a duration such as `90s`, `5m`, `1h`, `2d`, or of a bare number of seconds.

    Raises:
        ValueError: it is no positive duration.
    """
    number = _decimal(value)
    if isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        number = Decimal(match[1]) * _SECONDS[match[2]]
    if number is None or not 0 < number <= 10**10:
        msg = "write a positive duration such as 90s, 5m, 1h or 2d"
        raise ValueError(msg)
    return number


def share(value: Any) -> Decimal:
    """A part of one.

    Raises:
        ValueError: it is no number from 0 to 1.
    """
    number = _decimal(value)
    if number is None or not 0 <= number <= 1:
        msg = "write a number from 0 to 1"
        raise ValueError(msg)
    return number


def amount(value: Any) -> Decimal:
    """A positive amount.

    Raises:
        ValueError: it is no number above 0.
    """
    number = _decimal(value)
    if number is None or number <= 0:
        msg = "write a number greater than 0"
        raise ValueError(msg)
    return number


def _decimal(value: Any) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


Text = Annotated[str, Meta(pattern=r"\S", extra_json_schema={"patternErrorMessage": "must not be empty"})]
"""Text that says something."""

ClauseId = Annotated[
    str, spelled(r"^[a-z][a-z0-9_]*$", "small letters, digits and underscores, beginning with a letter")
]
Name = Annotated[str, spelled(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", "letters, digits, dots, dashes and underscores")]
Date = Annotated[str, spelled(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "a date as YYYY-MM-DD")]
Positive = Annotated[int, Meta(ge=1, le=10**12)]
Share = Annotated[Decimal, made_by(share, type="number", minimum=0, maximum=1)]
Amount = Annotated[Decimal, made_by(amount, type="number", exclusiveMinimum=0)]
Duration = Annotated[
    Decimal,
    made_by(
        seconds, type=["string", "number"], pattern=r"^[0-9]+(\.[0-9]+)? ?[smhd]$", exclusiveMinimum=0, maximum=10**10
    ),
]
"""Seconds."""

Sentences = Annotated[
    tuple[Text, ...],
    Meta(
        extra={"alone": True},
        extra_json_schema={
            "$as": {"type": ["string", "array"], "pattern": r"\S", "items": {"type": "string", "pattern": r"\S"}}
        },
    ),
]
"""Steps; a single one may stand without a list."""

Names = Annotated[tuple[Name, ...], Meta(min_length=1)]
"""At least one name."""
