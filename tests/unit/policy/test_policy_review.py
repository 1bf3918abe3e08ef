"""What a look at a policy tells: rules that change nothing, gates that nobody passes, and nothing that is not so."""

from pathlib import Path

import msgspec
import pytest
from policy_kit import COMMITMENT

from converge_cli.core.flow_gate import Grant
from converge_cli.core.pack import PolicyFiles
from converge_cli.core.pack_spec import GateSpec
from converge_cli.core.person import Person
from converge_cli.core.policy_review import PolicyReview
from converge_cli.pack.loader import load_pack
from converge_cli.policy.policy_set import policy_rules
from converge_cli.policy.review import review_policy

ROOT = Path(__file__).parents[3]
GATE = msgspec.structs.replace(
    COMMITMENT, requires=("reviewed",), approvals={"boss": Grant(context={"human_approval_present": True})}
)
MONA = Person("mona", authority="supervisory", domains=("procurement",))
FRANK = Person("frank", authority="participatory", domains=("finance",))


def _rule(name: str, effect: str, condition: str) -> str:
    return f'@id("{name}") {effect} (principal, action == Action::"commit", resource) when {{ {condition} }};\n'


SUPERVISORS = _rule(
    "supervisors",
    "permit",
    'principal.authority == "supervisory" && principal.domains.contains("procurement") && context.amount <= 100 '
    "&& context.required_gates_met",
)


@pytest.fixture
def look(procurement):
    """Reviews some rules."""

    def review(text: str, *people: Person, gate: GateSpec = GATE) -> PolicyReview:
        return review_policy("procurement", PolicyFiles({"p.cedar": text}, procurement.schema), (gate,), people)

    return review


def _told(review: PolicyReview) -> list[tuple[str, str, str]]:
    return [(item.kind, item.about, item.where) for item in review.remarks]


def test_our_own_policies_have_nothing_that_changes_nothing():
    """Every pack that we ship with a policy."""
    for folder in sorted(path.parent for path in (ROOT / "packs").glob("*/pack.yaml")):
        pack = load_pack(folder)
        if pack.policy is not None:
            review = review_policy(pack.name, pack.policy, pack.gates, ())
            assert ((), True) == (review.remarks, all(review.tried.values())), folder.name


def test_people_who_can_pass_a_gate_are_named(look):
    """Whoever gets a promotion out of some request, with all gates passed and all approvals given."""
    assert {"spend.commit": ("mona",)} == look(SUPERVISORS, MONA, FRANK).passed_by


def test_a_large_company_is_looked_at_like_a_small_one(look):
    """People whom policy can't tell apart are tried once."""
    many = [Person(f"p{number}", authority="supervisory", domains=("procurement",)) for number in range(500)]
    review = look(SUPERVISORS, *many, FRANK)
    assert tuple(person.id for person in many) == review.passed_by["spend.commit"]
    assert look(SUPERVISORS, MONA, FRANK).tried == review.tried


def test_a_gate_that_nobody_passes_is_told(look):
    """The rules ask for somebody whom the project does not have."""
    assert [("unreachable-gate", "spend.commit", "")] == _told(look(SUPERVISORS, FRANK))


def test_without_people_no_gate_is_called_unreachable(look):
    """Who they are is not known then."""
    assert [] == _told(look(SUPERVISORS))


def test_a_rule_for_one_person_by_name_is_tried_with_that_person(look):
    """An id that a rule names is among those that are tried."""
    text = '@id("mona") permit (principal == Person::"mona", action == Action::"commit", resource);'
    review = look(text, MONA, FRANK)
    assert ([], {"spend.commit": ("mona",)}) == (_told(review), review.passed_by)


