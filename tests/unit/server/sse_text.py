"""Reads the text of a stream of server-sent events."""

import json
from typing import Any


def sse(text: str) -> list[tuple[str, str, Any]]:
    """(id, event, data) of each event of a stream's text; comments are left out."""
    found = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if fields:
            found.append((fields.get("id", ""), fields["event"], json.loads(fields["data"])))
    return found
