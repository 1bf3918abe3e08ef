"""docs/environment.md names every variable that the code reads, and no other, in both directions."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "environment.md"
NAME = re.compile(r"(CONVERGE|OTEL)_[A-Z_]+|COLUMNS|FORCE_COLOR|TERM|TTY_COMPATIBLE|XDG_CONFIG_HOME")
INTERNAL = {
    "CONVERGE_ERROR",  # a code
    "_CONVERGE_COMPLETE",  # between a shell and the completion that we wrote for it
}
FOR_MAINTAINERS = {"CONVERGE_FAULTS", "CONVERGE_FULL", "CONVERGE_VENV", "CONVERGE_WRITE_GOLDEN"}
"""Of .ci/setup and of tests."""
NO_EFFECT = {"CONVERGE_LLM_BACKEND", "CONVERGE_LLM_MODEL"}
"""Named so that nobody looks for them; the page must say that they do nothing yet."""


def names_in_code() -> set[str]:
    """Every string of the code that is the name of a variable and nothing else."""
    found = set()
    for path in (ROOT / "converge_cli").rglob("*.py"):
        for item in ast.walk(ast.parse(path.read_text())):
            if isinstance(item, ast.Constant) and isinstance(item.value, str) and NAME.fullmatch(item.value):
                found.add(item.value)
    return found - INTERNAL


def names_in_table() -> set[str]:
    """The variables of the first column."""
    rows = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


def test_the_page_names_what_the_code_reads_and_no_other() -> None:
    """A variable that is added, renamed or removed shows up here."""
    assert names_in_code() == names_in_table()


def test_what_has_no_effect_is_not_told_as_if_it_had() -> None:
    """Not in the table, and not in the code."""
    assert set() == NO_EFFECT & (names_in_table() | names_in_code())
    [told] = [part for part in PAGE.read_text().split("\n\n") if "CONVERGE_LLM_BACKEND" in part]
    assert "have no effect" in " ".join(told.split())


def test_no_other_page_or_file_of_a_deployment_names_an_unknown_variable() -> None:
    """Pages, and the files under docs/deploy."""
    files = [
        *ROOT.glob("*.md"),
        *(path for path in (ROOT / "docs").rglob("*") if path.is_file() and path.suffix != ".pyc"),
    ]
    named: dict[str, str] = {}
    for path in files:
        if path.suffix not in {".svg", ".py"}:
            found = re.findall(r"\bCONVERGE_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))
            named |= dict.fromkeys(found, path.name)
    known = names_in_table() | NO_EFFECT | FOR_MAINTAINERS

    assert {} == {name: file for name, file in named.items() if name not in known}
