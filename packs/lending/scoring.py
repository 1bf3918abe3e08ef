"""The arithmetic of an assessment: exact, pure, the same on every machine. Must never read a context."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from .facts import Application, Part, Reason, Verdict
from .parameters import FACTORS, Bands, LendingParameters

_PLACES = 6
_ONE, _ZERO = Decimal(1), Decimal(0)


class Judgement(NamedTuple):
    """An application on one factor; without a score when something is not known, `gap` then says what."""

    score: Decimal | None
    parts: tuple[Part, ...] = ()
    gap: str = ""


def judge(factor: str, application: Application, parameters: LendingParameters) -> Judgement:
    """Score an application on one factor.

    Credit is the mean of credit score and affordability. Of compliance and risk the weakest part counts, so that a
    bankruptcy is not made good by a long employment.
    """
    if factor == "documents":
        return _weakest(_documents(application, parameters))
    if factor == "compliance":
        return _weakest(_age(application, parameters), _sanctions(application))
    if factor == "risk":
        return _weakest(_employment(application, parameters), _bankruptcy(application, parameters))
    if application.credit_score is None:
        return Judgement(None, gap="there is no credit score")
    parts = (_credit_score(application.credit_score, parameters), _affordability(application, parameters))
    return Judgement(_down(sum(Fraction(part.score) for part in parts) / 2), parts)


def missing_documents(application: Application, parameters: LendingParameters) -> tuple[str, ...]:
    """The required documents that are not there, in the order of the parameters."""
    return tuple(name for name in parameters.required_documents if name not in application.documents)


def weighted(scores: Mapping[str, Decimal], weights: Mapping[str, Decimal]) -> Decimal:
    """Weighted mean, rounded down to six decimals: sum(weight * score) / sum(weight)."""
    total = sum(Fraction(weights[name]) * Fraction(scores[name]) for name in weights)
    return _down(total / _sum(weights))


def verdict_on(mean: Decimal, compliance: Decimal, parameters: LendingParameters) -> Verdict:
    """What a mean leads to; without compliance nothing else counts."""
    if compliance == 0 or mean < parameters.review:
        return "decline"
    return "approve" if mean >= parameters.approve else "review"


def reasons_of(
    scores: Mapping[str, Decimal], parts: Mapping[str, Sequence[Part]], weights: Mapping[str, Decimal]
) -> tuple[Reason, ...]:
    """What keeps the mean from 1: a failed compliance first, then by (-points, factor)."""
    total = _sum(weights)
    lost = {name: Fraction(weights.get(name, _ZERO)) * (1 - Fraction(scores[name])) / total for name in FACTORS}
    failed = {"compliance"} if scores["compliance"] == 0 else set()
    named = [name for name in FACTORS if lost[name] or name in failed]
    named.sort(key=lambda name: (name not in failed, -lost[name], name))
    return tuple(Reason(factor=name, points=_down(lost[name]), words=_words(parts[name])) for name in named)


def plain(amount: Decimal) -> str:
    """A number as people write it, without zeros behind its last decimal."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _weakest(*parts: Part) -> Judgement:
    return Judgement(min(part.score for part in parts), parts)


def _documents(application: Application, parameters: LendingParameters) -> Part:
    needed, missing = len(parameters.required_documents), missing_documents(application, parameters)
    score, _ = _banded(parameters.bands_of("documents"), Fraction(needed - len(missing), needed))
    there = f"all {needed} required documents are there"
    lacking = f"missing {len(missing)} of {needed} required documents: {', '.join(missing)}"
    return Part(name="documents", score=score, reason=lacking if missing else there)


def _credit_score(credit_score: int, parameters: LendingParameters) -> Part:
    score, band = _banded(parameters.bands_of("credit_score"), Fraction(credit_score))
    return Part(name="credit_score", score=score, reason=f"credit score {credit_score} is {band}")


def _affordability(application: Application, parameters: LendingParameters) -> Part:
    bands = parameters.bands_of("loan_to_income")
    if application.annual_income == 0:
        return Part(name="affordability", score=_tidy(bands.otherwise), reason="there is no income to repay from")
    ratio = Fraction(application.amount) / Fraction(application.annual_income)
    score, band = _banded(bands, ratio)
    reason = (
        f"a loan of {application.amount:f} on an annual income of {application.annual_income:f} "
        f"is a ratio of {_shown(ratio)}, {band}"
    )
    return Part(name="affordability", score=score, reason=reason)


def _age(application: Application, parameters: LendingParameters) -> Part:
    fits = application.age >= parameters.minimum_age
    words = "at least" if fits else "below"
    reason = f"age {application.age} is {words} {parameters.minimum_age}"
    return Part(name="age", score=_ONE if fits else _ZERO, reason=reason)


def _sanctions(application: Application) -> Part:
    if application.sanctions_match:
        return Part(name="sanctions", score=_ZERO, reason="the applicant is on a sanctions list")
    return Part(name="sanctions", score=_ONE, reason="no sanctions match")


def _employment(application: Application, parameters: LendingParameters) -> Part:
    score, band = _banded(parameters.bands_of("years_employed"), Fraction(application.years_employed))
    return Part(name="employment", score=score, reason=f"{plain(application.years_employed)} years employed is {band}")


def _bankruptcy(application: Application, parameters: LendingParameters) -> Part:
    if application.bankruptcy:
        return Part(name="bankruptcy", score=_tidy(parameters.bankruptcy_score), reason="a bankruptcy is on record")
    return Part(name="bankruptcy", score=_ONE, reason="no bankruptcy on record")


def _banded(bands: Bands, value: Fraction) -> tuple[Decimal, str]:
    """The score of a value, and where it lies: inside its own limit, outside that of the band before."""
    beyond = ""
    for step in bands.steps:
        limit, above = Fraction(step.limit), step.at_least is not None
        sides = (f"at least {step.limit:f}", f"below {step.limit:f}")
        inside, outside = sides if above else sides[::-1]
        if (value >= limit) == above:
            return _tidy(step.score), f"{inside}, {beyond}" if beyond else inside
        beyond = outside
    return _tidy(bands.otherwise), beyond


def _words(parts: Sequence[Part]) -> str:
    return "; ".join(part.reason for part in sorted(parts, key=lambda part: part.score) if part.score < 1)


def _sum(weights: Mapping[str, Decimal]) -> Fraction:
    return sum((Fraction(weight) for weight in weights.values()), Fraction(0))


def _shown(ratio: Fraction) -> str:
    count = int(ratio * 10**4)
    return plain(Decimal(f"{count // 10**4}.{count % 10**4:04d}"))


def _down(value: Fraction | int) -> Decimal:
    """The value at six decimals, never more than it is."""
    count = int(value * 10**_PLACES)
    # Built from text, so that no arithmetic context of anybody else can round it.
    return _tidy(Decimal(f"{count // 10**_PLACES}.{count % 10**_PLACES:0{_PLACES}d}"))


def _tidy(number: Decimal) -> Decimal:
    """1 and 1.0 are the same score, so they must have the same bytes however the truth spells them."""
    return Decimal(plain(number))
