"""The external calls of one run: an answer is kept durably before it is used, so that nothing is paid for twice.

An attempt that is repeated, because the process died, the run was cancelled or the suggestor ran out of time, is
answered from what was kept. Must never know what is called: sending is the suggestor's own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli._internal.hashing import digest, digest_bytes
from converge_cli.core.call import KeptCall, RecordedCall
from converge_cli.core.port import Experience
from converge_cli.engine.registration import Registration

Send = Callable[[str], Awaitable[bytes]]

_USES_UP = frozenset({"EXCEPTION", "EFFECT_INVALID"})


class _Call(msgspec.Struct, eq=False):
    suggestor: str
    since: int
    request: str
    occurrence: int
    answer: str = ""

    @property
    def place(self) -> tuple[str, int, str, int]:
        return self.suggestor, self.since, self.request, self.occurrence


class CallBook:
    """What was asked and answered in one run; without a store it is kept in memory.

    Attributes:
        open: calls of executions that are not recorded yet, by suggestor, in the order of asking.
    """

    def __init__(self, run: str, registrations: Sequence[Registration]) -> None:
        self.open: dict[str, list[_Call]] = {}
        self._run = run
        self._registrations = registrations
        self._names: dict[str, Registration] = {}
        self._store: Experience | None = None
        self._kept: dict[tuple[str, int, str, int], str] = {}
        self._answers: dict[str, bytes] = {}
        self._broken: Exception | None = None

    def restore(self, store: Experience) -> None:
        """Keep answers in this store from now on, and give those that it has."""
        self._store = store
        for kept in store.calls(self._run):
            self._kept[kept.suggestor, kept.since, kept.request, kept.occurrence] = kept.answer

    def has_kept(self, suggestor: str, since: int) -> bool:
        """Whether earlier attempts, since an execution that counts as done, left answers that are given again."""
        return any(place[:2] == (suggestor, since) for place in self._kept)

    def call(self, suggestor: str, request: Any, send: Send) -> Awaitable[bytes]:
        """The kept answer to a request, else the one that `send` brings, kept before anybody sees it.

        Raises:
            TypeError: the request has no canonical JSON form.
        """
        encoded = encode(request)
        asked = self._ask(suggestor, digest_bytes(encoded))
        answer = self._kept.get(asked.place)
        return self._send(asked, encoded, send) if answer is None else self._again(asked, answer)

    def used_up(self, suggestor: str, failure: tuple[str, str] | None) -> tuple[RecordedCall, ...]:
        """The calls of an execution that has ended; its event names them, and no later attempt is given their answers.

        None when it ran out of time, had no backend, or did not get every answer: the next attempt has them.
        """
        calls = self.open.get(suggestor, ())
        if failure is not None and not (failure[0] in _USES_UP and all(call.answer for call in calls)):
            return ()
        return tuple(RecordedCall(call.request, call.answer, call.occurrence) for call in calls if call.answer)

    def raise_broken(self) -> None:
        """Raises: ConvergeError: an answer could not be kept or read, whatever the suggestor made of that."""
        if self._broken is not None:
            raise self._broken

    def _ask(self, suggestor: str, request: str) -> _Call:
        if not self._names:
            self._names = {item.name: item for item in self._registrations}
        made = self.open.setdefault(suggestor, [])
        occurrence = sum(call.request == request for call in made)
        asked = _Call(suggestor, self._names[suggestor].since, request, occurrence)
        made.append(asked)
        return asked

    async def _again(self, asked: _Call, answer: str) -> bytes:
        """What was kept. It comes in a later turn of the event loop, as a live answer does."""
        await asyncio.sleep(0)
        known = self._answers.get(answer)
        if known is None and self._store is not None:
            try:
                known = self._store.get_blob(answer)
            except Exception as error:  # noqa: BLE001  raised again at the end of the cycle
                self._break(error)
        asked.answer = answer
        return known or b""

    async def _send(self, asked: _Call, request: bytes, send: Send) -> bytes:
        answer = await send(digest([self._run, *asked.place]))
        if type(answer) is not bytes:
            raise TypeError(f"an answer is bytes, not {type(answer).__name__}")
        # Kept in a turn of its own: a suggestor's time may not end, and nothing may be raised, amid a transaction.
        loop = asyncio.get_running_loop()
        kept = loop.create_future()
        loop.call_soon(self._keep, asked, request, answer, kept)
        await kept
        return answer

    def _keep(self, asked: _Call, request: bytes, answer: bytes, kept: "asyncio.Future[None]") -> None:
        named = digest_bytes(answer)
        try:
            if self._store is None:
                self._answers[named] = answer
            else:
                self._store.put_call(self._run, KeptCall(*asked.place, answer=named), request, answer)
        except Exception as error:  # noqa: BLE001  raised again at the end of the cycle
            self._broken = error
            if not kept.done():
                kept.set_exception(error)
            return
        self._kept[asked.place] = asked.answer = named
        if not kept.done():
            kept.set_result(None)

    def _break(self, error: Exception) -> NoReturn:
        self._broken = error
        raise error
