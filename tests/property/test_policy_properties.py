"""What must hold of every answer of the flow gate, whatever policy and request."""

from collections.abc import Mapping
from itertools import combinations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from converge_cli.core.flow_gate import (
    FlowGateDecision,
    FlowGateInput,
    FlowQuestion,
    Grant,
    Principal,
    Resource,
    granted,
)
from converge_cli.core.pack import PolicyFiles
from converge_cli.core.pack_spec import ContextField, GateSpec
from converge_cli.core.person import AUTHORITIES
from converge_cli.policy.cedar import CedarAuthorizer
from converge_cli.policy.review import review_policy

SCHEMA = """
entity Person { authority: String, domains: Set<String>, policy_version: String };
entity Resource { kind: String, phase: String, gates_passed: Set<String> };
action commit, validate appliesTo { principal: [Person], resource: [Resource], context: {
  commitment_type: String, amount: Long, human_approval_present: Bool, required_gates_met: Bool, second: Bool } };
"""
ATOMS = (
    "context.human_approval_present",
    "context.second",
    "context.required_gates_met",
    "context.amount <= 100",
    "context.amount * 4611686018427387904 < 9",
    'if context.second then context.amount > 1 else principal.domains.containsAll(["d", "e"])',
    '["supervisory", "participatory"].contains(principal.authority) || context.amount == 0',
    'resource.kind like "sp*" && principal has authority',
    'principal.authority == "supervisory"',
    'principal.authority == "sovereign"',
    'principal.domains.contains("d")',
    'resource.gates_passed.contains("g1")',
    'resource.gates_passed.contains("g2")',
)

conditions = st.lists(st.tuples(st.booleans(), st.sampled_from(ATOMS)), min_size=1, max_size=3).map(
    lambda parts: " && ".join(f"{'!' if negated else ''}({atom})" for negated, atom in parts)
)
HEADS = (
    "principal, action, resource",
    "principal, action, resource",
    'principal, action == Action::"commit", resource',
    'principal, action in [Action::"commit", Action::"validate"], resource',
    'principal == Person::"p", action, resource',
    'principal is Person, action, resource == Resource::"r"',
)
bodies = st.builds(
    lambda head, parts: f"({head}) " + " ".join(f"{word} {{ {condition} }}" for word, condition in parts),
    st.sampled_from(HEADS),
    st.lists(st.tuples(st.sampled_from(["when", "when", "unless"]), conditions), min_size=0, max_size=2),
)
rules = st.tuples(st.sampled_from(["permit", "permit", "forbid"]), bodies)
grants = st.dictionaries(
    st.sampled_from(["p1", "p2", "p3"]),
    st.builds(
        Grant,
        gates=st.sets(st.sampled_from(["g1", "g2"])).map(lambda gates: tuple(sorted(gates))),
        context=st.dictionaries(st.sampled_from(["human_approval_present", "second"]), st.just(True)),
    ),
)


def _policy(some: list[tuple[str, str]]) -> PolicyFiles:
    lines = [f'@id("r{number}") {effect} {body};' for number, (effect, body) in enumerate(some)]
    return PolicyFiles({"policy/rules.cedar": "\n".join(lines)}, SCHEMA)


@st.composite
def questions(draw: st.DrawFn) -> FlowQuestion:
    """A well-formed question with up to three points to grant."""
    passed = draw(st.sets(st.sampled_from(["g1", "g2"])))
    request = FlowGateInput(
        Principal("p", draw(st.sampled_from(AUTHORITIES)), draw(st.sampled_from([(), ("d",), ("d", "e")]))),
        Resource("r", "spend", "commitment", tuple(sorted(passed))),
        draw(st.sampled_from(["commit", "validate"])),
        {
            "commitment_type": "spend",
            "amount": draw(st.sampled_from([0, 1, 2, 100, 101])),
            "human_approval_present": draw(st.booleans()),
            "required_gates_met": draw(st.booleans()),
            "second": draw(st.booleans()),
        },
    )
    requires = draw(st.sampled_from([(), ("g1",), ("g1", "g2")]))
    return FlowQuestion("pack", request, requires, draw(grants))


def _after(
    gate: CedarAuthorizer, question: FlowQuestion, points: tuple[str, ...], authority: str | None
) -> FlowGateDecision:
    """The answer once these points are granted and somebody of that authority acts."""
    given_now = tuple(question.grants[point] for point in points)
    request = granted(question.request, question.requires, given_now)
    if authority is not None:
        request = msgspec.structs.replace(
            request, principal=msgspec.structs.replace(request.principal, authority=authority)
        )
    left: Mapping[str, Grant] = {name: grant for name, grant in question.grants.items() if name not in points}
    return gate.decide(msgspec.structs.replace(question, request=request, grants=left))


