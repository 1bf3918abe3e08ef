"""Small packs, made in memory, that the truths of these tests name."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from converge_cli.core.fact import Columns, FactModel, FrozenMap
from converge_cli.core.flow_gate import Grant
from converge_cli.core.pack import InvalidPackError, Pack, Parameters
from converge_cli.core.pack_spec import ContextField, GateSpec
from converge_cli.core.suggestor import Effect, Suggestor


class Vendor(FactModel):
    id: str
    price: Decimal
    compliant: bool = True
    since: date | None = None
    grade: Literal["A", "B"] = "B"
    staff: int | None = None
    columns: Columns = Columns()


class Score(FactModel):
    vendor: str
    value: Decimal


class Terms(FactModel):
    days: int


class Offer(FactModel):
    vendor: str
    price: Decimal
    buyer: str = ""
    terms: Terms = Terms(days=30)


class Matrix(FactModel):
    digest: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Decimal, ...], ...]


class News(FactModel):
    headline: str


class ShopParameters(Parameters):
    weights: FrozenMap[str, Decimal] = FrozenMap()
    limit: int = 3


class Scorer(Suggestor):
    name = "scorer"
    reads = ("Seeds:vendor:*",)
    writes = ("Evaluations:score:*", "Strategies:offer:*")

    def __init__(self, parameters: Any) -> None:
        self.parameters = parameters

    def execute(self, view: Any) -> Effect:
        return Effect()


class Reporter(Suggestor):
    name = "reporter"
    writes = ("Signals:news:*",)

    def __init__(self, parameters: Any) -> None:
        self.parameters = parameters

    def execute(self, view: Any) -> Effect:
        return Effect()


_GATE = GateSpec(
    pack="shop",
    on="Strategies:offer:*",
    action="commit",
    resource_kind="spend",
    resource_phase="commitment",
    resource_id="vendor",
    context={"amount": ContextField("money", "price")},
    approvals={"buying": Grant(context={"human_approval_present": True})},
)

SHOP = Pack(
    "shop",
    version="1",
    kinds={"vendor": Vendor, "score": Score, "offer": Offer, "matrix": Matrix},
    factories=[Scorer],
    parameters=ShopParameters,
    gates=(_GATE,),
)


class Ticket(FactModel):
    status: Literal["open", "solved", "closed"]
    text: str = ""
    hours: int | None = None


class Clerk(Suggestor):
    name = "clerk"
    writes = ("Strategies:ticket:*", "Evaluations:passed:solution_checked:*")

    def execute(self, view: Any) -> Effect:
        return Effect()


_CLOSING = GateSpec(
    pack="desk",
    on="Strategies:ticket:*",
    action="advance_phase",
    resource_kind="ticket",
    resource_phase="convergence",
    resource_id="text",
    requires=("solution_checked", "customer_heard"),
    approvals={"closing": Grant(gates=("customer_heard",))},
)

DESK = Pack("desk", kinds={"ticket": Ticket}, factories=[Clerk], gates=(_CLOSING,))
PRESS = Pack("press", kinds={"news": News}, factories=[Reporter])
TWIN = Pack("twin", kinds={"vendor": Vendor}, factories=[])


class Shelf:
    """A PackSource over the packs above, with one that can't be loaded."""

    def __init__(self) -> None:
        self._packs = {"shop": SHOP, "press": PRESS, "twin": TWIN, "desk": DESK}

    def find(self, name: str) -> Pack | None:
        if name == "crash":
            raise InvalidPackError("pack crash raised ValueError on import", hint="mend crash.py")
        return self._packs.get(name)

    def names(self) -> Sequence[str]:
        return [*self._packs, "crash"]
