"""How a run ended, as people read it: the reason, each criterion with its evidence or what is missing, what to do next.

Shown after the trace, or alone where nobody is at the terminal. Must never claim more than the events say.
"""

from collections.abc import Iterator
from datetime import UTC, tzinfo

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from converge_cli.core.approval import ApprovalRequest
from converge_cli.core.criterion import CriterionResult
from converge_cli.core.stop_reason import Stop, StopReason
from converge_cli.trace.glyphs import glyph
from converge_cli.trace.rows import packed
from converge_cli.trace.sanitize import CUT, safe
from converge_cli.trace.screen import SEPARATOR, STYLES
from converge_cli.trace.state import TraceState
from converge_cli.trace.when import duration
from converge_cli.trace.wording import (
    CONVERGED,
    REASON,
    RESULT_GLYPHS,
    WAITING,
    criterion_text,
    decision_text,
    ids_text,
    plural,
    time_text,
    violation_text,
    who_decides,
)

Line = tuple[str, str]
_MORE_BUDGET = {
    StopReason.CYCLE_BUDGET_EXHAUSTED: "cycles=50",
    StopReason.FACT_BUDGET_EXHAUSTED: "facts=100000",
    StopReason.TIME_BUDGET_EXHAUSTED: "time=300",
    StopReason.TOKEN_BUDGET_EXHAUSTED: "tokens=100000",
    StopReason.COST_BUDGET_EXHAUSTED: "cost_usd=5",
}
_MEND_FIRST = (StopReason.SUGGESTOR_FAILED, StopReason.INDETERMINATE)
_MOST = 8
DIGEST_SHOWN = 12


def verdict(state: TraceState, *, head: str = "", zone: tzinfo = UTC) -> RenderableType:
    """The verdict of a run that ended or paused; empty while it goes on.

    Args:
        head: hash of the last event, hex; left out when it isn't known.
    """
    if state.ended is None:
        return Group()
    stop = state.ended.stop
    parts: list[RenderableType] = [_headline(state, stop)]
    parts += _table(_criterion(state, result, zone) for result in state.criteria.values())
    parts += _table([*_causes(state, stop), *_digests(state, state.ended.outcome, head), *next_commands(state)])
    return Group(*parts)


def waiting_text(state: TraceState, *, zone: tzinfo = UTC) -> RenderableType:
    """What is said where nobody is there to answer: who must decide on what, and with which commands."""
    stop = state.stop
    if stop is None:
        return Group()
    asked = [_waits_for(state, request, zone) for request in list(state.pending.values())[:_MOST]]
    asked += [f"{item.criterion} waits for input {item.name}" for item in stop.missing if item.what == "input"]
    if len(state.pending) > _MOST:
        asked.append(f"and {len(state.pending) - _MOST} more")
    lines = Text("\n".join(map(safe, asked)), overflow="fold")
    return Group(
        _line(f"{glyph('parked')} {stop.reason.value}", STYLES["parked"], lines), *_table(next_commands(state))
    )


def next_commands(state: TraceState) -> list[tuple[Line, Line]]:
    """What to type now, as (what it does, the command)."""
    stop, run = state.stop, safe(state.run)
    if stop is None:
        return []
    resume = f"converge resume {run}"
    if stop.reason == WAITING:
        made = [("decide", command) for command in _decide_commands(state)]
        given = [item.name for item in stop.missing if item.what == "input"]
        resume += "".join(f" --input {safe(name)}=PATH" for name in dict.fromkeys(given))
        made.append(("then" if made else "go on", resume))
    elif stop.reason in _MORE_BUDGET:
        made = [("go on", f"{resume} --add-budget {_MORE_BUDGET[stop.reason]}")]
    elif stop.reason == StopReason.CANCELLED:
        made = [("go on", resume)]
    elif stop.reason in _MEND_FIRST:
        made = [("look", f"converge show {run}"), ("mended?", resume)]
    elif stop.reason in CONVERGED:
        made = []
    else:
        made = [("look", f"converge show {run}")]
    return [((label, "dim"), (command, "bold")) for label, command in made]


def _decide_commands(state: TraceState) -> Iterator[str]:
    points: dict[str, list[ApprovalRequest]] = {}
    for request in state.pending.values():
        points.setdefault(request.point, []).append(request)
    for point, requests in list(points.items())[:_MOST]:
        which = safe(point) if len(requests) == 1 else safe(requests[0].fact)
        yield f"converge approve {safe(state.run)} {which} --as WHO --reason TEXT"
    if len(state.pending) > len(points) or len(points) > _MOST:
        yield "converge inbox"


