"""Sentences as templates: a step is cut into tokens once, and templates are laid over the tokens, word by word.

A template is written as people read it: words, `one/other` for two forms of a word (the first is shown),
`{name:kind}` for a value, `{name:one way|another}` for one of several phrases, and `[...]` for what may be left out.
Knows no sentence (that is the catalogue) and no fact kinds (that is the vocabulary).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

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

_TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\]|\\.)*")(?=[ \t,:]|$)'
    r"|(?P<regex>/(?:[^/\\]|\\.)+/)(?=[ \t,]|$)"
    r"|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})(?=[ \t,]|$)"
    r"|(?P<number>-?[0-9]+(?:\.[0-9]+)?)(?=[ \t,]|$)"
    r"|(?P<comma>,)|(?P<word>[^ \t,]+)"
)
_PART = re.compile(r"\{(\w+):([^}]+)\}|\[([^\]]*)\]|([^\s{\[\]]+)")
_VALUES = frozenset({"text", "date", "number", "boolean"})
_COMPARISONS: tuple[tuple[str, Comparison], ...] = (
    ("is greater than", "is greater than"),
    ("is less than", "is less than"),
    ("is at least", "is at least"),
    ("is at most", "is at most"),
    ("is one of", "is one of"),
    ("is not", "is not"),
    ("matches", "matches"),
    ("exists", "exists"),
    ("is", "is"),
)


class Token(NamedTuple):
    """A piece of a step: what it is (text, regex, date, number, boolean, comma, word) and how it is written."""

    shape: str
    text: str


Owner = TypeVar("Owner")
Tokens = Sequence[Token]
Found = dict[str, Any]
Part = Callable[[Tokens, int, Found], int]
"""Lays one part over the tokens from a place; the place after it, or -1 when it does not fit."""


class _Kind(NamedTuple):
    """A kind of value: the shapes of token that it takes, how one is read, and how a catalogue shows it."""

    shapes: frozenset[str]
    read: Callable[[str], Any]
    shown: str
    words: str


_TEXT, _NUMBER = frozenset({"text"}), frozenset({"number"})


class Raw(NamedTuple):
    """What stands in the place of a value, not yet read; calling it reads it, and may raise StepProblem."""

    kind: _Kind
    text: str

    def __call__(self) -> Any:
        """The value; StepProblem when it can't be right."""
        return self.kind.read(self.text)


KINDS: Mapping[str, _Kind] = {
    "key": _Kind(_TEXT, read_key, '"K"', "a context key in quotes"),
    "field": _Kind(_TEXT, read_field, "", "a field in quotes, as a dotted path"),
    "text": _Kind(_TEXT, unquote, "", "text in quotes"),
    "id": _Kind(_TEXT, read_id, "", "a fact's id in quotes"),
    "value": _Kind(_VALUES, read_value, "VALUE", "text in quotes, a number, true, false or a date"),
    "number": _Kind(_NUMBER, read_value, "X", "a number"),
    "share": _Kind(_NUMBER, read_share, "X", "a number from 0 to 1"),
    "count": _Kind(_NUMBER, read_count, "N", "a whole number"),
}
"""The kinds of value that a `{name:kind}` may be."""

_BESIDE = {"keys": "one or more context keys in quotes, with commas", "sel": "with id, where field, or both"}


def tokenise(text: str) -> tuple[Token, ...]:
    """The tokens of a step; only blanks and tabs stand between them, other space belongs to a word."""
    found = []
    for match in _TOKEN.finditer(text):
        shape: Any = match.lastgroup
        word = match[0]
        found.append(Token("boolean" if word in {"true", "false"} else shape, word))
    return tuple(found)


