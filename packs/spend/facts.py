"""What the facts of expense claims hold, one frozen model per kind. Must never decide anything."""

from datetime import date
from decimal import Decimal
from typing import Literal

from converge_cli import Columns, FactModel, require_amount

from .parameters import ClaimParameters

__all__ = [
    "Breach",
    "Check",
    "ClaimParameters",
    "Clearance",
    "Commitment",
    "Concern",
    "Expense",
    "Outcome",
    "Receipt",
    "Validation",
]

About = Literal["duplicate", "limit"]


def _require_paid(amount: Decimal) -> None:
    """An expense is of something: no kind of this pack tells of one at no price, so policy need not."""
    require_amount("amount", amount, least=Decimal("0.01"))


class Expense(FactModel, frozen=True):
    """A claim as it stands in the file; kind `expense`, under Seeds.

    Attributes:
        id: as the file writes it.
        claimant: person id of whoever spent the money and wants it back.
        category: what the limits of the parameters go by.
        amount: money in major units, more than 0, at most two decimals.
        date: of the purchase.
        receipt: name of its file in the receipts folder, None when the file names none.
        sponsor: person id on whose authority it is committed, None when it is the claimant's own.
        columns: every other column of the file, as text.
    """

    id: str
    claimant: str
    category: str
    amount: Decimal
    date: date
    receipt: str | None = None
    sponsor: str | None = None
    columns: Columns = Columns()

    def __post_init__(self) -> None:
        _require_paid(self.amount)

    @property
    def responsible(self) -> str:
        """The person for whom policy is asked."""
        return self.sponsor or self.claimant


class Receipt(FactModel, frozen=True):
    """A file of the receipts folder; kind `receipt`, under Seeds.

    Attributes:
        name: its path in the folder.
        size: bytes; one of 0 shows nothing.
        sha256: of its bytes, in hex.
    """

    name: str
    size: int
    sha256: str


class Concern(FactModel, frozen=True):
    """Why somebody has to look at a claim before it is validated."""

    about: About
    reason: str


class Check(FactModel, frozen=True):
    """What was found about a claim; kind `check`, under Evaluations.

    Attributes:
        sha256: of its receipt, None when there is none.
    """

    expense: str
    receipt: str | None = None
    sha256: str | None = None
    concerns: tuple[Concern, ...] = ()


class Clearance(FactModel, frozen=True):
    """A concern that a person has looked at and let pass; kind `clearance`, id `clearance:<about>:<expense>`."""

    expense: str
    claimant: str
    amount: Decimal
    about: About
    reason: str

    def __post_init__(self) -> None:
        _require_paid(self.amount)


class _Examined(FactModel, frozen=True):
    """A claim as both gates ask about it.

    Attributes:
        responsible: person id for whom policy is asked.
    """

    expense: str
    claimant: str
    responsible: str
    category: str
    amount: Decimal
    receipt: str | None = None

    def __post_init__(self) -> None:
        _require_paid(self.amount)


class Validation(_Examined, frozen=True):
    """A claim whose papers are complete; kind `validation`, under Evaluations; the validate gate asks for each."""


class Commitment(_Examined, frozen=True):
    """An expense that is paid back; kind `commitment`, under Strategies; the commit gate asks for each."""


class Outcome(FactModel, frozen=True):
    """What became of a claim; kind `outcome`, under Evaluations.

    Attributes:
        result: reopened when what refused it no longer holds, and nothing else has been decided yet.
        reason: who or what decided, in words.
        decided: id of the proposal that was let in or refused.
    """

    expense: str
    result: Literal["committed", "rejected", "reopened"]
    reason: str
    decided: str


class Breach(FactModel, frozen=True):
    """A validated or committed claim that should not have been; kind `breach`, under Diagnostic; `open` while it is."""

    expense: str
    reason: str
    open: bool = True
