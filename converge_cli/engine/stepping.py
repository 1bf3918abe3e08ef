"""Drives an awaitable step by step, each step under the watchdog: async code may wait, it may not block."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from converge_cli.engine.watchdog import Watchdog, WatchdogTimeout


class Stepped:
    """An awaitable around a foreign one.

    Args:
        answer: the foreign awaitable.
        step: seconds that one step may hold the event loop.
        abandoned: asked when the task is cancelled; if so, the cancellation is not handed on, so that code which
            swallows it can't live on.
    """

    __slots__ = ("_abandoned", "_answer", "_name", "_step", "_watchdog")

    def __init__(
        self, answer: Awaitable[Any], watchdog: Watchdog, name: str, step: float, abandoned: Callable[[], bool]
    ) -> None:
        self._answer = answer
        self._watchdog = watchdog
        self._name = name
        self._step = step
        self._abandoned = abandoned

    def __await__(self) -> Generator[Any, Any, Any]:
        steps: Any = self._guarded(self._answer.__await__)
        send: Callable[[], Any] = steps.__next__
        while True:
            try:
                yielded = self._guarded(send)
            except StopIteration as finished:
                return finished.value
            try:
                value = yield yielded
            except asyncio.CancelledError as error:
                if self._abandoned():
                    self._drop(steps)
                    raise
                send = _throwing(steps, error)
            except BaseException as error:  # noqa: BLE001  handed on to the awaitable, which decides
                send = _throwing(steps, error)
            else:
                send = steps.__next__ if value is None else _sending(steps, value)

    def _guarded(self, call: Callable[[], Any]) -> Any:
        try:
            self._watchdog.enter(self._name, time.monotonic() + self._step)
            return call()
        finally:
            self._watchdog.leave()

    def _drop(self, steps: Any) -> None:
        """Close it; what it says to that no longer matters."""
        try:
            with self._watchdog.guard(self._name, self._step):
                steps.close()
        except KeyboardInterrupt:
            raise
        except (WatchdogTimeout, BaseException):  # noqa: BLE001  somebody else's code may raise anything
            return


def _throwing(steps: Any, error: BaseException) -> Callable[[], Any]:
    return lambda: steps.throw(error)


def _sending(steps: Any, value: Any) -> Callable[[], Any]:
    return lambda: steps.send(value)
