"""What a truth may set for invoices: how amounts are rounded, what a customer must have, how numbers look."""

from typing import Literal

from converge_cli import FactModel, Parameters

_MOST_DIGITS = 12

RoundedOf = Literal["line", "rate"]
Mode = Literal["half_up", "half_even", "down"]
CustomerField = Literal["name", "address", "tax_id"]


class Rounding(FactModel, frozen=True):
    """How the lines of an invoice come to whole minor units.

    Attributes:
        of: line rounds the net and the tax of each line; rate rounds the tax of all lines of one rate, and the net sum.
        mode: what becomes of half a minor unit; down drops every fraction. Amounts below zero are rounded alike.
    """

    of: RoundedOf = "line"
    mode: Mode = "half_up"


class Numbers(FactModel, frozen=True):
    """What the numbers of issued invoices look like: the prefix, then at least so many digits.

    Attributes:
        first: the number of the first invoice when none was issued before.
    """

    prefix: str = ""
    digits: int = 4
    first: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.digits <= _MOST_DIGITS:
            raise ValueError(f"digits is from 1 to {_MOST_DIGITS}, not {self.digits}")
        if not 1 <= self.first < 10**_MOST_DIGITS:
            raise ValueError(f"first is 1 or more, with at most {_MOST_DIGITS} digits, not {self.first}")

    def written(self, number: int) -> str:
        """A number as it stands on the invoice."""
        return f"{self.prefix}{number:0{self.digits}d}"


class MoneyParameters(Parameters, frozen=True):
    """The parameters of invoices.

    Attributes:
        customer_needs: what must be known of a customer besides being active.
    """

    rounding: Rounding = Rounding()
    numbers: Numbers = Numbers()
    customer_needs: tuple[CustomerField, ...] = ("name", "address")
