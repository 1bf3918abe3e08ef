"""Resume: after every stop that can go on, and after a crash at every commit, the outcome is that of an undisturbed
run; what was recorded does not run again.
"""

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from engine_kit import (
    BOSS,
    ESCALATE,
    GATE,
    PROMOTE,
    Bench,
    Note,
    Script,
    at_least,
    criterion,
    each,
    ids,
    invariant,
    job,
    note,
    number_at_most,
    says,
)

from converge_cli import Budget, Effect, Passed, ProposedFact, SuggestorUnavailableError
from converge_cli.core.budget import BudgetChange
from converge_cli.core.errors import RunBusyError, RunNotFoundError, RunNotResumableError
from converge_cli.core.event import RunResumed, SuggestorExecuted
from converge_cli.core.port import Commit, Experience, RunFilter
from converge_cli.core.recorded import InputRecord
from converge_cli.store.memory import MemoryExperience
from converge_cli.store.sqlite import SqliteExperience
from converge_cli.testing import FixedGate, ManualClock, ScriptedGate

GO = note("Seeds", "note:go")
SMALL = invariant("small", "semantic", number_at_most("5"), given=each("Signals", "note:n"))


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Experience]:
    made: Experience = MemoryExperience() if request.param == "memory" else SqliteExperience(tmp_path)
    yield made
    made.close()


def chain() -> list[Script]:
    """Everything that happens in a run: a chain, revisions, a rejection, a duplicate, a violation and its repair."""

    def repair(view: Any) -> list[Any]:
        return [view.revise("Signals", "note:n", Note(text="n", number=Decimal(5)))]

    def count(view: Any) -> list[Any]:
        standing = view.get("Evaluations", "note:c")
        following = {None: "a", "a": "b", "b": "c", "c": "d", "d": "d"}[standing and standing.payload.text]
        return [view.revise("Evaluations", "note:c", Note(text=following))]

    return [
        says("first", *(note("Signals", f"note:{n}") for n in range(4)), reads=("Seeds",)),
        says("number", note("Signals", "note:n", "n", number=Decimal(9)), reads=("Seeds",)),
        Script("repair", repair, reads=("Diagnostic:violation:*",)),
        Script("rude", lambda _view: [note("Nowhere", "note:x")], reads=("Signals:note:1",)),
        Script(
            "echo",
            lambda view: [note("Evaluations", "note:e", evidence=view.facts("Signals:note:1")[:0])],
            reads=("Signals:note:1",),
        ),
        Script("counter", count, reads=("Seeds", "Evaluations:note:c")),
        says("last", note("Strategies", "note:p"), reads=("Evaluations:note:c",)),
    ]


DONE = criterion("done", at_least("Strategies"), blocked_by=("boss",))
WHOLE: dict[str, Any] = {"criteria": (DONE,), "invariants": (SMALL,)}
PEOPLE: dict[str, Any] = {"gates": (GATE,), "approval_points": (BOSS,), "principal": "ann"}


def undisturbed(**changes: Any) -> str:
    """The outcome digest of the whole run in one go."""
    result = Bench(chain, job(**{**WHOLE, **changes})).run(GO)
    assert result.reason == "CriteriaMet"
    return result.outcome_digest


@pytest.mark.parametrize("limit", range(1, 9))
def test_a_run_that_used_up_its_cycles_goes_on_with_more(limit: int, store: Experience) -> None:
    """As often as it takes, one cycle at a time; the outcome is that of the undisturbed run."""
    bench = Bench(chain, job(**WHOLE, budget=Budget(cycles=limit)), experience=store)
    result = bench.run(GO)
    assert (result.reason == "CycleBudgetExhausted") == (limit < 5)
    for _ in range(9):
        if result.reason != "CycleBudgetExhausted":
            break
        result = bench.resume(added=BudgetChange(cycles=1))

    assert ("CriteriaMet", undisturbed()) == (result.reason, result.outcome_digest)


