"""The verdict as plain lines says the same, to the byte, as the drawn one that is written to a file."""

import io
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from converge_cli.core.criterion import CriterionResult
from converge_cli.core.event import CriterionEvaluated, RunEvent, RunPaused, RunStopped, decode_event
from converge_cli.core.stop_reason import Stop, StopReason
from converge_cli.trace.fold import fold_all
from converge_cli.trace.plain_verdict import plain_verdict
from converge_cli.trace.state import TraceState
from converge_cli.trace.verdict import verdict
from converge_cli.trace.verdict_rows import verdict_rows

RECORDED = Path(__file__).parents[2] / "golden/trace/vendor-selection.jsonl"
WIDTH = 160


def recorded() -> list[RunEvent]:
    return [decode_event(line) for line in RECORDED.read_bytes().splitlines()]


def stopped(stop: Stop) -> TraceState:
    """The picture of the recorded run, had it ended otherwise."""
    *events, last = recorded()
    assert isinstance(last, RunStopped)
    return fold_all([*events, msgspec.structs.replace(last, stop=stop)])


def pictures() -> Iterator[tuple[str, TraceState]]:
    yield "met", fold_all(recorded())
    for at, event in enumerate(recorded()):
        if isinstance(event, RunPaused):
            yield f"paused at {at}", fold_all(recorded()[: at + 1])
    for reason in StopReason:
        yield reason.value, stopped(Stop(reason, cycle=2, names=("spend_ceiling",), facts=("commitment:acme",)))
    yield "limit", stopped(Stop(StopReason.CYCLE_BUDGET_EXHAUSTED, cycle=2, limit="2", used="2", detail="no\nmore"))


def drawn(state: TraceState, head: str) -> str:
    stream = io.StringIO()
    Console(file=stream, highlight=False, markup=False, emoji=False, width=WIDTH).print(verdict(state, head=head))
    return "\n".join(line.rstrip(" ") for line in stream.getvalue().splitlines())


def plain(state: TraceState, head: str = "", width: int = WIDTH) -> str | None:
    rows = verdict_rows(state, head=head, zone=UTC)
    assert rows is not None
    return plain_verdict(rows, width)


@pytest.mark.parametrize(("_name", "state"), list(pictures()))
@pytest.mark.parametrize("head", ["", "7" * 64])
def test_the_plain_verdict_is_the_drawn_one(_name: str, state: TraceState, head: str) -> None:
    """Pauses, every stop reason, several lines in a cell."""
    assert drawn(state, head) == plain(state, head)


@pytest.mark.parametrize("detail", ["x" * WIDTH, "価格が高すぎる", "cafe\u0301"])
def test_what_only_a_console_can_measure_is_left_to_it(detail: str) -> None:
    """Lines to break, wide characters, accents that take no cell."""
    assert plain(stopped(Stop(StopReason.CRITERIA_UNMET, cycle=2, detail=detail))) is None


def test_a_line_may_be_as_long_as_the_page_and_no_longer() -> None:
    """The page is as wide as its widest line."""
    state = fold_all(recorded())
    text = plain(state)
    assert text is not None
    widest = max(map(len, text.splitlines()))

    assert (text, None) == (plain(state, width=widest), plain(state, width=widest - 1))


def test_what_the_rows_of_criteria_say_is_not_said_again() -> None:
    """Where a run ends for its criteria, neither `why` nor `about` repeats them; any other cause is told."""
    *events, last = recorded()
    assert isinstance(last, RunStopped)
    unmet = CriterionResult("committed", "unmet", True, (), "not produced", "no commitment was made")
    judged = next(event for event in reversed(events) if isinstance(event, CriterionEvaluated))
    events.append(msgspec.structs.replace(judged, result=unmet))

    def shown(detail: str) -> str:
        stop = Stop(StopReason.CRITERIA_UNMET, cycle=2, names=("committed",), detail=detail)
        return plain(fold_all([*events, msgspec.structs.replace(last, stop=stop)])) or ""

    own, other = shown("no commitment was made"), shown("the engine gave up")
    assert (1, 0, 0) == (own.count("no commitment was made"), own.count("  why "), own.count("  about "))
    assert (1, 1) == (other.count("the engine gave up"), other.count("  about "))
