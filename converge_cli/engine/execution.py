"""Executes the eligible suggestors of a cycle: sync ones in turn under the watchdog, async ones concurrently.

Every suggestor gets its own frozen view, so no order of execution can be told from the outside. A suggestor that
fails is recorded; the others go on.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from converge_cli.core.call import RecordedCall
from converge_cli.core.context import ContextView
from converge_cli.core.kind import Kind
from converge_cli.core.pack_module import pack_line
from converge_cli.core.port import Clock
from converge_cli.core.recorded import RecordedProposal
from converge_cli.core.suggestor import Effect, SuggestorUnavailableError
from converge_cli.engine.cancellation import Cancellation
from converge_cli.engine.halt import Halt
from converge_cli.engine.patience import PATIENT, Patience
from converge_cli.engine.recording import clean, message_of, private_kinds, record_proposals, words_of
from converge_cli.engine.registration import Registration
from converge_cli.engine.run import Run
from converge_cli.engine.stepping import Stepped
from converge_cli.engine.watchdog import Watchdog, WatchdogTimeout

T = TypeVar("T")
_NEVER = float("inf")

CONCURRENT = 64
"""How many async suggestors may wait at the same time."""


class Execution(msgspec.Struct, eq=False):
    """What came of one execution: proposals, or why there are none.

    Attributes:
        registration: who.
        view: how many facts its view held.
        proposals: as they are recorded; nothing of the suggestor's own objects is kept.
        failure: (code, detail) when it failed.
        awaited: what async code returned, until it is awaited.
        cut: whether it was ended because the run stops; it stays due and leaves no record.
        abandoned: whether async code that would not end was left where it was.
        halt: a budget that it ran into.
        calls: the external calls that it used up.
        again: whether it made calls and the next attempt has their answers, or makes them again.
        private: the kinds with private fields, by name; what these hold is hidden before it is taken over.
    """

    registration: Registration
    view: int
    proposals: tuple[RecordedProposal, ...] = ()
    failure: tuple[str, str] | None = None
    awaited: Awaitable[Any] | None = None
    cut: bool = False
    abandoned: bool = False
    halt: Halt | None = None
    elapsed_us: int = 0
    calls: tuple[RecordedCall, ...] = ()
    again: bool = False
    private: Mapping[str, Kind] = {}


class Executes(Protocol):
    """Asked by the loop what suggestors want and say; a replay answers from the record."""

    def accepts(self, registration: Registration) -> tuple[bool, Execution | None]:
        """Whether a due suggestor wants to run now; a failed execution instead if its `accepts` failed."""
        ...

    async def execute(self, eligible: Sequence[Registration], seconds_left: float) -> list[Execution]:
        """Execute every eligible suggestor against the context as it stands; results in registration order."""
        ...


class Executor:
    """Runs suggestors for one run.

    What is recorded of time comes from the run's clock; only deadlines are kept by the machine's own.
    """

    def __init__(
        self, run: Run, clock: Clock, watchdog: Watchdog, cancelled: Cancellation, patience: Patience = PATIENT
    ) -> None:
        self._run = run
        self._clock = clock
        self._watchdog = watchdog
        self._cancelled = cancelled
        self._patience = patience
        self._private = private_kinds(run.setting.kinds)

    def accepts(self, registration: Registration) -> tuple[bool, Execution | None]:
        """Whether a due suggestor wants to run now; a failed execution instead if its `accepts` failed."""
        execution = Execution(registration, len(self._run.context.facts))
        view = registration.view(self._run.context, self._run.setting.kinds)
        accepted = self._guarded(execution, _accepts, view)
        view.close()
        self._settle_crossings([execution])
        return (accepted, None) if accepted is not None and execution.halt is None else (False, execution)

    async def execute(self, eligible: Sequence[Registration], seconds_left: float) -> list[Execution]:
        """Execute every eligible suggestor against the context as it stands; results in registration order."""
        run, executions, waiting = self._run, [], []
        held = len(run.context.facts)
        run.crossings.clear()
        run.calls.open.clear()
        run.charges.begin()
        deadline = time.monotonic() + seconds_left
        for registration in eligible:
            execution = Execution(registration, held, private=self._private)
            executions.append(execution)
            if time.monotonic() >= deadline:
                execution.cut = True
                continue
            run.log.running(run.cycle, registration.name)
            answer = self._call(execution, deadline)
            if answer is not None:
                waiting.append(answer)
        if waiting:
            await self._wait(waiting, deadline)
        self._settle_crossings(executions)
        self._settle_calls(executions)
        return executions

    def _call(self, execution: Execution, deadline: float) -> "_Waiting | None":
        """Call execute; sync results are taken at once, awaitables returned."""
        registration = execution.registration
        view = registration.view(self._run.context, self._run.setting.kinds, self._run.calls)
        started = self._clock.monotonic()
        self._guarded(execution, _executes, view, deadline)
        execution.elapsed_us = int((self._clock.monotonic() - started) * 1_000_000)
        if execution.awaited is None:
            view.close()
            return None
        waiting = _Waiting(execution, execution.awaited, view)
        if execution.failure is None and not execution.cut:
            return waiting
        waiting.close()
        return None

    def _guarded(
        self,
        execution: Execution,
        call: Callable[[Execution, ContextView], T],
        view: ContextView,
        deadline: float = _NEVER,
    ) -> T | None:
        """Call foreign code under the watchdog, for no longer than the run has time left; None if it failed."""
        registration = execution.registration
        until = time.monotonic() + registration.timeout
        try:
            try:
                self._watchdog.enter(registration.name, min(until, deadline))
                return call(execution, view)
            except (WatchdogTimeout, KeyboardInterrupt):
                raise
            except BaseException as error:  # noqa: BLE001  a suggestor is somebody else's code and may raise anything
                _fail(execution, error)
            finally:
                self._watchdog.leave()
        except WatchdogTimeout:
            self._watchdog.settle()
            if until > deadline:
                execution.cut = True
            else:
                execution.failure = ("TIMEOUT", f"took longer than {registration.timeout:g} s")
        return None

    def _settle_crossings(self, executions: Sequence[Execution]) -> None:
        """An execution that ran into a budget is not recorded, whatever it made of what the meter raised."""
        if self._run.crossings:
            for execution in executions:
                execution.halt = self._run.crossings.pop(execution.registration.name, None)

    def _settle_calls(self, executions: Sequence[Execution]) -> None:
        """Which external calls each execution used up."""
        calls = self._run.calls
        calls.raise_broken()
        if calls.open:
            for execution in executions:
                if not execution.cut and execution.halt is None:
                    name, failed = execution.registration.name, execution.failure is not None
                    execution.calls = calls.used_up(name, execution.failure)
                    execution.again = failed and not execution.calls and name in calls.open

    async def _awaited(self, waiting: "_Waiting") -> None:
        execution, timeout = waiting.execution, waiting.execution.registration.timeout
        started = self._clock.monotonic()
        abandon = asyncio.get_running_loop().call_later(timeout + self._patience.last_words, waiting.abandon)
        try:
            async with asyncio.timeout(timeout):
                answer = await self._stepped(waiting)
            with self._watchdog.guard(execution.registration.name, self._patience.step):
                _take(execution, answer)
        except WatchdogTimeout:
            self._watchdog.settle()
            execution.failure = ("TIMEOUT", f"held the event loop for more than {self._patience.step:g} s")
        except TimeoutError:
            execution.failure = ("TIMEOUT", f"took longer than {timeout:g} s")
        except asyncio.CancelledError as error:
            if execution.abandoned:
                execution.failure = ("TIMEOUT", f"took longer than {timeout:g} s and would not end")
            elif not execution.cut:
                _fail(execution, error)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  a suggestor is somebody else's code and may raise anything
            _fail(execution, error)
        finally:
            abandon.cancel()
            execution.elapsed_us += int((self._clock.monotonic() - started) * 1_000_000)

    def _stepped(self, waiting: "_Waiting") -> Stepped:
        name = waiting.execution.registration.name
        return Stepped(waiting.answer, self._watchdog, name, self._patience.step, lambda: waiting.execution.abandoned)

    async def _wait(self, waiting: "list[_Waiting]", deadline: float) -> None:
        """Let the async ones run together; on cancel or when time is up, give them last words, then cut them."""
        places = asyncio.Semaphore(CONCURRENT)

        async def with_place(one: _Waiting) -> None:
            async with places:
                one.begun = True
                await self._awaited(one)

        for one in waiting:
            one.task = asyncio.create_task(with_place(one))
        stop = asyncio.create_task(self._cancelled.wait())
        try:
            pending = await _until(stop, deadline, {one.task for one in waiting if one.task is not None})
            if pending:
                await asyncio.wait(pending, timeout=self._patience.last_words)
        finally:
            stop.cancel()
            await self._cut([one for one in waiting if one.task is not None and not one.task.done()])
            await asyncio.gather(stop, *(one.task for one in waiting if one.task), return_exceptions=True)
            for one in waiting:
                one.close()

    async def _cut(self, unfinished: "list[_Waiting]") -> None:
        """Cancel what has not ended; leave behind what does not end for that either."""
        for one in unfinished:
            one.cut()
        tasks = {one.task for one in unfinished if one.task is not None}
        if tasks:
            await asyncio.wait(tasks, timeout=self._patience.last_words)
        for one in unfinished:
            if one.task is not None and not one.task.done():
                one.abandon()


async def _until(stop: asyncio.Task[None], deadline: float, tasks: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Wait for the tasks until the run is cancelled or out of time; returns those that have not ended."""
    pending = set(tasks)
    while pending and not stop.done() and time.monotonic() < deadline:
        done, _ = await asyncio.wait(
            {*pending, stop}, timeout=deadline - time.monotonic(), return_when=asyncio.FIRST_COMPLETED
        )
        pending -= done
    return pending