@pytest.mark.parametrize("limit", range(1, 14))
def test_a_merge_that_was_cut_short_goes_on_where_it_was(limit: int, store: Experience) -> None:
    """Fact by fact; recorded suggestors do not run again; without more budget it stops again at once."""
    made = [chain()]
    bench = Bench(lambda: made[-1], job(**WHOLE, budget=Budget(facts=limit)), experience=store)
    result = bench.run(GO)
    same = bench.resume() if result.reason == "FactBudgetExhausted" else result
    assert same.reason == result.reason
    for _ in range(14):
        if result.reason != "FactBudgetExhausted":
            break
        result = bench.resume(added=BudgetChange(facts=1))

    assert ("CriteriaMet", undisturbed()) == (result.reason, result.outcome_digest)
    executed = [event.suggestor for event in bench.events() if isinstance(event, SuggestorExecuted)]
    assert sorted(["seed", "first", "number", "repair", "rude", "echo", "last"]) == sorted(set(executed) - {"counter"})
    assert (1, 1) == (executed.count("first"), executed.count("number"))


@pytest.mark.parametrize("budget", [Budget(tokens=10), Budget(cost_usd=Decimal("0.10"))], ids=["tokens", "cost"])
def test_a_run_that_used_up_its_model_budget_goes_on_with_more(budget: Budget, store: Experience) -> None:
    """The suggestor that ran into it runs again, the others do not."""
    engines: list[Any] = []
    others: list[str] = []

    def ask(_view: Any) -> list[ProposedFact]:
        engines[-1].meter.charge("model", 6, Decimal("0.06"))
        engines[-1].meter.charge("model", 6, Decimal("0.06"))
        return [note("Strategies", "note:p")]

    def other(_view: Any) -> list[ProposedFact]:
        others.append("ran")
        return [note("Signals", "note:o")]

    def make() -> list[Script]:
        return [Script("model", ask), Script("other", other)]

    bench = Bench(make, job(criteria=(DONE,), budget=budget), experience=store)
    engines.append(bench.engine())
    paused = asyncio.run(engines[-1].run())
    engines.append(bench.engine())
    added = BudgetChange(tokens=20, cost_usd=Decimal("0.20"))
    result = asyncio.run(engines[-1].resume(paused.run_id, added=added))

    assert paused.reason in {"TokenBudgetExhausted", "CostBudgetExhausted"}
    assert ("CriteriaMet", ["ran"]) == (result.reason, others)


def test_time_that_was_used_up_is_added_to(store: Experience) -> None:
    """Active time only: what passes between two processes is free."""
    made: list[Bench] = []

    def slow(_view: Any) -> list[ProposedFact]:
        made[0].clock.advance(61)
        return [note("Signals", "note:t")]

    make = lambda: [Script("slow", slow), says("last", note("Strategies", "note:p"), reads=("Signals",))]  # noqa: E731
    made.append(Bench(make, job(criteria=(DONE,), budget=Budget(time=Decimal(60))), experience=store))
    assert "TimeBudgetExhausted" == made[0].run().reason
    made[0].clock.advance(100_000)
    assert "TimeBudgetExhausted" == made[0].resume().reason

    assert "CriteriaMet" == made[0].resume(added=BudgetChange(time=Decimal(60))).reason


def test_a_cancelled_run_goes_on(store: Experience) -> None:
    """Whatever had been cut is done now."""
    engines: list[Any] = []

    def cancel(_view: Any) -> list[ProposedFact]:
        if len(engines) == 1:
            engines[0].cancel()
        return [note("Signals", "note:0")]

    make = lambda: [Script("cancel", cancel), *chain()[1:]]  # noqa: E731
    bench = Bench(make, job(**WHOLE), experience=store)
    engines.append(bench.engine())
    assert "Cancelled" == asyncio.run(engines[0].run([GO])).reason
    engines.append(bench.engine())
    other = Bench(make, job(**WHOLE))

    result = asyncio.run(engines[1].resume("r00000001"))

    assert ("CriteriaMet", other.run(GO).outcome_digest) == (result.reason, result.outcome_digest)


