"""What the facts of lending hold, one frozen model per kind. Must never decide anything.

What tells who an applicant is (`__private__`) is never kept; what decides is, under ids, for decisions are explained.
"""

from decimal import Decimal
from typing import ClassVar, Literal

from converge_cli import Columns, FactModel, FrozenMap, require_amount, require_number

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

_LEAST_LOAN = Decimal("0.01")
_MOST_CREDIT_SCORE = 1000
_MOST_YEARS = 130

Verdict = Literal["approve", "review", "decline"]
Basis = Literal["clear", "underwritten"]


class Application(FactModel, frozen=True):
    """An application as it stands in the file; kind `application`, under Seeds.

    Attributes:
        applicant: id under which the lender knows the applicant; the person id of one who works for the lender.
        name: private.
        amount: of the loan, money in major units, more than 0, at most two decimals.
        annual_income: likewise, 0 or more.
        credit_score: whole number from 0 to 1000, None when there is no credit history.
        age, years_employed: in years.
        bankruptcy: whether one is on record.
        sanctions_match: whether whoever screened the applicant found them on a sanctions list.
        documents: those that are there, by name.
        columns: every other value of the file, private.
    """

    __private__: ClassVar = {"name": True, "columns": True}
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
    name: str | None = None
    columns: Columns = Columns()

    def __post_init__(self) -> None:
        if any(letter.isspace() or letter == "@" for letter in self.applicant):
            raise ValueError("applicant is an id, without spaces or @: put what must not be kept into name")
        require_amount("amount", self.amount, least=_LEAST_LOAN)
        require_amount("annual_income", self.annual_income)
        if self.credit_score is not None:
            require_number("credit_score", Decimal(self.credit_score), least=0, most=_MOST_CREDIT_SCORE)
        require_number("age", Decimal(self.age), least=0, most=_MOST_YEARS)
        require_number("years_employed", self.years_employed, least=0, most=_MOST_YEARS)


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
        applicant: whoever that is, by id or by name, does not approve it.
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
