"""Text of users and models made safe for one line of a terminal: no escapes, no line breaks, no reordering marks.

Everything that a display shows passes through here. Must never interpret markup.
"""

CUT = "…"


def safe(text: str, limit: int | None = None) -> str:
    r"""The text on one line, what does not print written as `\x1b`, `\n`, `\u202e`; cut with … above a limit.

    The limit counts characters of the result. Ids are never cut: call it without a limit for them.
    """
    cut = limit is not None and len(text) > limit
    if cut:
        text = text[:limit]
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _escaped(char) for char in text)
    if limit is not None and (cut or len(text) > limit):
        return text[: max(limit - 1, 0)] + CUT
    return text


def _escaped(char: str) -> str:
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    if char.isspace() and ord(char) not in range(0x1C, 0x20) and ord(char) not in (0x0B, 0x0C, 0x85, 0x2028, 0x2029):
        return " "  # wide and no-break spaces
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
