"""The trace as JSON lines: each event's canonical bytes, one line each, for programs. Never adds or changes a field."""

from collections.abc import Sequence
from typing import TextIO

from converge_cli.core.event import RunEvent, SuggestorRunning, encode_event


def for_stream(text: str, stream: TextIO) -> str:
    """JSON text as a stream can take it: the same values, in other bytes where they must be.

    On a terminal, characters that JSON leaves alone but a terminal may obey are written as JSON escapes; likewise
    those that the stream's encoding has no bytes for.
    """
    plain = (stream.encoding or "utf-8").lower().replace("_", "-") not in {"utf-8", "utf8"}
    if plain and not text.isascii():
        text = "".join(char if char.isascii() else _json_escape(char) for char in text)
    return printable(text) if stream.isatty() else text


def printable(text: str) -> str:
    """The same JSON with what does not print escaped: controls, marks that turn text around."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(char if char == "\n" or char.isprintable() else _json_escape(char) for char in text)


class JsonlDisplay:
    """Writes each committed event as it was hashed, in the form that the stream can take."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def events(self, run: str, committed: Sequence[RunEvent]) -> None:  # noqa: ARG002  the port's signature
        """Write one line an event."""
        for event in committed:
            self._stream.write(for_stream(encode_event(event).decode(), self._stream) + "\n")
        self._stream.flush()

    def running(self, beginning: SuggestorRunning) -> None:
        """A beginning is no event: nothing is written."""


def _json_escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
