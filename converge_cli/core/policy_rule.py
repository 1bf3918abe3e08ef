"""A rule of a pack's policy as people know it: by its name, its place and what it looks at. Must never decide."""

from typing import Literal

import msgspec


class PolicyRule(msgspec.Struct, frozen=True):
    """One rule.

    Attributes:
        id: the author's @id.
        where: `file:line` in the pack.
        reads: the attributes that it names, in order: `principal.authority`, `context.amount` ...
    """

    id: str
    where: str
    effect: Literal["permit", "forbid"]
    reads: tuple[str, ...]