IDLE = {
    "a condition that can't hold": _rule("odd", "permit", "context.amount > 5 && context.amount < 3"),
    "a misspelt value": _rule("odd", "permit", 'resource.kind == "spned"'),
    "a permit that is always forbidden": _rule("odd", "permit", "context.amount == 7")
    + _rule("no-seven", "forbid", "context.amount == 7"),
    "a forbid of what nothing permits": _rule("odd", "forbid", 'principal.authority == "advisory"'),
    "a rule about an action of no gate": '@id("odd") permit (principal, action, resource) '
    'when { action == Action::"validate" };',
}


@pytest.mark.parametrize("text", IDLE.values(), ids=IDLE)
def test_a_rule_that_changes_nothing_is_told_at_its_line(procurement, text):
    """And no other rule is."""
    schema = procurement.schema.replace("action commit", "action validate, commit")
    review = review_policy("procurement", PolicyFiles({"p.cedar": SUPERVISORS + text}, schema), (GATE,), ())
    assert [("idle-rule", "odd", "p.cedar:2")] == [item for item in _told(review) if item[1] == "odd"]
    assert [] == [item for item in _told(review) if item[1] == "supervisors"]


def test_a_rule_that_another_one_covers_is_told(look):
    """The narrower one, wherever it stands; of two that say the same the later."""
    narrow = _rule("narrow", "permit", SUPERVISORS.partition("{ ")[2].rpartition(" }")[0] + " && context.amount < 50")
    again = SUPERVISORS.replace("supervisors", "again")
    assert [("shadowed-rule", "narrow", "p.cedar:1")] == _told(look(narrow + SUPERVISORS))
    assert [("shadowed-rule", "again", "p.cedar:2")] == _told(look(SUPERVISORS + again))


def test_rules_that_overlap_are_both_needed(look):
    """Neither covers the other."""
    more = _rule("small", "permit", "context.amount < 10 && context.amount > 0")
    assert [] == _told(look(SUPERVISORS + more))


def test_too_many_values_are_not_tried_in_part(look):
    """Nothing is told of a policy that could be tried only here and there, and the count says so."""
    parts = [f"context.amount == {number * 10}" for number in range(300)]
    text = "".join(_rule(f"r{number}", "permit", part) for number, part in enumerate(parts))
    review = look(text, FRANK)
    assert ((), {"spend.commit": 0}) == (review.remarks, review.tried)


def test_a_rule_that_errs_is_not_said_to_change_nothing(look):
    """It is satisfied by no request, and refuses those on which it overflows."""
    far = _rule("far", "forbid", "context.amount * 9000000000000000000 > 1 && context.amount == 3")
    assert [] == _told(look(SUPERVISORS + far))
    never = _rule("far", "forbid", "context.amount * 9 > 1 && context.amount == 3 && context.amount == 4")
    assert [("idle-rule", "far", "p.cedar:2")] == _told(look(SUPERVISORS + never))


def test_a_rule_names_what_it_looks_at(procurement):
    """In the order of its conditions, each once, with effect and place."""
    rules = {rule.id: rule for rule in policy_rules("procurement", procurement)}
    large = rules["large-spend-needs-approval"]
    assert ("forbid", ("context.amount", "context.human_approval_present")) == (large.effect, large.reads)
    assert ("permit", "resource.kind") == (rules["sovereign"].effect, rules["sovereign"].reads[0])
    assert {rule: rule for rule in rules} == {rule: item.id for rule, item in rules.items()}


@pytest.mark.parametrize(
    ("head", "reads"),
    [
        ("principal, action, resource", ()),
        ('principal == Person::"mona", action, resource', ("principal.id",)),
        (
            'principal is Person in Person::"mona", action, resource in Resource::"acme"',
            ("principal.id", "resource.id"),
        ),
    ],
)
def test_a_rule_for_one_person_or_thing_looks_at_who_or_what_it_is(procurement, head, reads):
    """So that what it saw is told, also where it has no condition."""
    files = PolicyFiles({"p.cedar": f'@id("r") permit ({head});'}, procurement.schema)
    (rule,) = policy_rules("procurement", files)
    assert reads == rule.reads
