"""Expense claims with the real engine, truth, policy and people: what looks alike, what is late, what is audited."""

from typing import Any

import pytest
from shipped_truth import compiled, drive

from converge_cli import ContextView, Effect, ProposedFact, RunResult, Suggestor
from converge_cli.core.pack import InvalidParametersError

KEY = "expense-approval"


def claim(name: str, amount: str = "100.00", day: str = "2026-03-02", **fields: Any) -> ProposedFact:
    """A claim of Anna's with a receipt of its own."""
    values = {"id": name, "claimant": "anna", "category": "books", "amount": amount, "date": day}
    return ProposedFact("Seeds", f"expense:{name}", {**values, "receipt": f"{name}.txt", **fields})


def receipt(name: str, sha256: str = "") -> ProposedFact:
    """A file of the folder."""
    values = {"name": f"{name}.txt", "size": 10, "sha256": sha256 or name}
    return ProposedFact("Seeds", f"receipt:{name}.txt", values)


def concerns(result: RunResult) -> dict[str, str]:
    """Claim -> what somebody has to look at."""
    return {
        fact.payload.expense: " | ".join(f"{item.about}: {item.reason}" for item in fact.payload.concerns)
        for fact in result.current
        if fact.kind == "check"
    }


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (claim("b", day="2026-03-05"), "duplicate: same claimant and amount as a of 2026-03-02"),
        (claim("b", day="2026-02-27"), "duplicate: same claimant and amount as a of 2026-03-02"),
        (claim("b", claimant="ANNA"), "duplicate: same claimant and amount as a of 2026-03-02"),
        (claim("b", amount="100"), "duplicate: same claimant and amount as a of 2026-03-02"),
        (claim("b", day="2026-03-06"), ""),
        (claim("b", amount="100.01"), ""),
        (claim("b", claimant="carl"), ""),
        (claim("b", claimant="carl", receipt="a.txt"), "duplicate: same receipt as a"),
        (claim("b", receipt="a.txt"), "duplicate: same claimant and amount as a of 2026-03-02; same receipt as a"),
    ],
)
def test_a_claim_that_looks_like_an_earlier_one_is_a_concern(second: ProposedFact, expected: str) -> None:
    """Same person, same amount, three days apart at most; or the same receipt. The first one stands."""
    result = drive(KEY, [claim("a"), second, receipt("a"), receipt("b")])

    assert {"a": "", "b": expected} == concerns(result)


def test_the_same_bytes_under_another_name_are_the_same_receipt() -> None:
    """A copy does not become a second receipt."""
    result = drive(KEY, [claim("a"), claim("b", "7.00"), receipt("a", "same"), receipt("b", "same")])

    assert {"a": "", "b": "duplicate: same receipt as a"} == concerns(result)


def test_a_claim_above_its_limit_and_alike_waits_at_two_points() -> None:
    """Each concern is cleared by those whom the truth names for it."""
    meals = {"category": "meals", "amount": "500.50"}
    result = drive(KEY, [claim("a", **meals), claim("b", **meals), receipt("a"), receipt("b")])

    assert [("a", "limit_exception"), ("b", "duplicate_review"), ("b", "limit_exception")] == sorted(
        (request.fact.rpartition(":")[2], request.point) for request in result.pending
    )


class Post(Suggestor):
    """Brings a receipt once its claim has been refused."""

    name = "post"
    reads = ("Evaluations:outcome:*",)
    writes = ("Seeds:receipt:*",)

    def execute(self, view: ContextView) -> Effect:
        """The receipt of the claim."""
        return Effect([receipt("a")] if view.facts("Evaluations:outcome:*") else [])


def test_a_receipt_that_comes_late_reopens_what_was_refused_for_want_of_it() -> None:
    """The denial is corrected, the outcome too, and the claim waits for a manager like any other."""
    result = drive(KEY, [claim("a")], [Post()])

    assert ["rejected", "reopened"] == [fact.payload.result for fact in result.facts if fact.kind == "outcome"]
    assert [("commitment:a", "manager")] == [(request.fact, request.point) for request in result.pending]
    assert [] == list(result.rejections)


def test_nobody_is_asked_to_clear_what_is_refused_for_want_of_its_receipt() -> None:
    """A yes would not help: the gate refuses it all the same."""
    result = drive(KEY, [claim("a", category="meals", amount="620.00")])

    assert ("CriteriaMet", ()) == (result.reason, result.pending)
    assert "refused by policy: gate receipt missing" == result.fact("Evaluations", "outcome:a").payload.reason


def test_once_the_receipt_is_there_the_exception_is_asked_for() -> None:
    """What was refused without it is not let in by the gate alone."""
    result = drive(KEY, [claim("a", category="meals", amount="620.00")], [Post()])

    assert [("clearance:limit:a", "limit_exception")] == [(item.fact, item.point) for item in result.pending]
    assert [] == [fact.id for fact in result.current if fact.kind == "validation"]
    assert "reopened" == result.fact("Evaluations", "outcome:a").payload.result


def test_a_claim_of_somebody_unknown_is_refused() -> None:
    """Policy is asked for the person who is responsible, and fails closed."""
    result = drive(KEY, [claim("a", claimant="nobody"), receipt("a")])

    assert ("rejected", "CriteriaMet") == (result.fact("Evaluations", "outcome:a").payload.result, result.reason)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"limits": {"meals": -1}}, "limit of meals is an amount"),
        ({"duplicate_days": -1}, "duplicate_days is from 0 to 366"),
        ({"duplicate_days": 400}, "duplicate_days is from 0 to 366"),
        ({"limit": {}}, "there is no limit"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(parameters: dict[str, Any], said: str) -> None:
    """With the reason, before anything runs."""
    (pack,) = compiled(KEY).packs
    with pytest.raises(InvalidParametersError, match=said):
        pack.parse_parameters(parameters)


def test_five_hundred_claims_in_one_run_have_each_a_request_of_their_own() -> None:
    """Half of them look alike."""
    seeds = [claim(f"c{number}", str(number // 2 + 1)) for number in range(500)]
    seeds += [receipt(f"c{number}") for number in range(500)]
    result = drive(KEY, seeds)
    points = [request.point for request in result.pending]

    assert (250, 250) == (points.count("manager"), points.count("duplicate_review"))


class Giver(Suggestor):
    """Proposes something at no price about a claim, once."""

    name = "giver"
    reads = ("Seeds:expense:*",)

    def __init__(self, key: str, kind: str, **fields: Any) -> None:
        self.writes = (f"{key}:{kind}:*",)
        self._proposal = ProposedFact(key, f"{kind}:x", {"expense": "x", "claimant": "anna", "amount": "0", **fields})

    def execute(self, view: ContextView) -> Effect:
        """The one proposal."""
        del view
        return Effect([self._proposal])


WHO = {"responsible": "anna", "category": "books", "receipt": "a.txt"}


@pytest.mark.parametrize(
    ("key", "kind", "fields"),
    [
        ("Evaluations", "validation", WHO),
        ("Strategies", "commitment", WHO),
        ("Proposals", "clearance", {"about": "limit", "reason": "books"}),
    ],
)
def test_nothing_is_said_of_an_expense_at_no_price(key: str, kind: str, fields: dict[str, str]) -> None:
    """Neither validated nor cleared nor committed: no payload of the kind, so neither policy nor a person is asked."""
    result = drive(KEY, [claim("a"), receipt("a")], [Giver(key, kind, **fields)])

    assert [(f"{kind}:x", "PAYLOAD_INVALID")] == [(item.id, item.code) for item in result.rejections]