@pytest.mark.parametrize("error", [RuntimeError("x"), SuggestorUnavailableError("x")], ids=["failed", "unavailable"])
def test_what_failed_is_due_again_after_a_pause_on_it(error: Exception, store: Experience) -> None:
    """The note of the failure is corrected; the others do not run again."""
    calls: list[str] = []

    def once(_view: Any) -> list[ProposedFact]:
        calls.append("flaky")
        if calls.count("flaky") == 1:
            raise error
        return [note("Strategies", "note:p")]

    def other(_view: Any) -> list[ProposedFact]:
        calls.append("other")
        return []

    bench = Bench(lambda: [Script("flaky", once), Script("other", other)], job(criteria=(DONE,)), experience=store)
    paused = bench.run()
    result = bench.resume()
    codes = [fact.payload.code for fact in result.facts if fact.kind == "failure"]

    assert paused.reason in {"SuggestorFailed", "Indeterminate"}
    assert ("CriteriaMet", ["flaky", "other", "flaky"]) == (result.reason, calls)
    assert "RESOLVED" == codes[-1]


def approved(make: Callable[[], list[Script]], store: Experience | None = None, **options: Any) -> Bench:
    bench = Bench(
        make, job(**WHOLE, **PEOPLE), gate=ScriptedGate({"x": [ESCALATE, PROMOTE]}), experience=store, **options
    )
    bench.run(GO)
    bench.decide("approved")
    return bench


def test_an_approved_run_goes_on_to_the_same_outcome_in_any_store(store: Experience) -> None:
    """Approved in one engine, resumed in another; nothing of the chain runs again."""
    made = [chain()]
    bench = approved(lambda: made[0], store)
    before = [item.calls for item in made[0]]
    result = bench.resume()

    assert ("CriteriaMet", approved(chain).resume().outcome_digest) == (result.reason, result.outcome_digest)
    assert before == [item.calls for item in made[0]]


def test_resuming_without_a_decision_changes_nothing_but_the_record(store: Experience) -> None:
    """Same stop, same request, same outcome digest."""
    bench = Bench(chain, job(**WHOLE, **PEOPLE), gate=FixedGate(ESCALATE), experience=store)
    first = bench.run(GO)
    second = bench.resume()

    assert (first.reason, first.pending, first.outcome_digest) == (
        second.reason,
        second.pending,
        second.outcome_digest,
    )
    assert 1 == sum(isinstance(event, RunResumed) for event in bench.events())


def test_a_missing_input_can_be_given_later(store: Experience) -> None:
    """Blocked until then; the input is recorded and no longer missing."""
    planner = lambda: [says("plan", note("Strategies", "note:p"), reads=("Seeds",))]  # noqa: E731
    bench = Bench(planner, job(criteria=(DONE,)), experience=store)
    assert "HumanInterventionRequired" == bench.run(missing_inputs=("vendors",)).reason
    assert ("vendors",) == bench.engine().missing_inputs("r00000001")
    record = InputRecord("vendors", "vendors.csv", "0" * 64)
    result = bench.resume(feeds=[("vendors", [GO])], inputs=(record,))

    assert ("CriteriaMet", ()) == (result.reason, bench.engine().missing_inputs("r00000001"))


def test_a_run_that_has_ended_or_is_unknown_is_not_resumed(store: Experience) -> None:
    """Final is final."""
    bench = Bench(chain, job(**WHOLE), experience=store)
    bench.run(GO)

    with pytest.raises(RunNotResumableError, match="CriteriaMet"):
        bench.resume()
    with pytest.raises(RunNotFoundError):
        bench.resume("r99999999")


def test_a_run_that_is_being_driven_is_not_resumed(store: Experience) -> None:
    """One process drives a run."""
    bench = Bench(chain, job(**WHOLE, budget=Budget(cycles=1)), experience=store)
    bench.run(GO)

    with store.driving("r00000001"), pytest.raises(RunBusyError):
        bench.resume()


def commits_of(bench: Bench) -> list[Commit]:
    """What a run wrote, transaction by transaction."""
    kept: list[Commit] = []

    class Keeping(MemoryExperience):
        def append(self, commit: Commit) -> None:
            super().append(commit)
            kept.append(commit)

    bench.store = Keeping()
    return kept


