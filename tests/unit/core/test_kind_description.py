"""Fact models as data: what a recorded run is read with when its pack's code is not there."""

import enum
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest

from converge_cli import FactModel, FrozenMap
from converge_cli._internal.canonical_json import decode, encode
from converge_cli.core.fact import Columns
from converge_cli.core.kind import Kind
from converge_cli.core.kind_description import describe_model, has_own_code, model_of


class Colour(enum.StrEnum):
    """An enumeration."""

    RED = "red"
    BLUE = "blue"


class Inner(FactModel, frozen=True):
    """A model inside a model."""

    depth: int
    names: tuple[str, ...] = ("a",)


class Tree(FactModel, frozen=True):
    """Made of itself, directly and within a list and a map."""

    name: str
    left: "Tree | None" = None
    children: "tuple[Tree, ...]" = ()
    named: "FrozenMap[str, Tree] | None" = None


class Everything(FactModel, frozen=True, rename={"from_": "from"}):
    """Every type that a fact may hold."""

    text: str
    amount: Decimal
    count: Annotated[int, msgspec.Meta(ge=1, le=9)]
    sure: bool
    day: date
    moment: datetime | None
    word: Literal["yes", "no"]
    colour: Colour
    inner: Inner
    pair: tuple[str, int]
    weights: FrozenMap[str, Decimal]
    columns: Columns = Columns()
    inners: tuple[Inner, ...] = ()
    short: Annotated[str, msgspec.Meta(max_length=3, pattern="^a")] = "a"
    from_: str | None = None
    price: Decimal = Decimal("1.50")


class Positive(FactModel, frozen=True):
    """Checks by code of its own."""

    number: int

    def __post_init__(self) -> None:
        if self.number <= 0:
            raise ValueError("not positive")


GOOD: dict[str, Any] = {
    "text": "x", "amount": "1.50", "count": 3, "sure": True, "day": "2026-01-02", "moment": "2026-01-02T03:04:05Z",
    "word": "yes", "colour": "red", "inner": {"depth": 1}, "pair": ["a", 1], "weights": {"a": "0.5"},
    "columns": {"b": "c"}, "inners": [{"depth": 2}], "from": "here",
}  # fmt: skip
BAD = ({"count": 10}, {"amount": "much"}, {"word": "perhaps"}, {"colour": "green"}, {"short": "b"}, {"pair": ["a"]},
       {"weights": {"a": "b"}}, {"inner": {}}, {"day": "soon"}, {"extra": 1}, {"text": None})  # fmt: skip


def rebuilt(model: type[FactModel]) -> Kind:
    """The kind as somebody has it who only has the record."""
    return Kind("thing", model_of(decode(encode(describe_model(model)))))


def test_a_rebuilt_model_reads_and_writes_the_same_bytes():
    """Types, bounds and defaults come back, so the canonical content is the same."""
    ours, theirs = Kind("thing", Everything), rebuilt(Everything)
    assert ours.parse_content(encode(GOOD))[1] == theirs.parse_content(encode(GOOD))[1]
    parsed = theirs.parse_content(encode(GOOD))[0]
    assert [Decimal("1.50"), date(2026, 1, 2), "red"] == [parsed.amount, parsed.day, str(parsed.colour)]  # type: ignore[attr-defined]
    assert ours.field_words() == theirs.field_words()


@pytest.mark.parametrize("change", BAD)
def test_a_rebuilt_model_refuses_the_same_with_the_same_words(change: dict[str, Any]):
    """A rejection is told in the model's words, and they are part of the record."""
    said = []
    for kind in (Kind("thing", Everything), rebuilt(Everything)):
        with pytest.raises(msgspec.ValidationError) as caught:
            kind.parse_content(encode({**GOOD, **change}))
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_a_model_made_of_itself_is_described():
    """A tree of trees has an end in its description."""
    tree = {"name": "a", "left": {"name": "b"}, "children": [{"name": "c"}], "named": {"k": {"name": "d"}}}
    ours, theirs = Kind("thing", Tree), rebuilt(Tree)
    assert ours.parse_content(encode(tree))[1] == theirs.parse_content(encode(tree))[1]
    with pytest.raises(msgspec.ValidationError):
        theirs.parse_content(encode({"name": "a", "children": [{}]}))


def test_code_of_its_own_is_told():
    """What no description can hold is not passed over in silence."""
    assert [True, False] == [has_own_code(describe_model(Positive)), has_own_code(describe_model(Everything))]
