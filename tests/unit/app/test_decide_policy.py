"""A request in JSON gets the answer that its gate would give in a run; what is not as it must be is never promoted."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from converge_cli.app.policy.decide_policy import Decided, decide_policy, values_seen
from converge_cli.app.show_pack import PackNotFoundError
from converge_cli.bootstrap import make_services
from converge_cli.settings import Settings
from converge_cli.truth.input_error import InputError
from converge_cli.truth.source import Source

ROOT = Path(__file__).parents[3]
SERVICES = make_services(ROOT, settings=Settings("memory", ROOT, None))
APPROVED = {
    "principal": {"id": "petra", "authority": "supervisory", "domains": ["procurement"], "policy_version": "1"},
    "resource": {
        "id": "acme",
        "kind": "spend",
        "phase": "commitment",
        "gates_passed": ["competitive_review", "vendor_due_diligence"],
    },
    "action": "commit",
    "context": {
        "commitment_type": "spend",
        "amount": 1_500_000,
        "human_approval_present": True,
        "required_gates_met": True,
    },
}
PATHS = [
    ("action",),
    *((part, name) for part in ("principal", "resource", "context") for name in APPROVED[part]),
    ("principal",),
    ("resource",),
    ("context",),
]
WRONG: dict[str, Any] = {
    "null": None,
    "float": 1.5,
    "whole float": 1_500_000.0,
    "overflow": 2**63,
    "far below": -(2**63) - 1,
    "a googol": 10**100,
    "text": "nobody's",
    "number as text": "1500000",
    "no text": "",
    "number": -7,
    "false": False,
    "list": [],
    "list of null": [None],
    "list of numbers": [1],
    "object": {},
}


def decide(asked: object, pack: str = "procurement") -> Decided:
    """The answer to a request, as text goes in."""
    text = asked if isinstance(asked, str) else json.dumps(asked)
    return decide_policy(SERVICES, pack, Source("request.json", text.encode()))


def spoiled(path: tuple[str, ...], value: Any = None, *, drop: bool = False) -> dict[str, Any]:
    """The approved request with one attribute otherwise."""
    asked = copy.deepcopy(APPROVED)
    holder = asked if len(path) == 1 else asked[path[0]]
    if drop:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return asked


def outcome(answer: Decided) -> tuple[str, str]:
    """Outcome and source."""
    return answer.decision.outcome, answer.decision.source


def test_the_request_that_is_spoiled_below_is_promoted() -> None:
    """So that the refusals are those of what was spoiled."""
    answer = decide(APPROVED)
    assert ("PROMOTE", "policy", ("supervisory-with-approval",)) == (*outcome(answer), answer.decision.rules)


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_a_request_with_a_gap_is_refused_and_the_gap_is_named(path: tuple[str, ...]) -> None:
    """Each attribute dropped in turn, policy_version and required_gates_met included."""
    answer = decide(spoiled(path, drop=True))
    assert ("REJECT", "error") == outcome(answer)
    assert f"{'.'.join(path)} is missing" in answer.decision.detail


@pytest.mark.parametrize("path", PATHS, ids=".".join)
@pytest.mark.parametrize("wrong", WRONG)
def test_no_attribute_of_another_type_or_value_is_promoted(path: tuple[str, ...], wrong: str) -> None:
    """Null, float, overflow, text, lists and objects, in each attribute in turn; the only texts that fit are free."""
    value = WRONG[wrong]
    free = isinstance(value, str) and value != "" and path[-1] in {"id", "policy_version", "commitment_type"}
    empty_type = path == ("context", "commitment_type") and value == ""
    same = path == ("context", "required_gates_met") and value is False
    answer = decide(spoiled(path, value))
    if free or empty_type or same:  # policy does not look at them, and required_gates_met is computed anew
        assert ("PROMOTE", "policy") == outcome(answer)
    else:
        unapproved = path == ("context", "human_approval_present") and value is False
        assert ("ESCALATE" if unapproved else "REJECT") == answer.decision.outcome


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (("context", "amount"), 15000.5, "context.amount must be a whole number of minor units"),
        (("context", "amount"), 2**64, "beyond 64 bits"),
        (("context", "amount"), True, "not true"),
        (("context", "human_approval_present"), "yes", "must be true or false, not 'yes'"),
        (("principal", "authority"), "boss", "'boss' is not one of"),
        (("principal", "domains"), "procurement", "must be a list of texts"),
        (("resource", "phase"), "later", "'later' is not one of"),
        (("resource", "kind"), "spned", "no gate of pack procurement is about 'commit' of 'spned'"),
        (("action",), "validate", "its gates are spend.commit"),
        (("context", "surprise"), 1, "context.surprise is no attribute of a request"),
        (("context", "\u0430mount"), 1, r"context.'\u0430mount' is no attribute of a request"),
        (("principal", "domains"), ["\ud800"], "principal.domains holds half of a character"),
        (("resource", "kind"), "sp\u0435nd", r"is about 'commit' of 'sp\u0435nd'"),
        (("principal", "is_admin"), True, "principal.is_admin is no attribute of a request"),
        (("signature",), "x", "signature is no attribute of a request"),
    ],
)
def test_a_refusal_says_what_is_wrong(path: tuple[str, ...], value: Any, why: str) -> None:
    """The attribute, what it must be and what it is."""
    answer = decide(spoiled(path, value))
    assert ("REJECT", "error") == outcome(answer)
    assert why in answer.decision.detail


def test_every_gap_is_told_at_once() -> None:
    """Nobody has to come back for the next one."""
    answer = decide({"principal": {"id": "petra"}, "action": "commit"})
    expected = (
        "resource is missing; context is missing; principal.authority is missing; principal.domains is missing; "
        "principal.policy_version is missing"
    )
    assert expected == answer.decision.detail
    twice = spoiled(("principal", "domains"), drop=True)
    twice["context"]["amount"] = "1500000"
    amount = "context.amount must be a whole number of minor units (420000 is 4,200.00), not '1500000'"
    assert f"principal.domains is missing; {amount}" == decide(twice).decision.detail


def test_required_gates_met_is_computed_from_the_gates_passed() -> None:
    """Whatever the request says of it."""
    lying = spoiled(("resource", "gates_passed"), ["competitive_review"])
    modest = spoiled(("context", "required_gates_met"), False)
    told = decide(lying)
    assert (("REJECT", "policy"), ("vendor_due_diligence",)) == (outcome(told), told.decision.missing)
    assert told.request is not None
    assert told.request.context["required_gates_met"] is False
    assert ("PROMOTE", "policy") == outcome(decide(modest))


def test_an_escalation_names_what_would_unlock_it() -> None:
    """Approval and authority, and the rule that then permits."""
    asked = spoiled(("context", "human_approval_present"), False)
    asked["context"]["amount"] = 2_500_000
    data = decide(asked).data()
    assert ("ESCALATE", ["vendor_commitment"], "sovereign") == (data["outcome"], data["approvals"], data["authority"])
    assert ["large-spend-needs-approval", "sovereign"] == data["rules"]


def test_every_answer_carries_the_hash_of_the_policy() -> None:
    """Also where the request could not be put to it."""
    hashes = {decide(asked).decision.policy_hash for asked in (APPROVED, {}, spoiled(("action",), "validate"))}
    assert 1 == len(hashes)
    assert 64 == len(hashes.pop())


def test_a_pack_without_gates_refuses() -> None:
    """No gate is no permission."""
    answer = decide(APPROVED, "hello")
    assert (("REJECT", "error"), "") == (outcome(answer), answer.decision.policy_hash)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '"commit"',
        '{"action": "commit", "action": "commit"}',
        '{"context": {"amount": NaN}}',
        '{"context": {"amount": Infinity}}',
        '{"context": {"amount": 1e999}}',
        '{"a":' * 5_000,
        '{"context": {"amount": ' + "9" * 5_000 + "}}",
        "\ufeff{",
    ],
    ids=lambda text: repr(text[:30]),
)
def test_what_is_no_request_is_an_error(text: str) -> None:
    """Nothing is answered, and what is wrong is told."""
    with pytest.raises(InputError) as raised:
        decide(text)
    assert raised.value.message.startswith("request.json")


def test_an_unknown_pack_is_an_error() -> None:
    """With the name that may have been meant."""
    with pytest.raises(PackNotFoundError) as raised:
        decide(APPROVED, "procurment")
    assert "did you mean procurement?" == raised.value.hint


def test_values_of_a_rule_are_told_as_people_write_them() -> None:
    """Amounts in whole units with their hundredths, lists with commas."""
    answer = decide(APPROVED)
    assert answer.request is not None
    assert answer.gate is not None
    seen = dict(values_seen(answer.rules[0], answer.request, answer.gate))
    assert ("15000.00", "procurement") == (seen["context.amount"], seen["principal.domains"])
