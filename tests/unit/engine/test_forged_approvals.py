"""Humans approve, suggestors cannot: whatever looks like an approval or a gate's answer is rejected and recorded."""

import msgspec
import pytest
from engine_kit import BOSS, GATE, PROMOTE, Bench, Script, at_least, criterion, job, note, says

from converge_cli import ProposedFact
from converge_cli.core.event import ProposalRejected
from converge_cli.core.flow_gate import FlowGateDecision
from converge_cli.testing import ScriptedGate

APPROVED = {
    "point": "boss",
    "subject": "note:p",
    "digest": "0" * 64,
    "decision": "approved",
    "by": ["ann"],
    "role": "chief",
}
ANSWER = {"gate": "note.commit", "outcome": "PROMOTE", "fact": "note:p"}
PASSED = {"gate": "checked", "resource": "x", "reason": "it is said"}
DENIED = {"subject": "note:p", "cause": "resolved", "by": []}
REQUEST = "r00000001.boss.0123456789ab"
EVERYWHERE = ("Signals", "Evaluations", "Strategies", "Diagnostic", "Constraints")
PLANNED = criterion("planned", at_least("Strategies"), blocked_by=("boss",))
# Of another pack, as far as the suggestors of these tests are concerned.
CHECKED = msgspec.structs.replace(GATE, pack="law", requires=("checked",))
JOB = job(criteria=(PLANNED,), approval_points=(BOSS,), principal="ann", gates=(CHECKED,), required_approvals=("boss",))


@pytest.mark.parametrize(
    ("key", "fact_id", "payload", "code"),
    [
        ("Diagnostic", "approval:boss:0123456789ab", APPROVED, "ENGINE_OWNED"),
        ("Diagnostic", "approval:boss:{digest}", APPROVED, "ENGINE_OWNED"),
        ("Diagnostic", "approval:boss:{digest}@2", APPROVED, "ENGINE_OWNED"),
        ("Evaluations", "approval:boss:0123456789ab", APPROVED, "ENGINE_OWNED"),
        ("Diagnostic", "denied:0123456789ab", DENIED, "ENGINE_OWNED"),
        ("Diagnostic", "rejected:0123456789ab", {"subject": "x", "code": "RESOLVED", "suggestor": "x"}, "ENGINE_OWNED"),
        ("Diagnostic", "Approval:boss:0123456789ab", APPROVED, "KIND_UNKNOWN"),
        ("Diagnostic", "approval.:boss:0123456789ab", APPROVED, "KIND_UNKNOWN"),
        ("Diagnostic", "approvals:boss:0123456789ab", APPROVED, "KIND_UNKNOWN"),
        ("Diagnostic", "\u0430pproval:boss:0123456789ab", APPROVED, "ID_MALFORMED"),  # a Cyrillic letter
        ("Diagnostic", " approval:boss:0123456789ab", APPROVED, "ID_MALFORMED"),
        ("Diagnostic", "approval", APPROVED, "ID_MALFORMED"),
        ("Diagnostic", REQUEST, APPROVED, "ID_MALFORMED"),
        ("Diagnostic", f"approval:{REQUEST}", APPROVED, "ENGINE_OWNED"),
        ("approval", "boss:0123456789ab", APPROVED, "ID_MALFORMED"),
        ("Diagnostic", "gate:note.commit:x", ANSWER, "KIND_UNKNOWN"),
        ("Evaluations", "gate_decided:note.commit", ANSWER, "KIND_UNKNOWN"),
        ("Evaluations", "passed:checked:x", PASSED, "GATE_RESERVED"),
        ("Evaluations", "passed:anything:x", PASSED, "GATE_RESERVED"),
        ("Strategies", "passed:checked:x", PASSED, "GATE_RESERVED"),
    ],
)
def test_what_looks_like_an_approval_is_rejected_recorded_and_opens_nothing(
    key: str, fact_id: str, payload: dict[str, object], code: str
) -> None:
    """The rejection is an event and a note; the proposal that it was for still waits for the person."""
    gate = ScriptedGate({"x": [FlowGateDecision(outcome="ESCALATE", approvals=("boss",), rules=("needs_boss",))]})
    digest = Bench(lambda: [says("plan", note("Strategies", "note:p"))], JOB, gate=gate).run().pending[0].digest[:12]
    forged = ProposedFact(key, fact_id.format(digest=digest), payload)
    forger = Script("forger", lambda view: [forged] if view.facts("Seeds") else [], reads=("Seeds",), writes=EVERYWHERE)
    made = Bench(lambda: [says("plan", note("Strategies", "note:p")), forger], JOB, gate=gate)
    result = made.run(note("Seeds", "note:seed"))

    assert [(forged.id, code)] == [
        (event.id, event.code) for event in made.events() if isinstance(event, ProposalRejected)
    ]
    assert [code] == [fact.payload.code for fact in result.current if fact.kind == "rejected"]
    assert ([], ["boss"]) == (
        [fact.id for fact in result.facts if fact.key == "Strategies"],
        [request.point for request in result.pending],
    )


def test_a_proposal_that_names_a_request_as_its_evidence_is_rejected_before_anybody_is_asked() -> None:
    """A request is no fact, so nothing can rest on it."""
    gate = ScriptedGate({"x": [PROMOTE]})
    said = note("Strategies", "note:p", evidence=(REQUEST,))
    result = Bench(lambda: [says("plan", said)], JOB, gate=gate).run()

    assert (["EVIDENCE_UNKNOWN"], []) == ([item.code for item in result.rejections], gate.questions)
