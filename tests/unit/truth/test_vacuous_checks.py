"""Only what can be proven is called vacuous or impossible: honest checks stay."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
import pytest

from converge_cli.core import predicate as p
from converge_cli.truth.step_parser import parse_step
from converge_cli.truth.vacuous import holds_always, never_holds, type_at


class Inner(msgspec.Struct, frozen=True):
    """A model inside a model."""

    count: Annotated[int, msgspec.Meta(ge=0, le=9)]


class Thing(msgspec.Struct, frozen=True):
    """A model with bounds."""

    inner: Inner
    size: Annotated[int, msgspec.Meta(gt=0, lt=10)]
    price: Decimal
    note: str
    grade: Literal["A", "B"] = "A"
    maybe: int | None = None


FIELDS = {field.encode_name: field.type for field in msgspec.inspect.type_info(Thing).fields}


def _row(field: str, name: str, *args: str) -> list[str]:
    check = p.Includes((p.FieldRule(field, p.Rule(name, args)),))
    return holds_always(check, (), lambda path: type_at(FIELDS, path), judged=True)


@pytest.mark.parametrize(
    ("field", "name", "args", "vacuous"),
    [
        ("size", "integer between", ("1", "9"), True),
        ("size", "number between", ("1", "8"), False),
        ("size", "number greater", ("0",), True),
        ("size", "number greater", ("1",), False),
        ("size", "number less", ("10",), True),
        ("size", "number less", ("9",), False),
        ("inner.count", "number between", ("0", "9"), True),
        ("inner.count", "number between", ("0.5", "9"), False),
        ("price", "number between", ("0", "1000000000"), False),
        ("price", "decimal", (), True),
        ("note", "decimal", (), False),
        ("maybe", "decimal", (), False),
        ("grade", "one of", ("A", "B"), True),
        ("grade", "one of", ("A",), False),
        ("note", "matches", ("a*",), True),
        ("note", "matches", ("a+",), False),
        ("note", "matches", ("^a*",), True),
        ("note", "matches", ("^a*$",), False),
        ("note", "matches", (r"\ba*",), False),
        ("note", "list of at least", ("0",), True),
        ("note", "list of at least", ("1",), False),
        ("nothing.of", "decimal", (), False),
    ],
)
def test_a_row_is_vacuous_when_the_model_leaves_no_other_value(
    field: str, name: str, args: tuple[str, ...], vacuous: bool
) -> None:
    """Bounds, literals and types are known from the model; anything else might fail."""
    assert vacuous == bool(_row(field, name, *args))


@pytest.mark.parametrize(
    ("step", "impossible"),
    [
        ('field "grade" must be "C"', True),
        ('field "grade" must be "A"', False),
        ('field "note" must be 5', True),
        ('field "price" must be "5"', True),
        ('field "price" must be at least 5', False),
        ('field "maybe" must be "5"', False),
        ('field "inner" must be "5"', False),
        ('the sum of field "note" must not exceed 5', True),
        ('the sum of field "price" must not exceed 5', False),
    ],
)
def test_a_value_that_the_field_never_has_is_impossible(step: str, impossible: bool) -> None:
    """A field of several types, or of a model, proves nothing."""
    assert impossible == bool(never_holds(parse_step(step).value, lambda path: type_at(FIELDS, path)))


@pytest.mark.parametrize(
    ("field", "name", "args", "impossible"),
    [
        ("note", "number between", ("0", "1"), True),
        ("note", "true", (), True),
        ("price", "non-empty string", (), True),
        ("price", "matches", ("x",), True),
        ("price", "number between", ("0", "1"), False),
        ("note", "decimal", (), False),
        ("note", "ISO date", (), False),
        ("maybe", "true", (), False),
    ],
)
def test_a_row_that_no_value_of_the_field_can_follow_is_impossible(
    field: str, name: str, args: tuple[str, ...], impossible: bool
) -> None:
    """A text may hold a date or a decimal, and a field that may be null proves nothing."""
    check = p.Includes((p.FieldRule(field, p.Rule(name, args)),))
    assert impossible == bool(never_holds(check, lambda path: type_at(FIELDS, path)))


@pytest.mark.parametrize(
    ("where", "then", "vacuous"),
    [
        ("is greater than 5", "be at least 3", True),
        ("is greater than 5", "be at least 6", False),
        ("is greater than 5", "be greater than 5", True),
        ("is 5", "not be 6", True),
        ("is 5", "not be 5", False),
        ("is at most 5", "be less than 6", True),
        ("is at most 5", "be less than 5", False),
        ("is one of 5, 9", "be less than 6", False),
        ("exists", "be less than 6", False),
    ],
)
def test_what_the_given_selects_by_can_leave_a_check_nothing_to_refuse(where: str, then: str, vacuous: bool) -> None:
    """The check says less than its Given, so all that is selected passes it."""
    given = parse_step(f'any fact under key "Seeds" with id "thing:*" where field "price" {where}').value
    check = parse_step(f'field "price" must {then}').value
    assert vacuous == bool(holds_always(check, (given,), lambda path: type_at(FIELDS, path), judged=True))
