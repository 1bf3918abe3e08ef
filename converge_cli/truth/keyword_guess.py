"""What a line was meant as: a keyword that is misspelt, has a colon too many or too few, or is of another language.

Looks at the beginning of a line only, and knows the keywords of one language. Must never decide whether a guess is a
finding: prose may begin like a step.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import msgspec

Why = Literal["exact", "misspelt", "colon", "space", "case", "language", "no colon"]

_COLON = re.compile(r"\s*[:\uff1a]")
_BULLET = re.compile(r"(?:[-+>\u2022]|\d+[.)])\s+")
_HEADING = re.compile(r"([^\W\d_]\w*(?: [^\W\d_]\w*){0,3})\s*([:\uff1a])", re.UNICODE)
_HEADINGS = ("feature", "rule", "background", "scenario", "scenarioOutline", "examples")
_STEPS = ("given", "when", "then", "and", "but")
_FLAT_RATIO = 0.85
_LONG = 6


class Words(msgspec.Struct, frozen=True):
    """The keywords of one language.

    Attributes:
        language: its code.
        steps: words that begin a step, And and But included, the asterisk not.
        begins, ends: of these, the words of Given and When, and those of Then.
        headings: words that begin a heading.
        outline: those of an outline.
        scenarios: those of a scenario or outline that hardly begin prose.
        english_steps, english_headings: English words that this language has not -> its own.
    """

    language: str
    steps: frozenset[str]
    begins: frozenset[str]
    ends: frozenset[str]
    headings: frozenset[str]
    outline: frozenset[str]
    scenarios: frozenset[str]
    english_steps: Mapping[str, str]
    english_headings: Mapping[str, str]

    @classmethod
    def of(cls, language: str) -> "Words":
        """The words of a language code that the parser accepted."""
        from gherkin.dialect import DIALECTS  # noqa: PLC0415  reads a large file

        dialects: Any = DIALECTS
        spec = dialects[language]
        outline = _of(spec, ("scenarioOutline",))
        # Words such as Example begin prose too: only those that also begin an outline's word are taken for headings.
        plain = {word for word in _of(spec, ("scenario",)) if any(other.startswith(word) for other in outline)}
        return cls(
            language,
            _of(spec, _STEPS),
            _of(spec, ("given", "when")),
            _of(spec, ("then",)),
            _of(spec, _HEADINGS),
            outline,
            outline | plain,
            _translated(dialects["en"], spec, _STEPS),
            _translated(dialects["en"], spec, _HEADINGS),
        )


class Guess(NamedTuple):
    """A line that begins like a keyword.

    Attributes:
        why: how it differs from a line that Gherkin understands.
        end: where the line goes on after the keyword, its colon and its space.
        written: what stands there, without space.
        meant: the keyword that should stand there.
        instead: what a line should have up to `end`.
    """

    why: Why
    end: int
    written: str
    meant: str
    instead: str


def guess_step(line: str, words: Words) -> Guess | None:
    """The step that a line was meant as; the line has no space around it, but may have a bullet."""
    bullet = _BULLET.match(line)
    at = bullet.end() if bullet else 0
    for keyword in sorted({*words.steps, *words.english_steps}, key=len, reverse=True):
        end = at + len(keyword)
        if line[at:end].lower() == keyword.lower() and not line[end : end + 1].isalnum():
            colon = _COLON.match(line, end)
            if keyword not in words.steps:
                return _step("language", line, at, end, words.english_steps[keyword])
            why: Why = "colon" if colon else "case" if line[at:end] != keyword else "exact"
            if why == "exact" and not bullet and line[end : end + 1] != " ":
                why = "space"
            return _step(why, line, at, colon.end() if colon else end, keyword)
    for count in sorted({keyword.count(" ") for keyword in words.steps}, reverse=True):
        first = re.compile(rf"([^\W\d_][^\s:\uff1a]*(?: [^\s:\uff1a]+){{{count}}})(\s*[:\uff1a])?").match(line, at)
        same = frozenset(keyword for keyword in words.steps if keyword.count(" ") == count)
        meant = nearest_word(first[1], same) if first else None
        if first and meant:
            return _step("misspelt", line, at, first.end(), meant)
    return None


def guess_heading(line: str, words: Words) -> Guess | None:
    """The heading that a line was meant as, with or without its colon."""
    match = _HEADING.match(line)
    if match:
        name, end = match[1], match.end()
        if name in words.headings:
            why: Why = "exact" if line[len(name) : end] == ":" else "colon"
            return _heading(why, line, end, name)
        if name in words.english_headings:
            return _heading("language", line, end, words.english_headings[name])
        close = _closest(name, words.headings)
        return _heading("misspelt", line, end, close) if close else None
    for word in sorted(words.scenarios, key=len, reverse=True):
        if line.startswith(f"{word} "):
            return _heading("no colon", line, len(word), word)
    return None


@lru_cache(maxsize=8192)
def nearest_word(word: str, choices: frozenset[str]) -> str | None:
    """The keyword that is one slip of the pen away (two for a long one), or None."""
    if len(word) < 2:
        return None
    for choice in sorted(choices):
        if one_slip(word.lower(), choice.lower()):
            return choice
    long = frozenset(choice for choice in choices if len(choice) >= _LONG)
    return _closest(word, long) if len(word) >= _LONG - 1 else None


def one_slip(word: str, other: str) -> bool:
    """Whether one letter is missing, added, another, or two neighbours are swapped."""
    if word == other or abs(len(word) - len(other)) > 1:
        return False
    shared = min(len(word), len(other))
    head = next((n for n in range(shared) if word[n] != other[n]), shared)
    left, right = word[head:], other[head:]
    if len(left) == len(right):
        swapped = left[:2] == right[1::-1] and left[2:] == right[2:]
        return left[1:] == right[1:] or (len(left) > 1 and swapped)
    return left[1:] == right if len(left) > len(right) else left == right[1:]


def _of(spec: Any, names: Iterable[str]) -> frozenset[str]:
    return frozenset(word.strip() for name in names for word in spec[name]) - {"*"}


def _translated(english: Any, spec: Any, names: Iterable[str]) -> dict[str, str]:
    own = _of(spec, names)
    return {
        word.strip(): next(found.strip() for found in spec[name] if found.strip() != "*")
        for name in names
        for word in english[name]
        if word.strip() not in {*own, "*"}
    }


def _step(why: Why, line: str, at: int, end: int, meant: str) -> Guess:
    return Guess(why, _after_space(line, end), line[at:end].strip(), meant, f"{meant} ")


def _heading(why: Why, line: str, end: int, meant: str) -> Guess:
    return Guess(why, _after_space(line, end), line[:end].strip(), meant, f"{meant}: ")


def _after_space(line: str, end: int) -> int:
    return len(line) - len(line[end:].lstrip())


@lru_cache(maxsize=8192)
def _closest(word: str, choices: frozenset[str]) -> str | None:
    return _best(word.lower(), sorted(choices))


def _best(word: str, choices: Iterable[str]) -> str | None:
    best, found = _FLAT_RATIO, None
    for choice in choices:
        if abs(len(choice) - len(word)) > 3:
            continue
        ratio = SequenceMatcher(None, word, choice.lower()).ratio()
        if ratio >= best and (found is None or ratio > best):
            best, found = ratio, choice
    return found
