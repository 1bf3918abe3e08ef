"""What a truth may set for procurement: weights, bands, hard requirements, thresholds. Never data of a vendor."""

import re
from decimal import Decimal

from converge_cli import FactModel, FrozenMap, Parameters, require_number

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_MOST_DECIMALS = 9
_MOST_WEIGHT = 1_000_000


def _require_score(score: Decimal) -> None:
    require_number("a score", score, least=0, most=1, places=_MOST_DECIMALS)


class Step(FactModel, frozen=True):
    """One band: the score of a value that is on the right side of exactly one limit."""

    score: Decimal
    below: Decimal | None = None
    at_most: Decimal | None = None
    above: Decimal | None = None
    at_least: Decimal | None = None

    def __post_init__(self) -> None:
        limits = [limit for limit in (self.below, self.at_most, self.above, self.at_least) if limit is not None]
        if len(limits) != 1:
            raise ValueError("a step has exactly one of below, at_most, above, at_least")
        if not limits[0].is_finite():
            raise ValueError(f"a limit is a finite number, not {limits[0]}")
        _require_score(self.score)

    def holds(self, value: Decimal) -> bool:
        """Whether the value is inside the band."""
        if self.below is not None:
            return value < self.below
        if self.at_most is not None:
            return value <= self.at_most
        if self.above is not None:
            return value > self.above
        return self.at_least is not None and value >= self.at_least

    @property
    def words(self) -> str:
        """The limit as people say it."""
        names = {"below": self.below, "at most": self.at_most, "above": self.above, "at least": self.at_least}
        return next(f"{name} {limit:f}" for name, limit in names.items() if limit is not None)


class Bands(FactModel, frozen=True):
    """How one column becomes a score in [0, 1].

    A number goes through `steps`, the first that holds counts, then `otherwise`; a yes or no scores `when_true` or
    `when_false`. A column is one of the vendor's own fields, or any other column of the file.
    """

    column: str
    steps: tuple[Step, ...] = ()
    otherwise: Decimal | None = None
    when_true: Decimal | None = None
    when_false: Decimal | None = None

    def __post_init__(self) -> None:
        numeric = bool(self.steps) and self.otherwise is not None
        boolean = self.when_true is not None and self.when_false is not None
        any_numeric = bool(self.steps) or self.otherwise is not None
        any_boolean = self.when_true is not None or self.when_false is not None
        if not self.column.strip():
            raise ValueError("bands name the column that they judge")
        if (any_numeric and any_boolean) or not (numeric or boolean):
            raise ValueError(
                "bands have either steps and otherwise (a number) or when_true and when_false (a yes or no)"
            )
        for score in (self.otherwise, self.when_true, self.when_false):
            if score is not None:
                _require_score(score)

    @property
    def boolean(self) -> bool:
        """Whether the column holds a yes or no."""
        return self.when_true is not None


DEFAULT_BANDS: FrozenMap[str, Bands] = FrozenMap(
    {
        "price": Bands(
            column="price",
            steps=(
                Step(below=Decimal(10000), score=Decimal(1)),
                Step(below=Decimal(25000), score=Decimal("0.7")),
                Step(below=Decimal(50000), score=Decimal("0.4")),
            ),
            otherwise=Decimal("0.1"),
        ),
        "compliance": Bands(column="compliant", when_true=Decimal(1), when_false=Decimal(0)),
        "risk": Bands(
            column="years_in_business",
            steps=(
                Step(above=Decimal(10), score=Decimal(1)),
                Step(above=Decimal(5), score=Decimal("0.7")),
                Step(above=Decimal(2), score=Decimal("0.4")),
            ),
            otherwise=Decimal("0.1"),
        ),
        "timeline": Bands(
            column="delivery_weeks",
            steps=(
                Step(at_most=Decimal(4), score=Decimal(1)),
                Step(at_most=Decimal(8), score=Decimal("0.8")),
                Step(at_most=Decimal(12), score=Decimal("0.5")),
            ),
            otherwise=Decimal("0.2"),
        ),
    }
)
"""What the four criteria mean unless the truth says otherwise."""

EQUAL_WEIGHTS: FrozenMap[str, Decimal] = FrozenMap({name: Decimal("0.25") for name in DEFAULT_BANDS})


class SelectionParameters(Parameters, frozen=True):
    """The parameters of vendor selection.

    Attributes:
        weights: criterion -> weight; scores are divided by their sum. Each criterion here gets its own evaluator.
        bands: criterion -> how its column is scored; needed for every criterion that is not one of the default four.
        requirements: yes-or-no columns that must be yes, or a vendor is never recommended.
        shortlist: how many vendors are recommended at most.
        minimum_bids: compliant, scored vendors that a competitive review needs.
        minimum_years: years in business that due diligence needs.
    """

    weights: FrozenMap[str, Decimal] = EQUAL_WEIGHTS
    bands: FrozenMap[str, Bands] = FrozenMap()
    requirements: tuple[str, ...] = ("compliant",)
    shortlist: int = 3
    minimum_bids: int = 2
    minimum_years: Decimal = Decimal(5)

    def __post_init__(self) -> None:
        for criterion, weight in self.weights.items():
            self._require_judged(criterion)
            require_number(f"weight of {criterion}", weight, least=0, most=_MOST_WEIGHT, places=_MOST_DECIMALS)
        if not any(self.weights.values()):
            raise ValueError("weights must be more than 0 in sum")
        for criterion in self.bands:
            if criterion not in self.weights:
                raise ValueError(f"bands of {criterion} would count for nothing: it has no weight")
        if self.shortlist < 1 or self.minimum_bids < 1:
            raise ValueError("shortlist and minimum_bids are at least 1")
        if not (self.minimum_years.is_finite() and self.minimum_years >= 0):
            raise ValueError("minimum_years is a number of years, 0 or more")

    def bands_of(self, criterion: str) -> Bands:
        """How a criterion is scored."""
        return self.bands[criterion] if criterion in self.bands else DEFAULT_BANDS[criterion]

    def _require_judged(self, criterion: str) -> None:
        if not _NAME.fullmatch(criterion):
            raise ValueError(f"criterion {criterion!r} is not a name of small letters, digits, - and _")
        if criterion not in self.bands and criterion not in DEFAULT_BANDS:
            raise ValueError(
                f"weight of {criterion} has no bands; add bands: "
                f"{{{criterion}: {{column: ..., steps: [...], otherwise: ...}}}}"
            )
