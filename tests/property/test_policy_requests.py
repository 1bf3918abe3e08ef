"""`policy decide` against procurement's rules written once more in Python, and against whatever JSON may come."""

import copy
import json
from itertools import combinations
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from converge_cli.app.policy.decide_policy import decide_request
from converge_cli.core.person import AUTHORITIES
from converge_cli.pack.loader import load_pack
from converge_cli.policy.cedar import CedarAuthorizer

PACK = load_pack(Path(__file__).parents[2] / "packs" / "procurement")
assert PACK.policy is not None
AUTHORIZER = CedarAuthorizer({PACK.name: PACK.policy}, PACK.gates)
NEEDED = {"competitive_review", "vendor_due_diligence"}
LIMIT = 2_000_000
GOOD: dict[str, Any] = {
    "principal": {"id": "petra", "authority": "supervisory", "domains": ["procurement"], "policy_version": "1"},
    "resource": {"id": "acme", "kind": "spend", "phase": "commitment", "gates_passed": sorted(NEEDED)},
    "action": "commit",
    "context": {
        "commitment_type": "spend",
        "amount": 1_500_000,
        "human_approval_present": True,
        "required_gates_met": True,
    },
}

requests = st.builds(
    lambda authority, domains, gates, phase, amount, approved, met: {
        "principal": {"id": "p", "authority": authority, "domains": domains, "policy_version": "1"},
        "resource": {"id": "r", "kind": "spend", "phase": phase, "gates_passed": gates},
        "action": "commit",
        "context": {
            "commitment_type": "spend",
            "amount": amount,
            "human_approval_present": approved,
            "required_gates_met": met,
        },
    },
    st.sampled_from(AUTHORITIES),
    st.lists(st.sampled_from(["procurement", "finance", "legal"]), unique=True),
    st.lists(st.sampled_from([*sorted(NEEDED), "other"]), unique=True),
    st.sampled_from(["commitment", "commitment", "commitment", "intent"]),
    st.one_of(st.integers(-(2**63), 2**63 - 1), st.sampled_from([-1, 0, 1, LIMIT - 1, LIMIT, LIMIT + 1])),
    st.booleans(),
    st.booleans(),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _permitted(asked: dict[str, Any], authority: str, *, approved: bool) -> bool:
    """The rules, as the design words them."""
    amount = asked["context"]["amount"]
    in_place = asked["resource"]["phase"] == "commitment" and "procurement" in asked["principal"]["domains"]
    if amount < 0 or (amount > LIMIT and not approved) or not in_place:
        return False
    if not set(asked["resource"]["gates_passed"]) >= NEEDED:
        return False
    return authority == "sovereign" or (authority == "supervisory" and approved and amount <= LIMIT)


def _expected(asked: dict[str, Any]) -> tuple[str, tuple[str, ...], str | None]:
    """Outcome, approvals and authority by trying what could be granted, the smallest first."""
    authority, approved = asked["principal"]["authority"], asked["context"]["human_approval_present"]
    if _permitted(asked, authority, approved=approved):
        return "PROMOTE", (), None
    for level in (None, *AUTHORITIES[AUTHORITIES.index(authority) + 1 :]):
        for size in (0, 1):
            for points in combinations(["vendor_commitment"], size):
                if _permitted(asked, level or authority, approved=approved or bool(points)):
                    return "ESCALATE", points, level
    return "REJECT", (), None


@settings(max_examples=400, deadline=None)
@given(requests)
def test_every_well_formed_request_gets_the_answer_of_the_rules_in_python(asked: dict[str, Any]) -> None:
    """Outcome, approvals and authority, by policy and not by an error; required_gates_met is never believed."""
    decision = decide_request(PACK, AUTHORIZER, asked).decision
    expected = (*_expected(asked), "policy")
    assert expected == (decision.outcome, decision.approvals, decision.authority, decision.source)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_request_it_is_promoted_only_when_the_rules_permit_it(data: st.DataObject) -> None:
    """Any attribute replaced by any JSON value, or dropped, or another one added: no error, no open door."""
    asked = copy.deepcopy(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        holder = asked
        part = data.draw(st.sampled_from([None, "principal", "resource", "context"]))
        if part is not None and isinstance(asked.get(part), dict):
            holder = asked[part]
        name = data.draw(st.sampled_from([*sorted(holder), "surprise"]))
        if name in holder and data.draw(st.booleans()):
            del holder[name]
        else:
            holder[name] = data.draw(anything)
    decision = decide_request(PACK, AUTHORIZER, json.loads(json.dumps(asked))).decision
    if decision.outcome == "PROMOTE":
        assert _same_form(GOOD, asked)
        assert "PROMOTE" == _expected(asked)[0]


def _same_form(good: Any, asked: Any) -> bool:
    """Whether a value has the names and types of another one, whatever the values."""
    if isinstance(good, dict):
        return (
            isinstance(asked, dict)
            and good.keys() == asked.keys()
            and all(_same_form(good[name], asked[name]) for name in good)
        )
    if isinstance(good, list):
        return isinstance(asked, list) and all(type(item) is str for item in asked)
    return type(good) is type(asked)