def _waits_for(state: TraceState, request: ApprovalRequest, zone: tzinfo) -> str:
    blocked = [
        result.id
        for result in state.criteria.values()
        if any(item.request == request.id or item.name == request.point for item in result.missing)
    ]
    what = f"{', '.join(blocked)} {'is' if len(blocked) == 1 else 'are'} blocked on" if blocked else "waits for"
    until = f", until {time_text(request.until, zone)}" if request.until else ""
    return f"{what} {request.point} ({who_decides(request)}{until})"


def _headline(state: TraceState, stop: Stop) -> RenderableType:
    sign, style = ("done", "green") if stop.reason in CONVERGED else ("stopped", "red")
    if stop.reason == WAITING:
        sign, style = "parked", "yellow"
    elif not state.final:
        style = "yellow"
    required = [result for result in state.criteria.values() if result.required]
    met = sum(result.result == "met" for result in required)
    waited = f" (+ {duration(state.waited_s)} waiting)" if state.waited_s else ""
    items = [
        f"{met} of {len(required)} required" if required else "",
        plural(state.cycle, "cycle"),
        plural(state.facts, "fact"),
        plural(len(state.spent), "approval") if state.spent else "",
        f"{duration(state.active_ms / 1000)}{waited}",
    ]
    return _line(f"{glyph(sign)} {stop.reason.value}", style, _Packed([item for item in items if item]))


def _line(lead: str, style: str, rest: RenderableType) -> RenderableType:
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(lead, style=f"bold {style}"), rest)
    return table


class _Packed:
    """Items side by side as far as they go; a line never breaks within one."""

    def __init__(self, items: list[str]) -> None:
        self._items = items

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from packed(self._items, SEPARATOR, options.max_width, "")


def _criterion(state: TraceState, result: CriterionResult, zone: tzinfo) -> tuple[Line, ...]:
    style = STYLES.get(result.result, "")
    text = criterion_text(result, zone)
    approvals = [decision_text(given) for given in state.decided if state.spent.get(given.request) in result.evidence]
    shown = "\n".join(filter(None, [text, *approvals[:_MOST]]))
    optional = "" if result.required else " (not required)"
    sign = glyph(RESULT_GLYPHS[result.result])
    return (f"{sign} {safe(result.id)}", style), (result.result + optional, style), (shown, "")


def _causes(state: TraceState, stop: Stop) -> Iterator[tuple[Line, Line]]:
    if stop.detail:
        yield ("why", "dim"), (safe(stop.detail, REASON), "")
    if stop.limit is not None:
        yield ("limit", "dim"), (f"{safe(stop.limit)}, used {safe(stop.used or stop.limit)}", "")
    if stop.names and stop.reason not in {WAITING, *CONVERGED}:
        yield ("about", "dim"), (ids_text(stop.names), "")
    if stop.facts:
        yield ("facts", "dim"), (ids_text(stop.facts), "")
    for result in [item for item in state.invariants.values() if item.verdict == "violated"][:_MOST]:
        soft = " (soft)" if result.soft else ""
        # While people are asked, only structural invariants bind: the others may still be repaired.
        early = stop.reason == WAITING and result.when != "structural"
        label = ("not yet due", "dim") if early else ("violated", "red")
        yield label, (f"{safe(result.id)}{soft}  {violation_text(result)}", "")
    idle = tuple(item.id for item in state.invariants.values() if item.verdict == "not exercised")
    if idle:
        yield ("not exercised", "dim"), (ids_text(idle), "")
    for line in [item for item in state.suggestors.values() if item.activity == "failed"][:_MOST]:
        yield ("failed", "red"), (f"{safe(line.name)}  {line.code} {safe(line.detail, REASON)}", "")
    if state.rejection_count:
        last = state.rejections[-1]
        about = f"the last {safe(last.id)} {last.note} {safe(last.reason, REASON)}"
        yield ("rejected", "dim"), (f"{plural(state.rejection_count, 'proposal')}, {about}", "")
    for given, code, detail in list(state.refused)[-_MOST:]:
        yield ("refused", "red"), (f"decision of {safe(given.by)}: {code} {safe(detail, REASON)}", "")


def _digests(state: TraceState, outcome: str, head: str) -> Iterator[tuple[Line, Line]]:
    shown = [f"{digest[:DIGEST_SHOWN]}{CUT}" for digest in (outcome,) if digest]
    shown += [f"head {head[:DIGEST_SHOWN]}{CUT}"] if head else []
    if shown:
        yield ("outcome", "dim"), (f"{'   '.join(shown)}   (whole: converge show {safe(state.run)})", "dim")


def _table(rows: Iterator[tuple[Line, ...]] | list[tuple[Line, Line]]) -> list[RenderableType]:
    made = list(rows)
    if not made:
        return []
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in made[0]:
        table.add_column(overflow="fold")
    for cells in made:
        table.add_row(*(Text(text, style=style, overflow="fold") for text, style in cells))
    return [Padding(table, (0, 0, 0, 2))]
