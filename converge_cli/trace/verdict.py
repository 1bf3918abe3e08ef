"""How a run ended, as people read it: the reason, each criterion with its evidence or what is missing, what to do next.

Must never claim more than the events say.
"""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from converge_cli.core.person import Person
from converge_cli.trace.glyphs import SEPARATOR
from converge_cli.trace.rows import packed
from converge_cli.trace.state import TraceState
from converge_cli.trace.verdict_rows import Line, verdict_rows


def verdict(
    state: TraceState, *, head: str = "", zone: tzinfo = UTC, digests: bool = True, people: Sequence[Person] = ()
) -> RenderableType:
    """The verdict of a run that ended or paused; empty while it goes on. To be printed with `crop=False`.

    Args:
        head: hash of the last event, hex; left out when it isn't known.
        digests: whether their beginnings are shown.
        people: who there is, so that those who may decide are named.
    """
    rows = verdict_rows(state, head=head, zone=zone, digests=digests, people=people)
    if rows is None:
        return Group()
    return Group(_line(*rows.lead, _Packed(rows.items)), *_table(rows.criteria), *_rest(rows.rest))


def _line(lead: str, style: str, rest: RenderableType) -> RenderableType:
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(lead, style=f"bold {style}"), rest)
    return table


class _Packed:
    """Items side by side as far as they go; a line never breaks within one."""

    def __init__(self, items: list[str]) -> None:
        self._items = items

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from packed(self._items, SEPARATOR, options.max_width, "")


def _table(rows: Sequence[tuple[Line, ...]]) -> list[RenderableType]:
    if not rows:
        return []
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in rows[0]:
        table.add_column(overflow="fold")
    for cells in rows:
        table.add_row(*(Text(text, style=style, overflow="fold") for text, style in cells))
    return [Padding(table, (0, 0, 0, 2))]


def _rest(rows: Sequence[tuple[Line, ...]]) -> list[RenderableType]:
    """Labels with their texts. A command is never broken, so that it can be copied: the terminal wraps it."""
    width = max((len(label) for (label, _), *_ in rows), default=0)
    made: list[RenderableType] = []
    for (label, style), (text, text_style) in rows:
        lead = Text(f"  {label:<{width}}  ", style=style)
        if text.startswith("converge "):
            command = lead + Text(text, style=text_style)
            command.no_wrap, command.overflow = True, "ignore"
            made.append(command)
            continue
        table = Table.grid()
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        table.add_row(lead, Text(text, style=text_style, overflow="fold"))
        made.append(table)
    return made
