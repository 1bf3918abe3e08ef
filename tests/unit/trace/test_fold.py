"""Folding events into the picture of a run."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from converge_cli.core.event import FactPromoted, RunEvent, RunPaused, SuggestorRunning, decode_event
from converge_cli.trace.fold import fold, fold_all
from converge_cli.trace.state import MAX_LINES, TraceState

SAMPLE = Path(__file__).parents[2] / "golden" / "trace" / "vendor-selection.jsonl"
AT = "2026-11-21T14:03:00.000000Z"
STARTED: dict[str, Any] = {
    "type": "RunStarted",
    "schema": "converge.event/1",
    "engine": "0",
    "run": "run1",
    "truth": "t",
    "title": "T",
    "job": "0",
    "budget": {"cycles": 5, "facts": 10, "time": "60", "tokens": None, "cost_usd": None},
    "suggestors": ["one", "two"],
}


def told(*events: dict[str, Any]) -> TraceState:
    return fold_all(
        decode_event(msgspec.json.encode({"seq": seq, "at": AT} | event)) for seq, event in enumerate(events, 1)
    )


def sample() -> list[RunEvent]:
    return [decode_event(line) for line in SAMPLE.read_bytes().splitlines()]


def cycle(number: int) -> dict[str, Any]:
    return {"type": "CycleStarted", "cycle": number, "active_ms": 10, "eligible": 1}


def executed(suggestor: str, *ids: str, number: int = 1) -> dict[str, Any]:
    proposals = [{"key": "Signals", "id": name, "payload": {"text": f"of {name}"}, "confidence": "0.5"} for name in ids]
    return {
        "type": "SuggestorExecuted",
        "cycle": number,
        "suggestor": suggestor,
        "view": 0,
        "proposals": proposals,
        "elapsed_us": 7,
    }


def about(kind: str, name: str, execution: int, position: int = 0, number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "cycle": number,
        "key": "Signals",
        "id": name,
        "execution": execution,
        "position": position,
    } | more


def asked(name: str, quorum: int = 1, **more: Any) -> dict[str, Any]:
    request = {
        "id": f"run1.point.{name}",
        "point": "point",
        "digest": "d",
        "key": "Signals",
        "fact": f"text:{name}",
        "kind": "text",
        "content": {"text": name},
        "evidence": [],
        "suggestor": "one",
        "requested_at": AT,
        "role": "boss",
        "quorum": quorum,
    } | more
    return {"type": "ApprovalRequested", "cycle": 1, "request": request}


def decided(name: str, by: str, decision: str = "approved") -> dict[str, Any]:
    approval = {
        "request": f"run1.point.{name}",
        "digest": "d",
        "decision": decision,
        "by": by,
        "role": "boss",
        "reason": "because",
        "mode": "interactive",
    }
    return {"type": "ApprovalDecided", "approval": approval}


def test_what_the_engine_notes_is_neither_counted_nor_shown() -> None:
    """A fact of its own, of no suggestor, stands in the record and not among what was found."""
    own = [event for event in sample() if isinstance(event, FactPromoted) and event.execution is None]
    found = [event for event in sample() if isinstance(event, FactPromoted) and event.execution is not None]
    state = fold_all(sample())
    assert (1, len(found)) == (len(own), state.facts)
    assert own[0].id not in {line.id for line in state.context.values()}


def test_the_recorded_run_ends_as_it_ended() -> None:
    """Header, counts, results, approvals and stop of the sample."""
    state = fold_all(sample())
    assert (state.run, state.cycle, state.facts) == ("01k9f3w7q", 6, 13)
    assert state.stop is not None
    assert state.stop.reason.value == "CriteriaMet"
    assert state.final
    assert {name: result.result for name, result in state.criteria.items()} == {"ranked": "met", "committed": "met"}
    assert state.pending == {}
    assert list(state.spent.values()) == ["commitment:acme"]
    assert state.waited_s == 41.46
    assert state.undecided == {}
    assert state.tokens == 1200


def test_a_paused_run_shows_what_waits() -> None:
    """The request, the parked proposal with its content, and that the run can go on."""
    events = sample()
    state = fold_all(events[: next(at for at, event in enumerate(events) if isinstance(event, RunPaused)) + 1])
    assert [request.point for request in state.pending.values()] == ["vendor_commitment"]
    line = state.context["Strategies", "commitment:acme"]
    assert (line.mark, line.content) == ("parked", b'{"price":"15000.00","score":"0.875","vendor":"acme"}')
    assert not state.final


def test_a_promoted_fact_shows_the_content_of_its_proposal() -> None:
    """Looked up by execution and position."""
    state = told(STARTED, cycle(1), executed("one", "text:a", "text:b"), about("FactPromoted", "text:b", 3, 1))
    line = state.context["Signals", "text:b"]
    assert (line.content, line.confidence, line.who) == (b'{"text":"of text:b"}', "0.5", "one")


def test_a_fact_whose_proposal_is_not_known_is_still_shown() -> None:
    """A display that came late shows the id without content."""
    state = told(STARTED, about("FactPromoted", "text:b", 77))
    assert (state.facts, state.context["Signals", "text:b"].content) == (1, None)


@pytest.mark.parametrize(
    ("events", "activity", "counts"),
    [
        ((), "idle", (0, 0, 0, 0)),
        ((executed("one"),), "idle", (0, 0, 0, 0)),
        ((executed("one", "text:a"),), "proposed", (0, 0, 0, 0)),
        ((executed("one", "text:a"), about("FactPromoted", "text:a", 3)), "promoted", (1, 0, 0, 0)),
        (
            (executed("one", "text:a"), about("ProposalRejected", "text:a", 3, code="VALIDATION", reason="r")),
            "rejected",
            (0, 0, 1, 0),
        ),
        ((executed("one", "text:a"), about("ProposalParked", "text:a", 3, points=["p"])), "parked", (0, 1, 0, 0)),
        (
            (
                executed("one", "text:a"),
                about("ProposalParked", "text:a", 3, points=["p"]),
                cycle(2),
                cycle(3),
                cycle(4),
                about("FactPromoted", "text:a", 3, number=4),
            ),
            "promoted",
            (1, 0, 0, 0),
        ),
        (
            (
                executed("one", "text:a"),
                about("ProposalParked", "text:a", 3, points=["p"]),
                about("ProposalDenied", "text:a", 3, cause="rejected", by=["p"]),
            ),
            "denied",
            (0, 0, 0, 1),
        ),
        (
            (
                executed("one", "text:a"),
                about("ProposalParked", "text:a", 3, points=["p"]),
                about("ProposalWithdrawn", "text:a", 3, reason="r"),
            ),
            "idle",
            (0, 0, 0, 0),
        ),
        (
            (
                {
                    "type": "SuggestorFailed",
                    "cycle": 1,
                    "suggestor": "one",
                    "view": 0,
                    "code": "TIMEOUT",
                    "detail": "slow",
                },
            ),
            "failed",
            (0, 0, 0, 0),
        ),
    ],
)
def test_a_suggestor_shows_what_its_last_execution_came_to(
    events: tuple[dict[str, Any], ...], activity: str, counts: tuple[int, int, int, int]
) -> None:
    """Each way that a proposal can go, and what is left when a held one is settled."""
    line = told(STARTED, cycle(1), *events).suggestors["one"]
    assert (line.activity, (line.promoted, line.parked, line.rejected, line.denied)) == (activity, counts)


def test_a_suggestor_is_running_from_its_beginning_to_its_end() -> None:
    """A beginning is no event, but it shows; the commit of its execution ends it."""
    state = told(STARTED, cycle(1))
    fold(state, SuggestorRunning(1, "one"))
    assert (state.suggestors["one"].activity, state.running) == ("running", {"one"})
    fold(state, decode_event(msgspec.json.encode({"seq": 3, "at": AT} | executed("one"))))
    assert (state.suggestors["one"].activity, state.running) == ("idle", set())


def test_what_brings_inputs_in_is_no_suggestor() -> None:
    """Its facts are shown, its name is not among the suggestors."""
    state = told(STARTED, executed("inputs", "text:a", number=0), about("FactPromoted", "text:a", 2, number=0))
    assert list(state.suggestors) == ["one", "two"]
    assert state.context["Signals", "text:a"].who == "inputs"


def test_a_request_waits_until_its_quorum_is_reached() -> None:
    """Two different people; the same person twice is one."""
    events = [STARTED, asked("a", quorum=2), decided("a", "mona"), decided("a", "mona")]
    assert list(told(*events).pending) == ["run1.point.a"]
    assert told(*events, decided("a", "frank")).pending == {}


def test_one_no_closes_a_request() -> None:
    """Whatever the quorum."""
    assert told(STARTED, asked("a", quorum=3), decided("a", "mona", "rejected")).pending == {}


def test_requests_are_closed_with_their_proposal() -> None:
    """Withdrawn ones by name, denied ones by proposal; others go on waiting."""
    events = [STARTED, asked("a"), asked("b"), asked("c")]
    withdrawn = about("ProposalWithdrawn", "text:a", 9, reason="r", requests=["run1.point.a"])
    denied = about("ProposalDenied", "text:b", 9, cause="denied", by=["rule"])
    assert list(told(*events, withdrawn, denied).pending) == ["run1.point.c"]


def test_a_timer_hands_a_request_on_or_ends_it() -> None:
    """Escalated: another role decides; rejected: it waits no longer."""
    fired = {"type": "TimerFired", "request": "run1.point.a", "action": "escalate", "role": "chief", "until": AT}
    question = asked("a", on_timeout="escalate", escalates_to="chief")
    request = told(STARTED, question, fired).pending["run1.point.a"]
    assert (request.role, request.until, request.content) == ("chief", AT, msgspec.Raw(b'{"text":"a"}'))
    assert (request.on_timeout, request.escalates_to) == ("reject", None)
    assert told(STARTED, asked("a"), fired | {"action": "reject", "role": None}).pending == {}


def test_going_on_clears_the_stop_and_adds_to_the_budget() -> None:
    """A resumed run has no stop reason."""
    paused = {"type": "RunPaused", "stop": {"reason": "CycleBudgetExhausted"}, "active_ms": 5, "outcome": "0"}
    state = told(STARTED, paused, {"type": "RunResumed", "added": {"cycles": 50}})
    assert (state.stop, state.budget.cycles, state.active_ms) == (None, 55, 5)


def test_what_is_remembered_is_bounded() -> None:
    """Many cycles with many facts: totals count all, lines and proposals do not pile up."""
    state = told(STARTED)
    seq = 2
    for number in range(1, 60):
        names = [f"text:{number}-{index}" for index in range(50)]
        events = [cycle(number), executed("one", *names, number=number)]
        events += [about("FactPromoted", name, seq + 1, at, number) for at, name in enumerate(names)]
        for event in events:
            fold(state, decode_event(msgspec.json.encode({"seq": seq, "at": AT} | event)))
            seq += 1
    assert state.facts == 59 * 50
    assert len(state.context) == MAX_LINES
    assert len(state.proposals) <= 2
