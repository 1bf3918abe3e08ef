"""What a typed value lacks is told in our words, not in those of the library that reads it."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from converge_cli.core.fact import FactModel
from converge_cli.core.misfit import misfit


class Inner(FactModel, frozen=True):
    """Inside of another."""

    a: int


class Outer(FactModel, frozen=True):
    """Every sort of field."""

    whole: Annotated[int, Meta(ge=1)] = 1
    text: Annotated[str, Meta(pattern="^a")] = "a"
    exact: Decimal = Decimal(1)
    day: date = date(2030, 1, 1)
    choice: Literal["a", "b"] = "a"
    inner: Inner | None = None
    several: tuple[Inner, ...] = ()
    pair: tuple[int, int] = (1, 2)
    named: dict[str, int] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.whole == 7:
            raise ValueError("whole can't be `7`")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"whole": "x"}, ("must be a whole number, not text", ("whole",), None)),
        ({"whole": 0}, ("must be a whole number at least 1", ("whole",), None)),
        ({"whole": 7}, ("whole can't be `7`", (), None)),
        ({"text": "b"}, ("must be text that matches '^a'", ("text",), None)),
        ({"exact": "x"}, ("must be a number", ("exact",), None)),
        ({"day": "soon"}, ("must be a date such as 2030-01-31", ("day",), None)),
        ({"choice": "c"}, ("'c' is none of the choices", ("choice",), None)),
        ({"inner": {}}, ("a is missing", ("inner",), "a")),
        ({"inner": {"a": 1, "b": 2}}, ("there is no b", ("inner",), "b")),
        ({"several": [{"a": 1}, {"a": None}]}, ("must be a whole number, not nothing", ("several", "[1]", "a"), None)),
        ({"pair": [1]}, ("must be a list of length 2, not 1", ("pair",), None)),
        ({"named": {"x": "y"}}, ("must be a whole number, not text", ("named",), None)),
        ([], ("must be a mapping, not a list", (), None)),
    ],
)
def test_a_misfit_is_told_in_our_words(value: Any, told: tuple[Any, ...]) -> None:
    """With the way to it, and the key at fault; a model's own words stay."""
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert(value, Outer)
    assert told == misfit(error.value)
