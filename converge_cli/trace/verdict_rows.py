"""What the verdict of a run says, as rows of text with their styles; how they are drawn is not said here.

Must never claim more than the events say, and never import the drawing library: start-up time is a promise.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from typing import NamedTuple

from converge_cli.core.approval import ApprovalRequest
from converge_cli.core.criterion import CriterionResult
from converge_cli.core.person import Person
from converge_cli.core.stop_reason import Stop, StopReason
from converge_cli.trace.glyphs import STYLES, glyph
from converge_cli.trace.sanitize import CUT, safe
from converge_cli.trace.state import TraceState
from converge_cli.trace.when import duration
from converge_cli.trace.wording import (
    CONVERGED,
    REASON,
    WAITING,
    criterion_text,
    decision_text,
    ids_text,
    plural,
    violation_text,
    who_words,
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
MOST = 8
DIGEST_SHOWN = 12


class VerdictRows(NamedTuple):
    """The lines of a verdict.

    Attributes:
        lead: glyph and stop reason.
        items: what stands beside it: counts and times.
        criteria: id, result and what it rests on or waits for; the last cell may have several lines.
        rest: (label, text): causes, digests, next commands.
    """

    lead: Line
    items: list[str]
    criteria: Sequence[tuple[Line, ...]]
    rest: Sequence[tuple[Line, ...]]


def verdict_rows(
    state: TraceState, *, head: str = "", zone: tzinfo = UTC, digests: bool = True, people: Sequence[Person] = ()
) -> VerdictRows | None:
    """The verdict of a run that ended or paused; None while it goes on.

    Args:
        head: hash of the last event, hex; left out when it isn't known.
        digests: whether their beginnings are shown.
        people: who there is, so that those who may decide are named.
    """
    if state.ended is None:
        return None
    stop = state.ended.stop
    lead, items = _headline(state, stop)
    criteria = [_criterion(state, result, zone) for result in state.criteria.values()]
    shown = _digests(state, state.ended.outcome, head) if digests else ()
    rest = [*_causes(state, stop), *shown, *next_commands(state, people)]
    return VerdictRows(lead, items, criteria, rest)


def next_commands(state: TraceState, people: Sequence[Person] = ()) -> list[tuple[Line, Line]]:
    """What to type now, as (what it does, the command)."""
    stop, run = state.stop, safe(state.run)
    if stop is None:
        return []
    resume = f"converge resume {run}"
    if stop.reason == WAITING:
        made = [("decide", command) for command in _decide_commands(state)]
        made += [("who", words) for words in _who_may(state, people)]
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
    for point, requests in list(points.items())[:MOST]:
        which = safe(point) if len(requests) == 1 else safe(requests[0].fact)
        yield f"converge approve {safe(state.run)} {which} --as WHO --reason TEXT"
    if len(state.pending) > len(points) or len(points) > MOST:
        yield "converge inbox"


def _who_may(state: TraceState, people: Sequence[Person]) -> Iterator[str]:
    """Who may decide what waits, a line for each point that asks somebody else."""
    if people:
        said = dict.fromkeys((safe(item.point), who_words(item, people)) for item in state.pending.values())
        yield from (f"{point}: {words}" for point, words in list(said)[:MOST])


def _headline(state: TraceState, stop: Stop) -> tuple[Line, list[str]]:
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
    return (f"{glyph(sign)} {stop.reason.value}", style), [item for item in items if item]


def _criterion(state: TraceState, result: CriterionResult, zone: tzinfo) -> tuple[Line, ...]:
    style = STYLES.get(result.result, "")
    text = criterion_text(result, zone)
    approvals = [decision_text(given) for given in state.decided if state.spent.get(given.request) in result.evidence]
    shown = "\n".join(filter(None, [text, *approvals[:MOST]]))
    optional = "" if result.required else " (not required)"
    sign = glyph(result.result)
    return (f"{sign} {safe(result.id)}", style), (result.result + optional, style), (shown, "")


def _causes(state: TraceState, stop: Stop) -> Iterator[tuple[Line, Line]]:
    told = _is_told_by_criteria(state, stop)
    if stop.detail and not told:
        yield ("why", "dim"), (safe(stop.detail, REASON), "")
    if stop.limit is not None:
        yield ("limit", "dim"), (f"{safe(stop.limit)}, used {safe(stop.used or stop.limit)}", "")
    if stop.names and not told and stop.reason not in {WAITING, *CONVERGED}:
        yield ("about", "dim"), (ids_text(stop.names), "")
    if stop.facts:
        yield ("facts", "dim"), (ids_text(stop.facts), "")
    for result in [item for item in state.invariants.values() if item.verdict == "violated"][:MOST]:
        soft = " (soft)" if result.soft else ""
        label = ("not yet due", "dim") if state.is_early(result) else ("violated", "red")
        yield label, (f"{safe(result.id)}{soft}  {violation_text(result)}", "")
    idle = tuple(item.id for item in state.invariants.values() if item.verdict == "not exercised")
    if idle:
        yield ("not exercised", "dim"), (ids_text(idle), "")
    for line in [item for item in state.suggestors.values() if item.activity == "failed"][:MOST]:
        yield ("failed", "red"), (f"{safe(line.name)}  {line.code} {safe(line.detail, REASON)}", "")
    if state.rejection_count:
        last = state.rejections[-1]
        about = f"the last {safe(last.id)} {last.note} {safe(last.reason, REASON)}"
        yield ("rejected", "dim"), (f"{plural(state.rejection_count, 'proposal')}, {about}", "")
    for given, code, detail in list(state.refused)[-MOST:]:
        yield ("refused", "red"), (f"decision of {safe(given.by)}: {code} {safe(detail, REASON)}", "")


def _is_told_by_criteria(state: TraceState, stop: Stop) -> bool:
    """Whether it ended for its criteria alone: their rows, right above, name them and say why."""
    named = [state.criteria[name] for name in stop.names if name in state.criteria]
    reasons = "; ".join(dict.fromkeys(result.reason for result in named))
    return len(named) == len(stop.names) > 0 and reasons == stop.detail


def _digests(state: TraceState, outcome: str, head: str) -> Iterator[tuple[Line, Line]]:
    shown = [f"{digest[:DIGEST_SHOWN]}{CUT}" for digest in (outcome,) if digest]
    shown += [f"head {head[:DIGEST_SHOWN]}{CUT}"] if head else []
    if shown:
        yield ("outcome", "dim"), (f"{'   '.join(shown)}   (whole: converge show {safe(state.run)})", "dim")
    if head and state.final:
        run = safe(state.run)
        yield ("proof", "dim"), (f"converge receipt {run} -o {run}.json", "dim")
