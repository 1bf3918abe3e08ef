"""Tickets: what lets a browser open one stream, since it can send no header there. Short-lived, used once."""

import threading
from collections.abc import Callable
from typing import NamedTuple

from converge_cli._internal.system import random_token
from converge_cli.app.jobs.caller import Caller

LIFE_SECONDS = 30.0
_MOST = 10_000


class Issued(NamedTuple):
    """A ticket, as it was issued.

    Attributes:
        holds: raises an error when what its holder showed for it no longer holds.
        until: monotonic time.
    """

    caller: Caller
    job: str
    holds: Callable[[], object]
    until: float


class Tickets:
    """Tickets of one server; only their holder knows them, and a restart forgets them."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._issued: dict[str, Issued] = {}

    def issue(self, caller: Caller, job: str, holds: Callable[[], object]) -> str:
        """A new ticket for one stream of a job that the caller may see."""
        ticket = random_token()
        now = self._monotonic()
        with self._lock:
            self._issued = {key: kept for key, kept in self._issued.items() if kept.until > now}
            if len(self._issued) >= _MOST:
                del self._issued[next(iter(self._issued))]
            self._issued[ticket] = Issued(caller, job, holds, now + LIFE_SECONDS)
        return ticket

    def spend(self, ticket: str, job: str) -> Issued | None:
        """As it was issued; None when it is none, was used, is too old, or is for another job."""
        with self._lock:
            issued = self._issued.pop(ticket, None)
        if issued is None or issued.until <= self._monotonic() or issued.job != job:
            return None
        return issued
