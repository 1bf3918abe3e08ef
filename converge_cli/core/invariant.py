"""Invariants: what must hold, judged after each merge, each cycle, or at the fixed point."""

from typing import Literal

import msgspec

from converge_cli.core.predicate import Given, Then

InvariantClass = Literal["structural", "semantic", "acceptance"]
InvariantVerdict = Literal["holds", "violated", "not exercised"]


class Origin(msgspec.Struct, frozen=True):
    """Where a clause was written: file name (relative to its truth), 1-based line and column."""

    file: str
    line: int
    column: int


class Invariant(msgspec.Struct, frozen=True, omit_defaults=True):
    """One invariant.

    Attributes:
        id: stable id, unique per truth.
        title: the scenario's name, or the constraint's sentence.
        when: structural = on the initial context and after each merge, a violation stops the run;
            semantic = each cycle, may be repaired; acceptance = at the fixed point with nothing pending.
        soft: a violation is a warning unless the run is strict.
    """

    id: str
    title: str
    when: InvariantClass
    given: tuple[Given, ...]
    then: tuple[Then, ...]
    origin: Origin | None = None
    soft: bool = False


class Validation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A check on every proposal that its Givens select, before promotion; violated means rejected.

    A `suggestor` makes it a contract on that suggestor's proposals alone.
    """

    id: str
    title: str
    given: tuple[Given, ...]
    then: tuple[Then, ...]
    origin: Origin | None = None
    code: Literal["VALIDATION", "CONSTRAINT", "CONTRACT"] = "VALIDATION"
    suggestor: str | None = None


class Violation(msgspec.Struct, frozen=True):
    """One check that does not hold, with the ids of the facts that it was judged on."""

    invariant: str
    check: str
    facts: tuple[str, ...]
    detail: str


class InvariantResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an invariant came to, with its violations."""

    id: str
    when: InvariantClass
    verdict: InvariantVerdict
    soft: bool = False
    violations: tuple[Violation, ...] = ()
