"""Law 8: what can't be judged is refused, whatever it is."""

import subprocess
import sys
from decimal import Decimal

import msgspec
import pytest

from converge_cli.core.flow_gate import FlowQuestion, Grant
from converge_cli.core.pack import PolicyFiles
from converge_cli.policy import cedar
from converge_cli.policy.cedar import CedarAuthorizer

ATTRIBUTES = {
    "principal": ("id", "authority", "domains", "policy_version"),
    "resource": ("id", "kind", "phase", "gates_passed"),
}
CONTEXT = ("commitment_type", "amount", "human_approval_present", "required_gates_met")
MISTYPED = (None, 1.5, float("nan"), Decimal(1), b"x", [], {}, (1,), object(), "", 2**63, -(2**63) - 1, "\ud800")
MISTYPED_IDS = [f"{number}-{type(value).__name__}" for number, value in enumerate(MISTYPED)]
WRONG_FOR = {"amount": ("1500000", True), "commitment_type": (1, True), "domains": ("procurement", (None,)), "id": (7,)}


def _allowed(question) -> FlowQuestion:
    return question(1_500_000, approved=True)


def _with(asked: FlowQuestion, **changes: object) -> FlowQuestion:
    return msgspec.structs.replace(asked, request=msgspec.structs.replace(asked.request, **changes))


def _with_context(asked: FlowQuestion, name: str, value: object) -> FlowQuestion:
    return _with(asked, context={**asked.request.context, name: value})


@pytest.mark.parametrize("part", ATTRIBUTES)
@pytest.mark.parametrize("value", MISTYPED, ids=MISTYPED_IDS)
def test_no_mistyped_attribute_of_principal_or_resource_is_promoted(authorizer, question, part, value):
    """Null, float, bytes, objects and the wrong words, in each attribute in turn."""
    asked = _allowed(question)
    for name in ATTRIBUTES[part]:
        for bad in (value, *WRONG_FOR.get(name, ())):
            changed = msgspec.structs.replace(getattr(asked.request, part), **{name: bad})
            decision = authorizer.decide(_with(asked, **{part: changed}))
            # An empty list is a list: it is judged, and refused by policy.
            judged = bad == [] and name in {"domains", "gates_passed"}
            expected = ("REJECT", "policy" if judged else "error")
            assert expected == (decision.outcome, decision.source), name


NO_TEXT = {
    "half a character": ("x\ud800", "holds half of a character"),
    "too long": ("x" * 100_001, "is longer than 100000"),
}
TEXTS = (("principal", "id"), ("principal", "policy_version"), ("resource", "id"), ("resource", "kind"))
LISTS = (("principal", "domains"), ("resource", "gates_passed"))


@pytest.mark.parametrize(("bad", "why"), NO_TEXT.values(), ids=NO_TEXT)
@pytest.mark.parametrize(("part", "name"), [*TEXTS, *LISTS], ids=".".join)
def test_what_cedar_could_not_take_is_refused_by_its_name(authorizer, question, part, name, bad, why):
    """Not by what a library says of an encoding, and not after it was kept for the next request."""
    asked = _allowed(question)
    held = getattr(asked.request, part)
    value = (*getattr(held, name), bad) if (part, name) in LISTS else bad
    decision = authorizer.decide(_with(asked, **{part: msgspec.structs.replace(held, **{name: value})}))
    assert ("REJECT", "error") == (decision.outcome, decision.source)
    assert decision.detail.startswith(f"{part}.{name} {why}")


def test_a_domain_in_letters_of_another_script_is_told_apart(authorizer, question):
    """A refusal that reads as if the right domain were refused helps nobody."""
    alike = "procur\u0435ment"
    asked = msgspec.structs.replace(question(1_500_000, domains=(alike,)), grants={})
    assert r"(supervisory; 'procur\u0435ment')" in authorizer.decide(asked).detail
    wrong = msgspec.structs.replace(asked.request.principal, authority="sover\u0435ign")
    assert r"'sover\u0435ign' is not one of" in authorizer.decide(_with(asked, principal=wrong)).detail


@pytest.mark.parametrize("part", ["principal", "resource", "action", "context"])
@pytest.mark.parametrize("value", [None, 5, "x", {}, ()], ids=repr)
def test_no_malformed_part_of_a_request_is_promoted(authorizer, question, part, value):
    """A part that is not what it must be refuses the whole request."""
    decision = authorizer.decide(_with(_allowed(question), **{part: value}))
    assert ("REJECT", "error") == (decision.outcome, decision.source)


@pytest.mark.parametrize("name", CONTEXT)
def test_dropping_a_context_value_refuses(authorizer, question, name):
    """Not even required_gates_met is filled in for the one who left it out."""
    asked = _allowed(question)
    context = {key: value for key, value in asked.request.context.items() if key != name}
    decision = authorizer.decide(_with(asked, context=context))
    assert ("REJECT", "error") == (decision.outcome, decision.source)
    assert name in decision.detail