class _Waiting:
    """An async execution on its way."""

    __slots__ = ("answer", "begun", "execution", "task", "view")

    def __init__(self, execution: Execution, answer: Awaitable[Any], view: ContextView) -> None:
        self.execution = execution
        self.answer = answer
        self.view = view
        self.begun = False
        self.task: asyncio.Task[None] | None = None

    def cut(self) -> None:
        """Ask it to end because the run stops."""
        self.execution.cut = True
        if self.task is not None:
            self.task.cancel()

    def abandon(self) -> None:
        """Drop it where it is."""
        self.execution.abandoned = True
        if self.task is not None:
            self.task.cancel()

    def close(self) -> None:
        """Let go of the view, and of a coroutine that never got a place to run in."""
        self.view.close()
        if not self.begun and isinstance(self.answer, Coroutine):
            self.answer.close()


def _accepts(execution: Execution, view: ContextView) -> bool:
    return bool(execution.registration.suggestor.accepts(view))


def _executes(execution: Execution, view: ContextView) -> None:
    answer = execution.registration.suggestor.execute(view)
    if not isinstance(answer, Effect) and isinstance(answer, Awaitable):
        execution.awaited = answer
    else:
        _take(execution, answer)


def _take(execution: Execution, answer: Any) -> None:
    if isinstance(answer, Effect):
        execution.proposals = record_proposals(answer.proposals, execution.private)
    else:
        execution.failure = ("EFFECT_INVALID", clean(f"execute returned {type(answer).__name__}, not an Effect"))


def _fail(execution: Execution, error: BaseException) -> None:
    """Take over an error that is being handled: where in a pack it came from, and its words."""
    if isinstance(error, SuggestorUnavailableError):
        execution.failure = ("UNAVAILABLE", message_of(error))
    else:
        place = pack_line(sys.exc_info()[2])
        execution.failure = ("EXCEPTION", f"{place}: {words_of(error)}" if place else words_of(error))
