"""Success criteria and what they come to. Met needs evidence (law 6)."""

from typing import Literal

import msgspec

from converge_cli.core.predicate import Given, Then

CriterionVerdict = Literal["met", "unmet", "blocked", "indeterminate"]
Cause = Literal[
    "denied", "rejected", "not produced", "absent field", "failed", "unavailable", "missing input", "approval"
]


class Criterion(msgspec.Struct, frozen=True, omit_defaults=True):
    """One success test; `blocked_by` names the approval points that may stand between the run and it."""

    id: str
    description: str
    then: tuple[Then, ...]
    given: tuple[Given, ...] = ()
    required: bool = True
    blocked_by: tuple[str, ...] = ()


class Missing(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a blocked criterion waits for: an approval request or an input, who can give it, since when (UTC)."""

    criterion: str
    what: Literal["approval", "input"]
    name: str
    who: str
    since: str | None = None
    until: str | None = None
    request: str | None = None
    fact: str | None = None


class CriterionResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a criterion came to: evidence in id order when met, cause and reason when not."""

    id: str
    result: CriterionVerdict
    required: bool = True
    evidence: tuple[str, ...] = ()
    cause: Cause | None = None
    reason: str = ""
    missing: tuple[Missing, ...] = ()
