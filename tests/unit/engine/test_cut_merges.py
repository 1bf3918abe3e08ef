"""A merge that the fact budget cuts short: nothing that was recorded is lost, and nothing is judged a second time."""

from collections.abc import Callable
from typing import Any

from engine_kit import Bench, Script, ids, job, note, says

from converge_cli import Budget, ProposedFact
from converge_cli.core.approval import ApprovalPoint
from converge_cli.core.budget import BudgetChange
from converge_cli.core.predicate import Selection
from converge_cli.core.recorded import InputRecord

GO = note("Seeds", "note:go")


def whole_and_cut(make: Callable[[], list[Script]], limit: int) -> tuple[Any, Any]:
    """The undisturbed run, and the one that was cut at so many facts and then went on."""
    whole = Bench(make).run(GO)
    bench = Bench(make, job(budget=Budget(facts=limit)))
    assert "FactBudgetExhausted" == bench.run(GO).reason
    return whole, bench.resume(added=BudgetChange(facts=99))


def test_inputs_behind_the_one_that_was_cut_come_in_when_the_run_goes_on() -> None:
    """What was given at the start is recorded before any of it is judged."""
    feeds = [(f"input:{name}", [note("Seeds", f"note:{name}{n}") for n in range(2)]) for name in "ab"]
    bench = Bench(list, job(budget=Budget(facts=1)))
    assert "FactBudgetExhausted" == bench.run(GO, feeds=feeds).reason
    result = bench.resume(added=BudgetChange(facts=9))

    assert ["note:a0", "note:a1", "note:b0", "note:b1", "note:go"] == ids(result, "Seeds")


def test_an_input_given_at_a_resume_that_is_cut_again_comes_in_later() -> None:
    """It is on record as given, so it must never be lost."""
    bench = Bench(
        lambda: [says("many", *(note("Signals", f"note:{n}") for n in range(3)))], job(budget=Budget(facts=1))
    )
    assert "FactBudgetExhausted" == bench.run(missing_inputs=("late",)).reason
    late = [("input:late", [note("Seeds", "note:late")])]
    again = bench.resume(feeds=late, inputs=(InputRecord("late", "late.csv", "0" * 64),))
    assert "FactBudgetExhausted" == again.reason
    result = bench.resume(added=BudgetChange(facts=9))

    assert ("Converged", ["note:late"]) == (result.reason, ids(result, "Seeds"))


def test_what_was_rejected_before_the_cut_is_not_judged_by_what_came_after_it() -> None:
    """Its evidence arrived later in the same merge: too late in the undisturbed run, too late here."""

    def make() -> list[Script]:
        return [
            says("hasty", note("Evaluations", "note:e", evidence=("note:one",))),
            says("pair", note("Signals", "note:one"), note("Signals", "note:two")),
        ]

    whole, result = whole_and_cut(make, 2)

    assert ([], whole.outcome_digest) == (ids(result, "Evaluations"), result.outcome_digest)


def test_a_suggestor_that_recovered_in_a_merge_that_was_cut_is_noted_as_recovered() -> None:
    """Its failure is resolved when its proposals are judged, wherever that happens."""

    def recovering() -> Script:
        calls: list[int] = []

        def do(view: Any) -> list[ProposedFact]:
            calls.append(len(view.facts("Signals")))
            if not calls[-1]:
                raise RuntimeError("not yet")
            return [note("Strategies", "note:p")]

        return Script("shaky", do, reads=("Seeds", "Signals"))

    def make() -> list[Script]:
        return [
            says("first", note("Signals", "note:one"), reads=("Seeds",)),
            says("second", note("Evaluations", "note:two"), note("Evaluations", "note:three"), reads=("Signals",)),
            recovering(),
        ]

    whole, result = whole_and_cut(make, 3)

    assert ["EXCEPTION", "RESOLVED"] == [fact.payload.code for fact in result.facts if fact.kind == "failure"]
    assert whole.outcome_digest == result.outcome_digest


def test_a_yes_that_was_given_while_the_merge_was_cut_counts() -> None:
    """The proposal that superseded another before the cut stays the one that people were asked about."""
    boss = ApprovalPoint("boss", "chief", Selection("Strategies"))

    def make() -> list[Script]:
        return [
            says("one", note("Strategies", "note:p", "one")),
            says("two", note("Strategies", "note:p", "two")),
            says("many", note("Signals", "note:a"), note("Signals", "note:b")),
        ]

    people: dict[str, Any] = {"approval_points": (boss,), "required_approvals": ("boss",)}
    bench = Bench(make, job(**people, budget=Budget(facts=1)))
    assert "FactBudgetExhausted" == bench.run().reason
    bench.decide("approved")
    result = bench.resume(added=BudgetChange(facts=9))

    fact = result.fact("Strategies", "note:p")
    assert ("Converged", "two") == (result.reason, fact and fact.payload.text)
