"""A feature as it is written: scenarios with steps, tags and places. Frozen values; must know nothing of meaning."""

import msgspec

from converge_cli.truth.findings import Place
from converge_cli.truth.step_catalogue import Keyword
from converge_cli.truth.step_grammar import Argument


class Tag(msgspec.Struct, frozen=True):
    """A tag without its `@`."""

    name: str
    place: Place


class Step(msgspec.Struct, frozen=True):
    """A step: what its keyword comes to, its text, where it stands, what hangs below it."""

    keyword: Keyword | None
    text: str
    place: Place
    argument: Argument | None = None


class Scenario(msgspec.Struct, frozen=True):
    """A scenario, or one row of an outline.

    Attributes:
        levels: tags, nearest first: examples, scenario, rule, feature.
        row: number of the outline's row, from 1; 0 for a plain scenario.
        steps: the background's steps first.
    """

    title: str
    place: Place
    levels: tuple[tuple[Tag, ...], ...]
    steps: tuple[Step, ...]
    row: int = 0


class FeatureText(msgspec.Struct, frozen=True):
    """A parsed feature file; `outer` are the tags of its feature and rules."""

    title: str
    place: Place
    scenarios: tuple[Scenario, ...]
    outer: tuple[Tag, ...] = ()
