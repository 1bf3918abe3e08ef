"""What the lines of an invoice come to, in whole minor units. Pure arithmetic; must never round but by the rule."""

from collections.abc import Iterable
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

from .facts import Line
from .parameters import Rounding

_EXACT = Context(prec=100)
_MINOR_UNIT = Decimal("0.01")
_HUNDRED = Decimal(100)
_MODES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN}


class Sum(NamedTuple):
    """Net and tax in major units, with two decimals."""

    net: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        """What is to be paid."""
        return self.net + self.tax


def sum_of(lines: Iterable[Line], rounding: Rounding) -> Sum:
    """What lines come to: quantity times unit price, and the tax on it at the rate of the line."""
    if rounding.of == "line":
        return _by_line(lines, rounding.mode)
    return _by_rate(lines, rounding.mode)


def _by_line(lines: Iterable[Line], mode: str) -> Sum:
    net, tax = Decimal("0.00"), Decimal("0.00")
    for line in lines:
        of_line = _rounded(_product(line), mode)
        net = _EXACT.add(net, of_line)
        tax = _EXACT.add(tax, _rounded(_share(of_line, line.tax_rate), mode))
    return Sum(net, tax)


def _by_rate(lines: Iterable[Line], mode: str) -> Sum:
    rates: dict[Decimal, Decimal] = {}
    for line in lines:
        rates[line.tax_rate] = _EXACT.add(rates.get(line.tax_rate, Decimal(0)), _product(line))
    net, tax = Decimal(0), Decimal("0.00")
    for rate, of_rate in rates.items():
        net = _EXACT.add(net, of_rate)
        tax = _EXACT.add(tax, _rounded(_share(of_rate, rate), mode))
    return Sum(_rounded(net, mode), tax)


def _product(line: Line) -> Decimal:
    return _EXACT.multiply(line.quantity, line.unit_price)


def _share(net: Decimal, rate: Decimal) -> Decimal:
    return _EXACT.divide(_EXACT.multiply(net, rate), _HUNDRED)


def _rounded(amount: Decimal, mode: str) -> Decimal:
    return amount.quantize(_MINOR_UNIT, rounding=_MODES[mode], context=_EXACT)
