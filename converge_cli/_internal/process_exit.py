"""Leaving the process: ours alone to do. A pack that left it on its own would end a check with code 0, unsaid.

Must never touch a child: one that was forked leaves, or becomes another program, as it likes.
"""

import os
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

_GUARDED = ("_exit", "execv", "execve")

leave_now = os._exit
"""Ends the process without a further word; for us, when all has been said."""


class ProcessExitError(SystemExit):
    """Somebody else's code tried to end our process behind our back, or to replace it by another program.

    Attributes:
        name: of the function that was called.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} was called")


def keep_process() -> None:
    """From now on what would end this process at once raises ProcessExitError in it instead."""
    for name in _GUARDED:
        setattr(os, name, _kept(name, getattr(os, name), os.getpid()))


def _kept(name: str, real: Callable[..., NoReturn], owner: int) -> Callable[..., NoReturn]:
    @wraps(real)
    def guarded(*args: Any, **named: Any) -> NoReturn:
        if os.getpid() != owner:
            real(*args, **named)
        raise ProcessExitError(f"os.{name}")

    return guarded
