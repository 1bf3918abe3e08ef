"""No line that somebody wrote as a step is ever passed over: it is bound, it is told, or it is a comment.

Lines of good features are deleted, doubled, swapped, indented anew and misspelt. What Gherkin itself made of the text
is asked of its parser, not of our reader. More examples: --hypothesis-profile long --timeout 0.
"""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from converge_cli.truth.compiler import Compilation, compile_truth
from converge_cli.truth.source import Source

GOLDEN = Path(__file__).parents[1] / "golden" / "truth"
TRUTH = (GOLDEN / "good" / "full.truth.yaml").read_text(encoding="utf-8")
FEATURES = [(GOLDEN / "good" / name).read_text(encoding="utf-8") for name in ("full.feature", "full.second.feature")]
KEYWORDS = ("Given ", "When ", "Then ", "And ", "But ")
SWEDISH = {
    "Feature:": "Egenskap:",
    "Background:": "Bakgrund:",
    "Scenario Outline:": "Abstrakt Scenario:",
    "Examples:": "Exempel:",
    "Rule:": "Regel:",
    "Given ": "Givet ",
    "When ": "När ",
    "Then ": "Så ",
    "And ": "Och ",
    "But ": "Men ",
}
CHARACTERS = st.one_of(
    st.sampled_from([*":#|@\"'.,-*<>/\\", " ", "\t", "\u00a0", "\u200b", "\u2028", "\uff1a", "\u0301", "e", "n", "T"]),
    st.characters(codec="utf-8", exclude_characters="\n\r\x00"),
)
EDIT = st.one_of(
    st.tuples(st.sampled_from(["delete", "double", "swap", "bullet", "lower"]), st.integers(0, 99), st.integers(0, 99)),
    st.tuples(st.just("indent"), st.integers(0, 99), st.integers(0, 12)),
    st.tuples(st.sampled_from(["cut", "turn"]), st.integers(0, 99), st.integers(0, 12)),
    st.tuples(st.just("put"), st.integers(0, 99), st.integers(0, 12), CHARACTERS),
)
EDITS = st.lists(EDIT, min_size=1, max_size=3)
SETTINGS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Line(NamedTuple):
    """A line of a text; `step` says whether it was written as a step or as a row of a table."""

    text: str
    step: bool