@pytest.mark.parametrize("name", CONTEXT)
@pytest.mark.parametrize("value", MISTYPED, ids=MISTYPED_IDS)
def test_no_mistyped_context_value_is_promoted(authorizer, question, name, value):
    """Each context value in turn, each wrong type."""
    for bad in (value, *WRONG_FOR.get(name, ())):
        if (name, bad) == ("commitment_type", ""):
            continue  # an empty text is a text
        decision = authorizer.decide(_with_context(_allowed(question), name, bad))
        assert ("REJECT", "error") == (decision.outcome, decision.source)


def test_a_context_value_that_the_schema_does_not_know_is_refused(authorizer, question):
    """What policy can't see must not be part of a request."""
    decision = authorizer.decide(_with_context(_allowed(question), "surprise", 1))
    assert ("REJECT", "error") == (decision.outcome, decision.source)
    assert "surprise" in decision.detail


def test_an_action_that_the_schema_does_not_know_is_refused(authorizer, question):
    """Validate is an action, but not one of procurement's."""
    decision = authorizer.decide(_with(_allowed(question), action="validate"))
    assert ("REJECT", "error") == (decision.outcome, decision.source)


def test_a_pack_without_policy_is_refused(authorizer, question):
    """No policy is no permission."""
    decision = authorizer.decide(msgspec.structs.replace(_allowed(question), pack="hello"))
    assert ("REJECT", "error", "pack hello has no policy") == (decision.outcome, decision.source, decision.detail)


def test_more_points_than_can_be_weighed_are_refused(authorizer, question):
    """Five points would mean 32 sets per authority."""
    grants = {f"point_{number}": Grant() for number in range(5)}
    decision = authorizer.decide(msgspec.structs.replace(_allowed(question), grants=grants))
    assert ("REJECT", "error") == (decision.outcome, decision.source)


def test_a_forbid_that_overflows_refuses(procurement, question):
    """Cedar skips a forbid that errors and would allow; the error refuses."""
    rule = '@id("overflow") forbid (principal, action, resource) when { context.amount * 9000000000000 == 1 };'
    files = PolicyFiles({**procurement.policies, "policy/more.cedar": rule}, procurement.schema)
    decision = CedarAuthorizer({"procurement": files}).decide(_allowed(question))
    assert ("REJECT", "error") == (decision.outcome, decision.source)
    assert "overflow" in decision.detail


def test_an_error_never_escalates(procurement, question):
    """What can't be judged is not taken to a person either."""
    rule = '@id("overflow") forbid (principal, action, resource) when { context.amount * 9000000000000 == 1 };'
    files = PolicyFiles({**procurement.policies, "policy/more.cedar": rule}, procurement.schema)
    decision = CedarAuthorizer({"procurement": files}).decide(question(1_500_000))
    assert ("REJECT", "error", ()) == (decision.outcome, decision.source, decision.approvals)


def test_ids_with_quotes_newlines_and_other_scripts_are_only_ids(authorizer, question):
    """An id can't become policy text."""
    asked = _allowed(question)
    hostile = 'x" || true //\n\x00\u202e漢'
    changed = _with(
        asked,
        principal=msgspec.structs.replace(asked.request.principal, id=hostile),
        resource=msgspec.structs.replace(asked.request.resource, id=hostile),
    )
    wrong_domain = _with(changed, principal=msgspec.structs.replace(changed.request.principal, domains=(hostile,)))
    assert ("PROMOTE", "REJECT") == (authorizer.decide(changed).outcome, authorizer.decide(wrong_domain).outcome)


def test_an_engine_that_fails_its_self_test_decides_nothing(authorizer, question, monkeypatch):
    """Every answer is a refusal that says why."""
    monkeypatch.setattr(cedar, "self_test", lambda: ["a forbid beats a permit: Allow"])
    decision = authorizer.decide(_allowed(question))
    assert ("REJECT", "error") == (decision.outcome, decision.source)
    assert "a forbid beats a permit" in decision.detail


def test_without_the_cedar_engine_everything_is_refused(tmp_path):
    """In a process where cedarpy can't be imported, a good request is refused, and nothing is raised."""
    program = """
import sys
sys.modules["cedarpy"] = None
from converge_cli.core.flow_gate import *
from converge_cli.core.pack import PolicyFiles
from converge_cli.policy.cedar import CedarAuthorizer
gate = CedarAuthorizer({"p": PolicyFiles({"a.cedar": '@id("all") permit (principal, action, resource);'}, "")})
request = FlowGateInput(Principal("a", "sovereign", ()), Resource("r", "k", "intent", ()), "commit",
    {"commitment_type": "k", "human_approval_present": True, "required_gates_met": True})
decision = gate.decide(FlowQuestion("p", request, (), {}))
print(decision.outcome, decision.source, "can't be imported" in decision.detail)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "REJECT error True\n" == done.stdout


def test_no_policy_means_no_engine_is_loaded():
    """Who has no gate does not pay for Cedar."""
    program = """
import sys
from converge_cli.policy.cedar import CedarAuthorizer
CedarAuthorizer({})
print("cedarpy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "False\n" == done.stdout
