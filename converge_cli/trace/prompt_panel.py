"""One approval request as a person must see it before deciding: what is asked, why, exactly what, who may, until when.

Must never shorten what is approved without saying so.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo

from rich import box
from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from converge_cli.core.approval import ApprovalRequest
from converge_cli.core.person import Person
from converge_cli.trace.glyphs import SEPARATOR, glyph
from converge_cli.trace.one_line import one_line, whole_content
from converge_cli.trace.sanitize import CUT, safe
from converge_cli.trace.state import ContextLine, TraceState
from converge_cli.trace.wording import REASON, amount_text, plural, spoken, time_text, who_words

_CONTENT = 4000
_EVIDENCE = 6
_EVIDENCE_WIDTH = 160


def waiting_headline(requests: Sequence[ApprovalRequest]) -> Text:
    """`⏸ Human intervention required · 1 request`."""
    line = Text(f"{glyph('parked')} Human intervention required", style="bold yellow")
    return line.append(f"{SEPARATOR}{plural(len(requests), 'request')}", style="not bold")


def prompt_panel(
    request: ApprovalRequest,
    *,
    zone: tzinfo = UTC,
    state: TraceState | None = None,
    whole: bool = False,
    similar: Sequence[str] = (),
    people: Sequence[Person] = (),
) -> RenderableType:
    """The panel of one request.

    Args:
        people: who there is, so that those who may decide are named.
        state: the run, for the confidence of the evidence.
        whole: everything: the digest, all evidence and content however long.
        similar: similar decisions of the past, a sentence each.
    """
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for label, text, style in _rows(request, zone, state, whole, people):
        table.add_row(label, Text(text, style=style, overflow="fold"))
    for sentence in similar:
        table.add_row("before", Text(safe(sentence, REASON), overflow="fold"))
    title = Text(f" {safe(request.point)} ", style="bold yellow")
    return Panel(table, title=title, title_align="left", box=box.SQUARE, border_style="yellow", padding=(0, 1))


def _rows(
    request: ApprovalRequest, zone: tzinfo, state: TraceState | None, whole: bool, people: Sequence[Person]
) -> Iterator[tuple[str, str, str]]:
    if request.summary:
        yield "asked", safe(request.summary, REASON), "bold"
    for reason in why_words(request):
        yield "why", reason, ""
    content = bytes(request.content)
    limit = len(content) * 8 + 80 if whole else _CONTENT
    shown = whole_content(content, limit)
    yield "exactly", f"{safe(request.key)} {safe(request.fact)} {shown}", "bold"
    if shown.endswith(CUT) and not whole:
        yield "", f"only the first {_CONTENT} characters are shown; d shows all", "yellow"
    digest = request.digest if whole else f"{request.digest[:12]}{CUT}"
    yield "digest", f"sha256 {digest}", ""
    yield "who", who_words(request, people), ""
    if request.until:
        yield "until", until_words(request, zone), ""
    yield "from", _from(request, state, whole), ""
    if whole:
        for line in evidence_lines(request, state):
            yield "", line, ""
    yield "request", safe(request.id), ""


def why_words(request: ApprovalRequest) -> Iterator[str]:
    """Why people are asked, a line for each reason."""
    why = request.why
    for criterion in why.criteria:
        yield f"criterion {safe(criterion)} is blocked"
    if why.gate:
        rules = f" (rule {', '.join(map(safe, why.rules))})" if why.rules else ""
        yield f"gate {safe(why.gate)} answered {safe(why.outcome or '')}{rules}"
    if why.values:
        yield "given " + ", ".join(f"{spoken(name)} = {amount_text(value)}" for name, value in why.values)
    for condition in why.hitl:
        yield f"a rule of the truth asks for people: {safe(condition, REASON)}"


def until_words(request: ApprovalRequest, zone: tzinfo) -> str:
    """Until when, and what happens then."""
    then = "it is rejected"
    if request.on_timeout == "escalate" and request.escalates_to:
        then = f"{safe(request.escalates_to)} decides"
    return f"{time_text(request.until or '', zone)}, then {then}"


def evidence_lines(request: ApprovalRequest, state: TraceState | None) -> Iterator[str]:
    """What the proposal rests on, with its content, a line each; ids alone where the run is not known."""
    for item in request.evidence:
        line = _line_of(item, state)
        said = "" if line is None else one_line(line.content, _EVIDENCE_WIDTH, beside=item)
        yield "  ".join(filter(None, (f"{safe(item)}{_sure(line)}", said)))


def _from(request: ApprovalRequest, state: TraceState | None, whole: bool) -> str:
    if whole and request.evidence:
        return f"{safe(request.suggestor)}, on"
    parts = [safe(item) + _sure(_line_of(item, state)) for item in request.evidence[:_EVIDENCE]]
    if len(parts) < len(request.evidence):
        parts.append(f"and {len(request.evidence) - len(parts)} more (d shows all)")
    return f"{safe(request.suggestor)} ← {', '.join(parts)}" if parts else safe(request.suggestor)


def _line_of(fact_id: str, state: TraceState | None) -> ContextLine | None:
    lines = () if state is None else state.context.items()
    return next((line for (_, name), line in lines if name == fact_id), None)


def _sure(line: ContextLine | None) -> str:
    return f" ({line.confidence})" if line is not None and line.confidence not in (None, "1") else ""
