"""A page of text for people: titles, pairs, rows. Everything that comes from files goes through `safe`."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from converge_cli.trace.sanitize import safe


class Page:
    """Prints one answer, part by part; a section without rows says so."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._section = ""

    def title(self, text: str, name: str) -> None:
        """The first line."""
        self._console.print(Text(safe(text), style="bold"), Text(f"· {safe(name)}", style="dim"))

    def section(self, name: str) -> None:
        """Announce a section; its heading is printed with its first row."""
        self._section = name

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Label and text, a line each."""
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for label, text in pairs:
            table.add_row(f"  {safe(label)}", Text(safe(text)))
        if table.row_count:
            self._console.print(table)

    def rows(self, rows: Sequence[Sequence[str]], *, header: Sequence[str] = ()) -> None:
        """A table without lines; the first column is never cut."""
        if not rows:
            return
        if self._section:
            self._console.print(Text(f"── {self._section}", style="dim"))
            self._section = ""
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=bool(header), header_style="dim", pad_edge=False)
        for number in range(len(rows[0])):
            table.add_column(header[number] if header else "", no_wrap=number == 0, overflow="fold")
        for row in rows:
            first, *rest = (Text(safe(cell), overflow="fold") for cell in row)
            table.add_row(Text("  ").append_text(first), *rest)
        self._console.print(table)

    def line(self, text: str) -> None:
        """One line."""
        self._console.print(Text(safe(text)), soft_wrap=True)
