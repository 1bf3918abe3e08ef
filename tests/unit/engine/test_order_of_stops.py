"""The order of stops is a promise: one run per row of the table, and runs in which two rows apply."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from engine_kit import (
    ANN,
    BOSS,
    ESCALATE,
    GATE,
    REJECT,
    Bench,
    Script,
    at_least,
    at_most,
    criterion,
    each,
    fails,
    invariant,
    job,
    note,
    number_at_most,
    number_is,
    revises,
    run,
    says,
)

from converge_cli import Budget, RunResult, SuggestorUnavailableError
from converge_cli.core.predicate import FieldIs, Then
from converge_cli.testing import FixedGate, ManualClock

SIGNAL = says("signal", note("Signals", "note:a"))
SCORE = says("score", note("Evaluations", "note:s", number=Decimal(9)))
PLAN = says("plan", note("Strategies", "note:p"))
BROKEN = fails("broken", RuntimeError("no"), writes=("Hypotheses",))
SIGNALLED = criterion("signalled", at_least("Signals"))
SCORED = criterion("scored", at_least("Evaluations"))
PLANNED = criterion("planned", at_least("Strategies"), blocked_by=("boss",))
GUESSED = criterion("guessed", at_least("Hypotheses"))
SMALL = invariant("small", "semantic", number_at_most("5"), given=each("Evaluations"))
SMALL_AT_ONCE = invariant("small_at_once", "structural", number_at_most("5"), given=each("Evaluations"))
COMPLETE = invariant("complete", "acceptance", at_least("Hypotheses"))
UNCLEAR = criterion("unclear", Then("n", FieldIs(number_is("is", "1"))), given=each("Signals"))
WAITS: dict[str, Any] = {"gates": (GATE,), "approval_points": (BOSS,), "principal": "ann"}


def conflict() -> RunResult:
    return run(SIGNAL, says("other", note("Signals", "note:a", "y")), the_job=job(criteria=(SIGNALLED,)))


def structural() -> RunResult:
    return run(SCORE, the_job=job(invariants=(SMALL_AT_ONCE,), criteria=(SCORED,)))


def structural_on_seeds() -> RunResult:
    seeds = [note("Evaluations", "note:s", number=Decimal(9))]
    return run(SIGNAL, seeds=seeds, the_job=job(invariants=(SMALL_AT_ONCE,)))


def cycles() -> RunResult:
    counter = revises("counter", "Signals", "note:n", (str(n) for n in range(99)))
    return run(counter, seeds=[note("Seeds", "note:go")], the_job=job(budget=Budget(cycles=3)))


def facts() -> RunResult:
    many = says("many", *(note("Signals", f"note:{n}") for n in range(9)))
    return run(many, the_job=job(budget=Budget(facts=4)))


def charged(tokens: int, cost: str, budget: Budget, *, swallow: bool = False) -> RunResult:
    def do(_view: Any) -> list[Any]:
        try:
            bench_engine[0].meter.charge("model", tokens, Decimal(cost))
        except Exception:
            if not swallow:
                raise
        return [note("Signals", "note:m")]

    bench = Bench(lambda: [SIGNAL, Script("model", do)], job(budget=budget))
    bench_engine = [bench.engine()]
    import asyncio

    return asyncio.run(bench_engine[0].run())


def tokens() -> RunResult:
    return charged(11, "0", Budget(tokens=10))


def tokens_swallowed() -> RunResult:
    return charged(11, "0", Budget(tokens=10), swallow=True)


def cost() -> RunResult:
    return charged(1, "0.11", Budget(cost_usd=Decimal("0.10")))


def time() -> RunResult:
    clock = ManualClock()
    slow = Script("slow", lambda view: [clock.advance(61)] and [note("Signals", "note:t")])
    return run(slow, the_job=job(budget=Budget(time=Decimal(60))), clock=clock)


def circles() -> RunResult:
    back_and_forth = revises("circles", "Signals", "note:n", ("a" if n % 2 else "b" for n in range(99)))
    return run(back_and_forth, seeds=[note("Seeds", "note:go")])


def cancelled() -> RunResult:
    bench = Bench(lambda: [SIGNAL], job(criteria=(GUESSED,)))
    engine = bench.engine()
    caller = threading.Thread(target=engine.cancel)
    caller.start()
    caller.join()
    import asyncio

    return asyncio.run(engine.run())


def pending_request() -> RunResult:
    return run(PLAN, the_job=job(criteria=(PLANNED,), **WAITS), gate=FixedGate(ESCALATE))


def semantic() -> RunResult:
    return run(SCORE, the_job=job(invariants=(SMALL,), criteria=(SCORED,)))


def acceptance() -> RunResult:
    return run(SCORE, the_job=job(invariants=(COMPLETE,), criteria=(SCORED,)))


def failed() -> RunResult:
    return run(BROKEN, the_job=job(criteria=(GUESSED,)))


def denied() -> RunResult:
    return run(PLAN, the_job=job(criteria=(PLANNED,), **WAITS), gate=FixedGate(REJECT))


def expired() -> RunResult:
    return run(SIGNAL, the_job=job(criteria=(SIGNALLED,), expires="2026-11-20"))


def missing_input() -> RunResult:
    return Bench(lambda: [SIGNAL], job(criteria=(SCORED,))).run(missing_inputs=("vendors",))


def absent_field() -> RunResult:
    return run(SIGNAL, the_job=job(criteria=(UNCLEAR,)))


def unavailable() -> RunResult:
    backend = fails("model", SuggestorUnavailableError("no backend"), writes=("Hypotheses",))
    return run(backend, the_job=job(criteria=(GUESSED,)))


def not_produced() -> RunResult:
    return run(SIGNAL, the_job=job(criteria=(SCORED,)))


def rejected() -> RunResult:
    bench = Bench(lambda: [PLAN], job(criteria=(PLANNED,), **WAITS), gate=FixedGate(ESCALATE))
    bench.run()
    bench.decide("rejected", ANN)
    return bench.resume()


def met() -> RunResult:
    optional = criterion("extra", at_least("Hypotheses"), required=False)
    return run(SIGNAL, the_job=job(criteria=(SIGNALLED, optional)))


def converged() -> RunResult:
    return run(SIGNAL)


Row = tuple[Callable[[], RunResult], str, tuple[str, ...], str | None]

ROWS: list[Row] = [
    (conflict, "FactConflict", ("signal", "other"), None),
    (structural, "InvariantViolated", ("small_at_once",), None),
    (structural_on_seeds, "InvariantViolated", ("small_at_once",), None),
    (cycles, "CycleBudgetExhausted", (), None),
    (facts, "FactBudgetExhausted", (), None),
    (tokens, "TokenBudgetExhausted", (), None),
    (tokens_swallowed, "TokenBudgetExhausted", (), None),
    (cost, "CostBudgetExhausted", (), None),
    (time, "TimeBudgetExhausted", (), None),
    (circles, "NoProgress", (), None),
    (cancelled, "Cancelled", (), None),
    (pending_request, "HumanInterventionRequired", ("boss",), "approval"),
    (semantic, "InvariantViolated", ("small",), None),
    (acceptance, "InvariantViolated", ("complete",), None),
    (failed, "SuggestorFailed", ("guessed",), "failed"),
    (denied, "PolicyDenied", ("planned",), "denied"),
    (expired, "PolicyDenied", ("authority",), None),
    (missing_input, "HumanInterventionRequired", ("scored",), "missing input"),
    (absent_field, "Indeterminate", ("unclear",), "absent field"),
    (unavailable, "Indeterminate", ("guessed",), "unavailable"),
    (not_produced, "CriteriaUnmet", ("scored",), "not produced"),
    (rejected, "CriteriaUnmet", ("planned",), "rejected"),
    (met, "CriteriaMet", ("signalled",), None),
    (converged, "Converged", (), None),
]


@pytest.mark.parametrize(("fixture", "reason", "names", "cause"), ROWS, ids=[row[0].__name__ for row in ROWS])
def test_each_row_of_the_table_has_a_run_that_ends_so(
    fixture: Callable[[], RunResult], reason: str, names: tuple[str, ...], cause: str | None
) -> None:
    """The reason, who or what it names, and the cause that the criterion states."""
    result = fixture()

    assert (reason, names) == (result.reason, result.stop.names)
    if cause is not None:
        assert cause in {item.cause for item in result.criteria}


def pending_and_violated() -> RunResult:
    both = job(criteria=(PLANNED,), invariants=(SMALL,), **WAITS)
    return run(PLAN, SCORE, the_job=both, gate=FixedGate(ESCALATE))


def pending_and_not_accepted() -> RunResult:
    """What people decide may still bring what is missing."""
    both = job(criteria=(PLANNED,), invariants=(COMPLETE,), **WAITS)
    return run(PLAN, the_job=both, gate=FixedGate(ESCALATE))


def pending_and_failed() -> RunResult:
    both = job(criteria=(GUESSED, PLANNED), **WAITS)
    return run(PLAN, BROKEN, the_job=both, gate=FixedGate(ESCALATE))


def structural_and_budget() -> RunResult:
    """The facts fit the budget exactly; the invariant is what is wrong."""
    return run(SCORE, the_job=job(invariants=(SMALL_AT_ONCE,), budget=Budget(facts=1)))


def conflict_and_structural() -> RunResult:
    other = says("other", note("Evaluations", "note:s", "y", number=Decimal(9)))
    return run(SCORE, other, the_job=job(invariants=(SMALL_AT_ONCE,)))


def violated_and_failed() -> RunResult:
    return run(SCORE, BROKEN, the_job=job(invariants=(SMALL,), criteria=(GUESSED,)))


def failed_and_denied() -> RunResult:
    both = job(criteria=(PLANNED, GUESSED), **WAITS)
    return run(PLAN, BROKEN, the_job=both, gate=FixedGate(REJECT))


def denied_and_missing_input() -> RunResult:
    """A missing input blocks whatever is not met, so the denial shows only when nothing is missing."""
    both = job(criteria=(PLANNED, SCORED), **WAITS)
    return Bench(lambda: [PLAN], both, gate=FixedGate(REJECT)).run(missing_inputs=("vendors",))


def denied_and_indeterminate() -> RunResult:
    both = job(criteria=(UNCLEAR, PLANNED), **WAITS)
    return run(PLAN, SIGNAL, the_job=both, gate=FixedGate(REJECT))


def missing_input_and_indeterminate() -> RunResult:
    return Bench(lambda: [SIGNAL], job(criteria=(UNCLEAR, SCORED))).run(missing_inputs=("vendors",))


def indeterminate_and_unmet() -> RunResult:
    return run(SIGNAL, the_job=job(criteria=(SCORED, UNCLEAR)))


def unmet_and_met() -> RunResult:
    return run(SIGNAL, the_job=job(criteria=(SIGNALLED, SCORED)))


def failed_but_met() -> RunResult:
    return run(SIGNAL, BROKEN, the_job=job(criteria=(SIGNALLED,)))


def semantic_and_acceptance() -> RunResult:
    return run(SCORE, the_job=job(invariants=(COMPLETE, SMALL)))


PAIRS: list[tuple[Callable[[], RunResult], str, tuple[str, ...]]] = [
    (pending_and_violated, "HumanInterventionRequired", ("boss",)),
    (pending_and_not_accepted, "HumanInterventionRequired", ("boss",)),
    (pending_and_failed, "HumanInterventionRequired", ("boss",)),
    (structural_and_budget, "InvariantViolated", ("small_at_once",)),
    (conflict_and_structural, "FactConflict", ("score", "other")),
    (violated_and_failed, "InvariantViolated", ("small",)),
    (failed_and_denied, "SuggestorFailed", ("guessed",)),
    (denied_and_missing_input, "HumanInterventionRequired", ("planned", "scored")),
    (denied_and_indeterminate, "PolicyDenied", ("planned",)),
    (missing_input_and_indeterminate, "HumanInterventionRequired", ("unclear", "scored")),
    (indeterminate_and_unmet, "Indeterminate", ("unclear",)),
    (unmet_and_met, "CriteriaUnmet", ("scored",)),
    (failed_but_met, "CriteriaMet", ("signalled",)),
    (semantic_and_acceptance, "InvariantViolated", ("small", "complete")),
]


@pytest.mark.parametrize(("fixture", "reason", "names"), PAIRS, ids=[row[0].__name__ for row in PAIRS])
def test_where_two_rows_apply_the_earlier_one_wins(
    fixture: Callable[[], RunResult], reason: str, names: tuple[str, ...]
) -> None:
    """Each run would satisfy a later row too."""
    result = fixture()

    assert (reason, names) == (result.reason, result.stop.names)


def test_every_stop_reason_is_in_the_table() -> None:
    """Nothing can be added to the closed list without a fixture here."""
    from converge_cli import StopReason

    assert {reason.value for reason in StopReason} == {row[1] for row in ROWS}


def test_a_budget_says_its_limit_and_what_was_used() -> None:
    """Both in the budget's own unit, as text."""
    assert ("4", "4") == (facts().stop.limit, facts().stop.used)
    assert ("0.10", "0") == (cost().stop.limit, cost().stop.used)


def test_a_budget_that_is_just_enough_is_no_stop() -> None:
    """Limits are what may be used, not what must be left."""
    many = says("many", *(note("Signals", f"note:{n}") for n in range(4)))

    assert run(many, the_job=job(budget=Budget(cycles=1, facts=4))).reason == "Converged"
    assert charged(10, "0.10", Budget(tokens=10, cost_usd=Decimal("0.10"))).reason == "Converged"


def test_strict_counts_soft_violations_and_unexercised_invariants_and_deferred_clauses() -> None:
    """Only at the fixed point, and only when strict."""
    from converge_cli.core.job import Clause

    idle = invariant("idle", "acceptance", number_at_most("1"), given=each("Hypotheses"))
    soft = invariant("soft", "semantic", at_most("Signals"), soft=True)
    later = Clause("must_not", "later", "Later", deferred="no data yet")
    both = job(invariants=(idle, soft), clauses=(later,), criteria=(SIGNALLED,))

    assert run(SIGNAL, the_job=both).reason == "CriteriaMet"
    strict = run(SIGNAL, the_job=both, strict=True)
    assert ("InvariantViolated", {"idle", "soft", "later"}) == (strict.reason, set(strict.stop.names))
