"""The words of the step language: what a placeholder of a pattern matches, and how its text becomes a value.

Knows no sentence (that is the catalogue) and no fact kinds (that is the vocabulary).
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from converge_cli.core.context_key import KEYS
from converge_cli.core.errors import did_you_mean
from converge_cli.core.ids import FACT_ID
from converge_cli.core.predicate import Comparison, FieldTest, Selection, Value
from converge_cli.core.selector import is_glob
from converge_cli.truth.findings import Place

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
_VALUE = rf"(?:{_QUOTED}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|{_NUMBER}|true|false)"
_REGEX = r"/(?:[^/\\]|\\.)+/"
_TEST = (
    rf"(?:exists|is one of {_VALUE}(?:, ?{_VALUE})*|is not {_VALUE}|is greater than {_VALUE}|is less than {_VALUE}"
    rf"|is at least {_VALUE}|is at most {_VALUE}|matches {_REGEX}|is {_VALUE})"
)
_COMPARISONS: tuple[Comparison, ...] = (
    "is greater than",
    "is less than",
    "is at least",
    "is at most",
    "is one of",
    "is not",
    "matches",
    "exists",
    "is",
)
ORDERED = frozenset({"is greater than", "is less than", "is at least", "is at most"})
_FIELD = re.compile(r"[A-Za-z0-9_ -]+(?:\.[A-Za-z0-9_ -]+)*")


class StepProblem(Exception):  # noqa: N818  a finding on its way to the collector, never shown as an exception
    """What is wrong with a step: catalogue name, message, fix, and the fragment (or cell) at fault."""

    def __init__(self, name: str, message: str, fix: str = "", fragment: str = "", place: Place | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.fix = fix
        self.fragment = fragment
        self.place = place


class Cell(msgspec.Struct, frozen=True):
    """A cell of a step's table, with its place."""

    text: str
    place: Place


class Argument(msgspec.Struct, frozen=True):
    """What hangs below a step: a table or a text."""

    rows: tuple[tuple[Cell, ...], ...] = ()
    text: str | None = None


def unquote(text: str) -> str:
    r"""The text between quotes; `\"` and `\\` stand for themselves without the backslash."""
    inner = text[1:-1]
    return re.sub(r'\\(["\\])', r"\1", inner) if "\\" in inner else inner


def read_value(text: str) -> Value:
    """A literal of the step language.

    Raises:
        StepProblem: it looks like a date and is none.
    """
    if text.startswith('"'):
        return Value("text", unquote(text))
    if text in {"true", "false"}:
        return Value("boolean", text)
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            date.fromisoformat(text)
        except ValueError as error:
            raise StepProblem("invalid-value", f"{text} is not a date: {error}", "write YYYY-MM-DD", text) from error
        return Value("date", text)
    return Value("number", text)


def read_key(text: str) -> str:
    """A quoted context key.

    Raises:
        StepProblem: there is no such key.
    """
    key = unquote(text)
    if key not in KEYS:
        fix = did_you_mean(key, KEYS) or f"the keys are {', '.join(sorted(KEYS))}"
        raise StepProblem("unknown-context-key", f"{key!r} is not a context key", fix, text)
    return key


def read_field(text: str) -> str:
    """A quoted dotted path.

    Raises:
        StepProblem: it is no path.
    """
    path = unquote(text)
    if not _FIELD.fullmatch(path):
        raise StepProblem("invalid-value", f"{path!r} is not a field path", "write names joined by dots", text)
    return path


def read_regex(text: str) -> str:
    """The pattern between slashes.

    Raises:
        StepProblem: it is not a regular expression.
    """
    inner = text[1:-1].replace("\\/", "/")
    try:
        import regex  # noqa: PLC0415  what the engine searches with; only truths with patterns need it

        regex.compile(inner)
    except (regex.error, OverflowError, RecursionError) as error:
        raise StepProblem("invalid-value", f"{text} is not a regular expression: {error}", "mend it", text) from error
    return inner


def read_glob(text: str) -> str:
    """A quoted id pattern.

    Raises:
        StepProblem: no id could match it.
    """
    glob = unquote(text)
    if not is_glob(glob):
        raise StepProblem(
            "malformed-pattern", f"{glob!r} is not an id pattern", 'write kind:name, for example "vendor:*"', text
        )
    return glob


def read_test(field: str, text: str) -> FieldTest:
    """A field test from the quoted field and its comparison.

    Raises:
        StepProblem: a value does not fit the comparison.
    """
    comparison = next(item for item in _COMPARISONS if text == item or text.startswith(item + " "))
    rest = text[len(comparison) :].strip()
    path = read_field(field)
    if comparison == "exists":
        return FieldTest(path, comparison)
    if comparison == "matches":
        return FieldTest(path, comparison, (Value("text", read_regex(rest)),))
    values = tuple(read_value(item) for item in re.findall(_VALUE, rest))
    check_ordered(comparison, values[0], rest)
    return FieldTest(path, comparison, values)


def check_ordered(comparison: str, value: Value, fragment: str) -> None:
    """Refuse to order what has no order.

    Raises:
        StepProblem: `is at least "x"` and the like.
    """
    if comparison in ORDERED and value.type in {"text", "boolean"}:
        words = f"{comparison} compares numbers and dates, not {fragment}"
        raise StepProblem("contradictory-check", words, "compare with a number or an ISO date, or use is", fragment)


