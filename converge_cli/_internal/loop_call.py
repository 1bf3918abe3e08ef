"""Calls into an event loop from other threads, which may find it closed: whoever ran it waits for nothing any more."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def call_in(loop: asyncio.AbstractEventLoop, call: Callable[..., object], *given: Any) -> None:
    """Have a loop call something soon; nothing where it is closed by then."""
    # Not asked before: between the question and the call it may be closed.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call, *given)
