"""The values of the step language: how what stands in a sentence becomes a typed value.

Knows no sentence (that is the catalogue) and no fact kinds (that is the vocabulary).
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache

import msgspec

from converge_cli.core.context_key import KEYS
from converge_cli.core.errors import did_you_mean
from converge_cli.core.ids import FACT_ID
from converge_cli.core.predicate import Comparison, FieldTest, Value
from converge_cli.core.selector import is_glob
from converge_cli.truth.findings import Place

QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
ORDERED = frozenset({"is greater than", "is less than", "is at least", "is at most"})
_COUNT = re.compile(r"[0-9]{1,9}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIELD = re.compile(r"[A-Za-z0-9_ -]+(?:\.[A-Za-z0-9_ -]+)*")


class StepProblem(Exception):  # noqa: N818  a finding on its way to the collector, never shown as an exception
    """What is wrong with a step: catalogue name, message, fix, the fragment (or cell) at fault, and choices."""

    def __init__(
        self,
        name: str,
        message: str,
        fix: str = "",
        fragment: str = "",
        place: Place | None = None,
        choices: Iterable[str] = (),
    ) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.fix = fix
        self.fragment = fragment
        self.place = place
        self.choices = tuple(choices)


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
    if _DATE.fullmatch(text):
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
        raise StepProblem("unknown-context-key", f"{key!r} is not a context key", fix, text, choices=KEYS)
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


def read_test(field: str, comparison: Comparison, texts: Sequence[str]) -> FieldTest:
    """A field test from the quoted field, its comparison and the values as they are written.

    Raises:
        StepProblem: a value does not fit the comparison.
    """
    path = read_field(field)
    if comparison == "matches":
        return FieldTest(path, comparison, (Value("text", read_regex(texts[0])),))
    values = tuple(read_value(text) for text in texts)
    if values:
        check_ordered(comparison, values[0], texts[0])
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


def read_count(text: str) -> int:
    """A whole number.

    Raises:
        StepProblem: it is negative, broken, or so large that nobody means it.
    """
    if not _COUNT.fullmatch(text):
        raise StepProblem("invalid-value", f"{text} is not a count", "write a whole number of up to 9 digits", text)
    return int(text)


def read_share(text: str) -> Value:
    """A confidence: a number from 0 to 1.

    Raises:
        StepProblem: it is outside.
    """
    if not 0 <= Decimal(text) <= 1:
        raise StepProblem("contradictory-check", f"{text} is not a confidence", "confidences lie between 0 and 1", text)
    return Value("number", text)


@lru_cache(maxsize=4096)
def skeleton(text: str) -> str:
    """A step without its particulars, for finding the nearest pattern."""
    return re.sub(r"\s+", " ", _NUMBER.sub("N", QUOTED.sub('""', text[:200]))).strip().lower()
