"""Text from users and models on the screen: no markup, no escapes, no line breaks, no reordering, nothing endless."""

import io
import json
import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from converge_cli import Person
from converge_cli.core.event import RunEvent, decode_event
from converge_cli.trace.fold import fold_all
from converge_cli.trace.jsonl import JsonlDisplay
from converge_cli.trace.one_line import one_line, whole_content
from converge_cli.trace.plain import PlainDisplay
from converge_cli.trace.prompt_panel import prompt_panel
from converge_cli.trace.sanitize import safe
from converge_cli.trace.screen import screen
from converge_cli.trace.svg import to_svg
from converge_cli.trace.verdict import verdict

AT = "2026-11-21T14:03:00.000000Z"
HOSTILE = [
    "[/x] [bold red]not bold[/]",
    "\x1b[2J\x1b[H gone",
    "two\nlines\r\nthree",
    "\u202egnp.exe \u2066 \u200f",
    "\x9b31m eight bit",
    "\x00\x07\x7f",
    "zero\u200bwidth\ufeff",
    "&amp; <script>alert(1)</script>",
    "x" * 100_000,
    "å" * 5000 + "\x1b]0;title\x07",
    "{vendor: other, price: 1.00}",
]


def run_with(text: str) -> list[RunEvent]:
    """A run in which this text stands wherever a user, a model or a pack can put some."""
    request = {
        "id": "run1.point.123456789abc",
        "point": "point",
        "digest": "d" * 64,
        "key": "Signals",
        "fact": "text:a",
        "kind": "text",
        "content": {"text": text, text[:500]: text},
        "evidence": ["text:b"],
        "suggestor": "one",
        "requested_at": AT,
        "summary": text,
        "role": "boss",
        "why": {"criteria": ["met_it"], "values": [[text[:100], text]], "hitl": [text]},
        "until": text[:50],
    }
    approval = {
        "request": request["id"],
        "digest": "d",
        "decision": "approved",
        "by": text[:100],
        "role": "boss",
        "reason": text,
        "mode": "interactive",
    }
    violation = {"invariant": "i", "check": text, "facts": ["text:a"], "detail": text}
    proposals = [
        {"key": "Signals", "id": name, "payload": {"text": text, "other": [text]}, "confidence": "1"}
        for name in ("text:a", "text:b", "text:c")
    ]
    events: list[dict[str, Any]] = [
        {
            "type": "RunStarted",
            "schema": "converge.event/1",
            "engine": "0",
            "run": "run1",
            "truth": text,
            "title": text,
            "job": "0",
            "budget": {"cycles": 5, "facts": 10, "time": "60", "tokens": None, "cost_usd": None},
            "principal": text[:200],
            "suggestors": ["one", text[:300] or "two"],
        },
        {"type": "CycleStarted", "cycle": 1, "active_ms": 10, "eligible": 1},
        {"type": "SuggestorExecuted", "cycle": 1, "suggestor": "one", "view": 0, "proposals": proposals},
        {"type": "FactPromoted", "cycle": 1, "key": "Signals", "id": "text:a", "execution": 3},
        {
            "type": "ProposalRejected",
            "cycle": 1,
            "key": text[:300],
            "id": text[:300],
            "execution": 3,
            "position": 1,
            "code": "ID_MALFORMED",
            "reason": text,
        },
        {
            "type": "ProposalParked",
            "cycle": 1,
            "key": "Signals",
            "id": "text:c",
            "execution": 3,
            "position": 2,
            "points": ["point"],
        },
        {
            "type": "SuggestorFailed",
            "cycle": 1,
            "suggestor": text[:300] or "two",
            "view": 0,
            "code": "EXCEPTION",
            "detail": text,
        },
        {
            "type": "GateDecided",
            "cycle": 1,
            "gate": "g",
            "fact": "text:c",
            "request": None,
            "decision": {"outcome": "REJECT", "source": "error", "detail": text, "rules": [text[:90]]},
        },
        {
            "type": "InvariantChecked",
            "cycle": 1,
            "result": {"id": "i", "when": "semantic", "verdict": "violated", "violations": [violation]},
        },
        {
            "type": "CriterionEvaluated",
            "cycle": 1,
            "result": {"id": "met_it", "result": "unmet", "cause": "not produced", "reason": text},
            "due": True,
        },
        {"type": "ApprovalRequested", "cycle": 1, "request": request},
        {"type": "DecisionRefused", "approval": approval, "code": "ROLE", "detail": text},
        {
            "type": "RunPaused",
            "stop": {"reason": "HumanInterventionRequired", "detail": text, "names": [text[:80]]},
            "active_ms": 5,
            "outcome": "0" * 64,
        },
        {"type": "ApprovalDecided", "approval": approval},
    ]
    return [decode_event(json.dumps({"seq": seq, "at": AT} | event).encode()) for seq, event in enumerate(events, 1)]


