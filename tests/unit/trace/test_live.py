"""The live trace on an emulated terminal."""

import io
import threading
from pathlib import Path

import pyte
import pytest
from rich.console import Console

from converge_cli.core.event import RunEvent, RunPaused, SuggestorRunning, decode_event
from converge_cli.trace.live import REFRESHES_PER_SECOND, LiveDisplay
from converge_cli.trace.screen import Moment, screen

SAMPLE = Path(__file__).parents[2] / "golden" / "trace" / "vendor-selection.jsonl"


class FakeClock:
    """Time that goes on only when it is told to."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> str:
        return "2026-11-21T14:03:00.000000Z"

    def monotonic(self) -> float:
        return self.seconds


def sample() -> list[RunEvent]:
    return [decode_event(line) for line in SAMPLE.read_bytes().splitlines()]


def terminal(width: int, height: int) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=True, width=width, height=height, color_system="truecolor", no_color=False
    )


def seen(console: Console) -> list[str]:
    """What stands on a terminal of that size, scrolled-off lines included."""
    emulated = pyte.HistoryScreen(console.width, console.height, history=1000)
    stream = pyte.Stream(emulated)
    assert isinstance(console.file, io.StringIO)
    stream.feed(console.file.getvalue().replace("\n", "\r\n"))
    history = ["".join(line[at].data for at in range(console.width)) for line in emulated.history.top]
    return [line.rstrip() for line in (*history, *emulated.display)]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (110, 40), (160, 50), (60, 14)])
def test_the_last_frame_stays_on_the_terminal(width: int, height: int) -> None:
    """What stands there at the end is the screen of the whole run, once, within the height."""
    console, clock = terminal(width, height), FakeClock()
    with LiveDisplay(console, clock) as display:
        for event in sample():
            display.events("01k9f3w7q", [event])
    expected = [line.plain.rstrip() for line in screen(display.state, width=width, height=height - 1)]
    lines = seen(console)
    start = lines.index(expected[0])
    assert lines[start : start + len(expected)] == expected
    assert sum(line.startswith("converge  ") for line in lines) == 1


def test_a_run_that_never_began_leaves_nothing_on_the_terminal() -> None:
    """While truth and inputs are read it says so; then there is only the error that somebody else prints."""
    console, clock = terminal(80, 24), FakeClock()
    display = LiveDisplay(console, clock)
    display.resume()
    threading.Event().wait(5 / REFRESHES_PER_SECOND)
    drawn = seen(console)
    display.pause()
    console.print("error")

    assert "converge  reading the truth, its packs and inputs" == drawn[0]
    assert ["error", *[""] * 23] == seen(console)


def test_a_prompt_can_be_shown_between_two_halves_of_the_trace() -> None:
    """Paused: the frame stays, the terminal is free; resumed: the trace goes on below."""
    console, clock, events = terminal(110, 60), FakeClock(), sample()
    half = next(at for at, event in enumerate(events) if isinstance(event, RunPaused)) + 1
    with LiveDisplay(console, clock) as display:
        display.events("01k9f3w7q", events[:half])
        display.pause()
        console.print("approve?")
        display.resume()
        display.events("01k9f3w7q", events[half:])
    lines = seen(console)
    asked = lines.index("approve?")
    assert any("⏸ committed  blocked" in line for line in lines[:asked])
    assert any("✓ committed  met" in line for line in lines[asked:])
    assert not any("✓ committed  met" in line for line in lines[:asked])


def test_the_cursor_is_given_back_when_the_run_fails() -> None:
    """An exception passes through, and the terminal is as it was."""
    console = terminal(80, 24)
    with pytest.raises(KeyboardInterrupt), LiveDisplay(console, FakeClock()):
        raise KeyboardInterrupt
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().rfind("\x1b[?25h") > console.file.getvalue().rfind("\x1b[?25l")


def test_running_suggestors_show_how_long_they_have_run() -> None:
    """By the display's own clock; the events of their cycle come only when it has ended."""
    console, clock = terminal(110, 40), FakeClock()
    with LiveDisplay(console, clock) as display:
        display.events("01k9f3w7q", sample()[:8])
        display.running(SuggestorRunning(1, "sensitivity"))
        clock.seconds += 12
    text = " ".join("\n".join(seen(console)).split())
    assert "sensitivity running 12 s" in text
    assert "12 s of 5 m" in text


def test_no_color_is_honoured() -> None:
    """NO_COLOR takes the colours away; words and glyphs stay."""
    console = Console(file=io.StringIO(), force_terminal=True, width=110, height=40, _environ={"NO_COLOR": "1"})
    with LiveDisplay(console, FakeClock()) as display:
        display.events("01k9f3w7q", sample())
    assert isinstance(console.file, io.StringIO)
    assert "\x1b[32m" not in console.file.getvalue()
    assert "✓ committed  met" in "\n".join(seen(console))


def test_frames_are_drawn_while_another_thread_brings_events() -> None:
    """Drawing and folding never meet in the middle of a change."""
    console, clock, events = terminal(110, 40), FakeClock(), sample()
    failures: list[BaseException] = []
    with LiveDisplay(console, clock) as display:

        def bring() -> None:
            try:
                for _ in range(20):
                    for event in events:
                        display.events("01k9f3w7q", [event])
            except BaseException as error:  # noqa: BLE001  handed to the test's own thread
                failures.append(error)

        thread = threading.Thread(target=bring)
        thread.start()
        while thread.is_alive():
            display._frame_now()
        thread.join()
    assert failures == []


def test_a_wide_run_is_drawn_within_the_height_and_says_what_is_left_out() -> None:
    """Thousands of suggestors: the running ones first, the rest counted."""
    console, clock = terminal(110, 30), FakeClock()
    display = LiveDisplay(console, clock)
    display.events("01k9f3w7q", sample()[:1])
    for number in range(3000):
        display.state.suggestors[f"s-{number}"] = type(display.state.suggestors["commit"])(f"s-{number}")
    display.running(SuggestorRunning(1, "s-2999"))
    lines = [line.plain for line in screen(display.state, width=110, height=29, moment=Moment())]
    assert len(lines) <= 29
    assert any("s-2999" in line and "running" in line for line in lines)
    assert any(" more" in line for line in lines)


def test_an_id_is_wrapped_and_never_cut() -> None:
    """Put together again, the lines hold every character of a long id."""
    console = terminal(80, 40)
    display = LiveDisplay(console, FakeClock())
    display.events("01k9f3w7q", sample())
    line = display.state.context["Strategies", "commitment:acme"]
    long = "commitment:" + "-".join(f"part{number}" for number in range(30))
    display.state.context["Strategies", long] = type(line)(mark="promoted", cycle=1, key="Strategies", id=long)
    text = "".join(part.plain.strip() for part in screen(display.state, width=80))
    assert long in text
