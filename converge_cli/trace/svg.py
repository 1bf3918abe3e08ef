"""The picture of a run as an SVG: for READMEs and documents. The same run gives the same bytes; loads nothing."""

import io
import re
from datetime import UTC, tzinfo

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from converge_cli.trace.sanitize import safe
from converge_cli.trace.screen import screen
from converge_cli.trace.state import TraceState
from converge_cli.trace.verdict import verdict

_FONTS = 'ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace'
_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}\s*")
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_INDENT = re.compile(r'x="([\d.]+)"([^>]*? textLength=")([\d.]+)("[^>]*>)((?:&#160;)+)')
_CELL = 12.2
"""Width of a character, as the exporter draws it."""

_FONT_NAMES = re.compile(r"font-family:\s*[^;]*;")
_THEME = TerminalTheme(
    (17, 20, 26),
    (214, 218, 226),
    [
        (60, 66, 78),
        (236, 110, 110),
        (126, 200, 130),
        (229, 192, 106),
        (110, 164, 236),
        (196, 142, 228),
        (104, 200, 206),
        (214, 218, 226),
    ],
)


def to_svg(state: TraceState, *, width: int = 110, zone: tzinfo = UTC, head: str = "") -> str:
    """The screen and the verdict of a run, this many characters wide."""
    console = Console(
        record=True,
        file=io.StringIO(),
        width=width,
        color_system="truecolor",
        force_terminal=True,
        no_color=False,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
    for line in screen(state, width=width, zone=zone):
        console.print(line, overflow="ignore", no_wrap=True, crop=False)
    if state.ended is not None:
        console.print()
        console.print(verdict(state, head=head, zone=zone))
    title = safe(f"converge {state.truth} {state.run}".strip())
    svg = console.export_svg(title=title, theme=_THEME, unique_id="converge")
    # The exporter names web fonts; a picture in a README must not make anybody's reader fetch something.
    svg = _FONT_NAMES.sub(f"font-family: {_FONTS};", _FONT_FACE.sub("", _COMMENT.sub("", svg)))
    return _INDENT.sub(_moved, svg)


def _moved(text: re.Match[str]) -> str:
    """Text that begins with blanks, moved to where its words begin: some readers of SVG leave such blanks out."""
    x, between, length, end, blanks = text.groups()
    by = blanks.count(";") * _CELL
    return f'x="{float(x) + by:g}"{between}{float(length) - by:g}{end}'
