"""Predicates as data: what the step language compiles to, and what the engine judges facts with.

Plain frozen values, so that a compiled job is a golden file. Judging lives in `engine.checks`.
"""

from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

Comparison = Literal[
    "exists", "is", "is not", "is greater than", "is less than", "is at least", "is at most", "is one of", "matches"
]


class Value(msgspec.Struct, frozen=True):
    """A literal of the step language, with its type: `"quoted"`, a number, true or false, an ISO date."""

    type: Literal["text", "number", "boolean", "date"]
    text: str

    def plain(self) -> str | bool | Decimal | date:
        """The Python value."""
        if self.type == "number":
            return Decimal(self.text)
        if self.type == "boolean":
            return self.text == "true"
        return date.fromisoformat(self.text) if self.type == "date" else self.text


class FieldTest(msgspec.Struct, frozen=True, omit_defaults=True):
    """`where field "f" <cmp>`; `field` is a dotted path, `values` holds none, one or (is one of) several."""

    field: str
    comparison: Comparison
    values: tuple[Value, ...] = ()


class Selection(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which facts: a context key, an optional id glob, an optional test on a field."""

    key: str
    id: str | None = None
    where: FieldTest | None = None

    @property
    def selector(self) -> str:
        """The selector text without the field test."""
        return self.key if self.id is None else f"{self.key}:{self.id}"

    @property
    def words(self) -> str:
        """The selector and the field test, for people."""
        if self.where is None:
            return self.selector
        values = ", ".join(value.text for value in self.where.values)
        return f"{self.selector} where {self.where.field} {self.where.comparison} {values}".rstrip()


class Given(msgspec.Struct, frozen=True, omit_defaults=True):
    """One Given: what is selected for the checks.

    `any` and `contains` select facts, `proposal` a proposal before promotion, `approval` the decided approvals of
    `point`; `fixed point` selects nothing and marks acceptance. A clause is exercised when each of its Givens
    selects something.
    """

    what: Literal["any", "contains", "proposal", "approval", "fixed point"]
    selection: Selection | None = None
    point: str | None = None


class FieldOf(msgspec.Struct, frozen=True):
    """`field "f" of fact "id" under key "K"`."""

    field: str
    id: str
    key: str


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule of the `it must include:` table.

    name: `non-empty string`, `integer between`, `number between`, `number greater`, `number less`, `one of`,
        `matches`, `true`, `false`, `ISO date`, `ISO datetime`, `decimal`, `id of` (a fact under key args[0]),
        `list of at least`.
    """

    name: str
    args: tuple[str, ...] = ()


class FieldRule(msgspec.Struct, frozen=True):
    """One row of the `it must include:` table."""

    field: str
    rule: Rule


class Term(msgspec.Struct, frozen=True):
    """One row of the `it must not contain any forbidden term:` table."""

    term: str
    reason: str


class Count(msgspec.Struct, frozen=True, omit_defaults=True, tag=True):
    """`the Context key "K" contains at least|at most|exactly N facts SEL`; without a selection: of the subject."""

    bound: Literal["at least", "at most", "exactly"]
    number: int
    selection: Selection | None = None


class Includes(msgspec.Struct, frozen=True, tag=True):
    """`it must include:` each field follows its rule."""

    rows: tuple[FieldRule, ...]


class ForbiddenTerms(msgspec.Struct, frozen=True, tag=True):
    """`it must not contain any forbidden term:` whole words, in any text of the payload, whatever the case."""

    terms: tuple[Term, ...]


class FieldIs(msgspec.Struct, frozen=True, omit_defaults=True, tag=True):
    """`field "f" must [not] be [at least|at most|greater than|less than] VALUE`."""

    test: FieldTest
    negated: bool = False


class FieldUnique(msgspec.Struct, frozen=True, tag=True):
    """`field "f" must be unique` among the selected facts."""

    field: str


class FieldEquals(msgspec.Struct, frozen=True, omit_defaults=True, tag=True):
    """`field "f" must [not] equal field "g" of fact "id" under key "K"`."""

    field: str
    other: FieldOf
    negated: bool = False


class SumIs(msgspec.Struct, frozen=True, omit_defaults=True, tag=True):
    """`the sum of field "f" must equal|not exceed VALUE | field "g" of fact "id" under key "K"`."""

    field: str
    relation: Literal["equal", "not exceed"]
    value: Value | None = None
    other: FieldOf | None = None


class Paired(msgspec.Struct, frozen=True, omit_defaults=True, tag=True):
    """`for each A there exists a B whose field "a" equals its field "b"`, or `... referencing it`.

    `field` is B's, `equals` is A's; both None: B holds A's exact id in any field.
    """

    each: Selection
    partner: Selection
    field: str | None = None
    equals: str | None = None


class Absent(msgspec.Struct, frozen=True, tag=True):
    """`no fact under key "K" SEL exists`."""

    selection: Selection


class Approved(msgspec.Struct, frozen=True, omit_defaults=True, tag=True):
    """`an approval for "point" [by role "r"] exists`: decided yes."""

    point: str
    role: str | None = None


class EvidenceExists(msgspec.Struct, frozen=True, tag=True):
    """`evidence "name" exists`, with the selection that satisfies it."""

    name: str
    selection: Selection


class ConfidenceAtLeast(msgspec.Struct, frozen=True, tag=True):
    """`its confidence must be at least X`."""

    value: Value


class ProposesOnly(msgspec.Struct, frozen=True, tag=True):
    """`When suggestor "name" executes, Then it proposes facts only under key "K"[, "K"]`."""

    suggestor: str
    keys: tuple[str, ...]


class RequiredApprovalHeld(msgspec.Struct, frozen=True, tag=True):
    """A required approval: no fact that the point approves was promoted without it."""

    point: str
    approves: Selection


Check = (
    Count
    | Includes
    | ForbiddenTerms
    | FieldIs
    | FieldUnique
    | FieldEquals
    | SumIs
    | Paired
    | Absent
    | Approved
    | EvidenceExists
    | ConfidenceAtLeast
    | ProposesOnly
    | RequiredApprovalHeld
)


class Then(msgspec.Struct, frozen=True):
    """One check with the sentence that it was compiled from."""

    text: str
    check: Check


def selections_of(check: Check) -> tuple[Selection, ...]:
    """Every selection that a check makes itself, beside what its clause's Givens select."""
    found = (getattr(check, name, None) for name in ("selection", "each", "partner", "approves"))
    return tuple(selection for selection in found if selection is not None)
