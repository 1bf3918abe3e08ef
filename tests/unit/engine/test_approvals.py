"""People and policy: who is asked for what, when it is asked again, what a decision does, and what ends a request."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from engine_kit import (
    ANN,
    BEN,
    BOSS,
    CAT,
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
    revises,
    says,
)

from converge_cli import Passed, ProposedFact
from converge_cli.core.approval import ApprovalPoint, HitlRule, Timeout, approval_digest, plain_content
from converge_cli.core.errors import InvalidJobError
from converge_cli.core.event import ApprovalRequested, ApprovalSpent, GateDecided, ProposalDenied, ProposalWithdrawn
from converge_cli.core.flow_gate import FlowGateDecision, FlowQuestion, Grant
from converge_cli.core.pack_spec import ContextField
from converge_cli.core.predicate import Given, Selection
from converge_cli.testing import FixedGate, ScriptedGate

PLAN = note("Strategies", "note:p", evidence=("note:seed",))
SEED = note("Seeds", "note:seed")
PLANNED = criterion("planned", at_least("Strategies"), blocked_by=("boss", "careful"))
CAREFUL = ApprovalPoint("careful", "deputy", Selection("Strategies"))
BASE: dict[str, Any] = {"criteria": (PLANNED,), "approval_points": (BOSS, CAREFUL), "principal": "ann"}


class OpenAfterApproval:
    """A gate that escalates to its points until they are granted."""

    def decide(self, question: FlowQuestion) -> FlowGateDecision:
        left = tuple(sorted(question.grants))
        return FlowGateDecision(outcome="ESCALATE", approvals=left) if left else PROMOTE


def required(**changes: Any) -> Any:
    """A job that requires the boss for every plan."""
    return job(**{**BASE, "required_approvals": ("boss",), **changes})


def planning(text: str = "x") -> Callable[[], list[Script]]:
    return lambda: [says("plan", msgspec.structs.replace(PLAN, payload=Note(text=text)))]


def test_a_yes_promotes_exactly_what_was_approved_and_is_spent_once() -> None:
    """The promotion names the request; the approval is written as a fact by the engine; Met has evidence."""
    bench = Bench(planning(), required())
    paused = bench.run(SEED)
    assert ("HumanInterventionRequired", []) == (paused.reason, ids(paused, "Strategies"))
    (request,) = paused.pending
    assert (None,) == tuple(item.code for item in bench.decide("approved"))

    result = bench.resume()
    fact = result.fact("Strategies", "note:p")

    assert fact is not None
    assert ("CriteriaMet", (request.id,), ("note:p",)) == (
        result.reason,
        fact.promotion.approvals,
        result.criteria[0].evidence,
    )
    assert [(request.id,)] == [event.requests for event in bench.events() if isinstance(event, ApprovalSpent)]
    assert ["approved"] == [item.payload.decision for item in result.facts if item.kind == "approval"]
    assert "RUN_ENDED" == bench.decide("approved")[0].code


def test_a_no_is_final_for_that_digest() -> None:
    """The run ends CriteriaUnmet, cause rejected; the same proposal again asks nobody."""
    again = Script("again", lambda _view: [PLAN], reads=("Seeds", "Diagnostic:denied:*"))
    bench = Bench(lambda: [again], required())
    bench.run(SEED)
    bench.decide("rejected")
    result = bench.resume()

    assert ("CriteriaUnmet", "rejected", ()) == (result.reason, result.criteria[0].cause, result.pending)
    assert 1 == sum(isinstance(event, ApprovalRequested) for event in bench.events())


def test_other_content_is_another_digest_and_another_request() -> None:
    """An approval of one text is no approval of another."""
    one, two = Bench(planning("x"), required()), Bench(planning("y"), required())
    digests = {bench.run(SEED).pending[0].digest for bench in (one, two)}

    assert 2 == len(digests)


@pytest.mark.parametrize("change", ["point", "key", "fact_id", "kind", "content", "evidence"])
def test_the_digest_covers_point_key_id_kind_content_and_evidence(change: str) -> None:
    """Whatever of it changes, the approval is void."""
    asked: dict[str, Any] = {
        "point": "boss",
        "key": "Strategies",
        "fact_id": "note:p",
        "kind": "note",
        "content": b'{"text":"x"}',
        "evidence": ("note:a",),
    }
    other: Any = {"content": b'{"text":"y"}', "evidence": ("note:b",)}.get(change, "other")

    assert approval_digest(**asked) != approval_digest(**{**asked, change: other})


def test_other_content_for_the_same_subject_supersedes_a_parked_proposal() -> None:
    """The request is closed, a new one is asked; deciding the old one is refused."""
    late = Script("late", lambda _view: [note("Strategies", "note:p", "y")], reads=("Signals",))
    bench = Bench(lambda: [says("plan", PLAN), says("signal", note("Signals", "note:s")), late], required())
    result = bench.run(SEED)

    assert ["y"] == [plain_content(request)["text"] for request in result.pending]
    assert ["other content was proposed for the same subject"] == [
        event.reason for event in bench.events() if isinstance(event, ProposalWithdrawn)
    ]
    assert ["PROPOSAL_CHANGED"] == [
        item.code for item in _decide_all(bench) if item.approval.request != result.pending[0].id
    ]


def _decide_all(bench: Bench) -> list[Any]:
    from converge_cli.engine.decision import Statement, judge_decision
    from converge_cli.engine.request_book import requests_of

    row = bench.store.row("r00000001")
    asked = requests_of(bench.events()).values()
    return [
        judge_decision(item, ANN, Statement("approved", "ok", "interactive"), row, bench.clock.now()) for item in asked
    ]


def test_a_correction_of_its_evidence_withdraws_a_parked_proposal_and_it_may_be_proposed_again() -> None:
    """On the new evidence it is a new request; on the old one it would be rejected."""
    basis = revises("basis", "Signals", "note:b", ["one", "two", "two"])

    def proposes(view: Any) -> list[ProposedFact]:
        return [note("Strategies", "note:p", evidence=tuple(fact.id for fact in view.facts("Signals")))]

    planner = Script("planner", proposes, reads=("Signals",))
    bench = Bench(lambda: [planner, basis], required())
    result = bench.run(SEED)

    assert [("note:b@2",)] == [request.evidence for request in result.pending]
    assert ["its evidence note:b was corrected"] == [
        event.reason for event in bench.events() if isinstance(event, ProposalWithdrawn)
    ]


def test_gate_requirement_and_hitl_rule_claim_together() -> None:
    """Each claiming point asks for itself; one yes is not enough; both are spent on the fact."""
    both = required(gates=(GATE,), hitl=(HitlRule("careful", key="Strategies", confidence_at_most="0.5"),))
    unsure = msgspec.structs.replace(PLAN, confidence=0.5)
    bench = Bench(lambda: [says("plan", unsure)], both, gate=OpenAfterApproval())
    paused = bench.run(SEED)
    assert ["boss", "careful"] == [request.point for request in paused.pending]
    bench.decide("approved", ANN)
    half = bench.resume()
    assert (["careful"], "HumanInterventionRequired") == ([request.point for request in half.pending], half.reason)
    bench.decide("approved", BEN, point="careful")
    result = bench.resume()
    fact = result.fact("Strategies", "note:p")

    assert fact is not None
    assert ("CriteriaMet", 2) == (result.reason, len(fact.promotion.approvals))


@pytest.mark.parametrize(
    ("rule", "asks"),
    [
        (HitlRule("careful", key="Strategies"), True),
        (HitlRule("careful", key="Signals"), False),
        (HitlRule("careful", kind="note"), True),
        (HitlRule("careful", kind="text"), False),
        (HitlRule("careful", suggestor="plan"), True),
        (HitlRule("careful", suggestor="other"), False),
        (HitlRule("careful", confidence_at_most="0.7"), True),
        (HitlRule("careful", confidence_at_most="0.69"), False),
        (HitlRule("careful", key="Strategies", kind="text"), False),
    ],
)
def test_a_hitl_rule_parks_what_matches_all_of_its_conditions(rule: HitlRule, asks: bool) -> None:
    """By kind, key, suggestor, and confidence at or below a threshold."""
    unsure = msgspec.structs.replace(PLAN, confidence=0.7)
    result = Bench(lambda: [says("plan", unsure)], job(**BASE, hitl=(rule,))).run(SEED)

    assert asks == bool(result.pending)


def test_one_no_among_several_claims_denies_and_closes_the_others() -> None:
    """The rejected point is named; nobody has to answer the rest."""
    both = required(hitl=(HitlRule("careful", key="Strategies"),))
    bench = Bench(planning(), both)
    bench.run(SEED)
    bench.decide("rejected", BEN, point="careful")
    result = bench.resume()

    assert ((), "rejected", "CriteriaUnmet") == (result.pending, result.criteria[0].cause, result.reason)
    assert [("careful",)] == [event.by for event in bench.events() if isinstance(event, ProposalDenied)]


def test_parked_proposals_never_hold_up_others() -> None:
    """The rest of the cycle merges, the loop goes on to its fixed point, then all requests stand together."""
    chain = Script("chain", lambda _view: [note("Signals", "note:two")], reads=("Signals:note:one",))
    more = says("more", note("Strategies", "note:q"), note("Signals", "note:one"))
    result = Bench(lambda: [says("plan", PLAN), more, chain], required()).run(SEED)

    assert (["note:one", "note:two"], ["note:p", "note:q"]) == (
        ids(result, "Signals"),
        [request.fact for request in result.pending],
    )


def test_a_gate_is_asked_again_when_a_gate_is_passed() -> None:
    """Denied first; promoted when the `passed` fact arrives, without its suggestor running again."""
    gate = msgspec.structs.replace(GATE, requires=("review",))
    passed = ProposedFact("Evaluations", "passed:review:x", Passed(gate="review", resource="x", reason="seen"))
    planner = says("plan", PLAN)
    review = Script("review", lambda _view: [passed], reads=("Diagnostic:denied:*",))
    scripted = ScriptedGate({"x": [REJECT, PROMOTE]})
    bench = Bench(lambda: [planner, review], job(**BASE, gates=(gate,)), gate=scripted)
    result = bench.run(SEED)

    assert ("CriteriaMet", 1) == (result.reason, planner.calls)
    assert [False, True] == [question.request.context["required_gates_met"] for question in scripted.questions]
    assert [(), ("review",)] == [question.request.resource.gates_passed for question in scripted.questions]
    assert ["denied", "resolved"] == [fact.payload.cause for fact in result.facts if fact.kind == "denied"]


def test_a_passed_fact_of_another_resource_passes_nothing() -> None:
    """Neither one whose name ends alike."""
    gate = msgspec.structs.replace(GATE, requires=("review",))
    others = [
        ProposedFact("Evaluations", f"passed:review:{name}", Passed(gate="review", resource=name, reason="seen"))
        for name in ("y", "a:x")
    ]
    scripted = ScriptedGate({"x": [REJECT]})
    Bench(lambda: [says("others", *others), says("plan", PLAN)], job(**BASE, gates=(gate,)), gate=scripted).run(SEED)

    assert [()] == sorted({question.request.resource.gates_passed for question in scripted.questions})


def test_a_gate_that_is_passed_no_longer_counts_no_more() -> None:
    """What was promoted by it stays; what waits is asked again without it."""
    gate = msgspec.structs.replace(GATE, requires=("review",))
    passed = Passed(gate="review", resource="x", reason="seen")
    gone = msgspec.structs.replace(passed, reason="a page was missing", holds=False)
    says_so = Script("review", lambda _view: [ProposedFact("Evaluations", "passed:review:x", passed)], reads=("Seeds",))
    unsays = Script(
        "doubt",
        lambda _view: [ProposedFact("Evaluations", "passed:review:x@2", gone, corrects="passed:review:x")],
        reads=("Evaluations:passed:*",),
    )
    scripted = ScriptedGate({"x": [ESCALATE, ESCALATE, ESCALATE]})
    Bench(lambda: [says_so, unsays, says("plan", PLAN)], job(**BASE, gates=(gate,)), gate=scripted).run(SEED)

    assert [("review",), ()] == [question.request.resource.gates_passed for question in scripted.questions]


class Broken:
    """A gate that breaks its promise."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def decide(self, question: FlowQuestion) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    "gate",
    [
        None,
        Broken(RuntimeError("\ud800")),
        Broken(None),
        Broken(FlowGateDecision(outcome="ESCALATE")),
        Broken(FlowGateDecision(outcome="ESCALATE", approvals=("nobody",))),
    ],
    ids=["none", "raises", "answers None", "asks for nothing", "asks for an unknown point"],
)
def test_a_gate_that_can_not_answer_refuses(gate: Any) -> None:
    """Policy fails closed: nothing is promoted, nobody is asked in vain, the run ends PolicyDenied."""
    bench = Bench(planning(), job(**BASE, gates=(GATE,)), gate=gate)
    result = bench.run(SEED)

    assert ("PolicyDenied", []) == (result.reason, ids(result, "Strategies"))
    assert ["error"] == [event.decision.source for event in bench.events() if isinstance(event, GateDecided)]


