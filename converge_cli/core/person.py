"""People: who may act, decide and be asked."""

from typing import Literal

import msgspec

Authority = Literal["advisory", "participatory", "supervisory", "sovereign"]

AUTHORITIES: tuple[Authority, ...] = ("advisory", "participatory", "supervisory", "sovereign")
"""In ascending order."""


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """A named person; `domains` are the departments that policy knows."""

    id: str
    name: str = ""
    roles: tuple[str, ...] = ()
    authority: Authority = "advisory"
    domains: tuple[str, ...] = ()


def at_least(authority: Authority, needed: Authority) -> bool:
    """Whether one authority is as high as another."""
    return AUTHORITIES.index(authority) >= AUTHORITIES.index(needed)
