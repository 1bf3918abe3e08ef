"""The checks that models call: what passes, and what is said of what does not."""

from decimal import Decimal

import pytest

from converge_cli import require_amount, require_number


@pytest.mark.parametrize("amount", ["0", "0.01", "1E+2", "1000000000000", "1000000000000.00", "-0"])
def test_an_amount_is_zero_or_more_in_whole_minor_units(amount: str) -> None:
    """However it is written."""
    require_amount("price", Decimal(amount))


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("-0.01", "price is an amount from 0 to 1000000000000, not -0.01"),
        ("1000000000000.01", "price is an amount from 0 to 1000000000000, not 1000000000000.01"),
        ("1E+30", "price is an amount from 0 to 1000000000000, not 1E+30"),
        ("NaN", "price is an amount from 0 to 1000000000000, not NaN"),
        ("sNaN", "price is an amount from 0 to 1000000000000, not sNaN"),
        ("Infinity", "price is an amount from 0 to 1000000000000, not Infinity"),
        ("9.999", "price has at most 2 decimals, not 9.999"),
        ("1.000", "price has at most 2 decimals, not 1.000"),
    ],
)
def test_any_other_amount_is_refused_in_words(amount: str, said: str) -> None:
    """With its name, its bounds and what it is."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the message is compared whole
        require_amount("price", Decimal(amount))

    assert said == str(caught.value)


def test_what_must_not_be_nothing_says_its_least() -> None:
    """A minor unit, of what must be paid."""
    with pytest.raises(ValueError, match=r"^amount is an amount from 0\.01 to 1000000000000, not 0$"):
        require_amount("amount", Decimal(0), least=Decimal("0.01"))


@pytest.mark.parametrize(("amount", "passes"), [("-1000000000000", True), ("-1000000000000.01", False)])
def test_a_balance_may_be_as_far_below_zero_as_above(amount: str, passes: bool) -> None:
    """And no farther."""
    if passes:
        require_amount("balance", Decimal(amount), least=None)
        return
    with pytest.raises(ValueError, match="balance is an amount from -1000000000000 to 1000000000000"):
        require_amount("balance", Decimal(amount), least=None)


@pytest.mark.parametrize(
    ("number", "places", "said"),
    [
        ("1.1", 9, "a score is a number from 0 to 1, not 1.1"),
        ("-1", 9, "a score is a number from 0 to 1, not -1"),
        ("NaN", None, "a score is a number from 0 to 1, not NaN"),
        ("0.123", 2, "a score has at most 2 decimals, not 0.123"),
    ],
)
def test_a_number_is_held_to_its_own_bounds(number: str, places: int | None, said: str) -> None:
    """And to decimals, where they are bounded."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the message is compared whole
        require_number("a score", Decimal(number), least=0, most=1, places=places)

    assert said == str(caught.value)


def test_decimals_are_free_where_nobody_bounds_them() -> None:
    """Down to the last one."""
    require_number("a share", Decimal("0.1234567890123456789"), least=0, most=1)
