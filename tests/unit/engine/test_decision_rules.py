"""Each rule of a decision alone, with its code; and what a decision that counts comes to, whatever is tried again."""

import itertools
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from engine_kit import (
    ANN,
    BEN,
    BOSS,
    CAT,
    GATE,
    PROMOTE,
    Bench,
    Note,
    Script,
    at_least,
    criterion,
    job,
    note,
    revises,
    says,
)

from converge_cli import ContextView, Effect, Person
from converge_cli.core.approval import Approval, ApprovalPoint, ApprovalRequest, HitlRule, Timeout
from converge_cli.core.errors import RunNotResumableError
from converge_cli.core.event import (
    ApprovalRequested,
    ApprovalSpent,
    DecisionRefused,
    FactPromoted,
    ProposalWithdrawn,
    RunEvent,
    TimerFired,
    decode_event,
    encode_event,
)
from converge_cli.core.flow_gate import FlowGateDecision
from converge_cli.core.port import RunRow
from converge_cli.core.predicate import Selection
from converge_cli.engine.candidate import Candidate
from converge_cli.engine.decision import Statement, judge_decision
from converge_cli.engine.request_form import hitl_applies
from converge_cli.engine.run import Asked
from converge_cli.store.memory import MemoryExperience
from converge_cli.testing import FixedGate, ScriptedGate

GUIDE = Path(__file__).parents[3] / "docs" / "guide.md"
NOW = "2026-11-21T14:00:00.000000Z"
SEED = note("Seeds", "note:seed")
PLAN = note("Strategies", "note:p", evidence=("note:seed",))
PLANNED = criterion("planned", at_least("Strategies"), blocked_by=("boss",))
BASE: dict[str, Any] = {"criteria": (PLANNED,), "approval_points": (BOSS,), "principal": "ann"}
REQUEST = ApprovalRequest(
    id="r1.boss.000000000000",
    point="boss",
    digest="0" * 64,
    key="Strategies",
    fact="note:p",
    kind="note",
    content=msgspec.Raw(b"{}"),
    evidence=(),
    suggestor="plan",
    requested_at="2026-11-21T13:00:00.000000Z",
    role="chief",
)
ROW = RunRow("r1", "t", "T", "paused", "HumanInterventionRequired", NOW, NOW, 1, "0" * 64, 1, 1, 1)
YES = Approval(REQUEST.id, REQUEST.digest, "approved", "ann", "chief", "ok", "interactive")


def changed(**changes: Any) -> Asked:
    return Asked(msgspec.structs.replace(REQUEST, **changes))


@pytest.mark.parametrize(
    ("code", "asked", "person", "said", "status"),
    [
        (None, Asked(REQUEST), ANN, {}, "paused"),
        ("RUN_ENDED", Asked(REQUEST), ANN, {}, "stopped"),
        ("APPROVAL_SPENT", Asked(REQUEST, "spent", (YES,)), BEN, {}, "paused"),
        ("PROPOSAL_CHANGED", Asked(REQUEST, "superseded"), ANN, {}, "paused"),
        ("REQUEST_CLOSED", Asked(REQUEST, "closed"), ANN, {}, "paused"),
        ("ALREADY_DECIDED", Asked(REQUEST, "approved", (YES,)), BEN, {}, "paused"),
        (
            "ALREADY_DECIDED",
            Asked(REQUEST, "rejected", (msgspec.structs.replace(YES, decision="rejected"),)),
            BEN,
            {},
            "paused",
        ),
        ("TIMED_OUT", changed(until=NOW), ANN, {}, "paused"),
        ("TIMED_OUT", Asked(msgspec.structs.replace(REQUEST, until=NOW), "rejected"), ANN, {}, "paused"),
        ("SELF_APPROVAL", changed(not_by=("ann",)), ANN, {}, "paused"),
        ("ROLE_MISSING", Asked(REQUEST), CAT, {}, "paused"),
        ("AUTHORITY_TOO_LOW", changed(role=None, authority="sovereign"), ANN, {}, "paused"),
        ("APPROVAL_IN_VAIN", changed(role=None, authority="sovereign", in_vain=("ben",)), BEN, {}, "paused"),
        ("MODE_FORBIDDEN", Asked(REQUEST), ANN, {"mode": "ci"}, "paused"),
        ("SAME_PERSON", Asked(msgspec.structs.replace(REQUEST, quorum=2), "pending", (YES,)), ANN, {}, "paused"),
        ("REASON_MISSING", Asked(REQUEST), ANN, {"reason": " \t"}, "paused"),
    ],
)
def test_each_rule_alone_refuses_with_its_own_code(
    code: str | None, asked: Asked, person: Person, said: dict[str, str], status: str
) -> None:
    """Everything else about the decision is in order. A no is judged as a yes is."""
    row = msgspec.structs.replace(ROW, status=status)
    for decision in ("approved", "rejected"):
        statement = Statement(**{"decision": decision, "reason": "ok", "mode": "interactive", **said})
        assert code == judge_decision(asked, person, statement, row, NOW).code


