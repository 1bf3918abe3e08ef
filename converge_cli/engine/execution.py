"""Executes the eligible suggestors of a cycle: sync ones in turn under the watchdog, async ones concurrently.

Every suggestor gets its own frozen view, so no order of execution can be told from the outside. A suggestor that
fails is recorded; the others go on.
"""

import asyncio
import time
from collections.abc import Awaitable, Coroutine, Generator, Sequence
from typing import Any

from converge_cli.core.fact import ProposedFact
from converge_cli.core.suggestor import Effect, SuggestorUnavailableError
from converge_cli.engine.halt import Halt
from converge_cli.engine.registration import Registration
from converge_cli.engine.run import Run
from converge_cli.engine.watchdog import Watchdog, WatchdogTimeout

CONCURRENT = 64
"""How many async suggestors may wait at the same time."""

STEP = 5.0
"""Seconds that async code may hold the event loop at a stretch."""

LAST_WORDS = 1.0
"""Seconds that running async suggestors get to finish when the run is cancelled or out of time."""


class Execution:
    """What came of one execution: proposals, or why there are none.

    Attributes:
        registration: who.
        view: how many facts its view held.
        failure: (code, detail) when it failed.
        cut: whether it was ended because the run stops; it stays due and leaves no record.
        halt: a budget that it ran into.
    """

    __slots__ = ("cut", "elapsed_us", "failure", "halt", "proposals", "registration", "view")

    def __init__(self, registration: Registration, view: int) -> None:
        self.registration = registration
        self.view = view
        self.proposals: tuple[ProposedFact, ...] = ()
        self.failure: tuple[str, str] | None = None
        self.cut = False
        self.halt: Halt | None = None
        self.elapsed_us = 0


class Executor:
    """Runs suggestors for one run."""

    def __init__(self, run: Run, watchdog: Watchdog, cancelled: "Cancellation") -> None:
        self._run = run
        self._watchdog = watchdog
        self._cancelled = cancelled

    def accepts(self, registration: Registration) -> tuple[bool, Execution | None]:
        """Whether a due suggestor wants to run now; a failed execution instead if its `accepts` failed."""
        if registration.suggestor.accepts_everything:
            return True, None
        execution = Execution(registration, len(self._run.context.facts))
        view = registration.view(self._run.context, self._run.setting.kinds)
        accepted: list[bool] = []
        self._guarded(execution, lambda: accepted.append(bool(registration.suggestor.accepts(view))))
        view.close()
        return (accepted[0], None) if accepted else (False, execution)

    async def execute(self, eligible: Sequence[Registration], seconds_left: float) -> list[Execution]:
        """Execute every eligible suggestor against the context as it stands; results in registration order."""
        run, executions, waiting = self._run, [], []
        held = len(run.context.facts)
        for registration in eligible:
            execution = Execution(registration, held)
            executions.append(execution)
            run.log.running(run.cycle, registration.name)
            answer = self._call(execution)
            if answer is not None:
                waiting.append((execution, answer))
        if waiting:
            await self._wait(waiting, seconds_left)
        return executions

    def _call(self, execution: Execution) -> Awaitable[Any] | None:
        """Call execute; sync results are taken at once, awaitables returned."""
        registration = execution.registration
        view = registration.view(self._run.context, self._run.setting.kinds)
        started = time.perf_counter_ns()
        answers: list[Any] = []
        self._guarded(execution, lambda: answers.append(registration.suggestor.execute(view)))
        execution.elapsed_us = (time.perf_counter_ns() - started) // 1000
        if answers and isinstance(answers[0], Awaitable):
            return self._awaited(execution, answers[0], view)
        view.close()
        if answers:
            _take(execution, answers[0])
        return None

    def _guarded(self, execution: Execution, call: Any) -> None:
        registration = execution.registration
        try:
            try:
                self._watchdog.enter(registration.name, registration.suggestor.timeout)
                call()
            finally:
                self._watchdog.leave()
        except WatchdogTimeout:
            self._watchdog.settle()
            execution.failure = ("TIMEOUT", f"took longer than {registration.suggestor.timeout:g} s")
        except Exception as error:  # noqa: BLE001  a suggestor is somebody else's code and may raise anything
            _fail(execution, error)
        except (SystemExit, GeneratorExit) as error:
            execution.failure = ("EXCEPTION", f"{type(error).__name__}: {error}")

    async def _awaited(self, execution: Execution, answer: Awaitable[Any], view: Any) -> None:
        registration = execution.registration
        started = time.perf_counter_ns()
        try:
            async with asyncio.timeout(registration.suggestor.timeout):
                _take(execution, await _stepped(answer, self._watchdog, registration.name))
        except WatchdogTimeout:
            self._watchdog.settle()
            execution.failure = ("TIMEOUT", f"held the event loop for more than {STEP:g} s")
        except TimeoutError:
            execution.failure = ("TIMEOUT", f"took longer than {registration.suggestor.timeout:g} s")
        except asyncio.CancelledError:
            execution.cut = True
        except Exception as error:  # noqa: BLE001  a suggestor is somebody else's code and may raise anything
            _fail(execution, error)
        finally:
            view.close()
            execution.elapsed_us += (time.perf_counter_ns() - started) // 1000

    async def _wait(self, waiting: list[tuple[Execution, Any]], seconds_left: float) -> None:
        """Let the async ones run together; on cancel or when time is up, give them last words, then cut them."""
        places = asyncio.Semaphore(CONCURRENT)

        async def with_place(coroutine: Coroutine[Any, Any, None]) -> None:
            async with places:
                await coroutine

        tasks = {asyncio.create_task(with_place(coroutine)): execution for execution, coroutine in waiting}
        stop = asyncio.create_task(self._cancelled.wait())
        try:
            pending: set[asyncio.Task[Any]] = set(tasks)
            deadline = time.monotonic() + max(seconds_left, 0.0)
            while pending and not stop.done() and time.monotonic() < deadline:
                done, _ = await asyncio.wait(
                    {*pending, stop}, timeout=deadline - time.monotonic(), return_when=asyncio.FIRST_COMPLETED
                )
                pending -= done
            if pending:
                _, pending = await asyncio.wait(pending, timeout=LAST_WORDS)
            for task in pending:
                tasks[task].cut = True
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            stop.cancel()
            await asyncio.gather(stop, return_exceptions=True)


