"""What the facts of invoices and periods hold, one frozen model per kind. Must never decide anything."""

from datetime import date
from decimal import Decimal
from typing import Literal

from converge_cli import Columns, FactModel, require_amount, require_number

from .parameters import MoneyParameters

__all__ = [
    "Account",
    "Breach",
    "Closing",
    "Customer",
    "Entry",
    "Invoice",
    "Item",
    "Line",
    "MoneyParameters",
    "Number",
    "Outcome",
    "Period",
    "Reconciliation",
    "Review",
    "Statement",
    "Term",
]

_MOST = 1_000_000_000_000
_MOST_PERCENT = 100
_FINEST_PLACES = 9


class Line(FactModel, frozen=True):
    """A line of an invoice, with what its invoice says as a whole; kind `line`, under Seeds.

    Attributes:
        invoice: what the invoice is called until it has its number.
        line: from 1, in the order of the invoice.
        customer: id of a customer.
        amount: of the whole invoice, tax included, in major units; the same on each of its lines.
        unit_price: without tax, in major units.
        tax_rate: percent of the net.
        columns: every other column of the file, as text.
    """

    invoice: str
    line: int
    customer: str
    date: date
    amount: Decimal
    description: str
    quantity: Decimal
    unit_price: Decimal
    tax_rate: Decimal = Decimal(0)
    columns: Columns = Columns()

    def __post_init__(self) -> None:
        if self.line < 1:
            raise ValueError(f"line is 1 or more, not {self.line}")
        require_amount("amount", self.amount, least=None)
        for name in ("quantity", "unit_price"):
            require_number(name, getattr(self, name), least=-_MOST, most=_MOST, places=_FINEST_PLACES)
        require_number("tax_rate", self.tax_rate, least=0, most=_MOST_PERCENT, places=_FINEST_PLACES)


class Customer(FactModel, frozen=True):
    """Who may be invoiced; kind `customer`, under Seeds."""

    id: str
    active: bool
    name: str | None = None
    address: str | None = None
    tax_id: str | None = None
    columns: Columns = Columns()


class Entry(FactModel, frozen=True):
    """An invoice of the books; kind `entry`, under Seeds.

    Attributes:
        number: that it was issued under; None while it is not issued.
    """

    invoice: str
    date: date
    amount: Decimal
    status: Literal["draft", "validated", "issued"]
    number: int | None = None
    columns: Columns = Columns()

    def __post_init__(self) -> None:
        require_amount("amount", self.amount, least=None)
        if (self.number is not None) != (self.status == "issued"):
            raise ValueError(f"an invoice has a number when it is issued, not before; this one is {self.status}")
        if self.number is not None and self.number < 1:
            raise ValueError(f"number is 1 or more, not {self.number}")


class _Reckoned(FactModel, frozen=True):
    """An invoice as its lines have it.

    Attributes:
        lines: how many there are.
        net, tax: what they come to, rounded as the parameters say, in major units.
        amount: what the invoice says that it comes to.
    """

    invoice: str
    customer: str
    date: date
    lines: int
    net: Decimal
    tax: Decimal
    amount: Decimal


class Review(_Reckoned, frozen=True):
    """What was found about the lines of one invoice; kind `review`, under Evaluations.

    Attributes:
        customer_problems, line_problems: why it is not validated, in words; none when all is in order.
    """

    customer_problems: tuple[str, ...] = ()
    line_problems: tuple[str, ...] = ()


class Invoice(_Reckoned, frozen=True):
    """An invoice on its way; kind `invoice`, under Strategies. The gates ask when it is validated and when issued.

    It holds what its review holds, but for the problems.
    """

    status: Literal["draft", "validated", "issued"]


class Number(FactModel, frozen=True):
    """The number of an issued invoice; kind `number`, under Strategies.

    Attributes:
        number: the next of the series when it was issued.
        follows: the number before it.
        begins: whether that one was given before this run, or this is the first of all.
        written: as it stands on the invoice.
    """

    invoice: str
    number: int
    follows: int
    begins: bool
    written: str


class Term(FactModel, frozen=True):
    """A period that is to be closed, with its first and last day; kind `term`, under Seeds."""

    period: str
    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise ValueError(f"start {self.start} is after end {self.end}")


class Closing(FactModel, frozen=True):
    """A period that was closed before; kind `closing`, under Seeds."""

    period: str
    closed_on: date
    columns: Columns = Columns()


class Account(FactModel, frozen=True):
    """What an account has by the books at the end of a day; kind `account`, under Seeds; money in major units."""

    account: str
    name: str
    date: date
    balance: Decimal

    def __post_init__(self) -> None:
        require_amount("balance", self.balance, least=None)


class Statement(FactModel, frozen=True):
    """What an account has by the bank at the end of a day; kind `statement`, under Seeds; money in major units."""

    account: str
    date: date
    balance: Decimal
    columns: Columns = Columns()

    def __post_init__(self) -> None:
        require_amount("balance", self.balance, least=None)


class Item(FactModel, frozen=True):
    """Why books and bank differ in a period; kind `item`, under Seeds.

    Attributes:
        amount: what the books have more than the bank for it, in major units; less is negative.
        allocated_to: the booking or payment that explains it; None while it is open.
    """

    id: str
    period: str
    account: str
    date: date
    description: str
    amount: Decimal
    allocated_to: str | None = None
    columns: Columns = Columns()

    def __post_init__(self) -> None:
        require_amount("amount", self.amount, least=None)


class Reconciliation(FactModel, frozen=True):
    """How books and bank compare at the end of a period; kind `reconciliation`, under Evaluations.

    Attributes:
        accounts, items: how many were compared, and how many items explain differences.
        book, bank, explained: sums over all accounts; book = bank + explained when all agree.
        problems: what keeps the period open, in words; none when the reconciliation is complete.
    """

    period: str
    accounts: int
    items: int
    book: Decimal
    bank: Decimal
    explained: Decimal
    problems: tuple[str, ...] = ()


class Period(FactModel, frozen=True):
    """A period of the books; kind `period`, under Strategies. The gates ask when it is reconciled and when closed.

    Attributes:
        amount: 0, since to close a period costs nothing; policy wants an amount in every request.
    """

    period: str
    start: date
    end: date
    book: Decimal
    bank: Decimal
    status: Literal["open", "reconciled", "closed"]
    amount: Decimal = Decimal(0)


class Outcome(FactModel, frozen=True):
    """What became of an invoice or a period; kind `outcome`, under Evaluations.

    Attributes:
        about: what the file calls it.
        result: reopened when what refused it no longer holds, and nothing else has been decided yet.
        reason: who or what decided, in words.
        decided: id of the proposal that was let in or refused.
    """

    about: str
    result: Literal["issued", "closed", "refused", "reopened"]
    reason: str
    decided: str


class Breach(FactModel, frozen=True):
    """What was let through and should not have been; kind `breach`, under Diagnostic; `open` while it stands."""

    about: str
    reason: str
    open: bool = True
