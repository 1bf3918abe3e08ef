"""Follows runs: their events as server-sent events, each reader at its own pace. Must never hold up who records them.

A reader is told that there is news, and reads it from the store from where it was: so a slow one holds nothing up, and
one that comes back misses nothing and sees nothing twice.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Literal

import anyio
import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.app.jobs.job_data import job_line
from converge_cli.core.errors import ConvergeError
from converge_cli.core.job_queue import OPEN, JobStatus
from converge_cli.server.http.problems import problem_of
from converge_cli.server.service import Service, Step

Until = Literal["stop", "pause"]

_PAGE = 200
"""Events that are read at once."""
_LOOK_SECONDS = 1.0
"""How often a reader looks that nobody called: another process may drive the run."""
_READERS = 8
"""Threads that read for streams, so that many streams leave the others to requests."""


class _Typed(msgspec.Struct):
    type: str


_TYPED = msgspec.json.Decoder(_Typed)


class Streams:
    """The open streams of one server."""

    def __init__(self, service: Service, hide: Callable[[bytes], bytes]) -> None:
        """Nothing is open yet.

        Args:
            service: whose jobs are followed.
            hide: takes what nobody is told out of a text.
        """
        self._service = service
        self._hide = hide
        self._stopping = False
        self._waiting: set[asyncio.Event] = set()
        self._threads = anyio.CapacityLimiter(_READERS)

    def stop(self) -> None:
        """Close every stream, each after a whole event; from the event loop."""
        self._stopping = True
        for woken in self._waiting:
            woken.set()

    async def follow(self, job: str, after: int, until: Until) -> AsyncIterator[bytes]:
        """The events above `after` as they come, then why no more do; ends without that only when the server does."""
        paused = -1
        with self._service.news.reading(job) as woken:
            self._waiting.add(woken)
            try:
                while not self._stopping:
                    woken.clear()
                    step = await self._step(job, after)
                    for data in step.events:
                        after += 1
                        yield _message(_TYPED.decode(data).type, data, after)
                    if step.more:
                        continue
                    status = step.seen.job.status
                    if status not in OPEN or (until == "pause" and status is JobStatus.PAUSED):
                        yield self._at_rest("end", step)
                        return
                    if status is JobStatus.PAUSED and paused != step.seen.job.passes:
                        paused = step.seen.job.passes
                        yield self._at_rest("paused", step)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(woken.wait(), _LOOK_SECONDS)
            except ConvergeError as error:
                yield _message("error", self._hide(encode(problem_of(error, f"/api/v1/jobs/{job}/stream"))))
            finally:
                self._waiting.discard(woken)

    async def _step(self, job: str, after: int) -> Step:
        return await anyio.to_thread.run_sync(self._service.step, job, after, _PAGE, limiter=self._threads)

    def _at_rest(self, name: str, step: Step) -> bytes:
        return _message(name, self._hide(encode(job_line(step.seen))))


def _message(name: str, data: bytes, seq: int | None = None) -> bytes:
    """One event on the wire. Canonical JSON has no line breaks, so its bytes are one line."""
    number = b"" if seq is None else b"id: %d\n" % seq
    return b"%bevent: %b\ndata: %b\n\n" % (number, name.encode(), data)
