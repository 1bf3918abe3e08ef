"""What people see of one recorded run, kept as text: a change of any word or column shows up here.

To accept a change: `CONVERGE_GOLDEN=write pytest tests/golden/trace`, then read the difference.
"""

import io
import os
import re
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from converge_cli import Person
from converge_cli.core.event import RunEvent, RunPaused, decode_event
from converge_cli.trace.fold import fold_all
from converge_cli.trace.jsonl import JsonlDisplay
from converge_cli.trace.plain import PlainDisplay
from converge_cli.trace.prompt_panel import prompt_panel, waiting_headline
from converge_cli.trace.screen import screen
from converge_cli.trace.svg import to_svg
from converge_cli.trace.verdict import verdict

HERE = Path(__file__).parent
PEOPLE = (
    Person("petra", roles=("procurement_manager",)),
    Person("mona", roles=("procurement_manager",)),
    Person("frank", roles=("analyst",)),
)
ZONE = timezone(timedelta(hours=1))
HEAD = "77ab0c3d5f13" + "0" * 52


def recorded() -> list[RunEvent]:
    return [decode_event(line) for line in (HERE / "vendor-selection.jsonl").read_bytes().splitlines()]


def until_the_pause() -> list[RunEvent]:
    events = recorded()
    return events[: next(at for at, event in enumerate(events) if isinstance(event, RunPaused)) + 1]


def printed(width: int, *parts: RenderableType) -> str:
    console = Console(width=width, color_system=None, file=io.StringIO(), highlight=False)
    for part in parts:
        console.print(part, crop=False)
    assert isinstance(console.file, io.StringIO)
    return "".join(line.rstrip() + "\n" for line in console.file.getvalue().splitlines())


def check(name: str, actual: str) -> None:
    file = HERE / name
    if os.environ.get("CONVERGE_GOLDEN") == "write":
        file.write_text(actual)
    assert file.read_text() == actual


def test_the_plain_trace_says_every_event_on_one_line() -> None:
    """One line an event, glyph and word."""
    stream = io.StringIO()
    PlainDisplay(stream).events("01k9f3w7q", recorded())
    check("plain.txt", stream.getvalue())


def test_the_json_lines_are_the_recorded_bytes() -> None:
    """Canonical JSON, one line an event, none added."""
    stream = io.StringIO()
    JsonlDisplay(stream).events("01k9f3w7q", recorded())
    assert (HERE / "vendor-selection.jsonl").read_text() == stream.getvalue()


@pytest.mark.parametrize("width", [80, 110, 160])
def test_the_screen_the_prompt_and_the_verdict_read_as_agreed(width: int) -> None:
    """At the pause: screen, prompt, its details, verdict with who may decide; at the end: screen and verdict."""
    paused, ended = fold_all(until_the_pause()), fold_all(recorded())
    requests = list(paused.pending.values())
    parts: list[RenderableType] = [
        *screen(paused, width=width, zone=ZONE),
        "",
        waiting_headline(requests),
        prompt_panel(requests[0], zone=ZONE, state=paused, people=PEOPLE),
        "",
        prompt_panel(requests[0], zone=ZONE, state=paused, whole=True, people=PEOPLE),
        "",
        verdict(paused, zone=ZONE, people=PEOPLE),
        "",
        *screen(ended, width=width, zone=ZONE),
        "",
        verdict(ended, head=HEAD, zone=ZONE),
    ]
    check(f"screens-{width}.txt", printed(width, *parts))


def test_the_svg_has_the_same_bytes_each_time() -> None:
    """The picture for a README is a golden file too."""
    check("vendor-selection.svg", to_svg(fold_all(recorded()), zone=ZONE, head=HEAD))


def test_no_text_of_the_svg_begins_with_blanks() -> None:
    """Some readers of SVG leave them out, and columns would not stand in line."""
    svg = to_svg(fold_all(recorded()), zone=ZONE, head=HEAD)
    assert [] == re.findall(r"<text[^>]*>&#160;", svg)
