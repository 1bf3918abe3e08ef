"""The display of a command: one of the traces, the picture that they fold, and the verdict at the end."""

import sys
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from converge_cli.cli.local_zone import local_zone
from converge_cli.cli.output import Answer, plain_width
from converge_cli.cli.stdout import out
from converge_cli.core.event import RunEvent, SuggestorRunning
from converge_cli.trace.fold import fold
from converge_cli.trace.state import TraceState

if TYPE_CHECKING:
    from rich.console import Console

    from converge_cli.core.person import Person
    from converge_cli.engine.decision import Decided


class Ended(NamedTuple):
    """How a run came to a stop, wherever it was driven.

    Attributes:
        outcome: the stop reason.
        data: what `--json` prints of it.
        head: hash of its last event, hex.
        people: who there is, so that those who may decide are named.
        refusals: decisions given along that were not accepted.
    """

    outcome: str
    exit_code: int
    data: "dict[str, Any]"
    head: str
    people: "Sequence[Person]"
    refusals: "Sequence[Decided]" = ()


class Display:
    """Shows a run as it goes; also the event sink that the engine feeds.

    Args:
        trace: `live`, `plain`, `jsonl` or `off`.
        as_json: whether stdout is kept for one JSON document.
    """

    def __init__(self, trace: str, *, as_json: bool) -> None:
        self.as_json = as_json
        self.trace = trace
        self.console: Console | None = None
        self._own = TraceState()
        self._lost = False
        self._inner: Any = self._make(trace)

    @property
    def state(self) -> TraceState:
        """The picture of the run so far."""
        chosen: TraceState = self._own if self._inner is None or self.trace == "jsonl" else self._inner.state
        return chosen

    def __enter__(self) -> Self:
        if self.trace == "live":
            self._inner.resume()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def events(self, run: str, committed: Sequence[RunEvent]) -> None:
        """Take in what was committed."""
        if self._inner is None or self.trace == "jsonl":
            for event in committed:
                fold(self._own, event)
        if self._inner is None or self._lost:
            return
        try:
            self._inner.events(run, committed)
        except OSError:  # nobody reads the trace any more, or its disk is full: the run does not depend on that
            self._lost = True

    def catch_up(self, events: Sequence[RunEvent]) -> None:
        """Know what happened before, without printing it again."""
        for event in events:
            fold(self.state, event)

    def running(self, beginning: SuggestorRunning) -> None:
        """Take in that an execution began."""
        if self._inner is not None:
            self._inner.running(beginning)

    def pause(self) -> None:
        """Give the terminal to a prompt."""
        if self.trace == "live":
            self._inner.pause()

    def resume(self) -> None:
        """Take the terminal back."""
        if self.trace == "live":
            self._inner.resume()

    def close(self) -> None:
        """Leave the last frame standing and the terminal as it was."""
        self.pause()

    def say(self, words: str) -> None:
        """Something for the person at the terminal, beside the trace."""
        self.pause()
        sys.stderr.write(f"\n{words}\n")
        self.resume()

    def answer(self, command: str, ended: Ended) -> Answer:
        """What the command answers with."""
        shown = self.plain_verdict(command, ended)
        return Answer(
            ended.outcome, ended.exit_code, ended.data, shown or (lambda console: self.show_verdict(console, ended))
        )

    def plain_verdict(self, command: str, ended: Ended) -> str | None:
        """How the run ended, the last thing on stdout; None where a console must show it."""
        from converge_cli.trace.plain_verdict import plain_verdict  # noqa: PLC0415  only when a run has ended
        from converge_cli.trace.verdict_rows import verdict_rows  # noqa: PLC0415

        if self.trace == "jsonl":
            return self._last_line(command, ended)
        width = None if self.as_json else plain_width()
        rows = verdict_rows(self.state, head=ended.head, zone=local_zone(), people=ended.people)
        text = None if width is None or rows is None else plain_verdict(rows, width)
        return text and "\n".join([text, *(line.rstrip(" ") for line in self._refused(ended))])

    def show_verdict(self, console: "Console", ended: Ended) -> None:
        """How the run ended, drawn."""
        from converge_cli.trace.verdict import verdict  # noqa: PLC0415  rich takes a moment

        console.print(verdict(self.state, head=ended.head, zone=local_zone(), people=ended.people), crop=False)
        for line in self._refused(ended):
            console.print(line, soft_wrap=True)

    def _refused(self, ended: Ended) -> Iterator[str]:
        """The decisions that were not accepted and that the verdict does not tell of."""
        from converge_cli.trace.sanitize import safe  # noqa: PLC0415

        shown = {(approval.request, approval.by) for approval, _, _ in self.state.refused}
        for refused in ended.refusals:
            if (refused.approval.request, refused.approval.by) not in shown:
                yield f"  refused   {refused.code}  {safe(refused.approval.by)}: {safe(refused.detail)}"

    def _last_line(self, command: str, ended: Ended) -> str:
        from converge_cli._internal.canonical_json import encode  # noqa: PLC0415
        from converge_cli.cli.output import envelope  # noqa: PLC0415
        from converge_cli.trace.jsonl import for_stream  # noqa: PLC0415

        made = Answer(ended.outcome, ended.exit_code, ended.data, "")
        return for_stream(encode(envelope(command, made)).decode(), out())

    def _make(self, trace: str) -> Any:
        if trace == "live":
            from converge_cli._internal.system import SystemClock  # noqa: PLC0415
            from converge_cli.cli.output import error_console  # noqa: PLC0415
            from converge_cli.trace.live import LiveDisplay  # noqa: PLC0415

            self.console = error_console()
            return LiveDisplay(self.console, SystemClock(), zone=local_zone())
        if trace == "plain":
            from converge_cli.trace.plain import PlainDisplay  # noqa: PLC0415

            return PlainDisplay(sys.stderr)
        if trace == "jsonl":
            from converge_cli.trace.jsonl import JsonlDisplay  # noqa: PLC0415

            return JsonlDisplay(out())
        return None