class Cancellation:
    """A request to stop between cycles; may be made from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event: asyncio.Event | None = None
        self.requested = False

    def attach(self) -> None:
        """Called by the run, inside its event loop."""
        self._loop, self._event = asyncio.get_running_loop(), asyncio.Event()
        if self.requested:
            self._event.set()

    def request(self) -> None:
        """Ask the run to stop."""
        self.requested = True
        if self._loop is not None and self._event is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        """Return when a stop is asked for."""
        if self._event is not None:
            await self._event.wait()


def _take(execution: Execution, answer: Any) -> None:
    if isinstance(answer, Effect):
        execution.proposals = answer.proposals
    else:
        execution.failure = ("EFFECT_INVALID", f"execute returned {type(answer).__name__}, not an Effect")


def _fail(execution: Execution, error: Exception) -> None:
    if isinstance(error, Halt):
        execution.halt = error
    elif isinstance(error, SuggestorUnavailableError):
        execution.failure = ("UNAVAILABLE", error.message)
    else:
        execution.failure = ("EXCEPTION", f"{type(error).__name__}: {error}"[:1000])


class _Stepped:
    """Drives an awaitable step by step, each step under the watchdog: async code may wait, it may not block."""

    __slots__ = ("_answer", "_name", "_watchdog")

    def __init__(self, answer: Awaitable[Any], watchdog: Watchdog, name: str) -> None:
        self._answer = answer
        self._watchdog = watchdog
        self._name = name

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._answer.__await__()
        send: Any = steps.__next__
        while True:
            try:
                try:
                    self._watchdog.enter(self._name, STEP)
                    yielded = send()
                finally:
                    self._watchdog.leave()
            except StopIteration as finished:
                return finished.value
            try:
                value = yield yielded
            except BaseException as error:  # noqa: BLE001  handed on to the awaitable, which decides
                send = _throwing(steps, error)
            else:
                send = steps.__next__ if value is None else _sending(steps, value)


def _throwing(steps: Any, error: BaseException) -> Any:
    return lambda: steps.throw(error)


def _sending(steps: Any, value: Any) -> Any:
    return lambda: steps.send(value)


async def _stepped(answer: Awaitable[Any], watchdog: Watchdog, name: str) -> Any:
    return await _Stepped(answer, watchdog, name)