class Template:
    """A pattern of the step language; its parts are made when a step could first match it."""

    __slots__ = ("_parts", "shown", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.shown = _shown(text)
        self._parts: tuple[Part, ...] | None = None

    def heads(self) -> frozenset[str]:
        """What the first token of a step can be: words as written, shapes of values in angle brackets."""
        name, kind, _, word = next(_PART.finditer(self.text)).groups()
        if name is None:
            return frozenset(word.split("/"))
        if kind in KINDS:
            return frozenset(f"<{shape}>" for shape in KINDS[kind].shapes)
        return frozenset(phrase.split()[0] for phrase in kind.split("|"))

    def match(self, tokens: Tokens) -> Found | None:
        """What stands in each place of a whole step, not yet read; None when the step is another sentence."""
        if self._parts is None:
            self._parts = _parts(self.text)
        found: Found = {}
        at = _laid(self._parts, tokens, 0, found)
        return found if at == len(tokens) else None

    def names(self) -> tuple[str, ...]:
        """The names of its places."""
        return tuple(name for name, _ in _places(self.text))

    def places(self) -> tuple[tuple[str, str], ...]:
        """Each place as the sentence shows it, with what may stand there in words; in their order."""
        return tuple(
            dict.fromkeys(
                (_shown_place(name, kind), _in_words(kind))
                for name, kind in _places(self.text)
                if kind in KINDS or kind in _BESIDE or "|" in kind
            )
        )


class TemplateIndex(Generic[Owner]):
    """Templates with what each stands for, found by how a step begins, so that most are never tried."""

    def __init__(self, owned: Iterable[tuple[Template, Owner]]) -> None:
        self._by_head: dict[str, list[tuple[Template, Owner]]] = {}
        for template, owner in owned:
            for head in template.heads():
                self._by_head.setdefault(head, []).append((template, owner))

    def matches(self, text: str) -> list[tuple[Owner, Found]]:
        """Every template that a whole step matches, by its owner, with what the match found."""
        tokens = tokenise(text)
        if not tokens:
            return []
        first = tokens[0]
        head = first.text if first.shape == "word" else f"<{first.shape}>"
        candidates = self._by_head.get(head, ())
        return [(owner, found) for template, owner in candidates if (found := template.match(tokens)) is not None]


def values_of(found: Found) -> dict[str, Any]:
    """The typed values of what a match found.

    Raises:
        StepProblem: a value can't be right whatever the packs declare.
    """
    return {name: value() if callable(value) else value for name, value in found.items()}


def template_problem(text: str) -> str | None:
    """Why a text can't be a template of a pack, or None; packs write words, values and phrases, and no options."""
    bare = re.sub(r"\{(\w+):([^{}\[\]]+)\}", lambda match: f"{match[1]}:" if not match[2].strip() else "", text)
    if any(sign in bare for sign in "{}[]"):
        return "write {name:kind} for what is filled in; there are no options in [...]"
    if "," in bare or '"' in bare:
        return "commas and quotes belong to values"
    slots = [(match[1], match[2]) for match in _PART.finditer(text) if match[1]]
    names = [name for name, _ in slots]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        return f"{{{twice}:...}} stands there twice"
    unknown = next((kind for _, kind in slots if kind not in KINDS and "|" not in kind), None)
    if unknown is not None:
        return f"no kind {unknown!r}: the kinds are {', '.join(KINDS)}, or phrases with | between them"
    return None if re.search(r"[^\W\d_]", bare) else "a sentence has words"


def _places(text: str) -> Iterator[tuple[str, str]]:
    for name, kind, optional, _ in (match.groups() for match in _PART.finditer(text)):
        if name is not None:
            yield name, kind
        elif optional is not None:
            yield from _places(optional)


def _shown_place(name: str, kind: str) -> str:
    if kind in KINDS:
        return KINDS[kind].shown or f'"{name}"'
    return {"sel": "SEL", "keys": '"K"[, "K"]'}.get(kind, kind)


def _in_words(kind: str) -> str:
    if kind in _BESIDE:
        return _BESIDE[kind]
    return KINDS[kind].words if kind in KINDS else " or ".join(kind.split("|"))


def _laid(parts: Iterable[Part], tokens: Tokens, at: int, found: Found) -> int:
    for part in parts:
        at = part(tokens, at, found)
        if at < 0:
            return -1
    return at


def _parts(text: str) -> tuple[Part, ...]:
    return tuple(_part(*match.groups()) for match in _PART.finditer(text))


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
    parts = _parts(text)
    absent: Found = {match[1]: None for match in _PART.finditer(text) if match[1]}

    def lay(tokens: Tokens, at: int, found: Found) -> int:
        after = _laid(parts, tokens, at, found)
        if after < 0:
            found |= absent
        return max(after, at)

    return lay


def _value(name: str, kind: _Kind) -> Part:
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
    for words, comparison in _COMPARISONS:
        if not _says(tokens, at, words.split()):
            continue
        after = at + words.count(" ") + 1
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


@lru_cache(maxsize=256)
def _shown(text: str) -> str:
    """The template as a catalogue prints it."""
    words = []
    for name, kind, optional, word in (match.groups() for match in _PART.finditer(text)):
        if word is not None:
            words.append(word.split("/")[0])
        elif optional is not None:
            words.append(f"[{_shown(optional)}]")
        else:
            words.append(_shown_place(name, kind))
    return " ".join(words).replace(" :", ":")
