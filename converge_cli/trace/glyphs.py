"""The glyphs and colours of the trace, and plain letters for terminals without. A word always stands beside one."""

GLYPHS = {
    "promoted": ("+", "+"),
    "parked": ("⏸", "="),
    "rejected": ("✗", "x"),
    "denied": ("✗", "x"),
    "withdrawn": ("↶", "<"),
    "failed": ("✗", "x"),
    "running": ("▸", ">"),
    "done": ("✓", "v"),
    "idle": ("·", "-"),
    "note": ("·", "-"),
    "stopped": ("■", "#"),
}

SEPARATOR = " · "
STYLES = {
    "promoted": "green",
    "done": "green",
    "met": "green",
    "holds": "green",
    "running": "cyan",
    "parked": "yellow",
    "blocked": "yellow",
    "rejected": "red",
    "denied": "red",
    "failed": "red",
    "violated": "red",
    "unmet": "red",
}

_PLAIN_WORDS = str.maketrans({"·": "-", "…": "~", "←": "<-", "→": "->", "─": "-", "│": "|"})


def glyph(name: str, *, ascii_only: bool = False) -> str:
    """One character for a kind of thing."""
    return GLYPHS[name][ascii_only]


def ascii_line(line: str) -> str:
    """A line for a stream that takes ASCII only: other characters are written as escapes."""
    for fancy, plain in GLYPHS.values():
        line = line.replace(fancy, plain)
    return line.translate(_PLAIN_WORDS).encode("ascii", "backslashreplace").decode("ascii")
