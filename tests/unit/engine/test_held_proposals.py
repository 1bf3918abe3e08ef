"""Held proposals as the run goes on: a no stays a no, a request that was closed is asked again, evidence must stand."""

from typing import Any

import msgspec
import pytest
from engine_kit import (
    ANN,
    BOSS,
    ESCALATE,
    GATE,
    PROMOTE,
    REJECT,
    Bench,
    Note,
    Script,
    at_least,
    criterion,
    ids,
    job,
    note,
    says,
)

from converge_cli import Passed, ProposedFact
from converge_cli.core.approval import ApprovalPoint
from converge_cli.core.event import ApprovalRequested
from converge_cli.core.flow_gate import FlowGateDecision
from converge_cli.core.predicate import Selection
from converge_cli.testing import ScriptedGate

SEED = note("Seeds", "note:seed")
REVIEWED = ProposedFact("Evaluations", "passed:review:x", Passed(gate="review", resource="x", reason="seen"))
GATED: dict[str, Any] = {
    "gates": (msgspec.structs.replace(GATE, requires=("review",)),),
    "approval_points": (BOSS,),
    "principal": "ann",
}


@pytest.mark.parametrize(
    "answers", [[ESCALATE, PROMOTE, PROMOTE], [ESCALATE, ESCALATE, PROMOTE]], ids=["at once", "after it was denied"]
)
def test_a_no_stays_final_when_policy_no_longer_asks_for_that_person(answers: list[FlowGateDecision]) -> None:
    """Law 7: what a person refused is not promoted because policy changed, or a gate was passed, since."""
    review = Script("review", lambda _view: [REVIEWED], reads=("Diagnostic:denied:*",))
    gate = ScriptedGate({"x": answers})
    bench = Bench(lambda: [says("plan", note("Strategies", "note:p")), review], job(**GATED), gate=gate)
    assert "HumanInterventionRequired" == bench.run(SEED).reason
    bench.decide("rejected")
    result = bench.resume()

    assert [] == ids(result, "Strategies")
    assert ["rejected"] == [fact.payload.cause for fact in result.facts if fact.kind == "denied"]


def test_what_a_person_refused_stays_refused_when_it_is_proposed_again_after_something_else() -> None:
    """The refused proposal was withdrawn for another; back again it is denied at once, and nobody is asked twice."""
    texts = iter(["other", "x"])

    def change_mind(_view: Any) -> list[ProposedFact]:
        return [note("Strategies", "note:p", next(texts))]

    def make() -> list[Script]:
        return [
            says("plan", note("Strategies", "note:p")),
            Script("other", change_mind, reads=("Diagnostic:denied:*", "Signals"), writes=("Strategies",)),
            says("signal", note("Signals", "note:s"), reads=("Diagnostic:denied:*",)),
        ]

    planned = criterion("planned", at_least("Strategies"))
    bench = Bench(make, job(approval_points=(BOSS,), required_approvals=("boss",), criteria=(planned,)))
    bench.run(SEED)
    bench.decide("rejected")
    result = bench.resume()

    assert ((), 2) == (result.pending, sum(isinstance(event, ApprovalRequested) for event in bench.events()))
    assert ("CriteriaUnmet", "rejected") == (result.reason, result.criteria[0].cause)


def test_a_request_that_a_refusal_of_policy_closed_is_asked_again_when_policy_asks_again() -> None:
    """Otherwise the proposal would wait for ever, and nobody would know."""
    review = Script("review", lambda _view: [REVIEWED], reads=("Signals",))
    gone = Passed(gate="review", resource="x", reason="seen again", holds=False)
    second = ProposedFact("Evaluations", "passed:review:x@2", gone, corrects="passed:review:x")
    more = Script("more", lambda _view: [second], reads=("Diagnostic:denied:*",))
    gate = ScriptedGate({"x": [ESCALATE, REJECT, ESCALATE]})
    suggestors = [says("plan", note("Strategies", "note:p")), says("signal", note("Signals", "note:s")), review, more]
    result = Bench(lambda: suggestors, job(**GATED), gate=gate).run(SEED)

    assert ("HumanInterventionRequired", ["note:p"]) == (result.reason, [request.fact for request in result.pending])


def test_policy_is_asked_again_only_about_what_a_passed_gate_concerns() -> None:
    """Ten proposals wait while ten resources are reviewed one after the other: twenty questions, not a hundred and ten.

    Each is put to policy when it is proposed, and when its own resource has been reviewed.
    """
    names = [f"n{number}" for number in range(10)]

    def review(view: Any) -> list[ProposedFact]:
        todo = [name for name in names if view.get("Evaluations", f"passed:review:{name}") is None]
        said = [Passed(gate="review", resource=name, reason="seen") for name in todo[:1]]
        return [ProposedFact("Evaluations", f"passed:review:{item.resource}", item) for item in said]

    plan = says("plan", *(note("Strategies", f"note:{name}", name) for name in names))
    reviewer = Script("review", review, reads=("Seeds", "Evaluations"))
    gate = ScriptedGate({name: [ESCALATE, PROMOTE] for name in names})
    result = Bench(lambda: [plan, reviewer], job(**GATED), gate=gate).run(SEED)

    assert [f"note:{name}" for name in names] == ids(result, "Strategies")
    assert [*names, *names] == [question.request.resource.id for question in gate.questions]


def test_a_yes_does_not_promote_on_evidence_that_another_yes_corrected() -> None:
    """Both were approved in the same pause: the correction comes first, so what rests on the old fact is withdrawn."""
    point = ApprovalPoint("boss", "chief", Selection("Strategies"))
    correction = Script(
        "correction",
        lambda view: [view.revise("Strategies", "note:b", Note(text="new"))],
        reads=("Signals",),
        writes=("Strategies:note:b",),
    )
    rests = says("rests", note("Strategies", "note:p", evidence=("note:b",)), reads=("Signals",))

    def make() -> list[Script]:
        return [
            says("basis", note("Strategies", "note:b", "old")),
            says("signal", note("Signals", "note:s"), reads=("Strategies",)),
            correction,
            rests,
        ]

    bench = Bench(make, job(approval_points=(point,), required_approvals=("boss",)))
    bench.run(SEED)
    bench.decide("approved", ANN)
    bench.resume()
    bench.decide("approved", ANN)
    result = bench.resume()

    assert ["note:b", "note:b@2"] == ids(result, "Strategies")


def test_an_approval_that_was_used_can_not_be_given_again() -> None:
    """While the run still waits for somebody else; the record says that it is spent, and on what."""
    points = (msgspec.structs.replace(BOSS, approves=Selection("Strategies", "note:p")),)
    points += (ApprovalPoint("other", "chief", Selection("Strategies", "note:q")),)
    asks = job(approval_points=points, required_approvals=("boss", "other"))
    bench = Bench(lambda: [says("plan", note("Strategies", "note:p"), note("Strategies", "note:q"))], asks)
    bench.run(SEED)
    bench.decide("approved")
    paused = bench.resume()

    assert ("HumanInterventionRequired", ["note:p"]) == (paused.reason, ids(paused, "Strategies"))
    assert ["APPROVAL_SPENT"] == [item.code for item in bench.decide("approved")]
