"""A page of text for people: titles, pairs, rows. Everything that comes from files goes through `safe`."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from converge_cli.trace.glyphs import SEPARATOR
from converge_cli.trace.rows import padded, paragraph
from converge_cli.trace.sanitize import safe

_GAP = 2
_INDENT = 4
_LEAST_WORDS = 20
"""Columns that a sentence needs beside others before it is better read below them."""


class Page:
    """Prints one answer, part by part; a section without rows says so."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._section = ""

    def title(self, text: str, name: str) -> None:
        """The first line."""
        self._console.print(Text(safe(text), style="bold"), Text(f"{SEPARATOR.strip()} {safe(name)}", style="dim"))

    def section(self, name: str) -> None:
        """Announce a section; its heading is printed with its first row."""
        self._section = name

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Label and text, a line each; a word that does not fit beside its label stands below it."""
        cells = [(f"  {safe(label)}", safe(text)) for label, text in pairs]
        width = max((cell_len(label) for label, _ in cells), default=0) + _GAP
        for label, text in cells:
            if _longest_word(text) > self._console.width - width:
                self._console.print(Text(label, style="dim"))
                self._below(text)
                continue
            for line in paragraph(Text(padded(label, width), style="dim"), text, "", self._console.width):
                self._console.print(line)

    def rows(self, rows: Sequence[Sequence[str]], *, header: Sequence[str] = ()) -> None:
        """A table without lines. Only sentences wrap; rows too wide for that are stacked."""
        if not rows:
            return
        if self._section:
            self._console.print(Text(f"── {self._section}", style="dim"))
            self._section = ""
        cells = [[safe(cell) for cell in row] for row in rows]
        cells = [[f"  {row[0]}", *row[1:]] for row in cells]
        columns = [_Column(number, header, cells) for number in range(len(cells[0]))]
        if sum(column.least for column in columns) + _GAP * (len(columns) - 1) > self._console.width:
            self._stacked(columns, cells)
            return
        table = Table(box=None, padding=(0, _GAP, 0, 0), show_header=bool(header), header_style="dim", pad_edge=False)
        for column in columns:
            table.add_column(column.name, no_wrap=column.solid, overflow="fold")
        for row in cells:
            table.add_row(*(Text(cell, overflow="fold") for cell in row))
        self._console.print(table)

    def line(self, text: str) -> None:
        """One line."""
        self._console.print(Text(safe(text)), soft_wrap=True)

    def _stacked(self, columns: Sequence["_Column"], rows: Sequence[Sequence[str]]) -> None:
        """The columns that fit beside each other, and below them what is left, with its columns' names."""
        beside, taken = 1, columns[0].width
        while beside < len(columns) and taken + _GAP + columns[beside].width <= self._console.width:
            taken += _GAP + columns[beside].width
            beside += 1
        gap = " " * _GAP
        if any(column.name for column in columns):
            heads = gap.join(padded(column.name, column.width) for column in columns[:beside])
            self._console.print(Text(heads.rstrip(), style="dim"))
        for row in rows:
            first = gap.join(padded(cell, column.width) for cell, column in zip(row[:beside], columns, strict=False))
            self._console.print(Text(first.rstrip(), overflow="fold"))
            rest = zip(columns[beside:], row[beside:], strict=True)
            self._below(
                SEPARATOR.join(f"{column.name}: {cell}" if column.name else cell for column, cell in rest if cell)
            )

    def _below(self, text: str) -> None:
        for line in paragraph(Text(" " * _INDENT), text, "", self._console.width) if text else ():
            self._console.print(line)


class _Column:
    """How wide a column of rows is, and how narrow it may become: names and ids stay whole, sentences wrap."""

    def __init__(self, number: int, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        cells = [row[number] for row in rows]
        self.name = header[number] if header else ""
        self.solid = number == 0 or not any(" " in cell for cell in cells)
        self.width = max(map(cell_len, [*cells, self.name]))
        words = max(map(_longest_word, [*cells, self.name]))
        self.least = self.width if self.solid else min(self.width, max(words, _LEAST_WORDS))


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split(" ")))
