"""Checks of one clause that can't hold together: bounds that cross, values that exclude each other."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from converge_cli.core import predicate as p
from converge_cli.truth.findings import Findings, Place

_FLIPPED = {
    "is at least": "is less than",
    "is at most": "is greater than",
    "is greater than": "is at most",
    "is less than": "is at least",
}


_OPPOSITE = {**_FLIPPED, "is": "is not", "is not": "is"}


class _Bound(NamedTuple):
    """What a check says of one thing: a number's or date's limit, the values allowed, or the value refused.

    Attributes:
        what: the thing: a field, a count or a sum.
        relation: a comparison, or `in`.
        value: a limit, a value, or a set of texts.
    """

    what: Any
    relation: str
    value: Any


def check_bounds(then: Sequence[p.Then], places: Sequence[Place], findings: Findings) -> None:
    """Add a finding for each check that can't hold together with one before it."""
    seen: dict[Any, list[_Bound]] = {}
    for item, place in zip(then, places, strict=True):
        for bound in _bounds(item.check):
            before = seen.setdefault(bound.what, [])
            clash = next((other for other in before if _exclude(other, bound)), None)
            if clash is not None:
                message = f"{_told(clash)} and {_told(bound)} can't both hold"
                findings.add("contradictory-check", place, message, "mend or remove one of the two")
            before.append(bound)


def follows(check: p.FieldIs, test: p.FieldTest) -> bool:
    """Whether a check holds of all that a test of the same field selects."""
    claim = _field(check)
    opposite = _OPPOSITE.get(claim.relation)
    if check.test.field != test.field or opposite is None or test.comparison not in _OPPOSITE:
        return False
    selected = _field(p.FieldIs(test))
    return _comparable(selected.value, claim.value) and _exclude(selected, claim._replace(relation=opposite))


def rules_out(check: p.FieldIs, test: p.FieldTest) -> bool:
    """Whether a check can't hold of anything that a test of the same field selects."""
    if check.test.field != test.field or test.comparison not in _OPPOSITE:
        return False
    return _exclude(_field(p.FieldIs(test)), _field(check))


def _bounds(check: p.Check) -> Iterator[_Bound]:
    if isinstance(check, p.Count):
        relation = "is" if check.bound == "exactly" else f"is {check.bound}"
        yield _Bound(("count", check.selection), relation, check.number)
    elif isinstance(check, p.Absent):
        yield _Bound(("count", check.selection), "is at most", 0)
    elif isinstance(check, p.SumIs) and check.value is not None:
        relation = "is" if check.relation == "equal" else "is at most"
        yield _Bound(("sum", check.field), relation, check.value.plain())
    elif isinstance(check, p.FieldIs):
        yield _field(check)
    elif isinstance(check, p.Includes):
        for row in check.rows:
            yield from _row(row)


def _field(check: p.FieldIs) -> _Bound:
    relation: str = check.test.comparison
    if check.negated:
        relation = _FLIPPED.get(relation, "is not")
    return _Bound(check.test.field, relation, check.test.values[0].plain())


def _row(row: p.FieldRule) -> Iterator[_Bound]:
    name, args = row.rule.name, row.rule.args
    if name.endswith("between"):
        yield _Bound(row.field, "is at least", _number(args[0]))
        yield _Bound(row.field, "is at most", _number(args[1]))
    elif name in {"number greater", "number less"}:
        yield _Bound(row.field, f"is {name.removeprefix('number ')} than", _number(args[0]))
    elif name in {"true", "false"}:
        yield _Bound(row.field, "is", name == "true")
    elif name == "one of":
        yield _Bound(row.field, "in", frozenset(args))


def _number(text: str) -> Any:
    return p.Value("number", text).plain()


def _exclude(one: _Bound, other: _Bound) -> bool:
    for left, right in ((one, other), (other, one)):
        if left.relation == "is" and _refuses(right, left.value):
            return True
        if left.relation in {"is at least", "is greater than"} and right.relation in {"is at most", "is less than"}:
            if type(left.value) is bool or not _comparable(left.value, right.value):
                return False
            strict = left.relation == "is greater than" or right.relation == "is less than"
            return bool(left.value > right.value or (strict and left.value == right.value))
    return one.relation == other.relation == "in" and not one.value & other.value


def _refuses(bound: _Bound, value: Any) -> bool:
    """Whether a bound can't hold for a value."""
    if bound.relation == "in":
        return isinstance(value, str) and value not in bound.value
    if bound.relation in {"is", "is not"}:
        same = type(value) is type(bound.value) and value == bound.value
        return same is (bound.relation == "is not")
    if not _comparable(value, bound.value):
        return True
    return not {
        "is at least": value >= bound.value,
        "is at most": value <= bound.value,
        "is greater than": value > bound.value,
        "is less than": value < bound.value,
    }[bound.relation]


def _comparable(one: Any, other: Any) -> bool:
    return type(one) is type(other)


def _told(bound: _Bound) -> str:
    if bound.relation == "in":
        return f"one of {', '.join(sorted(bound.value))}"
    value = str(bound.value).lower() if isinstance(bound.value, bool) else bound.value
    words = "exactly" if bound.relation == "is" else bound.relation.removeprefix("is ")
    return f'{words} "{value}"' if isinstance(bound.value, str) else f"{words} {value}"
