"""What a truth may set for lending: weights, bands, limits, required documents. Never data of an applicant."""

from collections.abc import Collection
from decimal import Decimal

from converge_cli import FactModel, FrozenMap, Parameters, require_number

FACTORS = ("documents", "credit", "compliance", "risk")
"""What an application is judged by."""

_MOST_DECIMALS = 4
"""Of a score, so that the mean of two is exact in six."""

_MOST_WEIGHT = 1_000_000
_MOST_AGE = 130


def _require_score(name: str, score: Decimal) -> None:
    require_number(name, score, least=0, most=1, places=_MOST_DECIMALS)


class Step(FactModel, frozen=True):
    """One band: the score of a value that is at least, or below, one limit."""

    score: Decimal
    at_least: Decimal | None = None
    below: Decimal | None = None

    def __post_init__(self) -> None:
        if (self.at_least is None) == (self.below is None):
            raise ValueError("a step has exactly one of at_least, below")
        if not self.limit.is_finite():
            raise ValueError(f"a limit is a finite number, not {self.limit}")
        _require_score("a score", self.score)

    @property
    def limit(self) -> Decimal:
        """Where the band ends."""
        given = self.below if self.at_least is None else self.at_least
        return Decimal("nan") if given is None else given


class Bands(FactModel, frozen=True):
    """How a value becomes a score: the first step that holds counts, then `otherwise`."""

    steps: tuple[Step, ...]
    otherwise: Decimal

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("bands have at least one step")
        _require_score("otherwise", self.otherwise)


def _rising(otherwise: str, *steps: tuple[str, str]) -> Bands:
    found = (Step(at_least=Decimal(limit), score=Decimal(score)) for limit, score in steps)
    return Bands(steps=tuple(found), otherwise=Decimal(otherwise))


def _falling(otherwise: str, *steps: tuple[str, str]) -> Bands:
    found = (Step(below=Decimal(limit), score=Decimal(score)) for limit, score in steps)
    return Bands(steps=tuple(found), otherwise=Decimal(otherwise))


DEFAULT_BANDS: FrozenMap[str, Bands] = FrozenMap(
    {
        "documents": _rising("0", ("1", "1")),
        "credit_score": _rising("0.1", ("750", "1"), ("700", "0.8"), ("650", "0.6"), ("600", "0.4")),
        "loan_to_income": _falling("0.2", ("0.2", "1"), ("0.3", "0.8"), ("0.4", "0.5")),
        "years_employed": _rising("0.4", ("2", "1"), ("1", "0.7")),
    }
)
"""What the values of an application mean unless the truth says otherwise; documents: the share that is there."""

EQUAL_WEIGHTS: FrozenMap[str, Decimal] = FrozenMap({name: Decimal("0.25") for name in FACTORS})


class LendingParameters(Parameters, frozen=True):
    """The parameters of lending.

    Attributes:
        weights: factor -> weight; the mean is divided by their sum. A factor that is left out weighs nothing.
        bands: of documents, credit_score, loan_to_income and years_employed; one given replaces its default.
        required_documents: what has to be there for an application to be complete.
        minimum_age: below it nobody gets a loan.
        bankruptcy_score: most that risk scores when a bankruptcy is on record.
        approve: mean from which an application is approved without a person.
        review: mean from which a person decides; below it is declined.
    """

    weights: FrozenMap[str, Decimal] = EQUAL_WEIGHTS
    bands: FrozenMap[str, Bands] = FrozenMap()
    required_documents: tuple[str, ...] = ("identity", "income_statement", "bank_statement")
    minimum_age: int = 18
    bankruptcy_score: Decimal = Decimal(0)
    approve: Decimal = Decimal("0.8")
    review: Decimal = Decimal("0.6")

    def __post_init__(self) -> None:
        for factor, weight in self.weights.items():
            _require_known("weight", factor, FACTORS)
            require_number(f"weight of {factor}", weight, least=0, most=_MOST_WEIGHT)
        if not any(self.weights.values()):
            raise ValueError("weights must be more than 0 in sum")
        for value in self.bands:
            _require_known("bands", value, DEFAULT_BANDS)
        for name in ("bankruptcy_score", "approve", "review"):
            _require_score(name, getattr(self, name))
        if self.review > self.approve:
            raise ValueError(f"review ({self.review}) is at most approve ({self.approve})")
        require_number("minimum_age", Decimal(self.minimum_age), least=0, most=_MOST_AGE)
        if not self.required_documents or len(set(self.required_documents)) < len(self.required_documents):
            raise ValueError("required_documents names at least one document, and none twice")

    def bands_of(self, value: str) -> Bands:
        """How a value of an application is scored."""
        return self.bands[value] if value in self.bands else DEFAULT_BANDS[value]


def _require_known(what: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        raise ValueError(f"{what} of {name}: there is no such thing; they are {', '.join(known)}")
