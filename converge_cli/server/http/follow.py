"""Follows runs as server-sent events; see `Following` for what keeps readers apart from who records."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

from converge_cli._internal.canonical_json import encode
from converge_cli.app.jobs.job_data import job_line
from converge_cli.core.errors import ConvergeError
from converge_cli.server.following import AtRest, Following, Until
from converge_cli.server.http.problems import problem_of

_AT_ONCE = 65_536
"""Bytes of events that are sent at once, where there are so many: each sending costs."""


class Streams:
    """The open streams of one server.

    Args:
        following: reads for them.
        hide: takes what nobody is told out of a text.
    """

    def __init__(self, following: Following, hide: Callable[[bytes], bytes]) -> None:
        self._following = following
        self._hide = hide

    async def follow(self, job: str, after: int, until: Until, holds: Callable[[], object]) -> AsyncIterator[bytes]:
        """The events above `after` as they come, then why no more do; see `Following.follow`."""
        kept = bytearray()
        try:
            async with aclosing(self._following.follow(job, after, until, holds)) as news:
                async for told in news:
                    if isinstance(told, AtRest):
                        line = self._hide(encode(job_line(told.seen)))
                        yield _message("end" if told.last else "paused", line)
                        continue
                    kept += _message(told.type, told.data, told.seq)
                    if not told.more or len(kept) >= _AT_ONCE:
                        yield bytes(kept)
                        kept.clear()
        except ConvergeError as error:
            yield _message("error", self._hide(encode(problem_of(error, f"/api/v1/jobs/{job}/stream"))))


def _message(name: str, data: bytes, seq: int | None = None) -> bytes:
    """One event on the wire. Canonical JSON has no line breaks, so its bytes are one line."""
    number = b"" if seq is None else b"id: %d\n" % seq
    return b"%bevent: %b\ndata: %b\n\n" % (number, name.encode(), data)