@pytest.mark.parametrize("principal", [None, "ghost"])
def test_an_unknown_principal_is_refused(principal: str | None) -> None:
    """Nobody acts for somebody who is not among the people."""
    result = Bench(planning(), job(**{**BASE, "principal": principal}, gates=(GATE,)), gate=FixedGate(PROMOTE)).run(
        SEED
    )

    assert "PolicyDenied" == result.reason


@pytest.mark.parametrize(
    ("field", "amount", "minor"),
    [
        ("money", "4200.00", 420000),
        ("money", "0.01", 1),
        ("money", "0.001", None),
        ("money", "1.0000000000000000000000000000000000001", None),
        ("money", "9E+999999", None),
        ("money", "NaN", None),
        ("money", "92233720368547758.07", 2**63 - 1),
        ("money", "92233720368547758.08", None),
    ],
)
def test_money_reaches_policy_in_exact_minor_units_or_not_at_all(field: Any, amount: str, minor: int | None) -> None:
    """What has no exact number of hundredths is refused, never rounded."""
    gate = msgspec.structs.replace(GATE, context={"amount": ContextField(field, "number")})
    scripted = FixedGate(PROMOTE)
    plan = ProposedFact("Strategies", "note:p", {"text": "x", "number": amount})
    result = Bench(lambda: [says("plan", plan)], job(**BASE, gates=(gate,)), gate=scripted).run(SEED)

    assert [minor] * (minor is not None) == [question.request.context["amount"] for question in scripted.questions]
    assert ("CriteriaMet" if minor is not None else "PolicyDenied") == result.reason


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("0.875", "0.875"),
        ("1", "1.0"),
        ("-2.50", "-2.5"),
        ("0.00001", None),
        ("1E+3", "1000.0"),
        ("Infinity", None),
        ("922337203685477.5807", "922337203685477.5807"),
        ("922337203685477.5808", None),
    ],
)
def test_a_decimal_reaches_policy_exactly_or_not_at_all(number: str, said: str | None) -> None:
    """What has more than four decimals, or is beyond what policy holds, is refused and never rounded."""
    gate = msgspec.structs.replace(GATE, context={"score": ContextField("decimal", "number")})
    scripted = FixedGate(PROMOTE)
    plan = ProposedFact("Strategies", "note:p", {"text": "x", "number": number})
    Bench(lambda: [says("plan", plan)], job(**BASE, gates=(gate,)), gate=scripted).run(SEED)

    assert [said] * (said is not None) == [question.request.context["score"] for question in scripted.questions]


