"""Findings: collects every diagnostic of one or several texts. Never stops at the first."""

from collections.abc import Iterable

import msgspec

from converge_cli.core.errors import only_near
from converge_cli.truth.codes import BY_NAME
from converge_cli.truth.diagnostics import Diagnostic, Replacement, has_errors
from converge_cli.truth.source import Source, UnreadableSourceError, decode
from converge_cli.truth.suppression import Suppression, read_suppressions, suppressing

_MANY = 200


class Place(msgspec.Struct, frozen=True):
    """A stretch of one line: file, 1-based line and column, `end_column` one past the last character."""

    file: str
    line: int
    column: int
    end_column: int


class Findings:
    """The diagnostics found so far, and the lines of the texts that they are about."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._lines: dict[str, list[str]] = {}
        self._suppressions: dict[str, tuple[Suppression, ...]] = {}

    def read(self, source: Source, limit: int | None = None) -> str | None:
        """The text of a source, or None after saying why it can't be read."""
        try:
            text = decode(source) if limit is None else decode(source, limit)
        except UnreadableSourceError as error:
            place = Place(source.name, error.line, error.column, error.column + 1)
            self.add(error.finding, place, error.message, error.fix)
            return None
        lines = self._lines[source.name] = text.split("\n")
        if "converge:" in text.lower():
            self._suppressions[source.name] = read_suppressions(source.name, lines)
        return text

    def add(
        self, name: str, place: Place, message: str, fix: str = "", replacement: tuple[Place, str] | None = None
    ) -> None:
        """Record a finding of the catalogue's kind `name`; the same one twice counts once.

        Args:
            replacement: a stretch of the same line and what is to stand there instead, where that mends the finding
                beyond doubt: `--fix` writes it.
        """
        kind = BY_NAME[name]
        line = self.line(place)
        by = suppressing(self._suppressions.get(place.file, ()), kind.code, place.line)
        diagnostic = Diagnostic(
            kind.code,
            kind.name,
            kind.severity,
            place.file,
            place.line,
            place.column,
            max(place.end_column, place.column + 1),
            message,
            fix,
            line,
            _replacement(replacement) if replacement is not None and replacement[0].line == place.line else None,
            by.reason if by is not None else None,
        )
        self._found[diagnostic] = None

    def line(self, place: Place) -> str:
        """The whole line of a place, as written."""
        lines = self._lines.get(place.file, [])
        return lines[place.line - 1] if 0 < place.line <= len(lines) else ""

    def length(self, file: str) -> int:
        """How many lines a text has."""
        return len(self._lines.get(file, ()))

    def within(self, place: Place, fragment: str) -> Place:
        """The place of a fragment of the text at a place, or that place when it can't be found on its line."""
        at = self.line(place).find(fragment, place.column - 1) if fragment else -1
        return place if at < 0 else Place(place.file, place.line, at + 1, at + 1 + len(fragment))

    def mending(self, place: Place, word: str, choices: Iterable[str]) -> tuple[Place, str] | None:
        """The replacement of a word by the one choice that can have been meant; None when that is not certain."""
        at = self.within(place, word)
        written = self.line(at)[at.column - 1 : at.end_column - 1]
        right = only_near(word, choices) if written == word and not self.many else None
        return None if right is None else (at, right)

    def whole_file(self, name: str) -> Place:
        """The place for a finding about a file as a whole."""
        return Place(name, 1, 1, 1 + len(self.line(Place(name, 1, 1, 1))))

    def whole_line(self, file: str, number: int) -> Place:
        """The place of a line without the space around it."""
        text = self.line(Place(file, number, 1, 1))
        column = len(text) - len(text.lstrip()) + 1
        return Place(file, number, column, max(len(text.rstrip()), column) + 1)

    @property
    def many(self) -> bool:
        """Whether there are so many that looking for the nearest right word is no help any more."""
        return len(self._found) >= _MANY

    @property
    def failed(self) -> bool:
        """Whether an error is among them that nothing suppresses."""
        return has_errors(self._found)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All of them, by file in order of reading, then by line and column."""
        files = {name: number for number, name in enumerate(self._lines)}
        order = lambda item: (files.get(item.file, len(files)), item.file, item.line, item.column, item.code)  # noqa: E731
        return tuple(sorted(self._found, key=order))


def _replacement(given: tuple[Place, str]) -> Replacement:
    place, text = given
    return Replacement(place.column, place.end_column, text)
