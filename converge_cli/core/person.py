"""People: who may act, decide and be asked."""

from typing import Literal

import msgspec

Authority = Literal["advisory", "participatory", "supervisory", "sovereign"]

AUTHORITIES: tuple[Authority, ...] = ("advisory", "participatory", "supervisory", "sovereign")
"""In ascending order."""

PERSON_ID = r"^[A-Za-z0-9][A-Za-z0-9._@-]*$"
"""How a person's id is spelt, so that it stands in a command, a log and a header as it is."""


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """A named person.

    Attributes:
        domains: the departments that policy knows.
        public_key: `ed25519:` and base64; a decision of whoever has one counts only when it is signed with it.
    """

    id: str
    name: str = ""
    roles: tuple[str, ...] = ()
    authority: Authority = "advisory"
    domains: tuple[str, ...] = ()
    public_key: str | None = None


def at_least(authority: Authority, needed: Authority) -> bool:
    """Whether one authority is as high as another."""
    return AUTHORITIES.index(authority) >= AUTHORITIES.index(needed)
