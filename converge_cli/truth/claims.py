"""Titles that claim nothing: a truth is a statement that can be right or wrong.

The rule: leave out the words that any title could bear (scenario, test, works, happy path ...). Where fewer than two
words remain, nothing is claimed: `Vendor`, `It works as expected`, `Scenario 1`. Two words can be a statement, so
they pass; so does every title in a script that does not part its words.
"""

import re

_WORD = re.compile(r"[^\W\d_]+")
_FIRST_UNSPACED = "\u0e00"
_BARE = frozenset(
    {"a", "an", "and", "are", "as", "be", "do", "does", "for", "in", "is", "it", "of", "on", "or", "the", "this", "to"}
    | {"bar", "baz", "case", "cases", "check", "checks", "correctly", "example", "examples", "expected", "fail"}
    | {"fails", "feature", "fine", "fixme", "foo", "happy", "invariant", "job", "ok", "okay", "pass", "passes", "path"}
    | {"policy", "properly", "rule", "sad", "scenario", "scenarios", "should", "spec", "stuff", "tbd", "test"}
    | {"testing", "tests", "title", "todo", "truth", "untitled", "validation", "well", "wip", "with", "work", "works"}
)


def claims_nothing(title: str) -> bool:
    """Whether no statement can be found in a title."""
    words = _WORD.findall(title.lower())
    if any(letter >= _FIRST_UNSPACED for word in words for letter in word):
        return False
    return sum(word not in _BARE for word in words) < 2
