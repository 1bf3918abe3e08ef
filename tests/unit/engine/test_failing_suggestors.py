"""Suggestors that fail, hang, block or lie: each is recorded, the others go on, the run ends with a reason."""

import asyncio
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from engine_kit import (
    QUICK,
    Bench,
    Note,
    Script,
    at_least,
    criterion,
    fails,
    ids,
    job,
    note,
    run,
    says,
)

from converge_cli import Budget, ContextView, Effect, ProposedFact, StopReason, Suggestor, SuggestorUnavailableError
from converge_cli.core.errors import ClosedViewError, InvalidJobError
from converge_cli.core.event import RunPaused, SuggestorExecuted, SuggestorFailed
from converge_cli.core.stop_reason import Stop
from converge_cli.engine.halt import Halt
from converge_cli.engine.watchdog import Watchdog, WatchdogTimeout
from converge_cli.store.sqlite import SqliteExperience

GUESSED = criterion("guessed", at_least("Hypotheses"))
OTHER = note("Signals", "note:other")


class MuteError(Exception):
    """Its message can't be had."""

    def __str__(self) -> str:
        raise RuntimeError("no message")


class Odd(BaseException):
    """Not an Exception."""


class Liar:
    """Every look at it raises."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")

    def __hash__(self) -> int:
        raise RuntimeError("hash")

    def __str__(self) -> str:
        raise RuntimeError("str")

    __repr__ = __str__

    def _as_dict(self) -> dict[str, Any]:
        raise Odd


def failures(bench: Bench) -> list[tuple[str, str]]:
    return [(event.suggestor, event.code) for event in bench.events() if isinstance(event, SuggestorFailed)]


def beside(bad: Suggestor, **options: Any) -> tuple[Bench, Any]:
    """A run of a bad suggestor beside a good one, sync and async."""

    async def later(_view: ContextView) -> Effect:
        await asyncio.sleep(0)
        return Effect([note("Signals", "note:later")])

    bench = Bench(lambda: [bad, says("good", OTHER), Script("later", later)], job(criteria=(GUESSED,)), **options)
    return bench, bench.run()


async def aforever() -> Effect:
    await asyncio.sleep(3600)
    return Effect()


async def ablock() -> Effect:
    while True:
        pass


async def aswallow() -> Effect:
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            continue


async def araise(error: BaseException) -> Effect:
    raise error


async def aself_cancelled() -> Effect:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)
    return Effect()


class BadAwaitable:
    """Loops for ever before it can be awaited."""

    def __await__(self) -> Any:
        while True:
            pass


def loop(_view: ContextView | None) -> Any:
    while True:
        pass


BAD: list[tuple[str, Callable[[ContextView], Any], str]] = [
    ("loops", loop, "TIMEOUT"),
    ("never returns", lambda _v: aforever(), "TIMEOUT"),
    ("blocks the event loop", lambda _v: ablock(), "TIMEOUT"),
    ("swallows its cancellation", lambda _v: aswallow(), "TIMEOUT"),
    ("blocks before it can be awaited", lambda _v: BadAwaitable(), "TIMEOUT"),
    ("returns None", lambda _v: None, "EFFECT_INVALID"),
    ("returns proposals", lambda _v: iter([OTHER]), "EFFECT_INVALID"),
    ("returns None later", lambda _v: asyncio.sleep(0), "EFFECT_INVALID"),
    ("reads what it does not declare", lambda view: view.facts("Hypotheses:x:*"), "EXCEPTION"),
    ("cancels itself", lambda _v: aself_cancelled(), "EXCEPTION"),
]


@pytest.mark.parametrize(("do", "code"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_suggestor_that_hangs_or_misbehaves_is_recorded_and_the_others_go_on(
    do: Callable[[ContextView], Any], code: str
) -> None:
    """Event, Diagnostic fact, SuggestorFailed for the criterion that it could have met."""
    bench, result = beside(Script("bad", do, timeout=0.05, writes=("Hypotheses:note:*",)))

    assert [("bad", code)] == failures(bench)
    assert (["note:other", "note:later"], "SuggestorFailed") == (ids(result, "Signals"), result.reason)
    assert [code] == [fact.payload.code for fact in result.facts if fact.kind == "failure"]


ERRORS = [
    ValueError("x"),
    MuteError(),
    Odd(),
    SystemExit(3),
    GeneratorExit(),
    StopIteration(),
    asyncio.CancelledError(),
    RuntimeError("\ud800"),
    RuntimeError("x" * 1_000_000),
    Halt(Stop(StopReason.CRITERIA_MET)),
    type("\u2028Error", (Exception,), {})(),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{type(error).__name__!a}")
@pytest.mark.parametrize("where", ["sync", "async", "accepts"])
def test_whatever_it_raises_is_its_failure_alone(error: BaseException, where: str) -> None:
    """Neither the process, nor the loop, nor the record is harmed; a forged stop is no stop."""

    def throw(_view: ContextView) -> Any:
        raise error

    bad = {
        "sync": lambda: Script("bad", throw, writes=("Hypotheses",)),
        "async": lambda: Script("bad", lambda _view: araise(error), writes=("Hypotheses",)),
        "accepts": lambda: Script("bad", lambda _view: [], accepts=throw, writes=("Hypotheses",)),
    }[where]()
    bench, result = beside(bad)

    assert [("bad", "EXCEPTION")] == failures(bench)
    assert ("SuggestorFailed", ["note:other", "note:later"]) == (result.reason, ids(result, "Signals"))


@pytest.mark.parametrize("where", ["key", "fact_id", "payload", "confidence", "corrects", "evidence"])
def test_an_object_that_raises_at_every_look_is_a_rejected_proposal(where: str) -> None:
    """Wherever it stands in the proposal."""
    given: dict[str, Any] = {
        "key": "Signals",
        "id": "note:a",
        "payload": Note(text="x"),
        "confidence": 1,
        "evidence": (),
        "corrects": None,
    }
    given[{"fact_id": "id"}.get(where, where)] = (Liar(),) if where == "evidence" else Liar()
    result = run(says("bad", ProposedFact(**given)), says("good", OTHER))

    assert (1, ["note:other"], "Converged") == (len(result.rejections), ids(result, "Signals"), result.reason)


def test_a_payload_that_loops_while_it_is_read_costs_its_suggestor_its_time() -> None:
    """Reading what was proposed happens inside the suggestor's own guarded time."""

    class Endless:
        def _as_dict(self) -> dict[str, Any]:
            while True:
                pass

    bench, result = beside(
        Script(
            "bad", lambda _view: [ProposedFact("Hypotheses", "note:a", Endless())], timeout=0.05, writes=("Hypotheses",)
        )
    )

    assert ([("bad", "TIMEOUT")], "SuggestorFailed") == (failures(bench), result.reason)


