"""One run at a terminal: drives it on its own thread, shows it, stops it on Ctrl-C, asks people when it pauses."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from converge_cli._internal.process_exit import leave_now
from converge_cli.app.changed_packs import PacksChangedError
from converge_cli.app.open_run import open_run
from converge_cli.app.record.recorded_run import events_of, find_row
from converge_cli.app.resume_run import ResumeRun
from converge_cli.app.run_job import RunAnswer
from converge_cli.app.services import Services
from converge_cli.bootstrap import make_services
from converge_cli.cli.display import Display, Ended
from converge_cli.cli.local_zone import local_zone
from converge_cli.cli.mirrored import ledger_word
from converge_cli.cli.output import Answer, UsageError, deliver, interrupted, stuck
from converge_cli.core.errors import RunNotResumableError
from converge_cli.core.port import EventSink
from converge_cli.core.stop_reason import StopReason
from converge_cli.engine.engine import Engine
from converge_cli.trace.sanitize import safe

if TYPE_CHECKING:
    from converge_cli.cli.prompt import Prompt

_LOOK = 0.1
"""Seconds between two looks at whether the engine's thread has ended."""


class Drivable(Protocol):
    """A prepared run or resume."""

    people_changed: tuple[str, ...]

    @property
    def engine(self) -> Engine:
        """What drives it."""
        ...

    async def run(self) -> RunAnswer:
        """Drive it to its next stop."""
        ...


Prepare = Callable[[Services, EventSink], Drivable]


class Session:
    """Drives runs for one command.

    Args:
        display: what shows the run.
        interactive: whether people at this terminal may be asked.
        ledger: where the run is mirrored, instead of where the settings say.
        accept_changes: whether a run may go on with packs that have changed since; a person at the terminal is asked.
    """

    def __init__(
        self, display: Display, *, interactive: bool, ledger: str | None = None, accept_changes: bool = False
    ) -> None:
        self.accept_changes = accept_changes
        self._display = display
        self._interactive = interactive
        self._stuck = ""
        self._engine: Engine | None = None
        self.services = make_services(Path.cwd(), on_stuck=self._on_stuck, ledger=ledger)
        self._done = threading.Event()

    def drive(self, prepare: Prepare) -> RunAnswer:
        """Run to a stop, asking people as long as they answer.

        Raises:
            ConvergeError: it could not start.
        """
        with self._display:
            answer = self._agreed(prepare)
            while self._interactive and _asks_people(answer) and self._ask(answer):
                answer = self._after(answer.result.run_id)
        return answer

    def _after(self, run: str) -> RunAnswer:
        """Go on after a decision; where another process drove the run to its end meanwhile, that is how it ended."""
        try:
            return self._agreed(partial(self._go_on, run))
        except RunNotResumableError:
            if find_row(self.services, run).status != "stopped":
                raise
        self.show_so_far(run)
        return RunAnswer(open_run(self.services, run).engine.recorded(run))

    def _agreed(self, prepare: Prepare) -> RunAnswer:
        """Drive it; where its packs have changed, only if the person at the terminal agrees."""
        try:
            return self._once(prepare)
        except PacksChangedError as changed:
            if not self._interactive or not self._consents(changed):
                raise
        self.accept_changes = True
        self._display.resume()
        return self._once(prepare)

    def _consents(self, changed: PacksChangedError) -> bool:
        self._display.pause()
        return self._prompt().consents(changed)

    def _go_on(self, run: str, services: Services, sink: EventSink) -> Drivable:
        return ResumeRun(services, run, sink=sink, accept_changes=self.accept_changes)

    def show_so_far(self, run: str) -> None:
        """Let the display know what a recorded run has come to, so that its trace goes on from there.

        Raises:
            ConvergeError: no such run, or its record is damaged.
        """
        row, known = find_row(self.services, run), self._display.state.seq
        self._display.catch_up([event for event in events_of(self.services, row.run) if event.seq > known])

    def answer(self, command: str, prepare: Prepare) -> Answer:
        """Drive, and put what came of it into an answer."""
        from converge_cli.app.result_data import EXIT_CODES, run_data  # noqa: PLC0415  only when a run has ended

        driven = self.drive(prepare)
        result, word = driven.result, ledger_word(self.services)
        data = run_data(result, driven.refusals, word, driven.people_changed)
        ended = Ended(result.reason, EXIT_CODES[result.stop.reason], data, result.head, result.people, driven.refusals)
        answer = self._display.answer(command, ended)
        if self._stuck:
            self._leave_stuck(command, answer)
        # Not left to the end of the process, which does not come to it when a pack leaves a thread behind.
        self.services.experience.close()
        return answer

    def _once(self, prepare: Prepare) -> RunAnswer:
        """Drive on a thread of its own, so that Ctrl-C is heard whatever a suggestor does."""
        box: list[RunAnswer | BaseException] = []
        self._done = threading.Event()

        def work() -> None:
            try:
                made = prepare(self.services, self._display)
                self._engine = made.engine
                if made.people_changed:
                    self._display.say(f"people have changed since: {safe('; '.join(made.people_changed))}")
                box.append(_complete(made.run()))
            except BaseException as error:  # noqa: BLE001  handed to the main thread, which raises it
                box.append(error)
            finally:
                self._done.set()

        threading.Thread(target=work, name="converge-run", daemon=True).start()
        self._wait()
        if self._stuck and not box:
            return self._recorded()
        outcome = box[0]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def _wait(self) -> None:
        wait_for(self._done, self._display, self._cancel)

    def _cancel(self) -> bool:
        if self._engine is None:
            return False
        self._engine.cancel()
        return True

    def _on_stuck(self, name: str) -> None:
        """From the watchdog's thread: foreign code holds the engine's thread and can't be stopped."""
        self._stuck = name
        self._done.set()

    def _recorded(self) -> RunAnswer:
        run_id = self._display.state.run
        if not run_id:
            raise stuck(self._stuck)
        return RunAnswer(open_run(self.services, run_id).engine.recorded(run_id))

    def _leave_stuck(self, command: str, answer: Answer) -> None:
        """Print the answer and leave at once: the stuck thread would never let the process end."""
        try:
            deliver(command, answer, as_json=self._display.as_json)
        except SystemExit:
            sys.stderr.flush()
            leave_now(answer.exit_code)

    def _ask(self, answer: RunAnswer) -> bool:
        self._display.pause()
        decided = self._prompt().ask(answer.result)
        if decided:
            self._display.resume()
        return decided

    def _prompt(self) -> "Prompt":
        from converge_cli.cli.desk import LocalDesk  # noqa: PLC0415  only when somebody is asked
        from converge_cli.cli.prompt import Prompt  # noqa: PLC0415

        return Prompt(LocalDesk(self.services, self._display), self._display, local_zone())


