"""The trace as JSON lines: each event's canonical bytes, one line each, for programs. Never adds or changes a field."""

from collections.abc import Sequence
from typing import TextIO

from converge_cli.core.event import RunEvent, SuggestorRunning, encode_event


class JsonlDisplay:
    """Writes each committed event as it was hashed.

    On a terminal, characters that JSON leaves alone but a terminal may obey are written as JSON escapes: the same
    values, in other bytes.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()

    def events(self, run: str, committed: Sequence[RunEvent]) -> None:  # noqa: ARG002  the port's signature
        """Write one line an event."""
        for event in committed:
            line = encode_event(event).decode()
            if self._terminal and not line.isprintable():
                line = "".join(char if char.isprintable() else _json_escape(char) for char in line)
            self._stream.write(line + "\n")
        self._stream.flush()

    def running(self, beginning: SuggestorRunning) -> None:
        """A beginning is no event: nothing is written."""


def _json_escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
