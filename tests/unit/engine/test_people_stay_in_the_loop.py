"""What people were asked, and who may answer, holds whatever changes while a run is paused."""

import asyncio

import msgspec
import pytest
from engine_kit import ANN, BEN, BOSS, ESCALATE, GATE, PROMOTE, Bench, Note, at_least, criterion, job, note, says

from converge_cli import Passed, ProposedFact, StopReason
from converge_cli.core.errors import RunNotResumableError
from converge_cli.core.invariant import Validation
from converge_cli.core.predicate import Absent, Given, Selection, Then
from converge_cli.testing import FixedGate

SEED = note("Seeds", "note:seed")
PLAN = note("Strategies", "note:p")
PLANNED = criterion("planned", at_least("Strategies"), blocked_by=("boss",))
CHECKED = msgspec.structs.replace(GATE, requires=("checked",))
BASE = {"criteria": (PLANNED,), "approval_points": (BOSS,), "principal": "ann"}


def test_a_proposal_that_policy_lets_in_later_leaves_no_open_question() -> None:
    """Its requests are closed, live and rebuilt, so that nobody decides on what is a fact already."""
    bench = Bench(lambda: [says("plan", PLAN)], job(**BASE, gates=(CHECKED,)), gate=FixedGate(ESCALATE))
    paused = bench.run(SEED)
    passed = ProposedFact("Evaluations", "passed:checked:p", Passed(gate="checked", resource="p", reason="looked"))
    feeds = [("input:checks", [passed])]
    ended = asyncio.run(bench.engine(gate=FixedGate(PROMOTE)).resume(paused.run_id, feeds=feeds))
    rebuilt = bench.engine().recorded(paused.run_id)

    assert (1, 0, 0) == (len(paused.pending), len(ended.pending), len(rebuilt.pending))
    assert (StopReason.CRITERIA_MET, 0) == (ended.stop.reason, bench.store.row(paused.run_id).pending)


@pytest.mark.parametrize(
    ("named", "code"),
    [
        (" BEN", "SELF_APPROVAL"),
        ("Ben", "SELF_APPROVAL"),
        ("", "SELF_APPROVAL"),
        (None, "SELF_APPROVAL"),
        ("zoe", None),
    ],
)
def test_not_by_a_field_fails_closed(named: str | None, code: str | None) -> None:
    """Spelling does not matter; where the proposal names nobody, nobody may decide."""
    point = msgspec.structs.replace(BOSS, not_by=("owner",))
    bench = Bench(
        lambda: [says("plan", msgspec.structs.replace(PLAN, payload=Note(text="x", owner=named)))],
        job(**{**BASE, "approval_points": (point,)}, required_approvals=("boss",)),
    )
    bench.run(SEED)

    assert [code] == [decided.code for decided in bench.decide("approved", BEN)]


def test_a_proposal_is_validated_again_before_it_is_let_in() -> None:
    """What an approval finds changed is not promoted: the question is withdrawn."""
    quiet = Validation(
        "quiet",
        "No plan while there is an alarm",
        (Given("proposal", Selection("Strategies")),),
        (Then("no alarm", Absent(Selection("Signals", "note:alarm"))),),
    )
    alarm = note("Signals", "note:alarm")
    bench = Bench(lambda: [says("plan", PLAN)], job(**BASE, required_approvals=("boss",), validations=(quiet,)))
    bench.run(SEED)
    bench.decide("approved", ANN)
    ended = asyncio.run(bench.engine().resume("r00000001", feeds=[("input:alarm", [alarm])]))

    assert ([], []) == ([fact.id for fact in ended.facts if fact.key == "Strategies"], list(ended.pending))


def test_a_run_goes_on_with_the_job_that_it_began_with() -> None:
    """An engine that was given another job refuses."""
    bench = Bench(lambda: [says("plan", PLAN)], job(**BASE, required_approvals=("boss",)))
    bench.run(SEED)
    other = Bench(lambda: [says("plan", PLAN)], job(**BASE), experience=bench.store)

    with pytest.raises(RunNotResumableError):
        other.resume()
