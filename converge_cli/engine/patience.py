"""How long the engine waits for code that is not ours before it calls it stuck."""

import msgspec


class Patience(msgspec.Struct, frozen=True):
    """Seconds.

    Attributes:
        poll: between two looks of the watchdog at the clock.
        grace: between the watchdog's first raise and calling the code stuck (in C, or swallowing the raise).
        step: how long async code may hold the event loop at a stretch.
        last_words: how long running async suggestors get to finish when the run is cancelled or out of time, and to
            clean up after their own time is up.
    """

    poll: float = 0.05
    grace: float = 2.0
    step: float = 5.0
    last_words: float = 1.0


PATIENT = Patience()
"""What an engine has unless it is told otherwise."""
