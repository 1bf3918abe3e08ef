"""Makes suggestors under a watchdog: a factory is somebody else's code, and may raise, exit or never return."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from converge_cli.core.pack import Factory, InvalidPackError
from converge_cli.core.suggestor import Suggestor
from converge_cli.engine.watchdog import WatchdogTimeout, watched

FACTORY_SECONDS = 5.0
"""Seconds that one factory may take."""


def guarded(
    pack: str, factory: Factory, *, on_stuck: Callable[[str], None] | None = None, seconds: float = FACTORY_SECONDS
) -> Factory:
    """The factory, held to its time; `on_stuck` is called with its name when it can't even be interrupted.

    Calling the result raises InvalidPackError when it takes too long; what it raises itself comes through.
    """
    name = getattr(factory, "__name__", repr(factory))

    @wraps(factory, updated=())
    def make(parameters: Any) -> Suggestor | Sequence[Suggestor]:
        try:
            with watched(f"{name} of pack {pack}", seconds, on_stuck):
                made = factory(parameters)
                return made if isinstance(made, Suggestor) else tuple(made)
        except WatchdogTimeout as error:
            raise InvalidPackError(
                f"pack {pack}: {name} was still making its suggestors after {seconds:g} seconds",
                hint="a constructor only keeps its parameters; work belongs in execute()",
                where=pack,
            ) from error

    return make
