"""The rejection codes are the gate's, and the guide's: an example may name them and no others."""

import re
from pathlib import Path

from converge_cli.core.invariant import Validation
from converge_cli.core.rejection import REJECTIONS
from converge_cli.engine import proposal_checks, transitions

ROOT = Path(__file__).parents[3]


def test_the_gate_rejects_with_these_codes_only() -> None:
    """A code that the gate uses and nobody may expect would make an example impossible to write."""
    text = Path(proposal_checks.__file__).read_text(encoding="utf-8")
    used = set(re.findall(r'RejectedError\(\s*"([A-Z_]+)"', text))
    clauses = set(Validation.__annotations__["code"].__args__)

    moves = {transitions.ILLEGAL, transitions.GATE_MISSING}

    assert set(REJECTIONS) == used | moves | clauses


def test_the_guide_lists_them_in_their_order() -> None:
    """Whoever writes an example finds its code there."""
    text = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    table = text.partition("### Rejections")[2].partition("###")[0]

    assert list(REJECTIONS) == re.findall(r"^\| ([A-Z_]+) \|", table, re.MULTILINE)
