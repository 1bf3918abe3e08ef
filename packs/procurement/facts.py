"""What procurement's facts hold, one frozen model per kind. Must never decide anything."""

from decimal import Decimal
from typing import Literal

from converge_cli import Columns, FactModel, FrozenMap, require_amount

from .parameters import SelectionParameters

__all__ = [
    "Breach",
    "Commitment",
    "Eligibility",
    "RankedVendor",
    "Ranking",
    "Recommendation",
    "Score",
    "SelectionParameters",
    "Sensitivity",
    "Unscored",
    "Vendor",
]


class Vendor(FactModel, frozen=True):
    """A bid as it stands in the file; kind `vendor`, under Seeds.

    Attributes:
        price: money in major units, at most two decimals.
        compliant: whether the vendor meets the legal and security requirements.
        years_in_business, delivery_weeks: None when the file says nothing; the vendor then can't be scored on them.
        columns: every other column of the file, as text; parameters may score them.
    """

    id: str
    name: str
    price: Decimal
    compliant: bool
    years_in_business: Decimal | None = None
    delivery_weeks: Decimal | None = None
    columns: Columns = Columns()

    def __post_init__(self) -> None:
        require_amount("price", self.price)
        for column, value in (("years_in_business", self.years_in_business), ("delivery_weeks", self.delivery_weeks)):
            if value is not None and not (value.is_finite() and value >= 0):
                raise ValueError(f"{column} is a number, 0 or more, not {value}")


class Score(FactModel, frozen=True):
    """One vendor on one criterion; kind `score`, id `score:<criterion>:<vendor>`, under Evaluations.

    Attributes:
        vendor: the vendor's name in ids.
        about: exact id of the vendor fact that was judged.
        score: from 0 to 1.
        reason: the value and the band that it fell into.
    """

    vendor: str
    about: str
    criterion: str
    score: Decimal
    reason: str


class Unscored(FactModel, frozen=True):
    """A vendor that can't be scored on a criterion, and why; kind `unscored`, under Diagnostic; `open` until it can."""

    vendor: str
    about: str
    criterion: str
    reason: str
    open: bool = True


class Eligibility(FactModel, frozen=True):
    """Whether a vendor meets every hard requirement; kind `eligibility`, under Evaluations.

    Attributes:
        failed: the requirements that it does not meet.
    """

    vendor: str
    about: str
    eligible: bool
    failed: tuple[str, ...] = ()


class RankedVendor(FactModel, frozen=True):
    """One line of the ranking; `rank` is its place among all, eligible or not; `scores` is by criterion."""

    rank: int
    vendor: str
    name: str
    price: Decimal
    score: Decimal
    scores: FrozenMap[str, Decimal]
    eligible: bool
    recommended: bool
    reason: str


class Ranking(FactModel, frozen=True):
    """All vendors in order of (-score, vendor); kind `ranking`, id `ranking:vendors`, under Evaluations.

    Attributes:
        first: the vendor to commit to, None when no vendor is eligible.
        weights: as they were used.
        unranked: vendors that lack a score.
    """

    first: str | None
    weights: FrozenMap[str, Decimal]
    vendors: tuple[RankedVendor, ...]
    unranked: tuple[str, ...] = ()


class Recommendation(FactModel, frozen=True):
    """A vendor on the shortlist; kind `recommendation`, under Strategies.

    Attributes:
        vendor: the vendor's name in ids.
        vendor_id: its id as the file writes it.
        rank: its place among the eligible, 0 when it is not one of them.
        status: withdrawn when it was on the shortlist and no longer is.
    """

    vendor: str
    vendor_id: str
    name: str
    rank: int
    score: Decimal
    price: Decimal
    status: Literal["recommended", "withdrawn"]
    reason: str


class Sensitivity(FactModel, frozen=True):
    """The smallest change of one weight, the others kept, that would put another vendor first.

    Kind `sensitivity`, id `sensitivity:<criterion>`, under Evaluations.

    Attributes:
        weight: as it is now.
        change: beyond this much more or less another vendor is first, rounded up to six decimals; None: never.
    """

    criterion: str
    weight: Decimal
    first: str
    flips_to: str | None
    direction: Literal["increase", "decrease"] | None
    change: Decimal | None
    reason: str


class Commitment(FactModel, frozen=True):
    """The spend that is committed; kind `commitment`, under Strategies; the commit gate asks for each.

    Attributes:
        price: money in major units.
    """

    vendor: str
    vendor_id: str
    name: str
    price: Decimal
    score: Decimal


class Breach(FactModel, frozen=True):
    """A ranking or commitment that does not follow from the bids; kind `breach`, under Diagnostic.

    Attributes:
        about: id of the fact, without its version.
        open: whether it still stands.
    """

    about: str
    reason: str
    open: bool = True
