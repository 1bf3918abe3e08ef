"""Reading positioned trees as models: what fits is taken as it is, what does not is found at its place."""

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from converge_cli.truth.findings import Findings
from converge_cli.truth.model_reader import read_model
from converge_cli.truth.source import Source
from converge_cli.truth.yaml_source import read_yaml
from converge_cli.truth.yaml_types import Amount, ClauseId, Duration, Section, Sentences, Share, Text


def _even(number: int) -> None:
    if number % 2:
        raise ValueError("write an even number")


class Inner(Section, frozen=True):
    """A section within."""

    name: Text
    size: Literal["small", "large"] = "small"


class Sample(Section, frozen=True):
    """One field of each sort."""

    text: Text | None = None
    flag: bool | None = None
    number: Annotated[int, Meta(ge=1, le=9)] | None = None
    even: Annotated[int, Meta(extra={"check": _even})] | None = None
    share: Share | None = None
    amount: Amount | None = None
    time: Duration | None = None
    steps: Sentences | None = None
    inner: Inner | None = None
    items: Annotated[tuple[Inner, ...], Meta(min_length=1)] | None = None
    named: dict[ClauseId, Inner] | None = None
    either: Literal["all"] | Inner | None = None
    scalar: bool | int | str | None = None
    any_: Any = msgspec.field(default=None, name="any")


def _read(text: str) -> tuple[Sample | None, list[tuple[str, int, int, str, str]]]:
    findings = Findings()
    root = read_yaml(Source("f.yaml", text.encode()), findings)
    model = read_model(root, Sample, findings)
    return model, [(item.name, item.line, item.column, item.message, item.fix) for item in findings.sorted()]


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("text: a", "text", "a"),
        ("text: ~", "text", None),
        ("flag: true", "flag", True),
        ("number: 9", "number", 9),
        ("even: 4", "even", 4),
        ("share: 0.25", "share", Decimal("0.25")),
        ("share: 1", "share", Decimal(1)),
        ("amount: 2.50", "amount", Decimal("2.50")),
        ("time: 90s", "time", Decimal(90)),
        ("time: 1.5h", "time", Decimal(5400)),
        ("time: 7", "time", Decimal(7)),
        ("steps: one", "steps", ("one",)),
        ("steps: [one, two]", "steps", ("one", "two")),
        ("inner: {name: a, size: large}", "inner", Inner("a", "large")),
        ("items: [{name: a}]", "items", (Inner("a"),)),
        ("named: {a_1: {name: a}}", "named", {"a_1": Inner("a")}),
        ("either: all", "either", "all"),
        ("either: {name: a}", "either", Inner("a")),
        ("scalar: 1", "scalar", 1),
        ("scalar: true", "scalar", True),
        ('scalar: "1"', "scalar", "1"),
        ("any: {a: [1, b]}", "any_", {"a": [1, "b"]}),
    ],
)
def test_what_fits_is_read_and_nothing_is_coerced(text: str, field: str, value: Any) -> None:
    """The value has the type that the YAML has, but for numbers that are Decimal by contract."""
    model, found = _read(text)
    assert ([], value, type(value)) == (found, getattr(model, field), type(getattr(model, field)))


@pytest.mark.parametrize(
    ("text", "column", "message", "fix"),
    [
        ("text: 5", 7, "text must be text, not 5", "put it in quotes to make it text"),
        ("text: true", 7, "text must be text, not true", "put it in quotes to make it text"),
        ('text: " "', 7, "text must not be empty", "mend the value"),
        ("text: [a]", 7, "text must be text, not a list", "mend the value"),
        ("flag: 1", 7, "flag must be true or false, not 1", "mend the value"),
        ("number: true", 9, "number must be a whole number, not true", "mend the value"),
        ("number: 1.0", 9, "number must be a whole number, not 1.0", "mend the value"),
        ("number: 0", 9, "number must be at least 1, not 0", "mend the value"),
        ("number: 10", 9, "number must be at most 9, not 10", "mend the value"),
        ("even: 3", 7, "even is 3; write an even number", "mend the value"),
        ("even: a", 7, "even must be a whole number, not 'a'", "mend the value"),
        ("share: 1.1", 8, "share is 1.1; write a number from 0 to 1", "mend the value"),
        ('share: "1"', 8, "share is '1'; write a number from 0 to 1", "mend the value"),
        ("amount: 0", 9, "amount is 0; write a number greater than 0", "mend the value"),
        ("amount: true", 9, "amount is true; write a number greater than 0", "mend the value"),
        ("time: 0s", 7, "time is '0s'; write a positive duration such as 90s, 5m, 1h or 2d", "mend the value"),
        ("time: {}", 7, "time is a mapping; write a positive duration such as 90s, 5m, 1h or 2d", "mend the value"),
        ("steps: 5", 8, "steps must be a list, not 5", "mend the value"),
        ("steps: [a, 5]", 12, "steps.1 must be text, not 5", "put it in quotes to make it text"),
        ("inner: []", 8, "inner must be a mapping, not a list", "mend the value"),
        ("inner: {}", 1, "inner has no 'name'", "add name:"),
        ("inner: {name: a, size: lage}", 24, "inner.size must be 'large' or 'small', not 'lage'", "did you mean large?"),  # noqa: E501
        ("inner: {name: a, sise: large}", 18, "unknown key 'sise'", "did you mean size?"),
        ("inner: {name: a, q: 1}", 18, "unknown key 'q'", "the keys here are name, size"),
        ("items: []", 8, "items must not be empty", "mend the value"),
        ("items: [{}]", 9, "items.0 has no 'name'", "add name:"),
        ("named: {A: {name: a}}", 9, "named.A must be small letters, digits and underscores, beginning with a letter, not 'A'", "mend the value"),  # noqa: E501
        ('named: {"a\\n": {name: a}}', 9, "named.a\n must be small letters, digits and underscores, beginning with a letter, not 'a\\n'", "mend the value"),  # noqa: E501
        ("either: al", 9, "either must be 'all', not 'al'", "did you mean all?"),
        ("either: [a]", 9, "either must be text or a mapping, not a list", "mend the value"),
        ("scalar: 1.5", 9, "scalar must be true or false, a whole number or text, not 1.5", "mend the value"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_found_at_its_place(text: str, column: int, message: str, fix: str) -> None:
    """One finding, and no model."""
    model, found = _read(text)
    assert (None, [(1, column, message, fix)]) == (model, [item[1:] for item in found])


def test_everything_that_does_not_fit_is_found_at_once() -> None:
    """One misfit hides no other, within it, beside it or below it; `nane` is one: nobody is told of a missing name."""
    model, found = _read("text: 1\nitems:\n  - {size: 7, nane: a}\n  - 8\nnamed: {B: {}}\nodd: 1\n")
    assert (None, [(1, "invalid-value"), (3, "invalid-value"), (3, "unknown-key"),
                   (4, "invalid-value"), (5, "missing-key"), (5, "invalid-value"), (6, "unknown-key")]) == (
        model, [(line, name) for name, line, *_ in found])  # fmt: skip


def test_a_tree_that_is_no_mapping_is_told_so() -> None:
    """The file as a whole has a name too."""
    assert (None, [("invalid-value", 1, 1, "the file must be a mapping, not a list", "mend the value")]) == _read("[]")