def read_id(text: str) -> str:
    """A quoted fact id.

    Raises:
        StepProblem: it is a pattern, or not well-formed.
    """
    found = unquote(text)
    if not FACT_ID.fullmatch(found):
        raise StepProblem("malformed-pattern", f"{found!r} is not a fact id", "write kind:name, without *", text)
    return found


def read_values(text: str) -> tuple[str, ...]:
    """The quoted keys of a list."""
    return tuple(read_key(item) for item in re.findall(_QUOTED, text))


def read_share(text: str) -> Value:
    """A confidence: a number from 0 to 1.

    Raises:
        StepProblem: it is outside.
    """
    if not 0 <= Decimal(text) <= 1:
        raise StepProblem("contradictory-check", f"{text} is not a confidence", "confidences lie between 0 and 1", text)
    return Value("number", text)


_PLACEHOLDERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "key": (_QUOTED, read_key),
    "keys": (rf"{_QUOTED}(?:, ?{_QUOTED})*", read_values),
    "field": (_QUOTED, read_field),
    "text": (_QUOTED, unquote),
    "id": (_QUOTED, read_id),
    "value": (_VALUE, read_value),
    "number": (_NUMBER, read_value),
    "share": (_NUMBER, read_share),
    "count": (r"[0-9]{1,9}", int),
}
_SHOWN = {"key": '"K"', "keys": '"K"[, "K"]', "value": "VALUE", "count": "N", "number": "X", "share": "X"}
_SEL = rf"(?: with id (?P<NAME_id>{_QUOTED}))?(?: where field (?P<NAME_field>{_QUOTED}) (?P<NAME_test>{_TEST}))?"
_PART = re.compile(r"\{(\w+):([^}]+)\}|\[([^\]]*)\]|([^{\[]+)")


class Template:
    """A pattern of the catalogue: literal words, `[optional]` text and `{name:placeholder}`.

    `[+s]` is an optional s that is shown, `[s]` one that is not. A placeholder is a type of the table above, `sel`
    (the optional SEL after a `key` placeholder that is named `<name>_key`), or words joined by `|`.
    """

    __slots__ = ("_literals", "_match", "_parts", "_slots", "shown", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        parts = [match.groups() for match in _PART.finditer(text)]
        inner = [match.groups() for part in parts for match in _PART.finditer(part[2] or "")]
        self._slots = [(part[0], part[1]) for part in parts + inner if part[0] is not None]
        self._parts = parts
        self._literals = [part[3] for part in parts if part[3]]
        self._match: Callable[[str], re.Match[str] | None] | None = None
        self.shown = "".join(_shown(*part) for part in parts)

    def match(self, text: str) -> re.Match[str] | None:
        """The match of a whole step, or None."""
        at = 0
        for literal in self._literals:
            at = text.find(literal, at) + len(literal)
            if at < len(literal):
                return None
        # Compiling takes longer than anything else about a step: only patterns whose words are all there are.
        if self._match is None:
            self._match = re.compile("".join(_regex(*part) for part in self._parts)).fullmatch
        return self._match(text)

    def values(self, match: re.Match[str]) -> dict[str, Any]:
        """The typed values of a match's placeholders.

        Raises:
            StepProblem: a value can't be right whatever the packs declare.
        """
        found: dict[str, Any] = {}
        for name, kind in self._slots:
            if kind == "sel":
                found[name] = _selection(name, match)
            elif match[name] is None or kind not in _PLACEHOLDERS:
                found[name] = match[name]
            else:
                found[name] = _PLACEHOLDERS[kind][1](match[name])
        return found


def _selection(name: str, match: re.Match[str]) -> Selection:
    glob, field, test = match[f"{name}_id"], match[f"{name}_field"], match[f"{name}_test"]
    return Selection(
        read_key(match[f"{name}_key"]),
        None if glob is None else read_glob(glob),
        None if field is None else read_test(field, test),
    )


def _regex(name: str | None, kind: str, optional: str | None, literal: str | None) -> str:
    if literal is not None:
        return re.escape(literal)
    if optional is not None:
        inner = optional.removeprefix("+")
        return "(?:" + "".join(_regex(*match.groups()) for match in _PART.finditer(inner)) + ")?"
    if kind == "sel":
        return _SEL.replace("NAME", str(name))
    pattern = _PLACEHOLDERS[kind][0] if kind in _PLACEHOLDERS else "|".join(map(re.escape, kind.split("|")))
    return f"(?P<{name}>{pattern})"


def _shown(name: str | None, kind: str, optional: str | None, literal: str | None) -> str:
    if literal is not None:
        return literal
    if optional is not None:
        if optional.startswith("+") or len(optional) == 1:
            return optional[1:]
        return "[" + "".join(_shown(*match.groups()) for match in _PART.finditer(optional)) + "]"
    if kind in _PLACEHOLDERS:
        return _SHOWN.get(kind, f'"{name}"')
    return " SEL" if kind == "sel" else kind


@lru_cache(maxsize=4096)
def skeleton(text: str) -> str:
    """A step without its particulars, for finding the nearest pattern."""
    return re.sub(r"\s+", " ", re.sub(_NUMBER, "N", re.sub(_QUOTED, '""', text[:200]))).strip().lower()
