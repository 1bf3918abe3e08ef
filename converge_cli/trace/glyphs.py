"""The glyphs and colours of trace and pages, with plain letters for terminals without; a word stands beside each.

Must never be written by hand elsewhere: what one page shows with a glyph, every page shows with it.
"""

_GOOD, _BAD, _WAITS, _QUIET, _OPEN = ("✓", "v"), ("✗", "x"), ("⏸", "="), ("·", "-"), ("○", "o")

GLYPHS = {
    "promoted": ("+", "+"),
    "parked": _WAITS,
    "rejected": _BAD,
    "denied": _BAD,
    "withdrawn": ("↶", "<"),
    "failed": _BAD,
    "running": ("▸", ">"),
    "ready": ("▶", ">"),
    "done": _GOOD,
    "idle": _QUIET,
    "note": _QUIET,
    "stopped": ("■", "#"),
    "met": _GOOD,
    "unmet": _BAD,
    "blocked": _WAITS,
    "indeterminate": _QUIET,
    "holds": _GOOD,
    "violated": _BAD,
    "not exercised": _QUIET,
    "not yet due": _QUIET,
    "deferred": _OPEN,
    "at the gate": _OPEN,
    "manual": _OPEN,
    "approved": _GOOD,
}
"""What is shown, by the word for it -> its glyph, and a letter where only ASCII is taken."""

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


def glyph(name: str) -> str:
    """One character for a kind of thing."""
    return GLYPHS[name][0]


def ascii_line(line: str) -> str:
    """A line for a stream that takes ASCII only: other characters are written as escapes."""
    for fancy, plain in GLYPHS.values():
        line = line.replace(fancy, plain)
    return line.translate(_PLAIN_WORDS).encode("ascii", "backslashreplace").decode("ascii")
