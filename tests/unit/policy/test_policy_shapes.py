"""Policies as other people write them: sets, groups, patterns, decimals, attributes that may be absent, rules that err.

Each is asked what it must answer, and looked at as `policy check` does. Also packs whose policy lacks a part.
"""

from typing import Any

import msgspec
import pytest

from converge_cli.app.flow_request import UnaskableRequestError, question_of
from converge_cli.core.flow_gate import FlowGateInput, FlowQuestion, Grant, Principal, Resource
from converge_cli.core.pack import Pack, PolicyFiles
from converge_cli.core.pack_spec import ContextField, GateSpec
from converge_cli.core.person import Person
from converge_cli.policy.cedar import CedarAuthorizer
from converge_cli.policy.policy_set import InvalidPolicyError
from converge_cli.policy.review import review_policy

SCHEMA = """
entity Team;
entity Person in [Team] { authority: String, domains: Set<String>, policy_version: String, note?: String };
entity Resource { kind: String, phase: String, gates_passed: Set<String> };
action commit, validate appliesTo { principal: [Person], resource: [Resource], context: {
  commitment_type: String, human_approval_present: Bool, required_gates_met: Bool,
  days: Long, why: String, score: decimal, extra?: Long } };
"""
YES = Grant(context={"human_approval_present": True})
GATE = GateSpec(
    "mine",
    "Strategies:order:*",
    "commit",
    "order",
    "commitment",
    "id",
    context={
        "days": ContextField("integer", "days"),
        "why": ContextField("text", "why"),
        "score": ContextField("decimal", "score"),
    },
    approvals={"boss": YES},
)
LEAD = Person("lead", authority="supervisory", domains=("team",))


def _question(**context: Any) -> FlowQuestion:
    request = FlowGateInput(
        Principal("lead", "supervisory", ("team",)),
        Resource("r1", "order", "commitment", ("checked",)),
        context.pop("action", "commit"),
        {
            "commitment_type": "order",
            "human_approval_present": False,
            "required_gates_met": True,
            "days": 5,
            "why": "5 days late",
            "score": "0.875",
            **context,
        },
    )
    return FlowQuestion("mine", request, (), {"boss": YES})


def _files(rules: str, schema: str = SCHEMA) -> PolicyFiles:
    return PolicyFiles({"policy/p.cedar": rules}, schema)


def _rule(head: str, body: str = "", name: str = "r", effect: str = "permit") -> str:
    return f'@id("{name}") {effect} ({head}) {body};\n'


ALL = "principal, action, resource"
BOTH = 'principal, action in [Action::"commit", Action::"validate"], resource'
SHAPES: dict[str, tuple[str, dict[str, Any], str]] = {
    "two actions, the first": (_rule(BOTH), {}, "PROMOTE"),
    "two actions, the second": (_rule(BOTH), {"action": "validate"}, "PROMOTE"),
    "one action, the other": (_rule('principal, action == Action::"validate", resource'), {}, "REJECT"),
    "a set holds it": (_rule(ALL, 'when { ["supervisory", "x"].contains(principal.authority) }'), {}, "PROMOTE"),
    "unless sets meet": (_rule(ALL, 'unless { principal.domains.containsAny(["team"]) }'), {}, "REJECT"),
    "unless a set lacks one": (_rule(ALL, 'unless { principal.domains.containsAll(["a", "b"]) }'), {}, "PROMOTE"),
    "unless a set is empty": (_rule(ALL, "unless { resource.gates_passed.isEmpty() }"), {}, "PROMOTE"),
    "when, when and unless": (
        _rule(ALL, "when { context.days > 1 } when { context.days < 9 } unless { context.days == 6 }"),
        {},
        "PROMOTE",
    ),
    "an approval helps": (_rule(ALL, "when { context.human_approval_present } unless { false }"), {}, "ESCALATE"),
    "a group that nobody is in": (_rule('principal in Team::"red", action, resource'), {}, "REJECT"),
    "a type in a group": (_rule('principal is Person in Team::"red", action, resource'), {}, "REJECT"),
    "somebody is in themselves": (_rule('principal in Person::"lead", action, resource'), {}, "PROMOTE"),
    "somebody else by name": (_rule('principal == Person::"boss", action, resource'), {}, "REJECT"),
    "a pattern fits": (_rule(ALL, 'when { context.why like "5 days*" }'), {}, "PROMOTE"),
    "a pattern with a star of its own": (_rule(ALL, r'when { context.why like "5\*days*" }'), {}, "REJECT"),
    "an attribute that is absent": (_rule(ALL, "when { context has extra && context.extra > 0 }"), {}, "REJECT"),
    "an attribute of people that is absent": (_rule(ALL, "unless { principal has note }"), {}, "PROMOTE"),
    "a decimal below": (_rule(ALL, 'when { context.score.lessThan(decimal("0.9")) }'), {}, "PROMOTE"),
    "a decimal that is equal": (
        _rule(ALL, 'when { context.score.lessThan(decimal("0.9")) }'),
        {"score": "0.9000"},
        "REJECT",
    ),
    "if then else": (_rule(ALL, "when { if context.days > 4 then true else false }"), {}, "PROMOTE"),
}


