"""Lines that Gherkin takes for description although somebody meant them as a step or a heading.

Errs on the side of prose: a line is reported only when it begins like a keyword, or reads like a step.
"""

import re
from difflib import SequenceMatcher
from functools import lru_cache

import msgspec

from converge_cli.truth.step_parser import nearest

_FIRST = re.compile(r"(\S+?)(:?)(?:\s+(.*))?$", re.DOTALL)
_HEADING = re.compile(r"([^\W\d_][\w ]*?)\s*:", re.UNICODE)
_BULLET = re.compile(r"(?:[-+>\u2022]|\d+[.)])\s+")
_MAX_LINE = 300


class Words(msgspec.Struct, frozen=True):
    """The keywords of one language: steps (And and But included), headings, those of an outline, of any scenario."""

    steps: frozenset[str]
    headings: frozenset[str]
    outline: frozenset[str]
    scenarios: frozenset[str] = frozenset()

    @classmethod
    def of(cls, language: str) -> "Words":
        """The words of a language code that the parser accepted."""
        from gherkin.dialect import DIALECTS  # noqa: PLC0415  reads a large file

        spec: dict[str, list[str]] = DIALECTS[language]  # type: ignore[assignment]
        steps = {word.strip() for name in ("given", "when", "then", "and", "but") for word in spec[name]} - {"*"}
        names = ("feature", "rule", "background", "scenario", "scenarioOutline", "examples")
        headings = {word.strip() for name in names for word in spec[name]}
        outlines = tuple(word.strip() for word in spec["scenarioOutline"])
        # Words such as Example begin prose too: only those that also begin an outline's word are taken for headings.
        plain = {word.strip() for word in spec["scenario"]}
        scenarios = {word for word in plain if any(outline.startswith(word) for outline in outlines)}
        return cls(frozenset(steps), frozenset(headings), frozenset(outlines), frozenset(scenarios | {*outlines}))


def swallowed_lines(line: str, words: Words, *, steps_expected: bool) -> tuple[str, str] | None:
    """Message and fix when a line of a description was meant otherwise, else None.

    Args:
        line: without surrounding space.
        words: the keywords of its language.
        steps_expected: whether steps could stand here (scenario, background), so that misspelt ones are likely.
    """
    if not line or line.startswith("#"):
        return None
    line = _BULLET.sub("", line[:_MAX_LINE], count=1) if _BULLET.match(line) else line[:_MAX_LINE]
    return _as_heading(line, words, steps_expected=steps_expected) or _as_step(
        line, words, steps_expected=steps_expected
    )


def _as_heading(line: str, words: Words, *, steps_expected: bool) -> tuple[str, str] | None:
    lost = next((word for word in sorted(words.scenarios) if line.startswith(f"{word} ")), None)
    if lost and steps_expected:
        return f"{lost} without a colon is taken for description", f"write {lost}: or begin the line otherwise"
    heading = _HEADING.match(line)
    close = heading and _closest(heading[1], words.headings, 0.85)
    if close:
        return f"{heading[1]}: is taken for description", f"write {close}: on a line of its own, where it belongs"  # type: ignore[index]
    return None


def _as_step(line: str, words: Words, *, steps_expected: bool) -> tuple[str, str] | None:
    first = _FIRST.match(line)
    if first is None:
        return None
    word, colon, rest = first[1], first[2], first[3] or ""
    keyword = _closest(word, words.steps, 0.8 if len(word) > 3 else 1.0)
    if colon and keyword:
        return f"{word}: is taken for description", f"write {keyword} without a colon"
    reads_like_a_step = nearest(rest, cutoff=0.75) is not None if keyword else nearest(line, cutoff=0.9) is not None
    misspelt = keyword is not None and steps_expected and keyword.lower() != word.lower() and len(word) > 3
    if reads_like_a_step or misspelt:
        fix = f"write {keyword}, spelt so" if keyword else "begin the line with Given, When or Then"
        return f"a line that reads like a step is taken for description: {line[:60]!r}", fix
    return None


@lru_cache(maxsize=8192)
def _closest(word: str, choices: frozenset[str], cutoff: float) -> str | None:
    best, found = cutoff, None
    for choice in sorted(choices):
        if abs(len(choice) - len(word)) > 3:
            continue
        ratio = SequenceMatcher(None, word.lower(), choice.lower()).ratio()
        if ratio >= best and (found is None or ratio > best):
            best, found = ratio, choice
    return found