def test_every_code_of_a_refusal_is_told_in_the_guide() -> None:
    """The guide's table has the codes that the rules and the human path can give."""
    source = Path(judge_decision.__code__.co_filename).read_text(encoding="utf-8")
    given = set(re.findall(r'"([A-Z]+_[A-Z_]+)"', source))
    told = set(re.findall(r"^\| ([A-Z]+_[A-Z_]+) \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))
    assert set() == {*given, "REQUEST_UNKNOWN", "REQUEST_AMBIGUOUS"} - told


def required(**changes: Any) -> Bench:
    return Bench(lambda: [says("plan", PLAN)], job(**{**BASE, "required_approvals": ("boss",), **changes}))


def kinds_of(bench: Bench, kind: type) -> list[RunEvent]:
    return [event for event in bench.events() if isinstance(event, kind)]


def test_whatever_is_tried_again_the_effect_happens_once() -> None:
    """Approve twice, resume twice, approve after the end: one promotion, one spending, each refusal on record."""
    bench = required()
    bench.run(SEED)
    codes = [bench.decide("approved", person)[0].code for person in (ANN, ANN, BEN)]
    bench.resume()
    with pytest.raises(RunNotResumableError):
        bench.resume()
    codes.append(bench.decide("approved", BEN)[0].code)

    promoted = [event for event in kinds_of(bench, FactPromoted) if event.id == "note:p"]
    assert [None, "ALREADY_DECIDED", "ALREADY_DECIDED", "RUN_ENDED"] == codes
    assert (1, 1, codes[1:]) == (
        len(promoted),
        len(kinds_of(bench, ApprovalSpent)),
        [event.code for event in kinds_of(bench, DecisionRefused)],
    )


def test_a_second_resume_before_anybody_decides_asks_nobody_twice() -> None:
    """It pauses where it was."""
    bench = required()
    first = bench.run(SEED)
    second = bench.resume()
    assert first.pending == second.pending
    assert 1 == len(kinds_of(bench, ApprovalRequested))


def test_the_role_that_a_request_is_handed_to_has_as_long_as_the_first_had() -> None:
    """Counted from the touch that handed it on: nobody could have told that role earlier."""
    point = msgspec.structs.replace(BOSS, timeout=Timeout(3600, "escalate"))
    bench = required(approval_points=(point,), escalates_to="deputy")
    bench.run(SEED)
    bench.clock.advance(86_400)
    handed = bench.resume()
    bench.clock.advance(3599)
    assert (["deputy"], None) == ([item.role for item in handed.pending], _judged(bench, BEN))
    bench.clock.advance(2)
    assert "TIMED_OUT" == _judged(bench, BEN)
    bench.resume()
    assert ["escalate", "reject"] == [event.action for event in kinds_of(bench, TimerFired)]


def _judged(bench: Bench, person: Person) -> str | None:
    """What would become of a yes now; nothing is recorded."""
    from converge_cli.engine.request_book import requests_of

    (asked,) = requests_of(bench.events()).values()
    said = Statement("approved", "ok", "interactive")
    return judge_decision(asked, person, said, bench.store.row("r00000001"), bench.clock.now()).code


SOVEREIGN = FlowGateDecision(outcome="ESCALATE", authority="sovereign", rules=("big",))


def sovereign(gate: Any) -> Bench:
    """A run that waits for a sovereign."""
    bench = Bench(lambda: [says("plan", PLAN)], job(**BASE, gates=(GATE,)), gate=gate)
    bench.run(SEED)
    bench.decide("approved", BEN, point="authority_sovereign")
    return bench


@pytest.mark.parametrize("people", [(ANN, CAT), (ANN, CAT, msgspec.structs.replace(BEN, authority="advisory"))])
def test_when_the_approver_is_gone_before_the_run_goes_on_somebody_else_is_asked(people: tuple[Person, ...]) -> None:
    """Removed from the people, or no longer of that authority: the question is put again, and can be answered."""
    dan = Person("dan", "Dan", (), "sovereign", ("ops",))
    bench = sovereign(ScriptedGate({"x": [SOVEREIGN, SOVEREIGN, PROMOTE]}))
    bench.people = (*people, dan)
    waiting = bench.resume()
    assert ["authority_sovereign"] == [request.point for request in waiting.pending]
    assert [None] == [item.code for item in bench.decide("approved", dan, point="authority_sovereign")]
    result = bench.resume()
    (approval,) = [fact for fact in result.current if fact.kind == "approval"]
    assert ("CriteriaMet", ("dan",)) == (result.reason, approval.payload.by)


def test_a_gate_that_still_asks_after_everybody_said_yes_refuses() -> None:
    """Nobody is asked in vain, and nothing waits for ever with nobody asked."""
    bench = sovereign(FixedGate(SOVEREIGN))
    result = bench.resume()
    assert ("PolicyDenied", ()) == (result.reason, result.pending)


def test_an_approval_whose_digest_is_another_counts_for_nothing() -> None:
    """A request in the record that asks about other content under the same id: the proposal is asked about anew."""

    class Forged(MemoryExperience):
        def read(self, run: str, after: int = 0) -> Any:
            for data in super().read(run, after):
                event = decode_event(data)
                if isinstance(event, ApprovalRequested):
                    other = msgspec.structs.replace(event.request, digest="f" * 64)
                    event = msgspec.structs.replace(event, request=other)
                yield encode_event(event)

    bench = required()
    bench.run(SEED)
    bench.decide("approved", ANN)
    forged = Forged()
    forged.__dict__.update(bench.store.__dict__)
    bench.store, bench.forged = forged, True
    result = bench.resume()
    assert ("HumanInterventionRequired", 1) == (result.reason, len(result.pending))


def test_a_denial_that_ends_with_its_proposal_is_no_longer_noted() -> None:
    """Policy refused it; then its evidence was corrected and it was withdrawn: nothing stands denied."""
    basis = revises("basis", "Signals", "note:b", ["one", "two", "two"])

    def proposes(view: ContextView) -> Effect:
        seen = view.facts("Signals:note:b")
        return Effect([note("Strategies", "note:p", evidence=(seen[0].id,))] if seen and "@" not in seen[0].id else [])

    planner = Script("planner", proposes, reads=("Signals:note:b",))
    result = Bench(lambda: [planner, basis], job(**BASE, gates=(GATE,)), gate=None).run(SEED)
    assert ["denied", "resolved"] == [fact.payload.cause for fact in result.facts if fact.kind == "denied"]


def test_a_no_of_a_person_stays_noted_when_its_proposal_is_withdrawn() -> None:
    """It is final for the digest, so the note goes on being true."""
    plan = Script("planner", lambda _view: [note("Strategies", "note:p", evidence=("note:b",))], reads=("Signals",))

    def correct(view: ContextView) -> Effect:
        text = "two" if view.facts("Diagnostic:denied:*") else "one"
        return Effect([view.revise("Signals", "note:b", Note(text=text))])

    basis = Script("basis", correct, reads=("Seeds", "Diagnostic:denied:*"))
    bench = Bench(lambda: [basis, plan], job(**BASE, required_approvals=("boss",)))
    bench.run(SEED)
    bench.decide("rejected", ANN)
    result = bench.resume()
    standing = [fact.payload.cause for fact in result.current if fact.kind == "denied"]
    assert (["rejected"], 1) == (standing, len(kinds_of(bench, ProposalWithdrawn)))


def test_a_rejection_for_want_of_evidence_is_no_longer_noted_when_the_evidence_has_come() -> None:
    """The same proposal passes the second time; live and rebuilt say so."""
    plan = Script(
        "planner", lambda _view: [note("Strategies", "note:p", evidence=("note:late",))], reads=("Seeds", "Signals")
    )
    late = Script("late", lambda _view: [note("Signals", "note:late")], reads=("Diagnostic:rejected:*",))
    bench = Bench(lambda: [plan, late], job(criteria=(criterion("planned", at_least("Strategies")),)))
    result = bench.run(SEED)
    codes = ["EVIDENCE_UNKNOWN", "RESOLVED"]
    for seen in (result, bench.engine().recorded(result.run_id)):
        assert codes == [fact.payload.code for fact in seen.facts if fact.kind == "rejected"]
    assert "CriteriaMet" == result.reason


CONDITIONS = {
    "key": ("Strategies", "Signals"),
    "kind": ("note", "text"),
    "suggestor": ("plan", "other"),
    "confidence_at_most": ("0.70", "0.69"),
}


@pytest.mark.parametrize("names", [c for n in range(1, 5) for c in itertools.combinations(CONDITIONS, n)])
def test_a_hitl_rule_applies_when_every_condition_that_it_states_holds(names: tuple[str, ...]) -> None:
    """Each condition alone and every combination; one that fails is enough."""
    candidate = Candidate("Strategies", "note:p", "note:p", "note", None, b"{}", Decimal("0.7"), (), None, "plan", 1, 0)
    for failing in (None, *names):
        stated = {name: CONDITIONS[name][name == failing] for name in names}
        assert (failing is None) == hitl_applies(HitlRule("boss", **stated), candidate)


def test_two_hitl_rules_and_a_requirement_ask_each_point_once() -> None:
    """Rules for the same point are one question; both are told as reasons."""
    careful = ApprovalPoint("careful", "deputy", Selection("Strategies"))
    rules = (
        HitlRule("careful", key="Strategies", kind="note"),
        HitlRule("careful", suggestor="plan"),
        HitlRule("boss", key="Signals"),
    )
    bench = required(approval_points=(BOSS, careful), hitl=rules)
    asked = {request.point: request.why.hitl for request in bench.run(SEED).pending}
    assert ["boss", "careful"] == list(asked)
    assert ("key Strategies, kind note", "suggestor plan") == asked["careful"]


@pytest.mark.parametrize(("owner", "code"), [("ben", "SELF_APPROVAL"), ("Ben", "SELF_APPROVAL"), ("ann", None)])
def test_nobody_raises_the_authority_over_what_they_may_not_approve(owner: str, code: str | None) -> None:
    """A person whom a field of the proposal bars from a point of the gate does not answer for its authority either."""
    point = msgspec.structs.replace(BOSS, not_by=("owner", "principal"))
    mine = note("Strategies", "note:p", owner=owner)
    bench = Bench(
        lambda: [says("plan", mine)],
        job(**{**BASE, "approval_points": (point,)}, gates=(GATE,)),
        gate=FixedGate(SOVEREIGN),
    )
    bench.run(SEED)

    assert [code] == [item.code for item in bench.decide("approved", BEN, point="authority_sovereign")]
