"""The live trace: the screen of a run, drawn over and over while it goes on. At most ten times a second.

Draws from the folded picture only, so a replay looks the same. Must never parse markup, and must leave the terminal
as it found it.
"""

import threading
from collections.abc import Sequence
from datetime import UTC, tzinfo
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from converge_cli.core.event import RunEvent, RunResumed, RunStarted, SuggestorRunning
from converge_cli.core.port import Clock
from converge_cli.trace.fold import fold
from converge_cli.trace.screen import Moment, screen
from converge_cli.trace.state import TraceState

REFRESHES_PER_SECOND = 10
_LEAST_HEIGHT = 12
_BEFORE = "converge  reading the truth, its packs and inputs"


class LiveDisplay:
    """Shows a run on a console; a context manager. `state` is the picture, for the verdict and the prompts."""

    def __init__(self, console: Console, clock: Clock, *, zone: tzinfo = UTC) -> None:
        self.state = TraceState()
        self._console = console
        self._clock = clock
        self._zone = zone
        self._lock = threading.RLock()
        self._live: Live | None = None
        self._since = clock.monotonic()
        self._base_s = 0.0
        self._started: dict[str, float] = {}
        self._frame = 0

    def __enter__(self) -> Self:
        self.resume()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pause()

    def events(self, run: str, committed: Sequence[RunEvent]) -> None:  # noqa: ARG002  the port's signature
        """Take in what was committed; it is drawn with the next frame."""
        with self._lock:
            for event in committed:
                fold(self.state, event)
                if isinstance(event, RunStarted | RunResumed):
                    # Events come when their cycle has ended: between them, the display's own watch tells the time.
                    self._base_s, self._since = self.state.active_ms / 1000, self._clock.monotonic()
            self._started = {name: at for name, at in self._started.items() if name in self.state.running}

    def running(self, beginning: SuggestorRunning) -> None:
        """Take in that an execution began."""
        with self._lock:
            fold(self.state, beginning)
            self._started[beginning.suggestor] = self._clock.monotonic()

    def pause(self) -> None:
        """Draw the last frame, leave it standing and give the terminal back, for a prompt or for good.

        Of a run that never began nothing is left: there is only an error to be read.
        """
        live, self._live = self._live, None
        if live is not None:
            live.transient = not self.state.run
            live.stop()

    def resume(self) -> None:
        """Go on drawing, below what was printed meanwhile."""
        if self._live is None:
            self._live = Live(
                console=self._console,
                get_renderable=self._frame_now,
                refresh_per_second=REFRESHES_PER_SECOND,
                redirect_stdout=False,
                redirect_stderr=False,
                vertical_overflow="crop",
            )
            self._live.start()

    def _frame_now(self) -> RenderableType:
        if not self.state.run:
            return Text(_BEFORE, style="dim")
        with self._lock:
            now = self._clock.monotonic()
            self._frame += 1
            moment = Moment(
                frame=self._frame,
                active_s=None if self.state.ended is not None else self._base_s + now - self._since,
                running_s={name: now - at for name, at in self._started.items()},
            )
            height = max(self._console.height - 1, _LEAST_HEIGHT)
            lines = screen(self.state, width=self._console.width, height=height, zone=self._zone, moment=moment)
        return Group(*lines)
