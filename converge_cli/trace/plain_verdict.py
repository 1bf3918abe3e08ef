"""The verdict as plain lines, for files and pipes: the same text as the drawn one.

Must never import the drawing library: that takes longer than most runs. Where only it knows how a line is broken or
how wide a character is, there are no plain lines.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from converge_cli.trace.glyphs import GLYPHS, SEPARATOR
from converge_cli.trace.sanitize import CUT
from converge_cli.trace.verdict_rows import Line, VerdictRows

_ONE_CELL = dict.fromkeys(map(ord, [*(fancy for fancy, _ in GLYPHS.values()), *SEPARATOR, CUT]))


def plain_verdict(rows: VerdictRows, width: int) -> str | None:
    """The verdict in lines of at most this many columns; None when it must be drawn."""
    lines = [f"{rows.lead[0]}   {SEPARATOR.join(rows.items)}", *_columns(rows.criteria), *_columns(rows.rest)]
    if all(len(line) <= width and line.translate(_ONE_CELL).isascii() for line in lines):
        return "\n".join(line.rstrip() for line in lines)
    return None


def _columns(rows: Sequence[tuple[Line, ...]]) -> Iterator[str]:
    """Rows of cells as lines, each column as wide as its widest cell."""
    cells = [[text.split("\n") for text, _ in row] for row in rows]
    widths = [max(len(line) for cell in column for line in cell) for column in zip(*cells, strict=True)]
    for row in cells:
        for parts in zip_longest(*row, fillvalue=""):
            yield "  " + "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True))
