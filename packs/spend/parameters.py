"""What a truth may set for expense claims: limits by category, and what counts as a duplicate."""

from decimal import Decimal

from converge_cli import FrozenMap, Parameters, require_amount

_MOST_DAYS = 366


class ClaimParameters(Parameters, frozen=True):
    """The parameters of expense claims.

    Attributes:
        limits: category -> most that is claimed at once without an exception, in major units; others have no limit.
        duplicate_days: claims of one person over one amount that are at most so many days apart look the same.
    """

    limits: FrozenMap[str, Decimal] = FrozenMap()
    duplicate_days: int = 3

    def __post_init__(self) -> None:
        for category, limit in self.limits.items():
            require_amount(f"limit of {category}", limit)
        if not 0 <= self.duplicate_days <= _MOST_DAYS:
            raise ValueError(f"duplicate_days is from 0 to {_MOST_DAYS}, not {self.duplicate_days}")
