"""The parts of a sentence: a step is cut into tokens once, and each part is laid over them, word by word.

Knows no sentence (that is the catalogue) and no fact kinds (that is the vocabulary).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from converge_cli.core.predicate import Comparison, Selection
from converge_cli.truth.step_grammar import (
    read_count,
    read_field,
    read_glob,
    read_id,
    read_key,
    read_share,
    read_test,
    read_value,
    unquote,
)

PART = re.compile(r"\{(\w+):([^}]+)\}|\[([^\]]*)\]|([^\s{\[\]]+)")
"""The parts of a template's text: `{name:kind}`, `[optional]`, a word."""

_TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\]|\\.)*")(?=[ \t,:]|$)'
    r"|(?P<regex>/(?:[^/\\]|\\.)+/)(?=[ \t,]|$)"
    r"|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})(?=[ \t,]|$)"
    r"|(?P<number>-?[0-9]+(?:\.[0-9]+)?)(?=[ \t,]|$)"
    r"|(?P<comma>,)|(?P<word>[^ \t,]+)"
)
_VALUES = frozenset({"text", "date", "number", "boolean"})
# Longer ones first: `is` begins most of them.
_COMPARISONS: tuple[Comparison, ...] = tuple(sorted(get_args(Comparison), key=len, reverse=True))


class Token(NamedTuple):
    """A piece of a step: what it is (text, regex, date, number, boolean, comma, word) and how it is written."""

    shape: str
    text: str


Tokens = Sequence[Token]
Found = dict[str, Any]
Part = Callable[[Tokens, int, Found], int]
"""Lays one part over the tokens from a place; the place after it, or -1 when it does not fit."""


class ValueKind(NamedTuple):
    """A kind of value: the shapes of token that it takes, how one is read, and how a catalogue shows it."""

    shapes: frozenset[str]
    read: Callable[[str], Any]
    shown: str
    words: str


_TEXT, _NUMBER = frozenset({"text"}), frozenset({"number"})


class Raw(NamedTuple):
    """What stands in the place of a value, not yet read; calling it reads it, and may raise StepProblem."""

    kind: ValueKind
    text: str

    def __call__(self) -> Any:
        """The value; StepProblem when it can't be right."""
        return self.kind.read(self.text)


KINDS: Mapping[str, ValueKind] = {
    "key": ValueKind(_TEXT, read_key, '"K"', "a context key in quotes"),
    "field": ValueKind(_TEXT, read_field, "", "a field in quotes, as a dotted path"),
    "text": ValueKind(_TEXT, unquote, "", "text in quotes"),
    "id": ValueKind(_TEXT, read_id, "", "a fact's id in quotes"),
    "value": ValueKind(_VALUES, read_value, "VALUE", "text in quotes, a number, true, false or a date"),
    "number": ValueKind(_NUMBER, read_value, "X", "a number"),
    "share": ValueKind(_NUMBER, read_share, "X", "a number from 0 to 1"),
    "count": ValueKind(_NUMBER, read_count, "N", "a whole number"),
}
"""The kinds of value that a `{name:kind}` may be."""

BESIDE = {"keys": "one or more context keys in quotes, with commas", "sel": "with id, where field, or both"}
"""What else stands in a place, in words."""


def tokenise(text: str) -> tuple[Token, ...]:
    """The tokens of a step; only blanks and tabs stand between them, other space belongs to a word."""
    found = []
    for match in _TOKEN.finditer(text):
        shape: Any = match.lastgroup
        word = match[0]
        found.append(Token("boolean" if word in {"true", "false"} else shape, word))
    return tuple(found)


def values_of(found: Found) -> dict[str, Any]:
    """The typed values of what a match found.

    Raises:
        StepProblem: a value can't be right whatever the packs declare.
    """
    return {name: value() if callable(value) else value for name, value in found.items()}


def laid(parts: Iterable[Part], tokens: Tokens, at: int, found: Found) -> int:
    """Lay parts one after the other; the place after the last, or -1 when one does not fit."""
    for part in parts:
        at = part(tokens, at, found)
        if at < 0:
            return -1
    return at


def parts_of(text: str) -> tuple[Part, ...]:
    """The parts of a template's text."""
    return tuple(_part(*match.groups()) for match in PART.finditer(text))


