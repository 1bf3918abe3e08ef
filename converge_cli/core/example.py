"""End-to-end examples (`@e2e` scenarios) as data: what is given, and what the run must then have come to."""

from typing import Literal

import msgspec

from converge_cli.core.approval import Decision
from converge_cli.core.invariant import Origin
from converge_cli.core.predicate import Value


class InputsFrom(msgspec.Struct, frozen=True, tag=True):
    """`Given the inputs from "file-or-folder"`: files there replace the declared inputs of the same file name."""

    path: str


class InputIs(msgspec.Struct, frozen=True, tag=True):
    """`Given input "name" is:` a table (first row the columns) or a text."""

    name: str
    rows: tuple[tuple[str, ...], ...] = ()
    text: str | None = None


class PointDecided(msgspec.Struct, frozen=True, tag=True):
    """`Given "point" is approved|rejected by "who" [for "id"]`."""

    point: str
    decision: Decision
    by: str
    fact: str | None = None


class Scripted(msgspec.Struct, frozen=True, tag=True):
    """`Given suggestor "name" proposes "id" under key "K": (table field | value)`."""

    suggestor: str
    key: str
    id: str
    fields: tuple[tuple[str, str], ...]


class StopIs(msgspec.Struct, frozen=True, tag=True):
    """`Then the stop reason is "X"`."""

    reason: str


class CriterionIs(msgspec.Struct, frozen=True, tag=True):
    """`Then criterion "id" is met|unmet|blocked|indeterminate`."""

    id: str
    result: str


class InvariantIs(msgspec.Struct, frozen=True, tag=True):
    """`Then invariant "id" holds|is violated|is not exercised`."""

    id: str
    verdict: Literal["holds", "violated", "not exercised"]


class GateAnswers(msgspec.Struct, frozen=True, tag=True):
    """`Then gate "action" answers "X" for "id"`: one of its answers on that fact or resource."""

    action: str
    outcome: str
    fact: str


class ProposalIsRejected(msgspec.Struct, frozen=True, tag=True):
    """`Then proposal "id" is rejected with "CODE"`."""

    id: str
    code: str


class FactHasField(msgspec.Struct, frozen=True, tag=True):
    """`Then fact "id" under key "K" has field "f" VALUE`."""

    id: str
    key: str
    field: str
    value: Value


class AllInvariantsHold(msgspec.Struct, frozen=True, tag=True):
    """`Then all invariants hold`."""


class NoneUnexercised(msgspec.Struct, frozen=True, tag=True):
    """`Then no invariant is unexercised`."""


ExampleGiven = InputsFrom | InputIs | PointDecided | Scripted
ExampleThen = (
    StopIs
    | CriterionIs
    | InvariantIs
    | GateAnswers
    | ProposalIsRejected
    | FactHasField
    | AllInvariantsHold
    | NoneUnexercised
)


class ExpectedOutcome(msgspec.Struct, frozen=True):
    """One Then with its sentence and place."""

    text: str
    expected: ExampleThen
    origin: Origin


class Example(msgspec.Struct, frozen=True):
    """One @e2e scenario, an Outline's row included; `id` is unique per truth."""

    id: str
    title: str
    given: tuple[ExampleGiven, ...]
    then: tuple[ExpectedOutcome, ...]
    origin: Origin


class Gap(msgspec.Struct, frozen=True):
    """One @manual scenario, an Outline's row included: what people check, since nothing runs it."""

    id: str
    title: str
    origin: Origin
