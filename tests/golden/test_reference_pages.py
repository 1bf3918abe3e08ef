"""The generated pages of docs/ are as their tables are now."""

from pathlib import Path

import pytest

from converge_cli.testing.reference_pages import PAGES, write_pages
from converge_cli.truth.codes import CATALOGUE as DIAGNOSTICS
from converge_cli.truth.step_catalogue import CATALOGUE as STEPS

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_generated_page_is_fresh(name: str) -> None:
    """Whoever changes a table writes the pages again: python -m converge_cli.testing.reference_pages docs."""
    assert PAGES[name]() == (DOCS / name).read_text(encoding="utf-8")


def test_every_step_and_every_code_has_its_line() -> None:
    """Nothing of the tables is left out."""
    steps, codes = PAGES["steps.md"]().splitlines(), PAGES["codes.md"]().splitlines()

    assert len(STEPS) == sum(line.startswith(("Given ", "When ", "Then ")) for line in steps)
    assert [kind.code for kind in DIAGNOSTICS] == [line.split(" | ")[0][2:] for line in codes if line[:4] == "| CV"]


def test_the_pages_are_written_where_one_says(tmp_path: Path) -> None:
    """The command that refreshes them writes what the test compares."""
    assert {name: PAGES[name]() for name in PAGES} == {
        path.name: path.read_text(encoding="utf-8") for path in write_pages(tmp_path)
    }
