"""Follows a job over as many connections as it takes: each event once, in order, to the last."""

import time
from collections.abc import Generator, Iterator
from typing import Literal

from converge_cli._internal.canonical_json import decode
from converge_cli.client.answers import StreamEvent
from converge_cli.client.errors import ServerError
from converge_cli.client.transport import Transport, may_come_back, pause

Until = Literal["stop", "pause"]
"""Until when a job is followed: its end; or also when it waits for people."""


class Following:
    """One follower of one job.

    Args:
        path: of the stream.
        after: sequence of the last event that is known already.
        patience: seconds for which it is tried to go on after a cut.
        deadline: monotonic time at which it is given up, or None.
    """

    def __init__(
        self,
        transport: Transport,
        path: str,
        after: int,
        until: Until,
        *,
        patience: float,
        deadline: float | None = None,
    ) -> None:
        self._transport = transport
        self._path = path
        self._after = after
        self._until: Until = until
        self._patience = patience
        self._deadline = deadline

    def events(self) -> Iterator[StreamEvent]:
        """Every event above `after`, as it comes; the last is `end`.

        Raises:
            ServerUnreachableError: the server was away for longer than the patience.
            ServerError: it refuses, for example because there is no such job.
            TimeoutError: the deadline has come.
        """
        cut_at, attempt = None, 0
        while True:
            seen = self._after
            failed = yield from self._connected()
            if failed is None:
                return
            if self._after > seen:
                cut_at, attempt = None, 0
            now = time.monotonic()
            cut_at = now if cut_at is None else cut_at
            if now - cut_at > self._patience:
                raise self._gave_up(failed)
            time.sleep(pause(attempt))
            attempt += 1
            self._check_deadline()

    def _connected(self) -> Generator[StreamEvent, None, Exception | None]:
        """The events of one connection; returns None after the last event, else why it was cut."""
        try:
            for event in self._told():
                self._check_deadline()
                if event.is_recorded:
                    if event.seq <= self._after:
                        continue
                    self._after = event.seq
                yield event
                if event.type == "end":
                    return None
        except TimeoutError:
            raise
        except Exception as error:
            if not may_come_back(error):
                raise
            return error
        return ConnectionError("the stream was closed before its end")

    def _told(self) -> Iterator[StreamEvent]:
        left = None if self._deadline is None else max(0.01, self._deadline - time.monotonic())
        seq = self._after
        with self._transport.events(self._path, {"until": self._until}, self._after, left) as source:
            for told in source:
                if told.event == "error":
                    raise ServerError(decode(told.data))
                seq = int(told.id) if told.id.isdecimal() else seq
                yield StreamEvent(told.event, seq, told.data.encode())

    def _check_deadline(self) -> None:
        if self._deadline is not None and time.monotonic() >= self._deadline:
            message = "the job is still under way; it goes on at the server"
            raise TimeoutError(message)

    def _gave_up(self, failed: Exception) -> Exception:
        return failed if isinstance(failed, ServerError) else self._transport.unreachable(failed)
