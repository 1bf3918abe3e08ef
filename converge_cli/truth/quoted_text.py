"""Where a text quotes: what looks like a comment there is a value. Must never read what is there."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

import yaml

Point = tuple[int, int]
"""1-based line and column."""

_CEDAR = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"', re.DOTALL)
_FENCES = ('"""', "```")


class Quoted:
    """The quoted, block and doc strings of a YAML file, a feature or a Cedar policy."""

    def __init__(self, file: str, lines: Sequence[str]) -> None:
        self._spans = list(_spans(file, lines))

    def holds(self, line: int, column: int) -> bool:
        """Whether a place is inside of one."""
        before = bisect_left(self._spans, ((line, column), (line, column)))
        return before > 0 and (line, column) < self._spans[before - 1][1]


def _spans(file: str, lines: Sequence[str]) -> Iterator[tuple[Point, Point]]:
    """From where to where, in order."""
    if file.endswith(".feature"):
        return _of_feature(lines)
    if file.endswith((".cedar", ".cedarschema")):
        return _of_cedar("\n".join(lines))
    return _of_yaml("\n".join(lines)) if file.endswith((".yaml", ".yml")) else iter(())


def _of_yaml(text: str) -> Iterator[tuple[Point, Point]]:
    try:
        for token in yaml.scan(text, Loader=yaml.CSafeLoader):
            if isinstance(token, yaml.ScalarToken) and not token.plain:
                start, end = token.start_mark, token.end_mark
                yield (start.line + 1, start.column + 1), (end.line + 1, end.column + 1)
    except yaml.YAMLError:
        return  # said by whoever reads it


def _of_feature(lines: Sequence[str]) -> Iterator[tuple[Point, Point]]:
    opened, fence = 0, ""
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if opened and text.startswith(fence):
            yield (opened, 1), (number, 1)
            opened = 0
        elif not opened and text.startswith(_FENCES):
            opened, fence = number, text[:3]


def _of_cedar(text: str) -> Iterator[tuple[Point, Point]]:
    ends = [match.start() for match in re.finditer("\n", text)]

    def point(offset: int) -> Point:
        line = bisect_left(ends, offset)
        return line + 1, offset - (ends[line - 1] if line else -1)

    for match in _CEDAR.finditer(text):
        if match[0].startswith('"'):
            yield point(match.start()), point(match.end())
