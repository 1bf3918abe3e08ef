"""What a run was made from, as data: kinds, suggestors and texts, kept with its record.

Whoever replays or checks a run later, without its project and without its packs' code, reads it from here.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

TextPart = Literal["truth", "feature", "shared truth", "shared feature"]


class SourceText(msgspec.Struct, frozen=True):
    """A text that the job was compiled from; `name` is its path inside the project, with slashes."""

    part: TextPart
    name: str
    data: bytes


class RegisteredSuggestor(msgspec.Struct, frozen=True, omit_defaults=True):
    """A suggestor as it was registered.

    Attributes:
        pack: "" for one that was given to the engine itself.
        declines: whether it may decline to run (it has an `accepts` of its own).
    """

    pack: str
    name: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    timeout: float = 60.0
    declines: bool = False


class Registry(msgspec.Struct, frozen=True):
    """The kinds that packs and embedding programs brought, described (see `kind_description`), and the suggestors.

    Suggestors stand in registration order. Kinds that are built in are not here.

    Attributes:
        gated: whether gates were answered: by the policy of the packs, or by the program that embedded the engine.
    """

    kinds: Mapping[str, Any]
    suggestors: tuple[RegisteredSuggestor, ...]
    gated: bool = False