def _ways(question: FlowQuestion) -> list[tuple[tuple[str, ...], str | None]]:
    now = AUTHORITIES.index(question.request.principal.authority)
    points = sorted(question.grants)
    sets = [chosen for size in range(len(points) + 1) for chosen in combinations(points, size)]
    return [(chosen, authority) for authority in (None, *AUTHORITIES[now + 1 :]) for chosen in sets]


@settings(max_examples=120, deadline=None)
@given(st.lists(rules, min_size=1, max_size=4), questions())
def test_what_an_escalation_names_unlocks_and_a_refusal_has_nothing_that_would(some, question):
    """ESCALATE names the first way that promotes; REJECT by policy has none; an error never escalates."""
    gate = CedarAuthorizer({"pack": _policy(some)})
    decision = gate.decide(question)
    if decision.source == "error" or decision.outcome == "PROMOTE":
        assert ((), None) == (decision.approvals, decision.authority)
        return
    ways = [way for way in _ways(question) if _after(gate, question, *way).outcome == "PROMOTE"]
    expected = ("ESCALATE", *ways[0]) if ways else ("REJECT", (), None)
    assert expected == (decision.outcome, decision.approvals, decision.authority)


@settings(max_examples=80, deadline=None)
@given(st.lists(rules, min_size=1, max_size=3), bodies, questions())
def test_adding_a_forbid_never_turns_a_refusal_into_a_promotion(some, body, question):
    """More forbids can only refuse more."""
    before = CedarAuthorizer({"pack": _policy(some)}).decide(question)
    after = CedarAuthorizer({"pack": _policy([*some, ("forbid", body)])}).decide(question)
    assert not (before.outcome != "PROMOTE" and after.outcome == "PROMOTE")


@settings(max_examples=60, deadline=None)
@given(st.lists(rules, min_size=1, max_size=4), questions(), st.data())
def test_no_request_with_a_gap_is_ever_promoted_or_escalated(some, question, data):
    """Any one context value dropped or null, under any policy: refused as an error."""
    name = data.draw(st.sampled_from(sorted(question.request.context)))
    context = {key: value for key, value in question.request.context.items() if key != name}
    if data.draw(st.booleans()):
        context[name] = None
    request = msgspec.structs.replace(question.request, context=context)
    decision = CedarAuthorizer({"pack": _policy(some)}).decide(msgspec.structs.replace(question, request=request))
    assert ("REJECT", "error") == (decision.outcome, decision.source)


@settings(max_examples=60, deadline=None)
@given(st.lists(rules, min_size=1, max_size=4), questions())
def test_the_same_question_gets_the_same_answer_from_another_authorizer(some, question):
    """Answers depend on policy and question alone."""
    first = CedarAuthorizer({"pack": _policy(some)}).decide(question)
    assert first == CedarAuthorizer({"pack": _policy(some)}).decide(question)


GATE = GateSpec(
    "pack",
    "Strategies:spend:*",
    "commit",
    "spend",
    "commitment",
    "id",
    context={"amount": ContextField("money", "amount"), "second": ContextField("boolean", "second")},
    requires=("g1", "g2"),
)
GATES = (GATE, msgspec.structs.replace(GATE, action="validate"))


@settings(max_examples=12, deadline=None)
@given(st.lists(rules, min_size=2, max_size=4), st.lists(questions(), min_size=12, max_size=24))
def test_a_rule_that_a_review_calls_idle_or_covered_can_go_without_changing_an_answer(some, asked):
    """Any one of them is taken out, and what is asked is answered as before."""
    files = _policy(some)
    review = review_policy("pack", files, GATES, ())
    before = CedarAuthorizer({"pack": files})
    for remark in review.remarks:
        left = {"r.cedar": _without(files, remark.about)}
        after = CedarAuthorizer({"pack": PolicyFiles(left, SCHEMA)})
        for question in asked:
            fitting = msgspec.structs.replace(question, requires=GATE.requires, grants={})
            first, second = before.decide(fitting), after.decide(fitting)
            assert (first.outcome, first.approvals, first.authority, first.source) == (
                second.outcome,
                second.approvals,
                second.authority,
                second.source,
            ), remark


def _without(files: PolicyFiles, rule: str) -> str:
    lines = files.policies["policy/rules.cedar"].split("\n")
    return "\n".join(line for line in lines if f'@id("{rule}")' not in line)