@pytest.mark.parametrize(
    ("person", "changes", "mode", "code"),
    [
        (CAT, {}, "interactive", "ROLE_MISSING"),
        (ANN, {"not_by": ("principal",)}, "interactive", "SELF_APPROVAL"),
        (ANN, {"not_by": ("owner",)}, "interactive", "SELF_APPROVAL"),
        (ANN, {}, "ci", "MODE_FORBIDDEN"),
        (ANN, {}, "interactive", None),
    ],
)
def test_a_decision_counts_only_by_the_rules_of_its_point(
    person: Any, changes: dict[str, Any], mode: str, code: str | None
) -> None:
    """A refused decision is recorded, and the run stays as it was."""
    point = msgspec.structs.replace(BOSS, **changes)
    plan = note("Strategies", "note:p", owner="ann")
    bench = Bench(lambda: [says("plan", plan)], required(approval_points=(point, CAREFUL)))
    bench.run(SEED)
    (decided,) = bench.decide("approved", person, mode=mode)
    result = bench.resume()

    assert code == decided.code
    assert ("CriteriaMet" if code is None else "HumanInterventionRequired") == result.reason
    assert [code] * (code is not None) == [refusal.code for refusal in result.refusals]


def test_a_quorum_needs_different_people() -> None:
    """The same person twice is one person."""
    point = msgspec.structs.replace(BOSS, quorum=2)
    bench = Bench(planning(), required(approval_points=(point, CAREFUL)))
    bench.run(SEED)
    assert [None] == [item.code for item in bench.decide("approved", ANN)]
    assert ["SAME_PERSON"] == [item.code for item in bench.decide("approved", ANN)]
    assert "HumanInterventionRequired" == bench.resume().reason
    bench.decide("approved", BEN)
    result = bench.resume()

    assert "CriteriaMet" == result.reason
    assert [("ann", "ben")] == [fact.payload.by for fact in result.facts if fact.kind == "approval"]


