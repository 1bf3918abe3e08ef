"""What numbers of a fact or a parameter may be, as models say it in `__post_init__`. Must never round or convert."""

from decimal import Decimal

MOST_AMOUNT = Decimal(1_000_000_000_000)
"""Of money in major units: in minor units it is far below what policy can state."""

_MINOR_UNIT_PLACES = 2


def require_number(
    name: str, number: Decimal, *, least: Decimal | int, most: Decimal | int, places: int | None = None
) -> None:
    """A number is finite and within its bounds, and has no more decimals than `places`; None: as many as it likes.

    Raises:
        ValueError: it is not; the message has the name, the bounds and the number.
    """
    _require(name, number, "a number", (least, most), places)


def require_amount(name: str, amount: Decimal, *, least: Decimal | int | None = 0) -> None:
    """Money in major units is at least `least`, at most `MOST_AMOUNT`, and a whole number of minor units.

    So a gate can put it to policy. `least=None`: it may be as far below zero as above.

    Raises:
        ValueError: it is not; the message has the name, the bounds and the amount.
    """
    _require(name, amount, "an amount", (-MOST_AMOUNT if least is None else least, MOST_AMOUNT), _MINOR_UNIT_PLACES)


def _require(
    name: str, number: Decimal, noun: str, bounds: tuple[Decimal | int, Decimal | int], places: int | None
) -> None:
    least, most = bounds
    if not (number.is_finite() and least <= number <= most):
        raise ValueError(f"{name} is {noun} from {least} to {most}, not {number}")
    exponent = number.as_tuple().exponent
    if places is not None and isinstance(exponent, int) and exponent < -places:
        raise ValueError(f"{name} has at most {places} decimals, not {number}")
