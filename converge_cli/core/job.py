"""A job: a truth, compiled and ready to run. Plain data, so it can be printed, hashed and kept as a golden file."""

from typing import Any, Literal

import msgspec

from converge_cli.core.approval import ApprovalPoint, HitlRule
from converge_cli.core.budget import Budget
from converge_cli.core.criterion import Criterion
from converge_cli.core.entity_states import EntityStates
from converge_cli.core.invariant import Invariant, Validation
from converge_cli.core.pack_spec import GateSpec
from converge_cli.core.predicate import Selection


class Purpose(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who wants what and why: jobs-to-be-done and intent, shown in plan, prompt and receipt."""

    actor: str = ""
    functional: str = ""
    so_that: str = ""
    outcome: str = ""
    goal: str = ""


class InputSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """A declared input.

    Attributes:
        shape: `rows` makes one Seed a row (id pattern with `{column}`), `table` one Seed with all rows,
            `text` one Seed of kind text, `record` one Seed from one JSON or YAML mapping.
        file: path relative to the truth, None when it must be given at run.
        each: the list inside the records of JSON and YAML whose items are the rows; None when the records are.
    """

    name: str
    kind: str
    id: str
    shape: Literal["rows", "table", "text", "record"] = "rows"
    file: str | None = None
    required: bool = True
    each: str | None = None


class PackUse(msgspec.Struct, frozen=True):
    """A pack that the truth uses, with the parameters as its model understood them (plain JSON values)."""

    name: str
    version: str
    parameters: Any = None


class Clause(msgspec.Struct, frozen=True, omit_defaults=True):
    """One declared clause and the check that keeps it (closure: nothing declared is inert).

    Attributes:
        clause: `failure_mode`, `must_not`, `evidence`, `requires_approval`, `constraint` or `criterion`.
        check: id of the invariant, criterion, validation or approval point; None when deferred.
        deferred: why there is no check.
    """

    clause: Literal["failure_mode", "must_not", "evidence", "requires_approval", "constraint", "criterion"]
    id: str
    text: str
    check: str | None = None
    deferred: str | None = None


class Output(msgspec.Struct, frozen=True):
    """A named result: the content of one fact, or of all that a glob selects."""

    name: str
    selection: Selection


class Job(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run needs to know of a truth.

    Attributes:
        principal: person id for whom gates are asked, unless the run names another.
        required_approvals: points without whose approval nothing that they approve may be promoted.
        escalates_to: role that a timed-out approval goes to.
        expires: ISO date after which the authority has lapsed.
        entity_states: how the entities of a kind may move.
        merged: keys of the policy and invariant truths whose checks and points are among its own.
    """

    truth: str
    title: str
    purpose: Purpose = Purpose()
    principal: str | None = None
    packs: tuple[PackUse, ...] = ()
    inputs: tuple[InputSpec, ...] = ()
    budget: Budget = Budget()
    gates: tuple[GateSpec, ...] = ()
    invariants: tuple[Invariant, ...] = ()
    validations: tuple[Validation, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    approval_points: tuple[ApprovalPoint, ...] = ()
    required_approvals: tuple[str, ...] = ()
    hitl: tuple[HitlRule, ...] = ()
    outputs: tuple[Output, ...] = ()
    clauses: tuple[Clause, ...] = ()
    escalates_to: str | None = None
    expires: str | None = None
    manual: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    entity_states: tuple[EntityStates, ...] = ()

    def point(self, point_id: str) -> ApprovalPoint | None:
        """The approval point with that id."""
        return next((point for point in self.approval_points if point.id == point_id), None)


EMPTY_JOB = Job(truth="", title="")
"""The job of an embedded engine that was given suggestors only: no criteria, so it ends Converged."""
