"""What the facts of contracts hold, one frozen model per kind. Must never decide anything.

Private fields (`__private__`) are never kept: they read `[redacted]` before a suggestor or the record sees them.
"""

from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

from converge_cli import FactModel, require_amount

Did = Literal["view", "amend", "review", "sign", "execute"]
Stands = Literal["drafted", "reviewed", "signed", "executed"]

BINDING: frozenset[Did] = frozenset({"sign", "execute"})
"""The actions for which the signatures must bind on their day."""


class Party(FactModel, frozen=True):
    """Who makes a contract.

    Attributes:
        id: what signatures name it by.
        name: private of a natural person.
        side: whether it is we, or somebody else.
        person: whether it is a natural person.
        email: private.
    """

    __private__: ClassVar = {"name": "person", "email": True}
    id: str
    name: str
    side: Literal["ours", "counterparty"]
    person: bool = False
    email: str | None = None


class Clause(FactModel, frozen=True):
    """A clause; its text is private when it is marked confidential."""

    __private__: ClassVar = {"text": "confidential"}
    id: str
    title: str
    text: str
    confidential: bool = False


class Paper(FactModel, frozen=True):
    """A document of a contract: the name of its file in the folder, and the SHA-256 under which it was registered."""

    file: str
    sha256: str


class Signature(FactModel, frozen=True):
    """A signature of a party.

    Attributes:
        party: id of the party.
        signed_by: whose hand it was; private.
        version: of the contract that was signed.
        signed_on: None as long as nobody signed.
        valid_until: last day on which it binds, None for ever.
    """

    __private__: ClassVar = {"signed_by": True}
    party: str
    version: int
    signed_by: str | None = None
    signed_on: date | None = None
    valid_until: date | None = None


class Point(FactModel, frozen=True):
    """Something that a review found; its text quotes the contract, so it is private."""

    __private__: ClassVar = {"text": True}
    id: str
    text: str
    clause: str | None = None
    closed: bool = False


class Review(FactModel, frozen=True):
    """A legal review of one version.

    Attributes:
        by: person id of the reviewer.
        cleared: the verdict.
        points: what was found; each must be closed before the review counts.
    """

    by: str
    version: int
    cleared: bool
    points: tuple[Point, ...] = ()


class Contract(FactModel, frozen=True):
    """A contract as it is registered; kind `contract`, under Seeds.

    Attributes:
        version: counts up with each change; signatures and reviews are of one version.
        value: money in major units, 0 when there is none.
    """

    id: str
    title: str
    version: int
    parties: tuple[Party, ...]
    documents: tuple[Paper, ...]
    value: Decimal = Decimal(0)
    clauses: tuple[Clause, ...] = ()
    reviews: tuple[Review, ...] = ()
    signatures: tuple[Signature, ...] = ()

    def __post_init__(self) -> None:
        require_amount("value", self.value)
        if self.version < 1:
            raise ValueError(f"version counts from 1, not {self.version}")
        names = [party.id for party in self.parties]
        if len(names) != len(set(names)):
            raise ValueError("two parties have one id")
        if "counterparty" not in {party.side for party in self.parties}:
            raise ValueError("parties name no counterparty")
        if not self.documents:
            raise ValueError("documents are empty, so nobody knows what is signed")


class Document(FactModel, frozen=True):
    """A file of the documents folder; kind `document`, under Seeds. What is in it is never read.

    Attributes:
        name: its path in the folder.
        size: bytes.
        sha256: of its bytes, in hex.
    """

    name: str
    size: int
    sha256: str


class Action(FactModel, frozen=True):
    """What somebody asks to do with a contract; kind `action`, under Seeds.

    The order of the file is the order of the actions.

    Attributes:
        contract: id as its register writes it.
        by: person id.
        on: the day.
    """

    id: str
    contract: str
    by: str
    action: Did
    on: date


class Check(FactModel, frozen=True):
    """What keeps a contract from being signed or executed; kind `check`, under Evaluations.

    Attributes:
        on: the day on which the signatures must bind, None when nobody asks to sign or execute it.
        review_lacks, signature_lacks: empty when nothing does.
    """

    contract: str
    version: int
    on: date | None = None
    review_lacks: tuple[str, ...] = ()
    signature_lacks: tuple[str, ...] = ()


class Permission(FactModel, frozen=True):
    """That a person may act on a contract; kind `permission`, under Evaluations; the validate gate asks for each."""

    action: str
    contract: str
    by: str
    did: Did
    value: Decimal


class Agreement(FactModel, frozen=True):
    """Where a contract stands; kind `agreement`, under Strategies; the commit gate asks when it is executed.

    Attributes:
        after: id of the action that brought it there, None for a new one.
        by: person id of whoever asked for that.
    """

    contract: str
    title: str
    value: Decimal
    stands: Stands
    after: str | None = None
    by: str | None = None


class Audit(FactModel, frozen=True):
    """What became of one action; kind `audit`, id `audit:<action>`, under Evaluations.

    Attributes:
        number: place among the actions on its contract, from 1.
        by: person id of whoever acted.
        reason: who or what decided, in words.
        decided: id of what was let in, or of the engine's note of the refusal.
    """

    action: str
    contract: str
    number: int
    by: str
    did: Did
    on: date
    result: Literal["done", "refused"]
    reason: str
    decided: str


class Outcome(FactModel, frozen=True):
    """What became of a contract; kind `outcome`, under Evaluations, when each action on it is decided."""

    contract: str
    result: Literal["executed", "not executed"]
    stands: Stands
    reason: str


class Breach(FactModel, frozen=True):
    """An agreement or an audit that should not be as it is; kind `breach`, under Diagnostic; `open` while it is."""

    about: str
    reason: str
    open: bool = True
