"""One example of a code: what gives it, and the same without it."""

from textwrap import dedent
from typing import Literal

import msgspec

Where = Literal["feature", "truth.yaml", "people.yaml", "wiring.yaml", "pack.yaml", "policy"]


class Example(msgspec.Struct, frozen=True):
    """What gives a code, and how it reads when it is mended.

    Attributes:
        where: the file that both are of; of a truth.yaml the keys that matter, of a feature the scenarios.
        encoding: that of the bad one, where this is what is wrong.
        run: whether it shows only in a run (`validate --run`).
    """

    where: Where
    bad: str
    good: str
    encoding: str = "utf-8"
    run: bool = False


def feature(bad: str, good: str, **options: object) -> Example:
    """An example in a feature."""
    return _example("feature", bad, good, **options)


def truth(bad: str, good: str, **options: object) -> Example:
    """An example in a truth.yaml."""
    return _example("truth.yaml", bad, good, **options)


def machine(*, states: str = "draft, sent", final: str = "sent", move: str = "{from: draft, to: sent}") -> str:
    """The entity states of the kind that every example has; without `final` none is."""
    lines = [
        "parameters:",
        "  small:",
        "    entity_states:",
        "      note:",
        "        field: text",
        f"        states: [{states}]",
        "        initial: [draft]",
        f"        final: [{final}]" if final else "",
        "        transitions:",
        f"          - {move}",
    ]
    return "\n".join(filter(None, lines))


def other(where: Where, bad: str, good: str) -> Example:
    """An example in another file."""
    return _example(where, bad, good)


def _example(where: Where, bad: str, good: str, **options: object) -> Example:
    return Example(where, _text(bad), _text(good), **options)  # type: ignore[arg-type]


def _text(text: str) -> str:
    return dedent(text).strip("\n")
