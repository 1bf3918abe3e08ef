"""Patterns over texts from outside."""

import time

from converge_cli.engine.fields import MATCH_SECONDS, matches


def test_a_pattern_is_found_anywhere_in_a_text() -> None:
    """As a search, with anchors for those who want the whole."""
    assert (True, False, True) == (matches("b+", "abba"), matches("^b+$", "abba"), matches("^[a-b]+$", "abba"))


def test_a_search_that_would_take_for_ever_can_not_be_told_and_is_not_tried_twice() -> None:
    """A supplier's text must not hang a run: the first search is cut, the others are not begun."""
    pattern, text = "^(a|aa)+$", "a" * 60 + "b"
    first = matches(pattern, text)
    began = time.monotonic()
    second = matches(pattern, text)

    assert (None, None) == (first, second)
    assert time.monotonic() - began < MATCH_SECONDS / 2
