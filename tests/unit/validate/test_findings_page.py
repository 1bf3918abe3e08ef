"""Findings on a screen: nothing of them is lost where it is narrow."""

import io

import pytest
from rich.console import Console

from converge_cli.cli.findings import show_findings
from converge_cli.truth.diagnostics import Diagnostic

FIX = 'did you mean: field "field" must [not] be [at least|at most|greater than|less than] VALUE'
LINE = '    Then feild "amount" must be at most 1000, and so on and on, to the end of a line that nobody wraps'


def printed(width: int) -> list[str]:
    finding = Diagnostic("CV014", "unknown-step", "error", "a.feature", 6, 5, 10, "no pattern matches " * 5, FIX, LINE)
    console = Console(width=width, color_system=None, file=io.StringIO(), highlight=False)
    show_findings(console, [finding])
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 80])
def test_what_is_too_long_goes_on_under_its_own_beginning(width: int) -> None:
    """The fix under the fix, the message under the message; the line of the file stands as it stands there."""
    lines = printed(width)
    start = next(number for number, line in enumerate(lines) if line.startswith("  fix  "))
    fix = lines[start : next(number for number, line in enumerate(lines) if line.startswith("  see  "))]

    assert (FIX, True) == (" ".join(line[7:] for line in fix), len(fix) > 1)
    assert ["       "] * (len(fix) - 1) == [line[:7] for line in fix[1:]]
    assert [] == [line for line in lines[3:] if len(line) > width]
    assert f"   6 │ {LINE}" == lines[1]


def test_what_fits_stands_on_one_line() -> None:
    """As before."""
    assert f"  fix  {FIX}" in printed(200)
