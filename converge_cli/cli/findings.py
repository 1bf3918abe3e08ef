"""Shows findings as SCREENS draws them: code, place, the source line underlined, why, the fix, where to read more."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from converge_cli.trace.sanitize import CUT, safe
from converge_cli.truth.diagnostics import Diagnostic

if TYPE_CHECKING:
    from rich.console import Console

_STYLE = {"error": "bold red", "warning": "bold yellow"}
_MOST = 160
_ALL_SHOWN = 200
"""Findings of which every one is shown; of more, the first few of each code in each file."""
_SHOWN_OF_MANY = 3

_FIX = "  fix  "

Line = list[tuple[str, str]]
"""Pieces of text with their style, "" for none."""


def show_findings(console: "Console", findings: Sequence[Diagnostic]) -> None:
    """Each finding as a block, in colour where the console has it."""
    from rich.text import Text  # noqa: PLC0415  plain output needs none

    for line in _lines(findings):
        text, hang = Text.assemble(*line), _hang(line)
        if not hang or text.cell_len <= console.width:
            console.print(text, soft_wrap=True)
            continue
        lead, words = text.divide([hang])
        for number, part in enumerate(words.wrap(console, max(console.width - hang, 1), overflow="fold")):
            part.rstrip()
            console.print((lead if number == 0 else Text(" " * hang)) + part, soft_wrap=True)


def plain_findings(findings: Sequence[Diagnostic]) -> str:
    """The same for files and pipes."""
    return "\n".join("".join(piece for piece, _ in line).rstrip() for line in _lines(findings))


def _lines(findings: Sequence[Diagnostic]) -> Iterator[Line]:
    explained: set[str] = set()
    seen: Counter[tuple[str, str, str]] = Counter()
    for item in findings:
        about = (item.file, item.code, item.name)
        seen[about] += 1
        if len(findings) <= _ALL_SHOWN or seen[about] <= _SHOWN_OF_MANY:
            yield from _block(item, explain=item.code not in explained)
            explained.add(item.code)
    if len(findings) > _ALL_SHOWN:
        yield from _not_shown(seen)


def _hang(line: Line) -> int:
    """How far in a line goes on that is too long for the screen; 0 for what is shown as it stands in the file."""
    lead = line[0][0] if line else ""
    if lead == _FIX:
        return len(_FIX)
    return 2 if lead.startswith("  ") and not lead.startswith("   ") else 0


def _not_shown(seen: Counter[tuple[str, str, str]]) -> Iterator[Line]:
    more = {about: count - _SHOWN_OF_MANY for about, count in seen.items() if count > _SHOWN_OF_MANY}
    for (file, code, name), count in list(more.items())[:_ALL_SHOWN]:
        yield [(f"  {CUT} {count} more of {code} {name} in {safe(file)}", "dim")]
    if more:
        yield [(f"  {sum(more.values())} findings are not shown; --format json has every one", "dim")]
        yield []


def _block(item: Diagnostic, *, explain: bool) -> Iterator[Line]:
    place = f"{safe(item.file)}:{item.line}:{item.column}"
    yield [(f"{item.severity} {item.code}", _STYLE[item.severity]), (f"  {item.name}  ", ""), (place, "bold")]
    yield from _source(item)
    yield [(f"  {safe(item.message)}", "")]
    if item.fix:
        yield [(_FIX, "dim"), (safe(item.fix), "")]
    if explain:
        yield [(f"  see  converge explain {item.code}", "dim")]
    yield []


def _source(item: Diagnostic) -> Iterator[Line]:
    """The line at fault with what is wrong underlined; a long line is cut around it."""
    if not item.source_line.strip():
        return
    start = max(item.column - 1 - _MOST // 2, 0)
    shown = safe(item.source_line[start : start + _MOST])
    before = safe(item.source_line[start : item.column - 1])
    marked = safe(item.source_line[item.column - 1 : item.end_column - 1])[:_MOST] or "^"
    number = str(item.line)
    yield [(f"   {number} │ {shown}", "dim")]
    gap = " " * (len(number) + 3) + " │ " + " " * _cells(before)
    yield [(gap, "dim"), ("^" * max(_cells(marked), 1), _STYLE[item.severity])]


def _cells(text: str) -> int:
    """Columns of a terminal: letters of some scripts take two, accents by themselves none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF") for char in text)
