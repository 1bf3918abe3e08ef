"""Lines of the screen with exact widths: aligned cells, ids that wrap and are never cut. Must never parse markup."""

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.text import Text

from converge_cli.trace.sanitize import CUT

Piece = tuple[str, str]
_LEAST_FLEX = 10
INDENT = 2


def cut(text: str, width: int) -> str:
    """The text in at most this many cells, with … where it was cut."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + CUT if width > 0 else ""


def padded(text: str, width: int) -> str:
    """The text, filled up with blanks to a width; never cut."""
    return text + " " * max(width - cell_len(text), 0)


def rule(title: str, width: int) -> Text:
    """`── title ─────`."""
    title = cut(title, max(width - 6, 1))
    line = Text("── ", style="dim")
    line.append(title, style="bold")
    line.append(" " + "─" * max(width - cell_len(title) - 4, 0), style="dim")
    return line


def text_of(*pieces: Piece) -> Text:
    """Pieces with their styles, side by side."""
    line = Text(no_wrap=True)
    for text, style in pieces:
        line.append(text, style=style)
    return line


def row(lead: Piece, name: Piece, flex: Piece, tail: Piece, width: int, *, needed: bool = False) -> list[Text]:
    """One line, or more when it must be: the name is never cut, the flex is cut, the tail stands at the right.

    Args:
        needed: the flex goes to a line of its own rather than being left out, and is worth more than the tail.
    """
    fixed = cell_len(lead[0]) + cell_len(name[0])
    if fixed > width:
        return _wrapped(lead, name, flex, width)
    room = width - fixed - 1
    tail_width = cell_len(tail[0])
    wanted = cell_len(flex[0]) if needed else min(cell_len(flex[0]), _LEAST_FLEX)
    if tail_width and room - tail_width - 1 < wanted:
        tail, tail_width = ("", ""), 0
    if tail_width:
        room -= tail_width + 1
    if cell_len(flex[0]) > room and room < _LEAST_FLEX:
        second = [text_of((" " * INDENT + cut(flex[0], width - INDENT), flex[1]))] if needed else []
        return [text_of(lead, (name[0].rstrip(), name[1])), *second]
    line = text_of(lead, name, (" ", ""), (padded(cut(flex[0], room), room if tail_width else 0), flex[1]))
    if tail_width:
        line.append(" ")
        line.append(tail[0], style=tail[1])
    line.rstrip()
    return [line]


def paragraph(lead: Text, text: str, style: str, width: int) -> list[Text]:
    """Text after a lead, wrapped at blanks under its own beginning; long words are folded, nothing is cut."""
    indent = min(cell_len(lead.plain), width // 2)
    first = width - cell_len(lead.plain)
    lines: list[str] = [""]
    for word in text.split(" "):
        room = first if len(lines) == 1 else width - indent
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(joined) <= room:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        parts = chop_cells(word, max(width - indent, 1))
        lines[-1:] = parts or [""]
    first_line = lead + Text(lines[0], style=style)
    first_line.rstrip()
    made = [first_line]
    return made + [text_of((" " * indent + line, style)) for line in lines[1:]]


def beside(left: list[Text], right: list[Text], left_width: int, gap: int = 2) -> list[Text]:
    """Two columns of lines, the left one filled up to its width."""
    lines = []
    for index in range(max(len(left), len(right))):
        line = left[index].copy() if index < len(left) else Text()
        line.no_wrap = True
        if index < len(right):
            line.append(" " * (left_width - cell_len(line.plain) + gap))
            line.append_text(right[index])
        lines.append(line)
    return lines


def packed(items: list[str], separator: str, width: int, style: str) -> list[Text]:
    """Items joined by a separator; an item goes to the next line when it does not fit."""
    lines: list[str] = []
    for item in items:
        if lines and cell_len(lines[-1]) + cell_len(separator) + cell_len(item) <= width:
            lines[-1] += separator + item
        else:
            lines += chop_cells(item, width) or [""]
    return [text_of((line, style)) for line in lines]


def _wrapped(lead: Piece, name: Piece, flex: Piece, width: int) -> list[Text]:
    parts = chop_cells(name[0].rstrip(), max(width - INDENT, 1))
    first = text_of((cut(lead[0].rstrip(), width), lead[1]))
    lines = [first, *(text_of((" " * INDENT + part, name[1])) for part in parts)]
    if flex[0]:
        lines.append(text_of((" " * INDENT + cut(flex[0], width - INDENT), flex[1])))
    return lines