def test_a_missing_backend_is_said_as_such() -> None:
    """Cause unavailable, Indeterminate; due again when the run is resumed."""
    bench, result = beside(fails("model", SuggestorUnavailableError("no backend"), writes=("Hypotheses",)))

    assert ("Indeterminate", "unavailable", [("model", "UNAVAILABLE")]) == (
        result.reason,
        result.criteria[0].cause,
        failures(bench),
    )
    assert "no backend" == next(e.detail for e in bench.events() if isinstance(e, SuggestorFailed))


def stubborn(_view: ContextView) -> list[ProposedFact]:
    """Goes on after its time is up, whatever is raised in it."""
    until = time.monotonic() + 0.06
    while time.monotonic() < until:
        try:
            while True:
                pass
        except BaseException:  # noqa: BLE001, S112  this is what the tests are about
            continue
    return [note("Hypotheses", "note:h")]


def test_code_that_swallows_the_watchdog_is_a_timeout_all_the_same() -> None:
    """Even if it returns something afterwards."""
    bench, result = beside(Script("bad", stubborn, timeout=0.02, writes=("Hypotheses",)))

    assert ([("bad", "TIMEOUT")], []) == (failures(bench), ids(result, "Hypotheses"))


def test_a_decision_that_swallows_the_watchdog_is_a_timeout_too() -> None:
    """A yes that comes when the time is up is no yes."""
    late = Script(
        "bad",
        lambda _view: [note("Hypotheses", "note:h")],
        accepts=lambda view: bool(stubborn(view)),
        timeout=0.02,
        writes=("Hypotheses",),
    )

    bench, result = beside(late)

    assert ([("bad", "TIMEOUT")], 0, []) == (failures(bench), late.calls, ids(result, "Hypotheses"))