SCENES: dict[str, Callable[[], Bench]] = {
    "to the end": lambda: Bench(chain, job(**WHOLE)),
    "cycles": lambda: Bench(chain, job(**WHOLE, budget=Budget(cycles=3))),
    "facts": lambda: Bench(chain, job(**WHOLE, budget=Budget(facts=7))),
    "people": lambda: Bench(chain, job(**WHOLE, **PEOPLE), gate=_Policy()),
    "passed": lambda: Bench(
        lambda: [*chain(), *_reviewers()],
        job(**WHOLE, **{**PEOPLE, "gates": (msgspec.structs.replace(GATE, requires=("review",)),)}),
        gate=_Policy(),
    ),
}


class _Policy:
    """Decides on the request alone, so that asking once more changes nothing."""

    def decide(self, question: Any) -> Any:
        if not question.request.context["required_gates_met"]:
            return msgspec.structs.replace(PROMOTE, outcome="REJECT", missing=("review",))
        return ESCALATE if question.grants else PROMOTE


def _reviewers() -> list[Script]:
    passed = ProposedFact("Evaluations", "passed:review:x", Passed(gate="review", resource="x", reason="seen"))
    return [Script("review", lambda _view: [passed], reads=("Diagnostic:denied:*",))]


def play(bench: Bench, result: Any) -> Any:
    """Do what it takes to bring a run to its end: more budget, a yes."""
    for _ in range(20):
        if result.reason in {"CycleBudgetExhausted", "FactBudgetExhausted"}:
            result = bench.resume(added=BudgetChange(cycles=1, facts=2))
        elif result.reason == "HumanInterventionRequired":
            bench.decide("approved")
            result = bench.resume()
        else:
            return result
    raise AssertionError("it does not end")


@pytest.mark.parametrize("scene", SCENES)
def test_after_a_crash_at_any_commit_the_outcome_is_that_of_the_undisturbed_run(scene: str) -> None:
    """The events up to each commit, in a new store, resumed by a new engine; the committed head stays a prefix."""
    whole = SCENES[scene]()
    kept = commits_of(whole)
    wanted = play(whole, whole.run(GO))
    assert wanted.reason == "CriteriaMet"
    assert len(kept) > 5

    for end in range(1, len(kept)):
        crashed = SCENES[scene]()
        for commit in kept[:end]:
            crashed.store.append(commit)
        result = play(crashed, _going_on(crashed))

        assert (wanted.reason, wanted.outcome_digest) == (result.reason, result.outcome_digest), f"commit {end}"
        prefix = [data for commit in kept[:end] for data in commit.events]
        assert prefix == list(crashed.store.read("r00000001"))[: len(prefix)]


def _going_on(bench: Bench) -> Any:
    row = bench.store.row("r00000001")
    if row.status == "paused" and row.reason == "HumanInterventionRequired":
        return bench.engine().recorded("r00000001")
    return bench.resume(added=BudgetChange(cycles=0))


def test_what_an_engine_says_of_a_recorded_run_is_what_the_run_said(store: Experience) -> None:
    """Facts, criteria, rejections, requests, gate answers and the outcome digest, read back without going on."""
    bench = Bench(chain, job(**WHOLE, **PEOPLE), gate=FixedGate(ESCALATE), experience=store)
    live = bench.run(GO)
    read = bench.engine().recorded(live.run_id)

    for name in ("reason", "cycles", "facts", "criteria", "invariants", "pending", "gate_answers", "outcome_digest"):
        assert getattr(live, name) == getattr(read, name), name
    assert [(r.key, r.id, r.code) for r in live.rejections] == [(r.key, r.id, r.code) for r in read.rejections]