def shown(events: list[RunEvent], width: int) -> str:
    state = fold_all(events)
    before = fold_all(events[:-1])
    console = Console(width=width, file=io.StringIO(), color_system=None, force_terminal=False)
    for line in screen(state, width=width):
        console.print(line, no_wrap=True, overflow="ignore", crop=False)
    console.print(verdict(state, head="0" * 64))
    console.print(verdict(before, people=(Person("a\x1b[2J", roles=("chief",)),)))
    console.print(prompt_panel(next(iter(before.pending.values())), state=before))
    console.print(prompt_panel(next(iter(before.pending.values())), state=before, whole=len(events) < 100))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("width", [80, 120])
def test_no_character_that_a_terminal_obeys_reaches_the_screen(text: str, width: int) -> None:
    """Line ends are ours; everything else prints."""
    output = shown(run_with(text), width)
    assert {char for char in output if not char.isprintable()} <= {"\n"}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_line_of_the_screen_is_wider_than_the_terminal(text: str) -> None:
    """Nor are there more lines than its height."""
    state = fold_all(run_with(text))
    for width, height in ((80, 24), (110, 40), (160, 50), (40, 12)):
        lines = screen(state, width=width, height=height)
        assert max(line.cell_len for line in lines) <= width
        assert len(lines) <= height


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_the_plain_trace_stays_one_line_an_event(text: str) -> None:
    """No event becomes two lines, and none is endless."""
    stream = io.StringIO()
    events = run_with(text)
    PlainDisplay(stream).events("run1", events)
    lines = stream.getvalue().split("\n")
    assert len(lines) == len(events) + 1
    assert all(line.isprintable() for line in lines)


def test_markup_is_shown_as_it_was_written() -> None:
    """Brackets are text."""
    assert "[bold red]not bold[/]" in shown(run_with("[bold red]not bold[/]"), 160)


def test_an_escape_is_shown_escaped() -> None:
    """The reader sees that somebody tried."""
    assert r"\x1b[2J" in shown(run_with("\x1b[2J"), 160)


def test_the_svg_holds_text_as_text() -> None:
    """A tag in a fact is escaped, and nothing is fetched from anywhere."""
    svg = to_svg(fold_all(run_with("<script>alert(1)</script>")))
    assert "<script" not in svg
    assert {part.split('"')[0] for part in svg.split("http")[1:]} == {"://www.w3.org/2000/svg"}
    assert "@font-face" not in svg
    assert "url(" not in svg.replace("url(#", "")


def test_json_lines_on_a_terminal_can_not_command_it() -> None:
    """Eight-bit controls and reordering marks are escaped there; the values are the same."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream, plain = Terminal(), io.StringIO()
    events = run_with("\x9b31m \u202e \U000e0041")
    JsonlDisplay(stream).events("run1", events)
    JsonlDisplay(plain).events("run1", events)
    assert all(line.isprintable() for line in stream.getvalue().splitlines())
    values = [[json.loads(line) for line in text.getvalue().split("\n") if line] for text in (stream, plain)]
    assert values[0] == values[1]


def test_a_value_can_not_pass_for_another_field() -> None:
    """What holds a separator is quoted, so that nobody approves a price that isn't there."""
    content = msgspec.json.encode({"vendor": "acme, price: 1.00", "price": "15000.00"})
    assert whole_content(content) == '{vendor: "acme, price: 1.00", price: 15000.00}'
    assert one_line(content) == 'price 15,000.00, vendor "acme, price: 1.00"'
    texts = b'{"bids":["15,000.00","1500000.00"],"years_in_business":"4"}'
    assert one_line(texts) == 'years in business 4, bids ["15,000.00", 1,500,000.00]'


def test_amounts_come_first_then_what_was_decided_then_names_and_sentences() -> None:
    """On a narrow screen what became of a thing is seen before whose it is."""
    content = b'{"applicant":"Nora Ekman","application":"L-1","mean":"0.775","reason":"a person decides, mean 0.775",'
    content += b'"reasons":[],"result":"in_review"}'
    told = 'mean 0.775, result in_review, applicant Nora Ekman, reason "a person decides, mean 0.775", reasons []'
    assert told == one_line(content, beside="outcome:L-1")


def test_content_that_can_not_be_read_is_shown_all_the_same() -> None:
    """Bytes that are no JSON, and JSON nested without end."""
    assert one_line(b"\xff{") == "\ufffd{"
    deep = b"[" * 5000 + b"]" * 5000
    assert len(one_line(deep, 80)) <= 80


@settings(max_examples=300)
@given(st.text(), st.integers(1, 30))
def test_safe_text_is_always_one_printable_line_within_its_limit(text: str, limit: int) -> None:
    """Any text at all, surrogates and private characters included."""
    for result in (safe(text), safe(text, limit)):
        assert result.isprintable()
        assert not {unicodedata.category(char) for char in result} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert len(safe(text, limit)) <= limit
