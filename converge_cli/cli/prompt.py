"""The prompt: asks the person at the terminal about each pending request. No decision without a name and a reason."""

import sys
from collections.abc import Sequence
from datetime import tzinfo
from typing import Protocol

from rich.console import Console

from converge_cli.app.changed_packs import PacksChangedError
from converge_cli.app.past_decisions import PastDecision
from converge_cli.cli.desk import Desk
from converge_cli.cli.display import Display
from converge_cli.cli.output import error_console
from converge_cli.core.approval import ApprovalRequest, Decision
from converge_cli.core.errors import ConvergeError
from converge_cli.core.person import Person
from converge_cli.trace.glyphs import glyph
from converge_cli.trace.one_line import whole_content
from converge_cli.trace.prompt_panel import evidence_lines, prompt_panel, waiting_headline
from converge_cli.trace.sanitize import safe
from converge_cli.trace.wording import amount_text, decision_text, spoken, time_text

_KEYS = "[a]pprove  [r]eject  [d]etails  [w]hy  [l]ater"
_ABOUT = 120
"""Characters of what an earlier decision was about."""

_DECISIONS: dict[str, Decision] = {"a": "approved", "approve": "approved", "r": "rejected", "reject": "rejected"}


class Paused(Protocol):
    """A run that waits for people."""

    @property
    def run_id(self) -> str:
        """Its id."""
        ...

    @property
    def truth(self) -> str:
        """Key of what it runs."""
        ...

    @property
    def pending(self) -> Sequence[ApprovalRequest]:
        """What waits."""
        ...

    @property
    def people(self) -> Sequence[Person]:
        """Who there is."""
        ...


class Prompt:
    """Asks about the pending requests of one pause.

    Args:
        desk: where decisions are recorded.
        display: whose picture the requests are seen in.
        zone: of times.
    """

    def __init__(self, desk: Desk, display: Display, zone: tzinfo) -> None:
        self._desk = desk
        self._display = display
        self._zone = zone
        self._console: Console = display.console or error_console()
        self._who = ""
        self._people: Sequence[Person] = ()

    def ask(self, paused: Paused) -> bool:
        """Ask about each request; whether anything was decided, so that the run can go on.

        End of input or Ctrl-C means later for all that is left: nothing is lost.
        """
        self._console.print()
        self._console.print(waiting_headline(paused.pending))
        decided = 0
        try:
            for request in paused.pending:
                decided += self._ask_one(paused, request)
        except (EOFError, KeyboardInterrupt):
            self._console.print()
        return decided > 0

    def consents(self, changed: PacksChangedError) -> bool:
        """Whether the person wants to go on with packs that have changed; silence and end of input are a no."""
        self._console.print()
        self._console.print(
            f"{glyph('parked')} the packs of this run have changed since it paused", style="bold yellow"
        )
        for change in changed.changes:
            self._console.print(f"  {safe(change)}", soft_wrap=True, markup=False)
        try:
            return self._read("go on with them as they are now? [y/N] › ").lower() in {"y", "yes"}
        except (EOFError, KeyboardInterrupt):
            self._console.print()
            return False

    def _ask_one(self, paused: Paused, request: ApprovalRequest) -> bool:
        run = paused.run_id
        before = self._desk.earlier(paused.truth, run, request)
        similar = tuple(_past_words(item, request, self._zone) for item in before)
        self._people = paused.people
        self._show(request, similar, whole=False)
        while True:
            key = self._read(f"{_KEYS}  › ").lower()
            if self._is_settled(run, request):
                return True
            if key in _DECISIONS:
                if self._decide(run, request, _DECISIONS[key]):
                    return True
            elif key in {"d", "details"}:
                self._show(request, similar, whole=True)
            elif key in {"w", "why"}:
                self._show_why(request)
            elif key in {"l", "later", ""}:
                return False
            else:
                self._console.print(f"  {safe(key, 40)} is none of the keys", style="yellow")

    def _decide(self, run: str, request: ApprovalRequest, decision: Decision) -> bool:
        """Record one decision; False when the request still waits."""
        who = self._read(f"as (a person's id){f' [{self._who}]' if self._who else ''}: ") or self._who
        reason = self._read("reason: ")
        if not who or not reason:
            self._console.print("  a decision needs a person and a reason; nothing was recorded", style="yellow")
            return False
        try:
            refusals = self._desk.decide(run, request, who, decision, reason)
        except ConvergeError as error:
            self._console.print(f"  {safe(error.message)}; {safe(error.hint or '')}", style="yellow", soft_wrap=True)
            return False
        self._who = who
        for refused in refusals:
            words = f"  refused {refused.code}: {safe(refused.detail)} (recorded)"
            self._console.print(words, style="yellow", soft_wrap=True)
        return not refusals or self._is_settled(run, request)

    def _is_settled(self, run: str, request: ApprovalRequest) -> bool:
        """Whether somebody else, or time, decided meanwhile: takes in what was recorded since, and says so."""
        state = self._display.state
        self._display.catch_up(self._desk.news(run, state.seq))
        if request.id in state.pending:
            return False
        given = [f": {safe(decision_text(item))}" for item in state.decided if item.request == request.id]
        self._console.print(f"  decided meanwhile{''.join(given)}; the run goes on", style="yellow", soft_wrap=True)
        return True

    def _show(self, request: ApprovalRequest, similar: Sequence[str], *, whole: bool) -> None:
        state = self._display.state
        self._console.print(
            prompt_panel(request, zone=self._zone, state=state, whole=whole, similar=similar, people=self._people)
        )

    def _show_why(self, request: ApprovalRequest) -> None:
        """The gate's values and the proposal's evidence, a line each."""
        why = request.why
        lines = [f"criteria that wait: {', '.join(why.criteria) or 'none'}"]
        if why.gate:
            lines.append(f"gate {why.gate} answered {why.outcome}; rules: {', '.join(why.rules) or 'none'}")
        lines += [f"  {spoken(name)} = {amount_text(value)}" for name, value in why.values]
        lines += [f"human-in-the-loop rule: {rule}" for rule in why.hitl]
        lines += [f"rests on {line}" for line in evidence_lines(request, self._display.state)]
        for line in lines:
            self._console.print(f"  {safe(line)}", soft_wrap=True)

    def _read(self, words: str) -> str:
        """One line from the person.

        Raises:
            EOFError: there is no more input.
        """
        self._console.print(words, end="", soft_wrap=True)
        self._console.file.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.strip()


def _past_words(past: PastDecision, request: ApprovalRequest, zone: tzinfo) -> str:
    """`mona approved this 2026-11-20 14:03: "three bids"`; what it was about, where it was something else."""
    same = past.request.content == request.content and past.request.fact == request.fact
    about = "just this" if same else f"{past.request.fact} {whole_content(bytes(past.request.content), _ABOUT)}"
    given = past.approval
    return f'{given.by} {given.decision} {about} on {time_text(past.at, zone)}: "{given.reason}"'
