"""Timers fire at the next touch: a resume, or somebody who looks at the inbox. The run comes to the same either way."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from engine_kit import ANN, BEN, BOSS, Bench, at_least, criterion, job, note, says

from converge_cli._internal.system import SystemClock
from converge_cli.app.inbox import Waiting, inbox
from converge_cli.app.ledger.mirror import Mirror
from converge_cli.app.touched_run import touched_run
from converge_cli.bootstrap import make_services
from converge_cli.core.approval import Timeout
from converge_cli.core.errors import RunBusyError
from converge_cli.core.event import TimerFired
from converge_cli.engine.decision import Statement, judge_decision
from converge_cli.store.ledger_memory import MemoryLedger

PLAN = note("Strategies", "note:p", evidence=("note:seed",))
PLANNED = criterion("planned", at_least("Strategies"), blocked_by=("boss",))
HOUR = 3600


def waiting_run(action: str) -> Bench:
    """A paused run whose only request has an hour."""
    point = msgspec.structs.replace(BOSS, timeout=Timeout(HOUR, action))
    bench = Bench(
        lambda: [says("plan", PLAN)],
        job(
            criteria=(PLANNED,),
            approval_points=(point,),
            principal="ann",
            required_approvals=("boss",),
            escalates_to="deputy",
        ),
    )
    bench.run(note("Seeds", "note:seed"))
    return bench


def look(bench: Bench, folder: Path) -> tuple[Waiting, ...]:
    """What somebody sees who looks at the inbox now."""
    services = replace(make_services(folder), experience=bench.store, clock=bench.clock)
    found = inbox(services)
    assert () == found.unreadable
    return found.waiting


def fired(bench: Bench) -> list[str]:
    return [event.action for event in bench.events() if isinstance(event, TimerFired)]


def test_looking_in_time_changes_nothing(tmp_path: Path) -> None:
    """A second before the time is up."""
    bench = waiting_run("reject")
    bench.clock.advance(HOUR - 1)
    before = bench.store.row("r00000001")

    assert ["boss"] == [item.request.point for item in look(bench, tmp_path)]
    assert before == bench.store.row("r00000001")


def test_looking_at_the_inbox_rejects_what_nobody_decided_in_time(tmp_path: Path) -> None:
    """It no longer waits, it is recorded once, and whoever comes late is told why."""
    bench = waiting_run("reject")
    bench.clock.advance(HOUR)

    assert ((), ()) == (look(bench, tmp_path), look(bench, tmp_path))
    assert (["reject"], 0) == (fired(bench), bench.store.row("r00000001").pending)
    assert ["TIMED_OUT"] == [item.code for item in bench.decide("approved")]


def test_looking_at_the_inbox_hands_a_late_request_to_the_other_role(tmp_path: Path) -> None:
    """Who looks sees whom it waits for now."""
    bench = waiting_run("escalate")
    bench.clock.advance(HOUR)

    assert ["deputy"] == [item.request.role for item in look(bench, tmp_path)]
    assert (["escalate"], 1) == (fired(bench), bench.store.row("r00000001").pending)
    assert ["ROLE_MISSING"] == [item.code for item in bench.decide("approved", ANN)]
    bench.decide("approved", BEN)
    assert "CriteriaMet" == bench.resume().reason


@pytest.mark.parametrize("action", ["reject", "escalate"])
def test_a_run_comes_to_the_same_whoever_touches_it_first(action: str, tmp_path: Path) -> None:
    """The outcome digest knows no difference between a look and a resume."""
    looked_at, left_alone = waiting_run(action), waiting_run(action)
    for bench in (looked_at, left_alone):
        bench.clock.advance(HOUR)
    look(looked_at, tmp_path)
    first, second = looked_at.resume(), left_alone.resume()

    assert (first.reason, first.outcome_digest) == (second.reason, second.outcome_digest)
    assert fired(looked_at) == fired(left_alone) == [action]


def test_a_run_that_is_being_driven_is_left_alone(tmp_path: Path) -> None:
    """Its timers fire where it is driven."""
    bench = waiting_run("reject")
    bench.clock.advance(HOUR)
    with bench.store.driving("r00000001"):
        waiting = look(bench, tmp_path)

    assert (["boss"], []) == ([item.request.point for item in waiting], fired(bench))


def test_deciding_is_a_touch_too(tmp_path: Path) -> None:
    """Whoever the request is handed to may decide at once, without anybody having looked before."""
    bench = waiting_run("escalate")
    bench.clock.advance(HOUR + 1)
    services = replace(make_services(tmp_path), experience=bench.store, clock=bench.clock)
    with touched_run(services, "r00000001") as touched:
        (asked,) = touched.requests.values()
        said = Statement("approved", "ok", "interactive")
        codes = [judge_decision(asked, who, said, touched.row, bench.clock.now()).code for who in (ANN, BEN)]
        assert bench.store.row("r00000001") == touched.row

    assert (["escalate"], ["ROLE_MISSING", None]) == (fired(bench), codes)


def test_what_was_settled_by_looking_is_mirrored(tmp_path: Path) -> None:
    """Events of a touch are mirrored like those of a run; where nothing was recorded, the mirror has nothing to do."""
    bench = waiting_run("reject")
    run, ledger = "r00000001", MemoryLedger(SystemClock())
    mirror = Mirror(lambda: ledger, bench.store, "x")
    services = replace(make_services(tmp_path), experience=bench.store, clock=bench.clock, mirror=mirror)
    inbox(services)
    assert not mirror.told
    bench.clock.advance(2 * HOUR)
    inbox(services)
    assert "current" == mirror.finish().word
    held = ledger.get(run, limit=1000).entries
    assert (bench.store.row(run).seq, "TimerFired") == (len(held), held[-1].metadata["type"])


def test_a_run_that_is_being_driven_is_not_touched(tmp_path: Path) -> None:
    """Another decision is waited for; a run at work is RUN_BUSY, and stays as it is."""
    bench = waiting_run("reject")
    services = replace(make_services(tmp_path), experience=bench.store, clock=bench.clock)
    before = bench.store.row("r00000001")
    with (
        bench.store.driving("r00000001"),
        pytest.raises(RunBusyError),
        touched_run(services, "r00000001", looks=3),
    ):
        pass

    assert before == bench.store.row("r00000001")
