"""Kinds: which models may be one, and how they are told to people."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest

from converge_cli.core.errors import MalformedKindError
from converge_cli.core.fact import Columns, FactModel, FrozenMap
from converge_cli.core.kind import Kind


class Inner(FactModel, frozen=True):
    """A model inside others."""

    score: Decimal
    note: str | None = None


class Everything(FactModel, frozen=True):
    """A field of every sort."""

    name: str
    due: date
    mood: Literal["good", "bad"]
    pair: tuple[int, str]
    limit: Annotated[int, msgspec.Meta(ge=0)]
    steps: tuple[Inner, ...]
    weights: FrozenMap[str, Decimal]
    deep: FrozenMap[str, FrozenMap[str, tuple[Inner, ...]]]
    maybe: FrozenMap[str, int] | None = None
    columns: Columns = Columns()
    tags: tuple[str, ...] = ("a",)


def test_fields_are_told_in_words_with_what_maps_and_lists_hold() -> None:
    """The models inside are told by themselves, once each."""
    kind = Kind("everything", Everything)

    assert {
        "name": "str",
        "due": "date",
        "mood": "'good' or 'bad'",
        "pair": "(int, str)",
        "limit": "int",
        "steps": "list of Inner",
        "weights": "map of str to decimal",
        "deep": "map of str to map of str to list of Inner",
        "maybe": "map of str to int or none?",
        "columns": "map of str to str?",
        "tags": "list of str?",
    } == kind.field_words()
    assert {"Inner": {"score": "decimal", "note": "str or none?"}} == kind.inner_words()


class Leaf(FactModel, frozen=True):
    """A model made of itself."""

    name: str
    below: "tuple[Leaf, ...]" = ()


def test_a_model_may_be_made_of_itself() -> None:
    """A tree is checked, told and parsed like any other."""
    kind = Kind("leaf", Leaf)
    parsed, content = kind.parse({"name": "a", "below": [{"name": "b"}]})

    assert ({"name": "str", "below": "list of Leaf?"}, {"Leaf"}) == (kind.field_words(), set(kind.inner_words()))
    assert (Leaf(name="a", below=(Leaf(name="b"),)), b'{"below":[{"below":[],"name":"b"}],"name":"a"}') == (
        parsed,
        content,
    )


def test_defaults_are_plain_values() -> None:
    """Only of optional fields."""
    assert {"maybe": None, "columns": {}, "tags": ["a"]} == Kind("everything", Everything).defaults()


@pytest.mark.parametrize(
    "hint",
    [
        list[int],
        dict[str, int],
        float,
        Any,
        FrozenMap[str, list[int]],
        FrozenMap[str, float],
        FrozenMap[str, FrozenMap[str, dict[str, str]]] | None,
        tuple[FrozenMap[str, set[str]], ...],
    ],
    ids=str,
)
def test_a_model_with_a_field_that_could_be_changed_is_refused_also_inside_maps(hint: Any) -> None:
    """What others read must stay as it was promoted; the error names the field."""
    model = msgspec.defstruct("Loose", [("field", hint)], bases=(FactModel,), frozen=True)
    with pytest.raises(MalformedKindError) as caught:
        Kind("loose", model)

    assert "loose.field" == caught.value.where