@pytest.mark.parametrize(
    ("owner", "asked"),
    [("ann", True), ("ben", False), (None, True)],
    ids=["says so", "says something else", "is silent"],
)
def test_a_gate_with_a_condition_asks_about_those_that_meet_it_or_do_not_say(owner: str | None, asked: bool) -> None:
    """A field that is left out does not get a proposal past the gate."""
    gate = FixedGate(REJECT)
    mine = msgspec.structs.replace(GATE, when={"owner": "ann"})
    plan = note("Strategies", "note:p", owner=owner)
    result = Bench(lambda: [says("plan", plan)], job(**BASE, gates=(mine,)), gate=gate).run()

    assert (asked, not asked) == (bool(gate.questions), result.fact("Strategies", "note:p") is not None)


def test_an_authority_request_is_decided_by_that_authority_which_policy_then_sees() -> None:
    """The gate is asked again with the approver as principal."""
    asks = FlowGateDecision(outcome="ESCALATE", authority="sovereign")
    scripted = ScriptedGate({"x": [asks, PROMOTE]})
    bench = Bench(planning(), job(**BASE, gates=(GATE,)), gate=scripted)
    paused = bench.run(SEED)
    assert ["authority_sovereign"] == [request.point for request in paused.pending]
    assert ["AUTHORITY_TOO_LOW"] == [i.code for i in bench.decide("approved", ANN, point="authority_sovereign")]
    bench.decide("approved", BEN, point="authority_sovereign")
    result = bench.resume()

    assert "CriteriaMet" == result.reason
    assert ["ann", "ben"] == [question.request.principal.id for question in scripted.questions]


