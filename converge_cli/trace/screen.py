"""The trace as one screen of lines, from the picture of a run. The same for a live run and for a recorded one.

Pure: time comes in as arguments. Must never cut an id, and never say by colour what no word says.
"""

from collections.abc import Mapping
from datetime import UTC, tzinfo

import msgspec
from rich.cells import cell_len
from rich.text import Text

from converge_cli.core.event import GateDecided
from converge_cli.core.invariant import InvariantResult
from converge_cli.trace.glyphs import SEPARATOR, STYLES, glyph
from converge_cli.trace.one_line import one_line
from converge_cli.trace.rows import beside, cut, packed, padded, paragraph, row, rule, text_of
from converge_cli.trace.sanitize import safe
from converge_cli.trace.state import ContextLine, SuggestorLine, TraceState
from converge_cli.trace.when import duration
from converge_cli.trace.wording import REASON, criterion_text, plural, violation_text

STACK_BELOW = 100
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_MOST_ROWS = 40
_NAME_WIDTH = 28
_KEY_WIDTH = 12
_LEAST_CONTENT = 24
_CONTENT = 160

_ACTIVITY_GLYPHS = {"idle": "idle", "proposed": "note", "promoted": "done"}
_EARLY = "not yet due"
_OUTCOME_STYLES = {"PROMOTE": "green", "ESCALATE": "yellow", "REJECT": "red"}


class Moment(msgspec.Struct, frozen=True):
    """What a live display knows besides events.

    Attributes:
        frame: of the spinner.
        active_s: active seconds spent, None to show what the events say.
        running_s: seconds that each running suggestor has run.
    """

    frame: int = 0
    active_s: float | None = None
    running_s: Mapping[str, float] = {}


def screen(
    state: TraceState, *, width: int, height: int | None = None, zone: tzinfo = UTC, moment: Moment | None = None
) -> list[Text]:
    """The lines of the screen; at most `height` of them, if it is given and is 12 or more."""
    now = moment or Moment()
    top = header(state, width, now)
    room = None if height is None else max(height - len(top), 1)
    low = _criteria(state, width, zone, _share(room, 4))
    middle = _gates_and_invariants(state, width, _share(room, 4))
    left_over = None if room is None else max(room - len(low) - len(middle), 2)
    lines = [*top, *_suggestors_and_context(state, width, now, left_over), *middle, *low]
    return lines if height is None else lines[:height]


def header(state: TraceState, width: int, now: Moment) -> list[Text]:
    """Title, run id, cycle, facts and time against their limits, principal."""
    title = paragraph(text_of(("converge  ", "bold cyan")), safe(state.title or state.truth, REASON), "bold", width)
    budget = state.budget
    items = [
        f"run {safe(state.run)}",
        # The last cycle, in which nobody was due, is not charged: it may come after the limit.
        f"cycle {state.cycle}" + (f"/{budget.cycles}" if state.cycle <= budget.cycles else f", limit {budget.cycles}"),
        f"{plural(state.facts, 'fact')} of {budget.facts}",
        f"{duration(state.active_ms / 1000 if now.active_s is None else now.active_s)} of {duration(budget.time)}",
    ]
    if state.tokens or budget.tokens is not None:
        items.append(f"{state.tokens} tokens" + (f" of {budget.tokens}" if budget.tokens is not None else ""))
    if state.principal:
        items.append(f"as {_principal(state)}")
    if state.strict:
        items.append("strict")
    return [*title[:2], *packed(items, SEPARATOR, width, "")]


def _principal(state: TraceState) -> str:
    seen = state.principal_seen
    name = safe(state.principal or "")
    return name if seen is None else f"{name} ({', '.join(map(safe, (seen.authority, *seen.domains)))})"