def _part(name: str | None, kind: str, optional: str | None, word: str | None) -> Part:
    if word is not None:
        return _word(frozenset(word.split("/")))
    if optional is not None:
        return _maybe(optional)
    place = str(name)
    if kind == "sel":
        return _selection(place)
    if kind == "keys":
        return _keys(place)
    return _value(place, KINDS[kind]) if kind in KINDS else _phrase(place, kind)


def _word(words: frozenset[str]) -> Part:
    return lambda tokens, at, _: at + 1 if at < len(tokens) and tokens[at].text in words else -1


def _maybe(text: str) -> Part:
    parts = parts_of(text)
    absent: Found = {match[1]: None for match in PART.finditer(text) if match[1]}

    def lay(tokens: Tokens, at: int, found: Found) -> int:
        after = laid(parts, tokens, at, found)
        if after < 0:
            found |= absent
        return max(after, at)

    return lay


def _value(name: str, kind: ValueKind) -> Part:
    def lay(tokens: Tokens, at: int, found: Found) -> int:
        if at >= len(tokens) or tokens[at].shape not in kind.shapes:
            return -1
        found[name] = Raw(kind, tokens[at].text)
        return at + 1

    return lay


def _phrase(name: str, text: str) -> Part:
    phrases = [(phrase, phrase.split()) for phrase in text.split("|")]

    def lay(tokens: Tokens, at: int, found: Found) -> int:
        for phrase, words in phrases:
            if _says(tokens, at, words):
                found[name] = phrase
                return at + len(words)
        return -1

    return lay


def _keys(name: str) -> Part:
    def lay(tokens: Tokens, at: int, found: Found) -> int:
        texts, after = _list(tokens, at, _TEXT)
        found[name] = lambda: tuple(read_key(text) for text in texts)
        return after

    return lay


def _selection(name: str) -> Part:
    """The optional SEL after the value `<name>_key`: `with id "glob"`, then `where field "f" TEST`."""

    def lay(tokens: Tokens, at: int, found: Found) -> int:
        key, glob, test = found.pop(f"{name}_key"), None, None
        if _says(tokens, at, ("with", "id")) and _shape(tokens, at + 2) == "text":
            glob, at = tokens[at + 2].text, at + 3
        if _says(tokens, at, ("where", "field")) and _shape(tokens, at + 2) == "text":
            field = tokens[at + 2].text
            comparison, texts, after = _test(tokens, at + 3)
            if comparison is not None:
                test, at = (field, comparison, texts), after
        found[name] = lambda: Selection(
            key(), None if glob is None else read_glob(glob), None if test is None else read_test(*test)
        )
        return at

    return lay


def _test(tokens: Tokens, at: int) -> tuple[Comparison | None, tuple[str, ...], int]:
    for comparison in _COMPARISONS:
        if not _says(tokens, at, comparison.split()):
            continue
        after = at + comparison.count(" ") + 1
        if comparison == "exists":
            return comparison, (), after
        if comparison == "matches":
            fits = _shape(tokens, after) == "regex"
            return (comparison, (tokens[after].text,), after + 1) if fits else (None, (), -1)
        if comparison == "is one of":
            texts, after = _list(tokens, after, _VALUES)
            return (comparison, texts, after) if texts else (None, (), -1)
        if _shape(tokens, after) in _VALUES:
            return comparison, (tokens[after].text,), after + 1
    return None, (), -1


def _list(tokens: Tokens, at: int, shapes: frozenset[str]) -> tuple[tuple[str, ...], int]:
    """Values with commas between them, and the place after; -1 when there is none."""
    texts: list[str] = []
    while _shape(tokens, at) in shapes:
        texts.append(tokens[at].text)
        if _shape(tokens, at + 1) != "comma":
            return tuple(texts), at + 1
        at += 2
    return (), -1


def _says(tokens: Tokens, at: int, words: Sequence[str]) -> bool:
    return len(tokens) >= at + len(words) and all(tokens[at + n].text == word for n, word in enumerate(words))


def _shape(tokens: Tokens, at: int) -> str:
    return tokens[at].shape if at < len(tokens) else ""
