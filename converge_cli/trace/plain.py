"""The plain trace: one line an event, for logs and screen readers. Never moves the cursor, never uses colour."""

from collections.abc import Sequence
from typing import TextIO

from converge_cli.core.event import RunEvent, SuggestorRunning
from converge_cli.trace.fold import fold
from converge_cli.trace.glyphs import GLYPHS, ascii_line
from converge_cli.trace.sanitize import CUT
from converge_cli.trace.sentence import sentence
from converge_cli.trace.state import TraceState


class PlainDisplay:
    """Writes lines to a text stream; where the stream's encoding has no glyphs, letters stand for them."""

    def __init__(self, stream: TextIO) -> None:
        self.state = TraceState()
        self._stream = stream
        self._ascii = not _takes_glyphs(stream)

    def events(self, run: str, committed: Sequence[RunEvent]) -> None:  # noqa: ARG002  the port's signature
        """Write one line an event."""
        for event in committed:
            line = sentence(self.state, event)
            self._stream.write((ascii_line(line) if self._ascii else line) + "\n")
            fold(self.state, event)
        self._stream.flush()

    def running(self, beginning: SuggestorRunning) -> None:
        """A beginning is no event: nothing is written."""


def _takes_glyphs(stream: TextIO) -> bool:
    try:
        "".join([*(fancy for fancy, _ in GLYPHS.values()), CUT]).encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
