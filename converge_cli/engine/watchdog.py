"""A watchdog over code that is not ours: raises in it when its time is up, tells when that does not help.

One thread looks at the clock for all watchdogs of the process: runs may be short, and starting a thread takes longer
than a small run. Entering and leaving a guarded region costs well under a microsecond. Must never raise in code outside
a guarded region.
"""

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from converge_cli.engine.patience import PATIENT, Patience


class WatchdogTimeout(BaseException):
    """Raised inside guarded code whose time is up."""


class _Region(msgspec.Struct, eq=False):
    name: str
    deadline: float
    fired: float = 0.0
    stuck: bool = False


class _Lookout:
    """Looks at the clock for every open watchdog; its thread ends when there has been none for a while."""

    _LINGER = 1.0

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: set[Watchdog] = set()
        self._thread: threading.Thread | None = None
        self._waits = 0.0

    def watch(self, watchdog: "Watchdog") -> None:
        """Look at the clock for one more."""
        with self._changed:
            self._open.add(watchdog)
            if self._thread is None or not self._thread.is_alive():  # it does not come along into a forked process
                self._thread = threading.Thread(target=self._look, name="converge-watchdog", daemon=True)
                self._thread.start()
            elif watchdog.poll < self._waits:
                self._changed.notify()

    def forget(self, watchdog: "Watchdog") -> None:
        """Look at the clock no more for one."""
        with self._changed:
            self._open.discard(watchdog)

    def _look(self) -> None:
        idle_since: float | None = None
        while True:
            with self._changed:
                self._waits = min((watchdog.poll for watchdog in self._open), default=self._LINGER)
                self._changed.wait(self._waits)
                watchdogs = tuple(self._open)
                now = time.monotonic()
                idle_since = None if watchdogs else idle_since or now
                if idle_since is not None and now - idle_since >= self._LINGER:
                    self._thread = None
                    return
            for watchdog in watchdogs:
                watchdog.look(now)


_LOOKOUT = _Lookout()


class Watchdog:
    """Guards one region at a time, in the thread that made it.

    Args:
        on_stuck: called from a thread of its own with the region's name when raising did not end it; the region can't
            be left before it returns.
        patience: how often it looks, and how long it waits.
    """

    def __init__(self, on_stuck: Callable[[str], None] | None = None, patience: Patience = PATIENT) -> None:
        self._on_stuck = on_stuck
        self._patience = patience
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._region: _Region | None = None
        self._guarded = threading.get_ident()
        self._watched = False
        self.poll = patience.poll

    def enter(self, name: str, deadline: float) -> None:
        """Begin a guarded region; its time is up at `deadline` of `time.monotonic`."""
        if not self._watched:
            self._watched = True
            _LOOKOUT.watch(self)
        self._region = _Region(name, deadline)

    def leave(self) -> None:
        """End the guarded region.

        Raises:
            WatchdogTimeout: the region's time was up, even if its code swallowed the raise.
        """
        with self._lock:
            region = self._region
            self._region = None
        if region is not None and region.fired:
            _raise_in(self._guarded, None)
            with self._telling:  # what is being said of this region is said to the end first
                pass
            raise WatchdogTimeout(region.name)

    def settle(self) -> None:
        """After a WatchdogTimeout: make sure that no second one is on its way."""
        with self._lock:
            self._region = None
        _raise_in(self._guarded, None)

    @contextmanager
    def guard(self, name: str, seconds: float) -> Iterator[None]:
        """A guarded region as a with block.

        Raises:
            WatchdogTimeout: the block took longer than `seconds`.
        """
        self.enter(name, time.monotonic() + seconds)
        try:
            yield
        except WatchdogTimeout:
            self.settle()
            raise
        except BaseException:
            self._leave_quietly()
            raise
        else:
            self.leave()

    def close(self) -> None:
        """Nobody looks at the clock for it any more."""
        _LOOKOUT.forget(self)
        self._watched = False

    def look(self, now: float) -> None:
        """Raise in the guarded code if its time is up; `now` of `time.monotonic`."""
        region = self._region
        if region is not None and now > region.deadline:
            self._press(region, now)

    def _leave_quietly(self) -> None:
        try:
            self.leave()
        except WatchdogTimeout:
            self.settle()

    def _press(self, region: _Region, now: float) -> None:
        with self._lock:
            if self._region is not region:
                return
            region.fired = region.fired or now
            # Code that swallows the raise is raised in again at each look; code in C never sees it.
            _raise_in(self._guarded, WatchdogTimeout)
            if region.stuck or self._on_stuck is None or now - region.fired <= self._patience.grace:
                return
            region.stuck = True
            self._telling.acquire()
        # Whatever is done about it must not keep the others unwatched.
        threading.Thread(
            target=self._tell, args=(self._on_stuck, region.name), name="converge-stuck", daemon=True
        ).start()

    def _tell(self, on_stuck: Callable[[str], None], name: str) -> None:
        try:
            on_stuck(name)
        finally:
            self._telling.release()


_TOLD = threading.local()


@contextmanager
def telling(on_stuck: Callable[[str], None]) -> Iterator[None]:
    """Within it, this thread's blocks under `watched` tell it, and not whoever they were made for.

    A pack is loaded once and used by many: whom it holds is known by the thread alone.
    """
    before = getattr(_TOLD, "on_stuck", None)
    _TOLD.on_stuck = on_stuck
    try:
        yield
    finally:
        _TOLD.on_stuck = before


@contextmanager
def watched(name: str, seconds: float, on_stuck: Callable[[str], None] | None = None) -> Iterator[None]:
    """A block under a watchdog of its own, for code that runs once; `on_stuck` as of `Watchdog`, see `telling`.

    Raises:
        WatchdogTimeout: the block took longer than `seconds`.
    """
    watchdog = Watchdog(getattr(_TOLD, "on_stuck", None) or on_stuck)
    try:
        with watchdog.guard(name, seconds):
            yield
    finally:
        watchdog.close()


def _raise_in(thread: int, what: type[BaseException] | None) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), ctypes.py_object(what) if what is not None else None
    )
