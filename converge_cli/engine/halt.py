"""How a stop that must happen at once leaves the depth of the engine. Never crosses the engine's border (law 4)."""

from converge_cli.core.stop_reason import Stop


class Halt(Exception):  # noqa: N818  not an error: a stop on its way to the loop
    """Carries the stop to the loop, which records it."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.reason.value)
        self.stop = stop
