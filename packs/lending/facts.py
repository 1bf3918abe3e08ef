"""What the facts of lending hold, one frozen model per kind. Must never decide anything."""

from decimal import Decimal
from typing import Literal

from converge_cli import Columns, FactModel, FrozenMap

from .parameters import LendingParameters

__all__ = [
    "Application",
    "Assessment",
    "Breach",
    "LendingParameters",
    "Loan",
    "Outcome",
    "Part",
    "Reason",
    "Score",
    "Unscored",
]

_MOST = Decimal(1_000_000_000_000)
_MINOR_UNIT_PLACES = 2
_MOST_CREDIT_SCORE = 1000
_MOST_YEARS = 130

Verdict = Literal["approve", "review", "decline"]
Basis = Literal["clear", "underwritten"]


def _require_amount(name: str, amount: Decimal) -> None:
    exponent = amount.as_tuple().exponent
    if not (amount.is_finite() and 0 <= amount <= _MOST):
        raise ValueError(f"{name} is an amount from 0 to {_MOST}, not {amount}")
    if isinstance(exponent, int) and exponent < -_MINOR_UNIT_PLACES:
        raise ValueError(f"{name} has at most {_MINOR_UNIT_PLACES} decimals, not {amount}")


class Application(FactModel, frozen=True):
    """An application as it stands in the file; kind `application`, under Seeds.

    Attributes:
        amount: of the loan, money in major units, more than 0, at most two decimals.
        annual_income: likewise, 0 or more.
        credit_score: whole number from 0 to 1000, None when there is no credit history.
        age, years_employed: in years.
        bankruptcy: whether one is on record.
        sanctions_match: whether whoever screened the applicant found them on a sanctions list.
        documents: those that are there, by name.
        columns: every other value of the file, as text.
    """

    id: str
    applicant: str
    amount: Decimal
    annual_income: Decimal
    age: int
    years_employed: Decimal
    bankruptcy: bool
    sanctions_match: bool
    documents: tuple[str, ...]
    credit_score: int | None = None
    columns: Columns = Columns()

    def __post_init__(self) -> None:
        _require_amount("amount", self.amount)
        _require_amount("annual_income", self.annual_income)
        if self.amount == 0:
            raise ValueError("amount is more than 0")
        if self.credit_score is not None and not 0 <= self.credit_score <= _MOST_CREDIT_SCORE:
            raise ValueError(f"credit_score is from 0 to {_MOST_CREDIT_SCORE}, not {self.credit_score}")
        for name, years in (("age", Decimal(self.age)), ("years_employed", self.years_employed)):
            if not (years.is_finite() and 0 <= years <= _MOST_YEARS):
                raise ValueError(f"{name} is from 0 to {_MOST_YEARS}, not {years}")


class Part(FactModel, frozen=True):
    """One thing that a factor looks at: its score and, in words, the value and the band."""

    name: str
    score: Decimal
    reason: str


class Score(FactModel, frozen=True):
    """One application on one factor; kind `score`, id `score:<factor>:<application>`, under Evaluations."""

    application: str
    factor: str
    score: Decimal
    parts: tuple[Part, ...]


class Unscored(FactModel, frozen=True):
    """A factor that can't be judged, and why; kind `unscored`, id as that of the score, under Diagnostic."""

    application: str
    factor: str
    reason: str


class Reason(FactModel, frozen=True):
    """Why an application is not approved.

    Attributes:
        factor: a factor, or `underwriting` for the decision of a person.
        points: what it takes from a mean of 1, rounded down to six decimals.
    """

    factor: str
    points: Decimal
    words: str


class Assessment(FactModel, frozen=True):
    """What the factors come to; kind `assessment`, under Evaluations.

    Attributes:
        mean: weighted, rounded down to six decimals.
        reasons: what keeps the mean from 1: a failed compliance, then what weighs most, then by name.
        missing_documents: required, and not there.
    """

    application: str
    applicant: str
    amount: Decimal
    verdict: Verdict
    mean: Decimal
    scores: FrozenMap[str, Decimal]
    reasons: tuple[Reason, ...] = ()
    missing_documents: tuple[str, ...] = ()


class Loan(FactModel, frozen=True):
    """A loan that is granted; kind `loan`, under Strategies; policy is asked for each.

    Attributes:
        basis: clear when the assessment alone carries it, underwritten when a person's judgement does.
        concerns: what keeps the mean from 1, in words; for whoever is asked.
    """

    application: str
    applicant: str
    amount: Decimal
    mean: Decimal
    basis: Basis
    concerns: str = ""


class Outcome(FactModel, frozen=True):
    """What became of an application; kind `outcome`, under Evaluations.

    Attributes:
        reason: who or what decided, in words.
        reasons: of a decline, in order.
    """

    application: str
    applicant: str
    result: Literal["in_review", "approved", "declined"]
    reason: str
    mean: Decimal
    reasons: tuple[Reason, ...] = ()


class Breach(FactModel, frozen=True):
    """A decision that does not follow from its application; kind `breach`, under Diagnostic; `open` while it is."""

    application: str
    reason: str
    open: bool = True