@pytest.mark.parametrize("durable", [False, True])
def test_code_that_is_stuck_in_c_pauses_the_run_and_somebody_is_told(durable: bool, tmp_path: Any) -> None:
    """The record is complete before `on_stuck` is called, and nothing is added to it afterwards."""
    store = {"experience": SqliteExperience(tmp_path)} if durable else {}
    told: list[tuple[str, int]] = []
    bench = Bench(
        lambda: [Script("stuck", lambda _v: time.sleep(0.4) or [], timeout=0.02), says("good", OTHER)],
        job(criteria=(GUESSED,)),
        on_stuck=lambda name: told.append((name, bench.store.row("r00000001").seq)),
        **store,
    )
    result = bench.run()
    row = bench.store.row("r00000001")

    assert [("stuck", row.seq)] == told
    assert ("paused", "SuggestorFailed", [("stuck", "STUCK")]) == (row.status, result.reason, failures(bench))
    assert isinstance(bench.events()[-1], RunPaused)
    assert ("stuck",) == result.stop.names
    assert ["STUCK"] == [fact.payload.code for fact in bench.engine().recorded(row.run).facts if fact.kind == "failure"]
    bench.store.close()


def test_cancelling_lets_running_suggestors_finish_and_cuts_those_that_do_not() -> None:
    """What finishes in time is kept; what was cut is due again when the run is resumed."""

    async def quick(_view: ContextView) -> Effect:
        threading.Timer(0.01, engines[-1].cancel).start()
        await asyncio.sleep(0.03)
        return Effect([OTHER])

    slow = Script("slow", lambda _view: aforever(), timeout=60)
    swallows = Script("swallows", lambda _view: aswallow(), timeout=60)
    bench = Bench(lambda: [Script("quick", quick), slow, swallows], job(criteria=(GUESSED,)))
    engines = [bench.engine()]
    began = time.monotonic()
    result = asyncio.run(engines[0].run())

    assert ("Cancelled", ["note:other"]) == (result.reason, ids(result, "Signals"))
    assert ["quick"] == [event.suggestor for event in bench.events() if isinstance(event, SuggestorExecuted)]
    assert time.monotonic() - began < 2


def test_a_cancelled_engine_can_go_on() -> None:
    """The request is used up by the run that it ended."""
    bench = Bench(lambda: [says("good", OTHER)])
    engine = bench.engine()
    engine.cancel()
    assert "Cancelled" == asyncio.run(engine.run()).reason

    assert "Converged" == asyncio.run(engine.resume("r00000001")).reason


def test_the_program_around_it_may_cancel_the_task() -> None:
    """Then nothing is left running behind, and the run can be resumed."""
    closed: list[str] = []

    async def tidy(_view: ContextView) -> Effect:
        try:
            await asyncio.sleep(3600)
        finally:
            closed.append("tidy")
        return Effect()

    bench = Bench(lambda: [Script("tidy", tidy, timeout=60)])

    async def program() -> None:
        task = asyncio.create_task(bench.engine().run())
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(program())

    assert (["tidy"], "running") == (closed, bench.store.row("r00000001").status)


def test_the_time_budget_cuts_what_would_cross_it_sync_or_async() -> None:
    """Suggestors with a long timeout of their own end with the budget, and stay due."""
    for hang in (loop, lambda _view: aforever()):
        bench = Bench(
            lambda hang=hang: [Script("slow", hang, timeout=60)],
            job(budget=Budget(time=Decimal("0.05"))),
            clock=RealClock(),
        )
        began = time.monotonic()
        result = bench.run()

        assert ("TimeBudgetExhausted", {}) == (result.reason, result.failures)
        assert time.monotonic() - began < 1