@pytest.mark.parametrize(("rules", "changes", "outcome"), SHAPES.values(), ids=SHAPES)
def test_each_shape_of_a_rule_answers_as_it_reads(rules: str, changes: dict[str, Any], outcome: str) -> None:
    """By policy, not by an error."""
    gates = (GATE, msgspec.structs.replace(GATE, action="validate"))
    answer = CedarAuthorizer({"mine": _files(rules)}, gates).decide(_question(**changes))
    assert (outcome, "policy", "") == (answer.outcome, answer.source, answer.detail if answer.rules else "")


@pytest.mark.parametrize("score", ["0.87501", "1", "high", "", ".5", "922337203685477.5808", 1, True, None, 0.5])
def test_what_is_no_decimal_is_refused_as_an_error(score: Any) -> None:
    """Never rounded, never read as something else."""
    answer = CedarAuthorizer({"mine": _files(_rule(ALL))}, (GATE,)).decide(_question(score=score))
    assert ("REJECT", "error") == (answer.outcome, answer.source)


def test_a_rule_that_errs_for_some_requests_refuses_those_and_no_others() -> None:
    """A forbid that overflows must not be skipped; where it does not, the permit counts."""
    rules = _rule(ALL, name="open") + _rule(ALL, "when { context.days * 4000000000 < 0 }", "err", "forbid")
    authorizer = CedarAuthorizer({"mine": _files(rules)}, (GATE,))
    found = {days: authorizer.decide(_question(days=days)) for days in (0, 5, 2**62, 2**63 - 1)}
    assert ["PROMOTE", "PROMOTE", "REJECT", "REJECT"] == [answer.outcome for answer in found.values()]
    assert ["policy", "policy", "error", "error"] == [answer.source for answer in found.values()]
    assert "overflow" in found[2**62].detail


def test_a_look_tries_the_decimals_that_a_rule_names_and_those_beside_them() -> None:
    """The rule for more than 0.9 is told from the one for at least 0.9, and neither is called idle."""
    rules = _rule(ALL, 'when { context.score.greaterThan(decimal("0.9")) }', "above")
    rules += _rule(ALL, 'when { context.score.greaterThanOrEqual(decimal("0.9")) && context.days > 3 }', "from")
    review = review_policy("mine", _files(rules), (GATE,), (LEAD,))
    assert ((), {"order.commit": ("lead",)}) == (review.remarks, review.passed_by)
    assert review.tried["order.commit"] > 100


@pytest.mark.parametrize(
    "rules", [_rule("principal == ?principal, action, resource"), _rule('principal, action in Action::"all", resource')]
)
def test_a_template_or_a_group_of_actions_that_nobody_declared_stops_the_load(rules: str) -> None:
    """With the line of the rule."""
    with pytest.raises(InvalidPolicyError) as raised:
        CedarAuthorizer({"mine": _files(_rule(ALL, name="good") + rules)}, (GATE,))
    assert "policy/p.cedar:2" == raised.value.where


def test_a_gate_says_decimal_where_the_schema_does() -> None:
    """A schema with a number instead would judge another value, so it stops the load."""
    schema = SCHEMA.replace("score: decimal", "score: Long")
    with pytest.raises(InvalidPolicyError, match=r"order\.commit does not fit the schema"):
        CedarAuthorizer({"mine": _files(_rule(ALL), schema)}, (GATE,))


@pytest.mark.parametrize(("score", "fits"), [("0.875", True), ("-12.5", True), ("0.87501", False), (0.875, False)])
def test_a_written_request_states_a_decimal_as_text(score: Any, fits: bool) -> None:
    """A number of JSON would be a binary float."""
    pack = Pack("mine", kinds={}, factories=(), gates=(GATE,))
    asked = msgspec.json.decode(msgspec.json.encode(_question(score=score).request))
    if fits:
        assert score == question_of(pack, asked).request.context["score"]
        return
    with pytest.raises(UnaskableRequestError, match=r"context\.score must be text with one to four decimals"):
        question_of(pack, asked)