def test_int_for_decimal_and_defaults_left_out_have_the_same_bytes_after_a_resume(store: Experience) -> None:
    """What is hashed are the bytes of the parsed payload, live or rebuilt."""

    def loose(_view: Any) -> Effect:
        return Effect(
            [
                ProposedFact("Signals", "note:a", Note(text="x", number=1)),  # type: ignore[arg-type]
                ProposedFact("Signals", "note:b", {"text": "x", "number": 1.50}),
            ]
        )

    bench = Bench(lambda: [Script("loose", loose)], job(criteria=(DONE,), budget=Budget(cycles=0)), experience=store)
    bench.run()
    result = bench.resume(added=BudgetChange(cycles=1))
    direct = Bench(lambda: [Script("loose", loose)], job(criteria=(DONE,))).run()
    again = bench.engine().recorded("r00000001")

    assert ["note:a", "note:b"] == ids(result, "Signals")
    assert direct.outcome_digest == result.outcome_digest == again.outcome_digest
    assert [Decimal(1), Decimal("1.5")] == [fact.payload.number for fact in again.facts if fact.kind == "note"]


def test_a_run_that_turns_in_circles_is_told_so_after_a_crash_at_any_commit_too() -> None:
    """The end of the cycle before the crash counts, as do the seeds."""

    def flip(view: Any) -> list[Any]:
        standing = view.get("Signals", "note:n")
        return [view.revise("Signals", "note:n", Note(text="ab"[standing.payload.text == "a"]))]

    def make() -> list[Script]:
        return [Script("flip", flip, reads=("Signals:note:n",))]

    for budget in (Budget(), Budget(cycles=0)):
        whole = Bench(make, job(budget=budget))
        kept = commits_of(whole)
        wanted = whole.run(note("Signals", "note:n", "b"))
        if not budget.cycles:
            wanted = whole.resume(added=BudgetChange(cycles=9))
        assert ("NoProgress", ["note:n", "note:n@2", "note:n@3"]) == (wanted.reason, ids(wanted, "Signals"))
        for end in range(1, len(kept)):
            crashed = Bench(make, job(budget=budget))
            for commit in kept[:end]:
                crashed.store.append(commit)
            result = crashed.resume(added=BudgetChange(cycles=9))

            assert (wanted.reason, wanted.outcome_digest) == (result.reason, result.outcome_digest)


def test_a_merge_that_was_cut_short_ends_with_the_checks_of_its_cycle() -> None:
    """A violation in its rest is noted before anybody runs again, as in an undisturbed run."""
    order: list[str] = []

    def late(_view: Any) -> list[ProposedFact]:
        order.append("late")
        return []

    def repair(view: Any) -> list[Any]:
        order.append("repair")
        return [view.revise("Signals", "note:n", Note(text="n", number=Decimal(5)))]

    def make() -> list[Script]:
        return [
            says("pair", note("Signals", "note:one"), note("Signals", "note:n", "n", number=Decimal(9))),
            Script("late", late, reads=("Signals:note:n",)),
            Script("repair", repair, reads=("Diagnostic:violation:*",)),
        ]

    bench = Bench(make, job(invariants=(SMALL,), budget=Budget(facts=1)))
    assert "FactBudgetExhausted" == bench.run().reason
    result = bench.resume(added=BudgetChange(facts=9))

    assert ("Converged", ["late", "repair", "late", "repair"]) == (result.reason, order)


def test_the_index_knows_the_earliest_and_the_latest_time_though_the_clock_went_back(store: Experience) -> None:
    """Paused at nine, gone on with at eight by a slow clock: asked since or until half past eight, it is found."""
    started, later = "2026-11-21T09:00:00.000000Z", "2026-11-21T08:00:00.000000Z"
    plan = criterion("planned", at_least("Strategies"), blocked_by=("boss",))
    asks = job(approval_points=(BOSS,), required_approvals=("boss",), criteria=(plan,))

    def bench(at: str) -> Bench:
        return Bench(
            lambda: [says("planner", note("Strategies", "note:a"))], asks, experience=store, clock=ManualClock(at)
        )

    bench(started).run()
    bench(later).decide("approved")
    decided = store.row("r00000001")
    bench(later).resume()
    ended = store.row("r00000001")
    assert [(later, started)] * 2 == [(row.started_at, row.updated_at) for row in (decided, ended)]
    assert ["r00000001"] == [row.run for row in store.query(RunFilter(since="2026-11-21T08:30:00.000000Z"))]
    assert ["r00000001"] == [row.run for row in store.query(RunFilter(until="2026-11-21T08:30:00.000000Z"))]
