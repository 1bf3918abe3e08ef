"""The flow gate: what policy is asked, and what it answers. Fails closed (law 8)."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from converge_cli.core.person import Authority, Person

FlowAction = Literal["propose", "validate", "promote", "commit", "advance_phase"]
Phase = Literal["intent", "framing", "exploration", "tension", "convergence", "commitment"]
Outcome = Literal["PROMOTE", "REJECT", "ESCALATE"]
ContextValue = str | int | bool

COMMITMENT_TYPE = "commitment_type"
HUMAN_APPROVAL = "human_approval_present"
GATES_MET = "required_gates_met"

MAX_POINTS = 4
"""Points that one gate may declare: beyond that, trying every set costs too much and nobody can follow it."""


class Principal(msgspec.Struct, frozen=True):
    """Who acts."""

    id: str
    authority: Authority
    domains: tuple[str, ...]
    policy_version: str = "1"


class Resource(msgspec.Struct, frozen=True):
    """What is acted upon, and the gates that it has passed."""

    id: str
    kind: str
    phase: Phase
    gates_passed: tuple[str, ...]


class FlowGateInput(msgspec.Struct, frozen=True):
    """One request to policy.

    `context` always holds commitment_type, human_approval_present and required_gates_met, then the fields that the
    pack's gate declares; amounts are integers in minor units.
    """

    principal: Principal
    resource: Resource
    action: FlowAction
    context: dict[str, ContextValue]


class Grant(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an approval of a point adds to a request: gates passed and context values."""

    gates: tuple[str, ...] = ()
    context: dict[str, ContextValue] = {}


class FlowGateDecision(msgspec.Struct, frozen=True, omit_defaults=True):
    """What policy answers.

    Attributes:
        approvals, authority: of an ESCALATE, the points and the authority that would really unlock it.
        in_vain: people of at least that authority with whom it would stay shut all the same, as of another domain.
        rules: the author's @id of each deciding policy.
        missing: gates that are required and not passed.
        source: `policy`, or `error` when the request could not be judged and is refused for that.
        detail: the error, in words.
        policy_hash: SHA-256 of policies and schema.
    """

    outcome: Outcome
    approvals: tuple[str, ...] = ()
    authority: Authority | None = None
    in_vain: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    source: Literal["policy", "error"] = "policy"
    detail: str = ""
    policy_hash: str = ""


class FlowQuestion(msgspec.Struct, frozen=True):
    """A request with what could still be granted, so that an ESCALATE names only what would help.

    Attributes:
        pack: whose policy decides.
        request: as it stands now, with the grants of the decided, unspent approvals.
        requires: every gate that must be passed; `required_gates_met` is recomputed for each set of grants.
        grants: the declared points that have not been granted yet, and what each would add.
        people: id -> who could stand in where a higher authority is needed.
    """

    pack: str
    request: FlowGateInput
    requires: tuple[str, ...]
    grants: Mapping[str, Grant]
    people: Mapping[str, Person] = {}


def granted(request: FlowGateInput, requires: tuple[str, ...], grants: tuple[Grant, ...]) -> FlowGateInput:
    """The request with grants added; `required_gates_met` says whether all of `requires` are passed then."""
    passed = set(request.resource.gates_passed)
    context = dict(request.context)
    for grant in grants:
        passed.update(grant.gates)
        context.update(grant.context)
    context[GATES_MET] = passed.issuperset(requires)
    resource = msgspec.structs.replace(request.resource, gates_passed=tuple(sorted(passed)))
    return msgspec.structs.replace(request, resource=resource, context=context)
