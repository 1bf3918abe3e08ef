"""What a look at a pack's policy found: rules that change nothing, gates that nobody can pass. Must never decide."""

from collections.abc import Mapping
from typing import Literal

import msgspec

RemarkKind = Literal["idle-rule", "shadowed-rule", "unreachable-gate"]


class PolicyRemark(msgspec.Struct, frozen=True):
    """One thing that is told.

    Attributes:
        kind: name of the finding in the catalogue.
        about: name of the rule or the gate.
        where: `file:line` of a rule in the pack; "" for a gate.
    """

    kind: RemarkKind
    about: str
    message: str
    fix: str
    where: str = ""


class PolicyReview(msgspec.Struct, frozen=True):
    """A review.

    Attributes:
        rules: how many there are.
        tried: gate -> how many requests were put to the rules; 0 where there were too many to try them all.
        passed_by: gate -> ids of the people for whom some request is promoted.
    """

    remarks: tuple[PolicyRemark, ...]
    rules: int
    tried: Mapping[str, int]
    passed_by: Mapping[str, tuple[str, ...]]
