"""Whether a server can do its work now: every check really does what it is about. Must never tell a path."""

import threading
from collections.abc import Callable
from typing import NamedTuple

from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.jobs.workers import Workers
from converge_cli.app.show_pack import list_packs
from converge_cli.core.errors import ConvergeError
from converge_cli.core.job_queue import JobStatus

_FRESH_SECONDS = 1.0
"""How long an answer is given again, and any that is bad: probing costs a write, and anybody may ask."""
_CONTENT_SECONDS = 15.0
"""The same for what is loaded from files, once it is well: packs, the policy engine."""


class Check(NamedTuple):
    """One check: what was looked at, whether it is well, what was found."""

    name: str
    ok: bool
    detail: str


class Readiness:
    """The checks of one server, for many who ask at once."""

    def __init__(self, setting: JobSetting, pool: Workers, self_test: Callable[[], list[str]]) -> None:
        self._setting = setting
        self._pool = pool
        self._self_test = self_test
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Check]] = {}

    def checks(self) -> list[Check]:
        """Every check, whatever the others found."""
        looks: tuple[tuple[str, float, Callable[[], tuple[bool, str]]], ...] = (
            ("store", _FRESH_SECONDS, self._store),
            ("queue", _FRESH_SECONDS, self._queue),
            ("workers", 0.0, self._workers),
            ("packs", _CONTENT_SECONDS, self._packs),
            ("policy", _CONTENT_SECONDS, self._policy),
        )
        with self._lock:
            return [self._look(name, seconds, look) for name, seconds, look in looks]

    @staticmethod
    def stopping() -> Check:
        """What is said beside the checks once nothing more is taken."""
        return Check("server", False, "it is stopping")

    def _look(self, name: str, seconds: float, look: Callable[[], tuple[bool, str]]) -> Check:
        now = self._setting.services.clock.monotonic()
        known = self._known.get(name)
        if known is not None and now - known[0] <= (seconds if known[1].ok else min(seconds, _FRESH_SECONDS)):
            return known[1]
        try:
            check = Check(name, *look())
        except ConvergeError as error:
            check = Check(name, False, getattr(error, "why", error.message))
        self._known[name] = (self._setting.services.clock.monotonic(), check)
        return check

    def _store(self) -> tuple[bool, str]:
        self._setting.probe()
        return True, "writes and syncs"

    def _queue(self) -> tuple[bool, str]:
        counts = self._setting.queue.counts()
        queued = counts.get(JobStatus.QUEUED, 0)
        if queued >= self._setting.most_queued:
            return False, f"{queued} jobs are queued, as many as may be"
        return True, f"{queued} jobs are queued"

    def _workers(self) -> tuple[bool, str]:
        alive = self._pool.alive()
        return alive > 0, f"{alive} at work" if alive else "none is at work"

    def _packs(self) -> tuple[bool, str]:
        packs = list_packs(self._setting.services)
        broken = [row["name"] for row in packs if row["broken"]]
        if broken:
            return False, f"can't be loaded: {', '.join(broken)}; converge packs list says why"
        return True, f"{len(packs)} loaded"

    def _policy(self) -> tuple[bool, str]:
        found = self._self_test()
        return not found, "; ".join(found) or "the self-test passed"
