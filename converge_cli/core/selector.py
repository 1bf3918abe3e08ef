"""Selectors: `Key` or `Key:id-glob`, what a suggestor reads, writes and may ask for.

`*` matches anything, colons included; there is no other wildcard. A glob sees through versions: it is matched
against the subject of a fact.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from converge_cli.core.context_key import KEYS
from converge_cli.core.errors import MalformedSelectorError, did_you_mean
from converge_cli.core.ids import SEGMENT

_GLOB = re.compile(
    rf"(?:{SEGMENT}|[A-Za-z0-9._/*-]*\*[A-Za-z0-9._/*-]*)(?::(?:{SEGMENT}|[A-Za-z0-9._/*-]*\*[A-Za-z0-9._/*-]*))*"
)


class Selector:
    """A parsed selector. Equal text gives the same object, so identity is equality.

    Attributes:
        text: as written.
        key: the context key.
        glob: pattern over subjects, or None for every fact of the key.
        prefix: the literal text before the first `*` (the whole glob when there is none).
        exact: whether the glob has no `*`, so that it names one subject.
        matches: whether a subject under this selector's key is selected.
    """

    __slots__ = ("exact", "glob", "key", "matches", "prefix", "text")

    def __init__(self, text: str) -> None:
        key, colon, glob = text.partition(":")
        if key not in KEYS:
            raise MalformedSelectorError(
                f"{text!r} does not start with a context key",
                hint=did_you_mean(key, KEYS) or f"the keys are {', '.join(sorted(KEYS))}",
            )
        if colon and not is_glob(glob):
            raise MalformedSelectorError(
                f"{text!r} has no well-formed id pattern after the key",
                hint="an id is kind:name, for example Seeds:vendor:*",
            )
        self.text = text
        self.key = key
        self.glob = glob if colon else None
        self.exact = bool(colon) and "*" not in glob
        self.prefix = glob.partition("*")[0]
        self.matches: Callable[[str], bool] = _matcher(self.glob)

    def covers(self, other: "Selector") -> bool:
        """Whether everything that the other one could select is selected by this one."""
        if self.key != other.key:
            return False
        if self.glob is None:
            return True
        # The other glob is read as text: its `*` can only be swallowed by one of ours.
        return other.glob is not None and self.matches(other.glob)

    def overlaps(self, other: "Selector") -> bool:
        """Whether some subject could be selected by both."""
        return self.key == other.key and globs_overlap(self.glob or "*", other.glob or "*")

    def __repr__(self) -> str:
        return f"Selector({self.text!r})"


def is_glob(text: str) -> bool:
    """Whether the text is a well-formed pattern over fact ids."""
    return _GLOB.fullmatch(text) is not None


@lru_cache(maxsize=65536)
def globs_overlap(one: str, other: str) -> bool:
    """Whether two globs have a text in common; quadratic in their lengths at worst."""
    reached = {(0, 0)}
    todo = [(0, 0)]
    while todo:
        i, j = todo.pop()
        if i == len(one) and j == len(other):
            return True
        for step in _steps(one, i, other, j):
            if step not in reached:
                reached.add(step)
                todo.append(step)
    return False


def _steps(one: str, i: int, other: str, j: int) -> list[tuple[int, int]]:
    first, second = one[i : i + 1], other[j : j + 1]
    steps = []
    if first == "*":
        steps += [(i + 1, j)] + ([(i, j + 1)] if second else [])
    if second == "*":
        steps += [(i, j + 1)] + ([(i + 1, j)] if first else [])
    if first and first == second:
        steps.append((i + 1, j + 1))
    return steps


@lru_cache(maxsize=65536)
def selector(text: str) -> Selector:
    """Parse a selector once; the same text always gives the same object.

    Raises:
        MalformedSelectorError: the text is not `Key` or `Key:id-glob`.
    """
    return Selector(text)


def _matcher(glob: str | None) -> Callable[[str], bool]:
    """The quickest test for a glob: equality and prefixes are most of them."""
    if glob is None:
        return lambda _subject: True
    head, star, tail = glob.partition("*")
    if not star:
        return glob.__eq__
    if not tail:
        return lambda subject: subject.startswith(head)
    found = re.compile(".*".join(re.escape(part) for part in glob.split("*")), re.DOTALL).fullmatch
    return lambda subject: found(subject) is not None