class RealClock:
    """Manual times, real seconds."""

    def now(self) -> str:
        return "2026-11-21T14:03:00.000000Z"

    def monotonic(self) -> float:
        return time.monotonic()


def test_more_async_suggestors_than_places_all_run_and_none_is_left_unawaited() -> None:
    """Two hundred wait together; when the run is cancelled first, no coroutine is left open."""

    async def one(_view: ContextView) -> Effect:
        await asyncio.sleep(0.005)
        return Effect()

    many = [Script(f"s{n}", one) for n in range(200)]
    assert "Converged" == run(*many).reason
    assert 200 == sum(item.calls for item in many)
    endless = [Script(f"e{n}", lambda _view: aforever(), timeout=60) for n in range(200)]
    bench = Bench(lambda: endless, job(budget=Budget(time=Decimal("0.05"))), clock=RealClock())

    assert "TimeBudgetExhausted" == bench.run().reason


def test_a_view_is_closed_when_its_execution_has_ended() -> None:
    """Whoever kept it can't look into later cycles."""
    kept: list[ContextView] = []

    def keep(view: ContextView) -> list[ProposedFact]:
        kept.append(view)
        return []

    async def keep_later(view: ContextView) -> Effect:
        kept.append(view)
        return Effect()

    run(
        Script("keeper", keep),
        Script("later", keep_later),
        Script("accepting", keep, accepts=lambda v: bool(keep(v)) or True),
    )

    assert 4 == len(kept)
    for view in kept:
        with pytest.raises(ClosedViewError):
            view.facts("Signals")


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), None, "soon"])
def test_a_timeout_that_can_not_be_kept_is_refused_at_the_start(timeout: Any) -> None:
    """Not in the middle of a run."""
    with pytest.raises(InvalidJobError, match="timeout"):
        run(Script("s", lambda _view: [], timeout=timeout))


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a@2", None])
def test_a_malformed_or_double_name_is_refused_at_the_start(name: Any) -> None:
    """Names stand in provenance."""
    with pytest.raises(InvalidJobError):
        run(Script(name, lambda _view: []))
    with pytest.raises(InvalidJobError, match="two suggestors"):
        run(says("s"), says("s"))


def test_charges_are_recorded_and_refused_when_nobody_is_running() -> None:
    """Under a running suggestor's name, never negative, only while the run is driven."""
    from converge_cli.core.event import BudgetCharged

    def do(_view: ContextView) -> list[ProposedFact]:
        engines[0].meter.charge("model", 7, Decimal("0.01"))
        with pytest.raises(InvalidJobError):
            engines[0].meter.charge("ghost", 1, Decimal(0))
        for tokens, cost in ((-1, "0"), (1, "-1"), (1, "NaN")):
            with pytest.raises(ValueError, match="negative"):
                engines[0].meter.charge("model", tokens, Decimal(cost))
        return []

    bench = Bench(lambda: [Script("model", do)])
    engines = [bench.engine()]
    assert "Converged" == asyncio.run(engines[0].run()).reason
    with pytest.raises(InvalidJobError):
        engines[0].meter.charge("model", 1, Decimal(0))

    charged = [(e.suggestor, e.tokens, e.cost_usd) for e in bench.events() if isinstance(e, BudgetCharged)]
    assert [("model", 7, "0.01")] == charged


def test_the_watchdog_raises_only_inside_its_region() -> None:
    """A region left in time is never raised in; one that is late raises once, and then no more."""
    watchdog = Watchdog(None, QUICK)
    for _ in range(20):
        with watchdog.guard("quick", 0.5):
            pass
    with pytest.raises(WatchdogTimeout), watchdog.guard("slow", 0.02):
        loop(None)
    until = time.monotonic() + 0.05
    while time.monotonic() < until:
        pass
    watchdog.close()
