"""YAML to a small tree with positions, without recursion and without surprises.

libyaml's parser is iterative, its composer is not and can be made to crash; so only the event stream is used, with
caps on depth and size while it runs. Scalars follow the YAML 1.2 core: `yes`, dates and `1:30` are text, decimal
numbers are Decimal. Anchors, aliases and tags are refused. Must never load objects.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import yaml

from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.source import Source

MAX_DEPTH = 100
MAX_NODES = 50_000
"""Of what people write; of an input, whose `limit` is given, ten times as many."""

Plain = Any
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?")
_MAX_NUMBER = 60
_TURNING = re.compile("[\\u202a-\\u202e\\u2066-\\u2069]")
_WORDS: dict[str, Plain] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Node:
    """A value with its place.

    Attributes:
        value: a scalar, a `list[Node]` or a `dict[str, Node]`.
        place: of the value's first line.
        keys: of a mapping: key -> place of the key.
        text: of a scalar: as written, without quotes.
    """

    __slots__ = ("keys", "place", "text", "value")

    def __init__(self, value: Any, place: Place, text: str = "") -> None:
        self.value = value
        self.place = place
        self.text = text
        self.keys: dict[str, Place] = {}

    @property
    def line(self) -> int:
        """1-based line."""
        return self.place.line

    @property
    def column(self) -> int:
        """1-based column."""
        return self.place.column

    def get(self, key: str | int) -> "Node | None":
        """The node under a key of a mapping or an index of a list."""
        if isinstance(self.value, dict):
            return self.value.get(str(key))
        if isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            found: Node = self.value[key]
            return found
        return None

    def at(self, *path: str | int) -> "Node | None":
        """The node at a path such as `("success_criteria", 0, "then", 1)`."""
        node: Node | None = self
        for key in path:
            node = None if node is None else node.get(key)
        return node

    def nearest(self, *path: str | int) -> "Node":
        """The node at a path, or the last one on the way there."""
        node = self
        for key in path:
            inner = node.get(key)
            if inner is None:
                return node
            node = inner
        return node


def plain(node: Node | None) -> Plain:
    """The plain value: dict, list, str, int, Decimal, bool or None."""
    value = None if node is None else node.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def read_yaml(source: Source, findings: Findings, limit: int | None = None) -> Node | None:
    """Parse one YAML document into a tree, adding problems to `findings`.

    Returns None when nothing usable was found; a tree is returned even when duplicate keys were dropped from it.
    """
    text = findings.read(source, limit)
    if text is None:
        return None
    if limit is None:
        _check_characters(source.name, text, findings)
    builder = _Builder(source.name, findings, MAX_NODES if limit is None else 10 * MAX_NODES)
    try:
        for event in _events(text):
            if not builder.take(event):
                return None
    except yaml.YAMLError as error:
        _add_syntax_error(error, source.name, text, findings)
        return None
    if builder.root is None:
        findings.add("empty-file", findings.whole_file(source.name), "the file holds no YAML", "write it, or remove it")
    return builder.root


def _check_characters(file: str, text: str, findings: Findings) -> None:
    """Characters that turn the direction of writing show a reader other values than those that are read."""
    if _TURNING.search(text) is None:
        return
    for number, line in enumerate(text.split("\n"), start=1):
        for match in _TURNING.finditer(line):
            place = Place(file, number, match.start() + 1, match.end() + 1)
            message = f"U+{ord(match[0]):04X} makes the line look like another one than is read"
            findings.add("yaml-refused", place, message, "remove it")


def _events(text: str) -> Iterator[Any]:
    yield from yaml.parse(text, Loader=yaml.CSafeLoader)


def _add_syntax_error(error: yaml.YAMLError, name: str, text: str, findings: Findings) -> None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it can't be read"
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    position = getattr(error, "position", None)
    if mark is None and isinstance(position, int):
        before = text.encode()[:position].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    context = getattr(error, "context", None)
    place = Place(name, line, column, column + 1)
    message = f"{problem} {context}" if context else f"{problem}"
    findings.add("yaml-syntax", place, message, "check indentation, quotes and brackets here and on the line before")


class _Builder:
    """Builds the tree from events, with a stack of its own."""

    def __init__(self, file: str, findings: Findings, most: int) -> None:
        self.root: Node | None = None
        self._most = most
        self._file = file
        self._findings = findings
        self._stack: list[Node] = []
        self._pending: list[tuple[str, Place] | None] = []
        self._count = 0
        self._documents = 0

    def take(self, event: Any) -> bool:
        """Add one event; False when the text must not be read any further."""
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                return self._refuse(event, "a second document", "keep one document in a file, without ---")
        elif isinstance(event, yaml.AliasEvent):
            return self._refuse(event, f"alias *{event.anchor}", "write the value out")
        elif isinstance(event, yaml.NodeEvent):
            return self._take_node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._stack.pop()
            self._pending.pop()
        return True

    def _take_node(self, event: Any) -> bool:
        if event.anchor is not None:
            return self._refuse(event, f"anchor &{event.anchor}", "write the value out where it is used")
        if event.tag is not None:
            return self._refuse(event, f"tag {event.tag}", "remove it; quoted is text, the rest is read by its form")
        self._count += 1
        place = self._place(event)
        if len(self._stack) >= MAX_DEPTH or self._count > self._most:
            limit = f"{self._most} values" if self._count > self._most else f"{MAX_DEPTH} levels"
            self._findings.add("too-deep", place, f"the text has more than {limit}", "split or flatten it")
            return False
        if self._stack and isinstance(self._stack[-1].value, dict) and self._pending[-1] is None:
            return self._take_key(event, place)
        self._attach(self._node(event, place))
        return True

    def _take_key(self, event: Any, place: Place) -> bool:
        if not isinstance(event, yaml.ScalarEvent):
            return self._refuse(event, "a key that is a list or a mapping", "use plain words as keys")
        self._pending[-1] = (event.value, place)
        return True

    def _attach(self, node: Node) -> None:
        if not self._stack:
            self.root = node
        elif isinstance(self._stack[-1].value, list):
            self._stack[-1].value.append(node)
        else:
            self._attach_to_mapping(self._stack[-1], node)
        if isinstance(node.value, list | dict):
            self._stack.append(node)
            self._pending.append(None)

    def _attach_to_mapping(self, parent: Node, node: Node) -> None:
        pending = self._pending[-1]
        assert pending is not None  # noqa: S101  a key event always comes first
        self._pending[-1] = None
        key, place = pending
        if key in parent.keys:
            first = parent.keys[key].line
            self._findings.add(
                "duplicate-key", place, f"key {key!r} is given twice, first on line {first}", "keep one of them"
            )
            return
        parent.keys[key] = place
        parent.value[key] = node

    def _node(self, event: Any, place: Place) -> Node:
        if isinstance(event, yaml.MappingStartEvent):
            return Node({}, place)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node([], place)
        text = event.value
        return Node(self._scalar(text, place) if event.implicit[0] else text, place, text)

    def _scalar(self, text: str, place: Place) -> Plain:
        if text in _WORDS:
            return _WORDS[text]
        is_int = _INT.fullmatch(text)
        if not is_int and not _DECIMAL.fullmatch(text):
            return text
        if len(text) > _MAX_NUMBER:
            self._findings.add("invalid-value", place, f"a number of {len(text)} digits", "quote it if it is text")
            return None
        return int(text) if is_int else Decimal(text)

    def _place(self, event: Any) -> Place:
        start, end = event.start_mark, event.end_mark
        width = end.column - start.column if end.line == start.line else 0
        place = Place(self._file, start.line + 1, start.column + 1, start.column + 1 + width)
        if width > 0:
            return place
        stop = max(len(self._findings.line(place).rstrip()), start.column) + 1
        return Place(self._file, place.line, place.column, stop)

    def _refuse(self, event: Any, what: str, fix: str) -> bool:
        self._findings.add("yaml-refused", self._place(event), f"{what} is refused", fix)
        return False