@pytest.fixture(scope="module")
def shop() -> Any:
    """The in-memory packs."""
    if "golden_shop" not in sys.modules:
        spec = importlib.util.spec_from_file_location("golden_shop", GOLDEN / "shop.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules["golden_shop"] = module
        spec.loader.exec_module(module)
    return sys.modules["golden_shop"]


def _swedish(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        word = next((word for word in SWEDISH if line.lstrip().startswith(word)), None)
        lines.append(line if word is None else indent + SWEDISH[word] + line.lstrip()[len(word) :])
    return "\n".join(["# language: sv", *lines])


def _lines(text: str) -> list[Line]:
    words = (*KEYWORDS, *(SWEDISH[word] for word in KEYWORDS), "|")
    return [Line(line, line.lstrip().startswith(words)) for line in text.split("\n")]


def _edited(lines: list[Line], edits: list[tuple[Any, ...]]) -> list[Line]:
    for what, place, number, *more in edits:
        if not lines:
            return lines
        at = place % len(lines)
        line = lines[at]
        if what == "delete":
            lines = lines[:at] + lines[at + 1 :]
        elif what == "double":
            lines = [*lines[: at + 1], *lines[at:]]
        elif what == "swap":
            other = number % len(lines)
            lines = list(lines)
            lines[at], lines[other] = lines[other], lines[at]
        else:
            lines = [*lines[:at], line._replace(text=_bent(line.text, what, number, *more)), *lines[at + 1 :]]
    return lines


def _bent(text: str, what: str, number: int, character: str = "") -> str:
    begin = len(text) - len(text.lstrip())
    at = begin + number
    changed = {
        "indent": " " * number + text.lstrip(),
        "bullet": f"{text[:begin]}- {text[begin:]}",
        "lower": text[:begin] + text[begin:].lower(),
        "cut": text[:at] + text[at + 1 :],
        "turn": text[:at] + text[at : at + 2][::-1] + text[at + 2 :],
        "put": text[:at] + character + text[at:],
    }
    return changed[what]


def _bound(node: Any) -> Iterator[int]:
    """The lines that Gherkin takes for steps, rows and texts."""
    if isinstance(node, list):
        for item in node:
            yield from _bound(item)
    elif isinstance(node, dict):
        if "keywordType" in node or "cells" in node:
            yield node["location"]["line"]
        if "delimiter" in node:
            first = node["location"]["line"]
            yield from range(first, first + node["content"].count("\n") + 3)
        for item in node.values():
            yield from _bound(item)


def _prose(node: Any) -> set[str]:
    """The lines that describe a feature and its rules: a table may stand there, as in any document."""
    rules = [child["rule"] for child in node["children"] if "rule" in child]
    own = {line.strip() for line in node["description"].split("\n")}
    return own.union(*(_prose(rule) for rule in rules))


def _parsed(text: str) -> Any:
    from gherkin.parser import Parser

    return Parser().parse(text)


def _compile(shop: Any, features: list[str], truth: str = TRUTH) -> Compilation:
    sources = [Source(f"f{n}.feature", text.encode("utf-8", "surrogatepass")) for n, text in enumerate(features)]
    return compile_truth(Source("truth.yaml", truth.encode("utf-8", "surrogatepass")), sources, shop.Shelf())


def _assert_nothing_is_lost(compiled: Compilation, lines: list[Line]) -> None:
    assert all(item.line >= 1 and 1 <= item.column < item.end_column for item in compiled.diagnostics)
    if compiled.job is None:
        assert [] != [item for item in compiled.diagnostics if item.severity == "error"]
        return
    document = _parsed("\n".join(line.text for line in lines))
    bound, prose = set(_bound(document)), _prose(document["feature"])
    lost = [
        (number, line.text)
        for number, line in enumerate(lines, start=1)
        if line.step and line.text.strip() and not line.text.lstrip().startswith("#") and number not in bound
        if not (line.text.lstrip().startswith("|") and line.text.strip() in prose)
    ]
    assert [] == lost


@SETTINGS
@given(which=st.integers(0, 1), swedish=st.booleans(), edits=EDITS)
def test_no_step_of_an_edited_feature_is_passed_over(
    shop: Any, which: int, swedish: bool, edits: list[tuple[Any, ...]]
) -> None:
    """Bound, told, or turned into a comment."""
    texts = [_swedish(text) for text in FEATURES] if swedish else FEATURES
    lines = _edited(_lines(texts[which]), edits)
    changed = [*texts]
    changed[which] = "\n".join(line.text for line in lines)
    _assert_nothing_is_lost(_compile(shop, changed), lines)


@SETTINGS
@given(edits=EDITS)
def test_any_edit_of_the_lines_of_a_contract_gives_a_job_or_findings(shop: Any, edits: list[tuple[Any, ...]]) -> None:
    """Never a traceback, and never both a job and an error."""
    text = "\n".join(line.text for line in _edited(_lines(TRUTH), edits))
    compiled = _compile(shop, FEATURES, text)
    errors = [item for item in compiled.diagnostics if item.severity == "error" and item.suppressed is None]
    assert (compiled.job is None) == bool(errors)


def test_the_features_are_good_before_they_are_edited(shop: Any) -> None:
    """In both languages: else nothing would be shown by a finding."""
    for texts in (FEATURES, [_swedish(text) for text in FEATURES]):
        compiled = _compile(shop, texts)
        assert None is not compiled.job, compiled.diagnostics
        assert all(set(_bound(_parsed(text))) for text in texts)