def wait_for(done: threading.Event, display: Display, cancel: Callable[[], bool]) -> None:
    """Wait for another thread; Ctrl-C asks the run to stop between cycles, a second one leaves at once.

    Args:
        done: set when the thread has ended.
        display: of the run.
        cancel: asks for the stop; whether there was anything to ask.

    Raises:
        ConvergeError: interrupted; see `interrupted`.
    """
    asked = False
    while True:
        try:
            while not done.wait(_LOOK):
                pass
        except KeyboardInterrupt:
            if asked or not cancel():
                display.close()
                raise interrupted(display.state.run) from None
            asked = True
            display.say("stopping after this cycle; Ctrl-C again stops at once")
        else:
            return


def _complete(work: Coroutine[Any, Any, RunAnswer]) -> RunAnswer:
    """As asyncio.run does, but without waiting for threads that a suggestor started and left behind."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _asks_people(answer: RunAnswer) -> bool:
    result = answer.result
    return result.stop.reason is StopReason.HUMAN_INTERVENTION_REQUIRED and bool(result.pending)


def choose_trace(chosen: str | None, *, as_json: bool) -> str:
    """Which display: the one asked for; else live at a terminal, plain elsewhere, none with --json.

    Raises:
        UsageError: an unknown one, or jsonl together with --json.
    """
    if chosen is not None and chosen not in {"live", "plain", "jsonl", "off"}:
        raise UsageError(f"--trace takes live, plain, jsonl or off, not {chosen!r}", where="--trace")
    if chosen == "jsonl" and as_json:
        raise UsageError(
            "--trace jsonl ends with the result already; leave --json away", hint="use one of them", where="--trace"
        )
    if chosen is not None:
        return chosen
    if as_json:
        return "off"
    live = sys.stderr.isatty() and os.environ.get("TERM", "") not in {"", "dumb"}
    return "live" if live else "plain"
