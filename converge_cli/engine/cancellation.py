"""How a run is asked to stop. Must never stop anything by itself: the loop and the executor look."""

import asyncio

from converge_cli._internal.loop_call import call_in


class Cancellation:
    """A request to stop between cycles; may be made from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event: asyncio.Event | None = None
        self.requested = False

    def attach(self) -> None:
        """Called by the run, inside its event loop."""
        self._loop, self._event = asyncio.get_running_loop(), asyncio.Event()
        if self.requested:
            self._event.set()

    def request(self) -> None:
        """Ask the run to stop."""
        self.requested = True
        if self._loop is not None and self._event is not None:
            call_in(self._loop, self._event.set)

    def use_up(self) -> None:
        """The run that was asked to stop has stopped; the next one is not concerned."""
        self.requested = False

    async def wait(self) -> None:
        """Return when a stop is asked for."""
        if self._event is not None:
            await self._event.wait()
