"""One glyph for one thing, on every page: they stand in one table."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import converge_cli
from converge_cli.core.criterion import CriterionVerdict
from converge_cli.core.invariant import InvariantVerdict
from converge_cli.trace.glyphs import GLYPHS, ascii_line, glyph

HOME = Path(converge_cli.__file__).parent
SIGNS = frozenset(fancy for fancy, _ in GLYPHS.values()) - {"+"}


def texts(source: str) -> Iterator[str]:
    """The texts of a module that it can show: not its docstrings."""
    tree = ast.parse(source)
    told = {id(item.value) for item in ast.walk(tree) if isinstance(item, ast.Expr)}
    for item in ast.walk(tree):
        if isinstance(item, ast.Constant) and isinstance(item.value, str) and id(item) not in told:
            yield item.value


def test_no_page_writes_a_glyph_by_hand() -> None:
    """Else the same result stands behind a cross on one page and behind a dot on another."""
    by_hand = {
        f"{path.relative_to(HOME)}: {text!r}"
        for folder in ("cli", "trace")
        for path in (HOME / folder).rglob("*.py")
        if path.name != "glyphs.py"
        for text in texts(path.read_text(encoding="utf-8"))
        if not SIGNS.isdisjoint(text)
    }
    assert set() == by_hand


@pytest.mark.parametrize("word", [*get_args(CriterionVerdict), *get_args(InvariantVerdict), "deferred", "at the gate"])
def test_every_verdict_has_a_glyph_that_plain_terminals_show_as_a_letter(word: str) -> None:
    """Of criteria, of invariants, and of the law in a receipt."""
    assert (1, True) == (len(glyph(word)), ascii_line(glyph(word)) in {letter for _, letter in GLYPHS.values()})
