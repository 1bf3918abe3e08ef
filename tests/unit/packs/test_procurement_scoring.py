"""The arithmetic of a selection: bands, weighted means, order, and how far a weight may move."""

import decimal
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

Modules = dict[str, Any]


def vendor(procurement: Modules, **fields: Any) -> Any:
    """A vendor with some fields of interest."""
    facts = procurement["facts"]
    base = {"id": "v", "name": "V", "price": Decimal(1), "compliant": True}
    columns = facts.Columns(fields.pop("columns", {}))
    return facts.Vendor(**{**base, **fields}, columns=columns)


class TestBands:
    @pytest.mark.parametrize(
        ("criterion", "field", "value", "expected"),
        [
            ("price", "price", "0", "1"),
            ("price", "price", "9999.99", "1"),
            ("price", "price", "10000", "0.7"),
            ("price", "price", "24999.99", "0.7"),
            ("price", "price", "25000", "0.4"),
            ("price", "price", "49999.99", "0.4"),
            ("price", "price", "50000", "0.1"),
            ("risk", "years_in_business", "10.5", "1"),
            ("risk", "years_in_business", "10", "0.7"),
            ("risk", "years_in_business", "5", "0.4"),
            ("risk", "years_in_business", "2", "0.1"),
            ("timeline", "delivery_weeks", "4", "1"),
            ("timeline", "delivery_weeks", "8", "0.8"),
            ("timeline", "delivery_weeks", "12", "0.5"),
            ("timeline", "delivery_weeks", "12.5", "0.2"),
        ],
    )
    def test_the_edges_of_the_default_bands_fall_on_the_documented_side(
        self, procurement: Modules, criterion: str, field: str, value: str, expected: str
    ) -> None:
        """Below is below, at most includes."""
        bands = procurement["parameters"].DEFAULT_BANDS[criterion]

        actual = procurement["scoring"].judge(bands, vendor(procurement, **{field: Decimal(value)}))

        assert Decimal(expected) == actual.score

    @pytest.mark.parametrize(
        ("columns", "reason"),
        [
            ({}, "no value in column quality"),
            ({"quality": ""}, "no value in column quality"),
            ({"quality": "good"}, "quality is good, not a number"),
            ({"quality": "NaN"}, "quality is NaN, not a number"),
            ({"quality": "inf"}, "quality is inf, not a number"),
        ],
    )
    def test_what_is_not_a_number_is_not_scored_but_named(
        self, procurement: Modules, columns: dict[str, str], reason: str
    ) -> None:
        """Nothing is invented for a missing or malformed cell."""
        parameters = procurement["parameters"]
        bands = parameters.Bands(
            column="quality", steps=(parameters.Step(at_least=Decimal(5), score=Decimal(1)),), otherwise=Decimal(0)
        )

        actual = procurement["scoring"].judge(bands, vendor(procurement, columns=columns))

        assert (None, reason) == actual

    @pytest.mark.parametrize(("cell", "expected"), [("yes", "1"), ("TRUE", "1"), ("0", "0.3"), ("No ", "0.3")])
    def test_a_text_column_of_yes_and_no_can_be_scored(self, procurement: Modules, cell: str, expected: str) -> None:
        """The usual spellings count, whatever the case."""
        bands = procurement["parameters"].Bands(column="certified", when_true=Decimal(1), when_false=Decimal("0.3"))

        actual = procurement["scoring"].judge(bands, vendor(procurement, columns={"certified": cell}))

        assert Decimal(expected) == actual.score


class TestVendors:
    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"price": Decimal(-1)}, "price is an amount from 0"),
            ({"price": Decimal("NaN")}, "price is an amount from 0"),
            ({"price": Decimal("1E+30")}, "price is an amount from 0"),
            ({"price": Decimal("9.999")}, "price has at most 2 decimals"),
            ({"years_in_business": Decimal(-3)}, "years_in_business is a number, 0 or more"),
            ({"delivery_weeks": Decimal("Infinity")}, "delivery_weeks is a number, 0 or more"),
        ],
    )
    def test_impossible_figures_are_refused_in_words(
        self, procurement: Modules, fields: dict[str, Any], said: str
    ) -> None:
        """A row like that is an input error, not a score."""
        with pytest.raises(ValueError, match=said):
            vendor(procurement, **fields)


class TestWeightedMean:
    def test_weights_are_divided_by_their_sum(self, procurement: Modules) -> None:
        """2 : 1 gives two thirds, rounded half to even at six decimals."""
        actual = procurement["scoring"].weighted({"a": Decimal(1), "b": Decimal(0)}, {"a": Decimal(2), "b": Decimal(1)})

        assert str(actual) == "0.666667"

    def test_nobody_elses_arithmetic_context_changes_the_result(self, procurement: Modules) -> None:
        """A careless context in the same thread must not round our scores."""
        with decimal.localcontext() as context:
            context.prec = 2
            actual = procurement["scoring"].weighted({"a": Decimal("0.123456")}, {"a": Decimal("0.7")})

        assert str(actual) == "0.123456"

    def test_ties_are_ordered_by_name(self, procurement: Modules) -> None:
        """Equal scores in any spelling are equal."""
        scores = {"b": Decimal("0.50"), "a": Decimal("0.5"), "c": Decimal("0.9")}

        assert list(procurement["scoring"].in_order(scores)) == ["c", "a", "b"]


TENTHS = st.integers(0, 10).map(lambda n: Decimal(n) / 10)
CRITERIA = ("a", "b", "c")


@given(
    table=st.lists(st.tuples(TENTHS, TENTHS, TENTHS), min_size=2, max_size=6),
    weights=st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9)),
    moved=st.sampled_from(CRITERIA),
)
@settings(max_examples=150, deadline=None)
def test_a_flip_flips_just_beyond_its_amount_and_never_before(
    procurement_scoring: Any, table: list[tuple[Decimal, ...]], weights: tuple[int, ...], moved: str
) -> None:
    """The published change is the smallest: checked against ranking anew with the weight moved."""
    scores = {f"v{n}": dict(zip(CRITERIA, row, strict=True)) for n, row in enumerate(table)}
    base = {name: Fraction(weight) for name, weight in zip(CRITERIA, weights, strict=True)}
    first = _first(scores, base)

    flip = procurement_scoring.smallest_flip(moved, first, scores, {n: Decimal(int(w)) for n, w in base.items()})

    tiny = Fraction(1, 10**6)
    inside = [] if flip is None else [flip.amount - tiny]
    for amount in [a for a in inside if a > 0] or ([] if flip else [Fraction(1), Fraction(1000)]):
        for sign in (1, -1):
            assert first == _first(scores, _moved(base, moved, sign * amount), first)
    if flip is not None:
        sign = 1 if flip.increase else -1
        after = _moved(base, moved, sign * (flip.amount + tiny))
        if after[moved] == base[moved] + sign * (flip.amount + tiny):
            assert first != _first(scores, after)


def _moved(base: dict[str, Fraction], name: str, by: Fraction) -> dict[str, Fraction]:
    """One weight moved, never below 0."""
    return {**base, name: max(Fraction(0), base[name] + by)}


def _first(scores: dict[str, dict[str, Decimal]], weights: dict[str, Fraction], when_nothing_weighs: str = "") -> str:
    """Who comes first, by the definition."""
    if not any(weights.values()):
        return when_nothing_weighs
    return min(scores, key=lambda v: (-sum(weights[n] * Fraction(s) for n, s in scores[v].items()), v))


@pytest.fixture(scope="session")
def procurement_scoring(procurement: Modules) -> Any:
    """The scoring module alone."""
    return procurement["scoring"]
