"""Scripted proposals: typed by the model of their kind, judged by the gate alone."""

from decimal import Decimal
from typing import Any

import pytest

from converge_cli.app.examples.scripted_suggestor import scripted_suggestors
from converge_cli.core.context import Context, ContextView
from converge_cli.core.example import Scripted
from converge_cli.core.fact import FactModel, FrozenMap
from converge_cli.core.kind import Kind


class Plan(FactModel, frozen=True):
    """A model with every form that a scripted value may have."""

    name: str
    price: Decimal | None = None
    days: int = 0
    sure: bool = False
    steps: tuple[str, ...] = ()
    notes: FrozenMap[str, Decimal] = FrozenMap()


def _proposed(*fields: tuple[str, str], name: str = "plan:a") -> Any:
    (suggestor,) = scripted_suggestors([Scripted("bob", "Strategies", name, fields)], {"plan": Kind("plan", Plan)})
    return suggestor.execute(ContextView("bob", (), Context(), {})).proposals[0].payload


def test_scripted_values_are_typed_by_the_model_of_their_kind() -> None:
    """Numbers, booleans, empty optionals; lists and maps as JSON; text that looks like a number stays text."""
    fields = (
        ("name", "007"),
        ("price", "1.50"),
        ("days", "3"),
        ("sure", "true"),
        ("steps", '["a", "b"]'),
        ("notes", '{"x": 0.5}'),
    )
    payload = _proposed(*fields)

    assert {
        "name": "007",
        "price": Decimal("1.50"),
        "days": 3,
        "sure": True,
        "steps": ["a", "b"],
        "notes": {"x": Decimal("0.5")},
    } == payload
    plan = Plan(
        name="007",
        price=Decimal("1.50"),
        days=3,
        sure=True,
        steps=("a", "b"),
        notes=FrozenMap({"x": Decimal("0.5")}),
    )
    assert plan == Kind("plan", Plan).parse(payload)[0]
    assert {"price": None} == _proposed(("price", ""))


@pytest.mark.parametrize(
    ("field", "value"), [("days", "many"), ("sure", "maybe"), ("steps", "[broken"), ("colour", "red"), ("name", "")]
)
def test_what_does_not_fit_stays_text_for_the_gate_to_reject(field: str, value: str) -> None:
    """A bad proposal is what such an example is about."""
    assert {field: value} == _proposed((field, value))
    assert {field: value} == _proposed((field, value), name="unheard-of:a")