def test_a_request_that_nobody_decides_is_rejected_when_its_time_is_up() -> None:
    """Never silently approved; deciding late is refused."""
    point = msgspec.structs.replace(BOSS, timeout=Timeout(3600, "reject"))
    bench = Bench(planning(), required(approval_points=(point, CAREFUL)))
    bench.run(SEED)
    bench.clock.advance(3600)
    assert ["TIMED_OUT"] == [item.code for item in bench.decide("approved")]
    result = bench.resume()

    assert ("CriteriaUnmet", "rejected") == (result.reason, result.criteria[0].cause)


def test_a_request_may_escalate_to_another_role_once() -> None:
    """Then that role has its time, and after it the request is rejected."""
    point = msgspec.structs.replace(BOSS, timeout=Timeout(3600, "escalate"))
    bench = Bench(planning(), required(approval_points=(point, CAREFUL), escalates_to="deputy"))
    bench.run(SEED)
    bench.clock.advance(3601)
    waiting = bench.resume()
    assert ["deputy"] == [request.role for request in waiting.pending]
    assert ["ROLE_MISSING"] == [item.code for item in bench.decide("approved", ANN)]
    bench.clock.advance(8 * 24 * 3600)

    assert "CriteriaUnmet" == bench.resume().reason


def test_the_escalated_role_may_decide() -> None:
    """Ben is a deputy."""
    point = msgspec.structs.replace(BOSS, timeout=Timeout(3600, "escalate"))
    bench = Bench(planning(), required(approval_points=(point, CAREFUL), escalates_to="deputy"))
    bench.run(SEED)
    bench.clock.advance(3601)
    bench.resume()
    bench.decide("approved", BEN)

    assert "CriteriaMet" == bench.resume().reason


