"""The arithmetic of a selection: exact, pure, the same on every machine. Must never read a context."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import NamedTuple

from .facts import Vendor
from .parameters import Bands

PLACES = 6
"""Decimals of a published score or change."""

_UNIT = 10**9
"""Weights and scores have at most nine decimals, so in this unit they are integers and sums are exact."""

_YES = frozenset({"true", "yes", "1"})
_NO = frozenset({"false", "no", "0"})


class Judgement(NamedTuple):
    """A score with its reason; None when the value can't be judged, the reason then says why."""

    score: Decimal | None
    reason: str


class Flip(NamedTuple):
    """By how much one weight must grow (or shrink) until `vendor` draws level with the first."""

    amount: Fraction
    increase: bool
    vendor: str


def judge(bands: Bands, vendor: Vendor) -> Judgement:
    """Score one vendor on one criterion."""
    value = _cell(vendor, bands.column)
    if value is None or value == "":
        return Judgement(None, f"no value in column {bands.column}")
    score, reason = _judge_flag(bands, value) if bands.boolean else _judge_number(bands, value)
    # 1 and 1.0 are the same score, so they must have the same bytes however the truth spells them.
    return Judgement(score and _tidy(f"{score:f}"), reason)


def flag(vendor: Vendor, column: str) -> bool | None:
    """The yes or no in a column; None when there is none."""
    return _as_flag(_cell(vendor, column))


def weighted(scores: Mapping[str, Decimal], weights: Mapping[str, Decimal]) -> Decimal:
    """Weighted mean, half to even at six decimals: sum(weight * score) / sum(weight)."""
    total = sum(_units(weights[name]) * _units(scores[name]) for name in weights)
    return _decimal(round(Fraction(total, sum(map(_units, weights.values())) * _UNIT) * 10**PLACES))


def smallest_flip(
    criterion: str,
    first: str,
    scores: Mapping[str, Mapping[str, Decimal]],
    weights: Mapping[str, Decimal],
) -> Flip | None:
    """The smallest change of one criterion's weight, the others kept, that puts another of the vendors first.

    With lead L = sum(weight * (score of first - score of other)) and d = the same difference on the criterion alone,
    the two draw level at a change of -L/d. A weight can't fall below 0, nor all weights to 0.

    `scores` holds vendor -> criterion -> score of the vendors that may be first.
    """
    units = {name: _units(weight) for name, weight in weights.items()}
    others_weigh = any(weight for name, weight in units.items() if name != criterion)
    best: Flip | None = None
    leader = {name: _units(scores[first][name]) for name in units}
    for vendor in sorted(scores):
        if vendor == first:
            continue
        gaps = {name: leader[name] - _units(scores[vendor][name]) for name in units}
        gap = gaps[criterion]
        if gap == 0:
            continue
        # Published scores are rounded, so the first may trail by less than the last decimal: it is level then.
        lead = max(0, sum(units[name] * gaps[name] for name in units))
        flip = Flip(Fraction(lead, abs(gap) * _UNIT), gap < 0, vendor)
        if gap > 0 and not _reachable(flip, first, Fraction(units[criterion], _UNIT), others_weigh):
            continue
        if best is None or flip.amount < best.amount:
            best = flip
    return best


def rounded_up(amount: Fraction) -> Decimal:
    """The amount at six decimals, never less than it is."""
    return _decimal(-((-amount * 10**PLACES) // 1))


def in_order(scores: Mapping[str, Decimal]) -> Sequence[str]:
    """Vendors by (-score, vendor)."""
    return sorted(scores, key=lambda vendor: (-scores[vendor], vendor))


def _reachable(flip: Flip, first: str, weight: Fraction, others_weigh: bool) -> bool:
    if flip.amount == weight:
        return others_weigh and flip.vendor < first
    return flip.amount < weight


def _cell(vendor: Vendor, column: str) -> str | bool | Decimal | None:
    own: dict[str, str | bool | Decimal | None] = {
        "price": vendor.price,
        "compliant": vendor.compliant,
        "years_in_business": vendor.years_in_business,
        "delivery_weeks": vendor.delivery_weeks,
    }
    return own[column] if column in own else vendor.columns.get(column)


def _judge_flag(bands: Bands, value: str | bool | Decimal) -> Judgement:
    answer = _as_flag(value)
    if answer is None:
        return Judgement(None, f"{bands.column} is {value!s:.40}, not a yes or no")
    return Judgement(
        bands.when_true if answer else bands.when_false, f"{bands.column} is {'true' if answer else 'false'}"
    )


def _judge_number(bands: Bands, value: str | bool | Decimal) -> Judgement:
    number = _as_number(value)
    if number is None:
        return Judgement(None, f"{bands.column} is {value!s:.40}, not a number")
    for step in bands.steps:
        if step.holds(number):
            return Judgement(step.score, f"{bands.column} {number!s:.40} is {step.words}")
    return Judgement(bands.otherwise, f"{bands.column} {number!s:.40} is beyond every band")


def _as_flag(value: str | bool | Decimal | None) -> bool | None:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    return True if text in _YES else False if text in _NO else None


def _as_number(value: str | bool | Decimal) -> Decimal | None:
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(value.strip()) if isinstance(value, str) else value
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _units(number: Decimal) -> int:
    numerator, denominator = number.as_integer_ratio()
    return numerator * _UNIT // denominator


def _decimal(count: int) -> Decimal:
    # Built from text, so that no arithmetic context of anybody else can round it.
    return _tidy(f"{count // 10**PLACES}.{count % 10**PLACES:0{PLACES}d}")


def _tidy(text: str) -> Decimal:
    return Decimal(text.rstrip("0").rstrip(".") or "0") if "." in text else Decimal(text)
