"""What invoices come to: the decimals of the pack, the fractions of the audit and figures made by hand agree."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack_bench import ROOT, load

MODULES = load("bench_money", ROOT / "packs" / "money", "facts", "invoice_audit", "parameters", "reckoning")
FACTS, AUDIT = MODULES["facts"], MODULES["invoice_audit"]
PARAMETERS, RECKONING = MODULES["parameters"], MODULES["reckoning"]

RULES = [PARAMETERS.Rounding(of=of, mode=mode) for of in ("line", "rate") for mode in ("half_up", "half_even", "down")]
AMOUNTS = st.decimals(-1_000_000, 1_000_000, places=4, allow_nan=False, allow_infinity=False)
RATES = st.sampled_from([Decimal(rate) for rate in ("0", "6", "12", "19", "25", "8.25", "33.333")])


def lines_of(values: list[tuple[Decimal, ...]]) -> list[Any]:
    """Lines of one invoice: quantity, unit price, tax rate."""
    return [
        FACTS.Line(
            invoice="i",
            line=number,
            customer="c",
            date=date(2026, 3, 30),
            amount=Decimal(0),
            description="Work",
            quantity=quantity,
            unit_price=price,
            tax_rate=rate,
        )
        for number, (quantity, price, rate) in enumerate(values, 1)
    ]


def audited(lines: list[Any], rule: Any) -> int:
    """What the audit makes of lines, in hundredths."""
    found: int = AUDIT.AuditInvoices(PARAMETERS.MoneyParameters(rounding=rule))._cents(lines)
    return found


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS, RATES), max_size=8), st.sampled_from(RULES))
def test_two_ways_to_reckon_agree_on_whatever_lines(values: list[tuple[Decimal, ...]], rule: Any) -> None:
    """Decimals with a rounding mode, and fractions that know what a half is."""
    lines = lines_of(values)

    assert audited(lines, rule) == RECKONING.sum_of(lines, rule).total * 100


@pytest.mark.parametrize(
    ("of", "mode", "net", "tax"),
    [
        ("line", "half_up", "1.02", "0.26"),
        ("line", "half_even", "1.00", "0.24"),
        ("line", "down", "1.00", "0.24"),
        ("rate", "half_up", "1.01", "0.25"),
        ("rate", "half_even", "1.01", "0.25"),
        ("rate", "down", "1.01", "0.25"),
    ],
)
def test_figures_made_by_hand_come_out(of: str, mode: str, net: str, tax: str) -> None:
    """Twice 0.505 at 25 percent: 0.51 or 0.50 a line, 0.1275 or 0.125 of tax; or 1.01 and 0.2525 in one sum."""
    lines = lines_of([(Decimal(1), Decimal("0.505"), Decimal(25))] * 2)
    rule = PARAMETERS.Rounding(of=of, mode=mode)

    assert (Decimal(net), Decimal(tax)) == tuple(RECKONING.sum_of(lines, rule))


def test_half_a_cent_below_zero_is_rounded_like_one_above() -> None:
    """A rebate takes away what the same price would have added."""
    lines = lines_of([(Decimal(1), Decimal("0.005"), Decimal(0)), (Decimal(-1), Decimal("0.005"), Decimal(0))])

    assert [0] * len(RULES) == [audited(lines, rule) for rule in RULES]


def test_the_largest_numbers_keep_their_last_cent() -> None:
    """No digit is lost on the way."""
    lines = lines_of([(Decimal(1_000_000_000_000), Decimal("999999999999.99"), Decimal(25))])

    assert [Decimal("1249999999999987500000000.00")] * len(RULES) == [
        RECKONING.sum_of(lines, rule).total for rule in RULES
    ]