def _left(width: int) -> int:
    return max(42, min(width * 2 // 5 - 2, 64))


def _share(room: int | None, part: int) -> int:
    return _MOST_ROWS if room is None else max(room // part - 1, 1)


def _suggestors_and_context(state: TraceState, width: int, now: Moment, room: int | None) -> list[Text]:
    side_by_side = width >= STACK_BELOW
    left_width = _left(width) if side_by_side else width
    right_width = width - left_width - 2 if side_by_side else width
    rows = _MOST_ROWS if room is None else max(room - 1, 1)
    if not side_by_side and room is not None:
        rows = max((room - 2) // 2, 1)
    left = [rule("suggestors", left_width), *_suggestors(state, left_width, now, rows)]
    right = [rule("context", right_width), *_context(state, right_width, rows)]
    return beside(left, right, left_width) if side_by_side else [*left, *right]


def _suggestors(state: TraceState, width: int, now: Moment, rows: int) -> list[Text]:
    everyone = list(state.suggestors.values())
    shown = everyone
    if len(everyone) > rows:
        order = {"running": 0, "failed": 1, "parked": 2, "rejected": 3, "denied": 3, "promoted": 4, "proposed": 5}
        chosen = {id(line) for line in sorted(everyone, key=lambda line: order.get(line.activity, 6))[: rows - 1]}
        shown = [line for line in everyone if id(line) in chosen]
    names = min(max((cell_len(safe(line.name)) for line in shown), default=0), _NAME_WIDTH)
    lines = [made for line in shown for made in _suggestor(line, names, width, now)]
    if len(shown) < len(everyone):
        lines = lines[: rows - 1]
        lines.append(text_of((f"  and {len(everyone) - len(shown)} more", "dim")))
    return lines[:rows] or [text_of(("  none yet", "dim"))]


def _suggestor(line: SuggestorLine, names: int, width: int, now: Moment) -> list[Text]:
    style = STYLES.get(line.activity, "dim")
    if line.activity == "running":
        sign, words = SPINNER[now.frame % len(SPINNER)], "running"
        spent = duration(now.running_s[line.name]) if line.name in now.running_s else ""
    else:
        sign, words = glyph(_ACTIVITY_GLYPHS.get(line.activity, line.activity)), _did(line)
        spent = duration(line.elapsed_us / 1e6) if line.elapsed_us else ""
    name = (padded(safe(line.name), names), "")
    tail = (f"{spent:>7}" if spent else "", "dim")
    return row((f"{sign} ", style), name, (f" {words}", style), tail, width, needed=True)


def _did(line: SuggestorLine) -> str:
    if line.activity == "failed":
        return f"failed {line.code} {safe(line.detail, _CONTENT)}"
    counts = [
        f"{count} {word}"
        for count, word in (
            (line.promoted, "promoted"),
            (line.parked, "parked"),
            (line.rejected, "rejected"),
            (line.denied, "denied"),
        )
        if count
    ]
    if counts:
        return SEPARATOR.join(counts)
    if line.proposed:
        return f"{line.proposed} proposed"
    return "nothing to propose" if line.executions else "idle"


def _context(state: TraceState, width: int, rows: int) -> list[Text]:
    newest = list(reversed(state.context.values()))
    # What waits for people must not scroll away under what arrives.
    parked = [line for line in newest if line.mark == "parked"][: max(rows // 3, 1)]
    kept = {id(line) for line in parked}
    others = [line for line in newest if id(line) not in kept][: rows - len(parked)]
    kept |= {id(line) for line in others}
    shown = [line for line in state.context.values() if id(line) in kept]
    keys = max((cell_len(safe(line.key, _KEY_WIDTH)) for line in shown), default=0)
    ids = min(max((cell_len(safe(line.id)) for line in shown), default=0), max(width // 2 - keys, 8))
    tails = {id(line): _tail(line, shown, with_who=True) for line in shown}
    if width - keys - ids - max(map(cell_len, tails.values()), default=0) - 5 < _LEAST_CONTENT:
        tails = {id(line): _tail(line, shown, with_who=False) for line in shown}
    blocks = [_fact(line, keys, ids, tails[id(line)], width) for line in shown]
    while sum(map(len, blocks)) > rows and len(blocks) > 1:
        del blocks[0]
    return [made for block in blocks for made in block][:rows] or [text_of(("  nothing yet", "dim"))]


def _tail(line: ContextLine, shown: list[ContextLine], *, with_who: bool) -> str:
    """Confidence, if anybody shown was not certain, and who; filled up, so that they stand in columns."""
    if line.mark != "promoted":
        return ""
    unsure = any(other.mark == "promoted" and other.confidence not in (None, "1") for other in shown)
    sure = f"{cut(safe(line.confidence or ''), 5):>5}" if unsure else ""
    if not with_who:
        return sure
    names = max(cell_len(safe(other.who, _NAME_WIDTH)) for other in shown if other.mark == "promoted")
    return f"{sure}  {padded(safe(line.who, _NAME_WIDTH), names)}"


def _fact(line: ContextLine, keys: int, ids: int, tail: str, width: int) -> list[Text]:
    style = STYLES.get(line.mark, "dim")
    lead = (f"{glyph(line.mark)} {padded(safe(line.key, _KEY_WIDTH), keys)}  ", style)
    name = (padded(safe(line.id), ids), "bold" if line.mark == "promoted" else "")
    said = {
        "promoted": "",
        "parked": f"parked: {safe(line.note)}",
        "rejected": f"rejected {line.note}: {safe(line.reason, _CONTENT)}",
        "denied": safe(line.note, _CONTENT),
        "withdrawn": f"withdrawn: {safe(line.reason, _CONTENT)}",
    }[line.mark]
    content = one_line(line.content, _CONTENT, beside=line.id)
    flex = " " + (content if line.mark == "promoted" else said)
    return row(lead, name, (flex, "" if line.mark == "promoted" else style), (tail, "dim"), width, needed=bool(said))


def _gates_and_invariants(state: TraceState, width: int, rows: int) -> list[Text]:
    gates, invariants = list(state.gates.values()), list(state.invariants.values())
    if not gates and not invariants:
        return []
    side_by_side = width >= STACK_BELOW and bool(gates) and bool(invariants)
    left_width = _left(width) if side_by_side else width
    right_width = width - left_width - 2 if side_by_side else width
    each = rows if side_by_side or not gates or not invariants else max(rows // 2, 1)
    left = [made for event in reversed(gates) for made in _gate(event, left_width)]
    left = [rule("gates", left_width), *left[:each]] if gates else []
    right = [rule(_invariant_title(state), right_width), *_invariants(state, right_width, each)] if invariants else []
    return beside(left, right, left_width) if side_by_side else [*left, *right]


def _gate(event: GateDecided, width: int) -> list[Text]:
    decision = event.decision
    outcome = (decision.outcome, _OUTCOME_STYLES[decision.outcome])
    first = row(
        (f"{safe(event.gate)} ", ""), (safe(event.fact), "bold"), (" " + outcome[0], outcome[1]), ("", ""), width
    )
    if len(first) == 1 and outcome[0] not in first[0].plain:
        first.append(text_of((f"  {outcome[0]}", outcome[1])))
    details = [f"rule {', '.join(map(safe, decision.rules))}"] if decision.rules else []
    details += [f"missing gate {', '.join(map(safe, decision.missing))}"] if decision.missing else []
    wanted = [*map(safe, decision.approvals), *([f"authority {decision.authority}"] if decision.authority else [])]
    details += [f"needs {' and '.join(wanted)}"] if wanted else []
    details += [f"error: {safe(decision.detail, _CONTENT)}"] if decision.source == "error" else []
    return first + [made for item in details for made in paragraph(Text("  "), item, "dim", width)]


def _invariant_title(state: TraceState) -> str:
    verdicts = [_verdict(state, result) for result in state.invariants.values()]
    words = {"violated": "violated", _EARLY: _EARLY, "holds": "hold", "not exercised": "not exercised"}
    counts = [f"{verdicts.count(verdict)} {said}" for verdict, said in words.items() if verdict in verdicts]
    return f"invariants  {SEPARATOR.join(counts)}"


def _verdict(state: TraceState, result: InvariantResult) -> str:
    return _EARLY if state.is_early(result) else result.verdict


def _invariants(state: TraceState, width: int, rows: int) -> list[Text]:
    order = {"violated": 0, _EARLY: 1, "not exercised": 2, "holds": 3}
    lines: list[Text] = []
    holding: list[str] = []
    for result in sorted(state.invariants.values(), key=lambda result: order[_verdict(state, result)]):
        verdict = _verdict(state, result)
        style = STYLES.get(verdict, "dim")
        sign = f"{glyph(verdict)} "
        if verdict == "holds":
            holding.append(sign + safe(result.id))
            continue
        soft = " (soft)" if result.soft else ""
        lead = text_of((sign, style), (safe(result.id), ""), (f"  {verdict}{soft}  ", style))
        lines += paragraph(lead, cut(violation_text(result), width * 2), "", width)
    lines += packed(holding, "   ", width, "green")
    if len(lines) > rows:
        lines = [*lines[: max(rows - 1, 1)], *([text_of(("  and more", "dim"))] if rows > 1 else [])]
    return lines


def _criteria(state: TraceState, width: int, zone: tzinfo, rows: int) -> list[Text]:
    results = list(state.criteria.values())
    if not results:
        return []
    names = min(max(cell_len(safe(result.id)) for result in results), _NAME_WIDTH)
    lines: list[Text] = []
    for result in results:
        style = STYLES.get(result.result, "")
        lead = text_of(
            (f"{glyph(result.result)} ", style),
            (padded(safe(result.id), names), "bold"),
            (f"  {result.result:<13} ", style),
        )
        lines += paragraph(lead, criterion_text(result, zone), "", width)
    if len(lines) > rows:
        lines = [*lines[: max(rows - 1, 1)], *([text_of(("  and more", "dim"))] if rows > 1 else [])]
    return [rule("criteria" if state.due or state.ended else "criteria so far", width), *lines]
