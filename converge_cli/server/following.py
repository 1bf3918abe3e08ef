"""Follows runs for every door: what each reader is told next, at its own pace. Must never hold up who records them.

A reader is told that there is news, and reads it from the store from where it was: so a slow one holds nothing up, and
one that comes back misses nothing and sees nothing twice.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Literal, NamedTuple

import anyio
import msgspec

from converge_cli.app.jobs.find_job import SeenJob
from converge_cli.core.job_queue import OPEN, JobStatus
from converge_cli.server.service import Service, Step

Until = Literal["stop", "pause"]

_PAGE = 200
"""Events that are read at once."""
_LOOK_SECONDS = 1.0
"""How often a reader looks that nobody called: another process may drive the run."""
_HOLDS_SECONDS = 2.0
"""How often it is asked whether a reader's credential still holds."""
_READERS = 8
"""Threads that read for streams, so that many streams leave the others to requests."""


class NextEvent(NamedTuple):
    """An event, as it was hashed; `more` when the next one is told at once."""

    seq: int
    type: str
    data: bytes
    more: bool = False


class AtRest(NamedTuple):
    """The job has come to rest; `last` when nothing more is told."""

    seen: SeenJob
    last: bool


class _Typed(msgspec.Struct):
    type: str


_TYPED = msgspec.json.Decoder(_Typed)


def type_of(event: bytes) -> str:
    """What kind of event some canonical bytes are."""
    return _TYPED.decode(event).type


class Following:
    """The open readers of one server.

    Args:
        service: whose jobs are followed.

    Attributes:
        stopped: set when no reader is told anything any more.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self.stopped = asyncio.Event()
        self._waiting: set[asyncio.Event] = set()
        self._threads = anyio.CapacityLimiter(_READERS)

    def stop(self) -> None:
        """End every reader, each after a whole event; from the event loop."""
        self.stopped.set()
        for woken in self._waiting:
            woken.set()

    async def follow(
        self, job: str, after: int, until: Until, holds: Callable[[], object]
    ) -> AsyncGenerator[NextEvent | AtRest, None]:
        """The events above `after` as they come, then why no more do; ends without that only when the server does.

        Args:
            holds: asked now and then; raises an error when the credential of who reads no longer holds.

        Raises:
            ConvergeError: of `holds`; or the store can't be read.
        """
        paused, standing = -1, _Standing(holds, self._service.setting.services.clock.monotonic)
        with self._service.news.reading(job) as woken:
            self._waiting.add(woken)
            self._service.observer.streams(+1)
            try:
                while not self.stopped.is_set():
                    woken.clear()
                    step = await self._step(job, after, standing)
                    last = after + len(step.events)
                    for data in step.events:
                        after += 1
                        yield NextEvent(after, type_of(data), data, after < last)
                    if step.more:
                        continue
                    status = step.seen.job.status
                    if status not in OPEN or (until == "pause" and status is JobStatus.PAUSED):
                        yield AtRest(step.seen, last=True)
                        return
                    if status is JobStatus.PAUSED and paused != step.seen.job.passes:
                        paused = step.seen.job.passes
                        yield AtRest(step.seen, last=False)
                    # Not wait_for: before Python 3.12 that forgets a cancellation that comes at the same time.
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_LOOK_SECONDS):
                            await woken.wait()
            finally:
                self._waiting.discard(woken)
                self._service.observer.streams(-1)

    async def _step(self, job: str, after: int, standing: "_Standing") -> Step:
        def look() -> Step:
            standing.check()
            return self._service.step(job, after, _PAGE)

        return await anyio.to_thread.run_sync(look, limiter=self._threads)


class _Standing:
    """Whether a reader may still read: who was let in may have lost the key since."""

    def __init__(self, holds: Callable[[], object], monotonic: Callable[[], float]) -> None:
        self._holds = holds
        self._monotonic = monotonic
        self._asked_at = monotonic()

    def check(self) -> None:
        """Ask, where that was some time ago."""
        now = self._monotonic()
        if now - self._asked_at >= _HOLDS_SECONDS:
            self._holds()
            self._asked_at = now
