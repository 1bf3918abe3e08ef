"""What the facts of invoices and periods hold, one frozen model per kind. Must never decide anything."""

from datetime import date
from decimal import Decimal
from typing import Literal

from converge_cli import Columns, FactModel

_MOST = Decimal(1_000_000_000_000)
_MINOR_UNIT_PLACES = 2


def _require_amount(name: str, amount: Decimal) -> None:
    exponent = amount.as_tuple().exponent
    if not (amount.is_finite() and abs(amount) <= _MOST):
        raise ValueError(f"{name} is an amount of at most {_MOST}, not {amount}")
    if isinstance(exponent, int) and exponent < -_MINOR_UNIT_PLACES:
        raise ValueError(f"{name} has at most {_MINOR_UNIT_PLACES} decimals, not {amount}")


class DraftInvoice(FactModel, frozen=True):
    """An invoice as somebody drafted it; kind `draft`, under Seeds.

    Attributes:
        customer: id of a customer.
        amount: money in major units, at most two decimals.
    """

    number: str
    customer: str
    amount: Decimal
    date: date
    columns: Columns = Columns()

    def __post_init__(self) -> None:
        _require_amount("amount", self.amount)


class Line(FactModel, frozen=True):
    """A line of an invoice; kind `line`, under Seeds; its price times its quantity is money in major units."""

    invoice: str
    line: str
    description: str
    quantity: Decimal
    unit_price: Decimal

    def __post_init__(self) -> None:
        for name, value in (("quantity", self.quantity), ("unit_price", self.unit_price)):
            if not (value.is_finite() and abs(value) <= _MOST):
                raise ValueError(f"{name} is a number of at most {_MOST}, not {value}")


class Customer(FactModel, frozen=True):
    """Who may be invoiced; kind `customer`, under Seeds."""

    id: str
    name: str
    address: str | None = None
    tax_id: str | None = None
    active: bool = True


class Review(FactModel, frozen=True):
    """What was found about a draft; kind `review`, under Evaluations; no problems when all is in order."""

    number: str
    total: Decimal
    problems: tuple[str, ...] = ()


class Invoice(FactModel, frozen=True):
    """An invoice; kind `invoice`, under Strategies; the commit gate asks for each that is to be issued."""

    number: str
    customer: str
    amount: Decimal
    date: date
    status: Literal["draft", "issued"]


class Term(FactModel, frozen=True):
    """A period's first and last day; kind `term`, under Seeds."""

    period: str
    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise ValueError(f"start {self.start} is after end {self.end}")


class Entry(FactModel, frozen=True):
    """A payment as the ledger has it; kind `entry`, under Seeds; money in major units, paid out is negative."""

    id: str
    date: date
    amount: Decimal
    reference: str
    columns: Columns = Columns()

    def __post_init__(self) -> None:
        _require_amount("amount", self.amount)


class Movement(FactModel, frozen=True):
    """A payment as the bank has it; kind `movement`, under Seeds."""

    id: str
    date: date
    amount: Decimal
    reference: str
    columns: Columns = Columns()

    def __post_init__(self) -> None:
        _require_amount("amount", self.amount)


class Reconciliation(FactModel, frozen=True):
    """How ledger and bank compare in a period; kind `reconciliation`, under Evaluations.

    Attributes:
        matched: pairs of an entry and a movement with the same reference and amount.
        open_entries, open_movements: ids of those without a partner.
        total: of the ledger's entries.
    """

    period: str
    matched: int
    open_entries: tuple[str, ...]
    open_movements: tuple[str, ...]
    total: Decimal


class Period(FactModel, frozen=True):
    """A period of the books; kind `period`, under Strategies; the commit gate asks for each that is to be closed.

    Attributes:
        amount: total of the ledger's entries in it.
    """

    period: str
    amount: Decimal
    status: Literal["open", "closed"]


class Breach(FactModel, frozen=True):
    """What was let through and should not have been; kind `breach`, under Diagnostic; `open` while it stands."""

    about: str
    reason: str
    open: bool = True