def test_claims_on_a_point_that_nobody_declared_are_refused_at_once() -> None:
    """They would never be asked for: a required approval would silently not be required."""
    for changes in ({"required_approvals": ("ghost",)}, {"hitl": (HitlRule("ghost", key="Signals"),)}):
        with pytest.raises(InvalidJobError, match="ghost"):
            Bench(planning(), job(**BASE, **changes)).engine()


def test_grants_of_an_approval_reach_the_gate() -> None:
    """Gates and context values of the point are in the second question."""
    gate = msgspec.structs.replace(
        GATE, requires=("manager",), approvals={"boss": Grant(("manager",), {"human_approval_present": True})}
    )
    seen: list[FlowQuestion] = []

    class Recording(OpenAfterApproval):
        def decide(self, question: FlowQuestion) -> FlowGateDecision:
            seen.append(question)
            return super().decide(question)

    bench = Bench(planning(), job(**BASE, gates=(gate,)), gate=Recording())
    bench.run(SEED)
    bench.decide("approved")
    assert "CriteriaMet" == bench.resume().reason

    told = [(q.request.context["required_gates_met"], q.request.context["human_approval_present"]) for q in seen]
    assert [(False, False), (True, True)] == told


def test_an_approval_may_be_what_a_clause_selects() -> None:
    """`Given any approval for "boss"` and `an approval for "boss" exists`."""
    from engine_kit import then

    from converge_cli.core.predicate import Approved

    asked = criterion("asked", then(Approved("boss", "chief")), given=(Given("approval", point="boss"),))
    bench = Bench(planning(), required(criteria=(asked,)))
    bench.run(SEED)
    bench.decide("approved")
    result = bench.resume()

    (evidence,) = result.criteria[0].evidence
    assert ("CriteriaMet", True) == (result.reason, evidence.startswith("approval:boss:"))


def test_what_policy_saw_is_told_as_people_write_it() -> None:
    """Amounts in whole units, not in the minor units of policy; true and false as in the truth."""
    gate = msgspec.structs.replace(GATE, context={"amount": ContextField("money", "number")})
    plan = ProposedFact("Strategies", "note:p", {"text": "x", "number": "15000"})
    bench = Bench(lambda: [says("plan", plan)], job(**BASE, gates=(gate,)), gate=FixedGate(ESCALATE))
    (request,) = bench.run(SEED).pending

    assert {
        "amount": "15000.00",
        "commitment_type": gate.resource_kind,
        "human_approval_present": "false",
        "required_gates_met": "true",
    } == dict(request.why.values)


def test_escalate_needs_no_requirement_in_the_truth() -> None:
    """The gate alone may ask for a person."""
    result = Bench(planning(), job(**BASE, gates=(GATE,)), gate=FixedGate(ESCALATE)).run(SEED)

    assert ["boss"] == [request.point for request in result.pending]
    assert (("needs_boss",), "commit") == (result.pending[0].why.rules, result.pending[0].why.gate)


def test_a_fact_that_no_gate_asks_about_keeps_its_approvals_on_record() -> None:
    """What was spent on it stands in the live result, in its event and in the rebuilt run."""
    bench = Bench(planning(), required())
    bench.run(SEED)
    bench.decide("approved", BEN)
    live = bench.resume()

    spent = {fact.id: fact.promotion.approvals for fact in live.facts if fact.key == "Strategies"}
    rebuilt = {
        fact.id: fact.promotion.approvals
        for fact in bench.engine().recorded(live.run_id).facts
        if fact.key == "Strategies"
    }
    assert ["boss"] == [request.split(".")[1] for request in spent["note:p"]]
    assert spent == rebuilt
