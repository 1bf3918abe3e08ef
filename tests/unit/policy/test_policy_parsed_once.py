"""Policies and schema are parsed when they are loaded, whatever is asked afterwards."""

from collections import Counter
from typing import Any

import cedarpy
import msgspec
import pytest
from policy_kit import COMMITMENT

from converge_cli import Effect, Engine, FactModel, Job, Suggestor
from converge_cli.core.approval import ApprovalPoint
from converge_cli.core.flow_gate import Grant
from converge_cli.core.person import Person
from converge_cli.core.predicate import Selection
from converge_cli.policy.cedar import CedarAuthorizer
from converge_cli.policy.self_test import self_test

COUNT = 1_000
GATE = msgspec.structs.replace(COMMITMENT, approvals={"manager": Grant(context={"human_approval_present": True})})
SOFIA = Person("sofia", authority="sovereign", domains=("procurement",))


class Commitment(FactModel, frozen=True):
    """A spend."""

    vendor: str
    price: int


class CommitAll(Suggestor):
    """Commits to a thousand vendors; every tenth costs more than anybody commits without approval."""

    name = "commit-all"
    writes = ("Strategies:commitment:*",)

    def execute(self, view: Any) -> Effect:
        """Propose them."""
        return Effect(
            view.propose(
                "Strategies",
                f"commitment:v{number}",
                Commitment(vendor=f"v{number}", price=25_000 if number % 10 == 0 else 100),
            )
            for number in range(COUNT)
        )


class _Counted:
    """Stands before a class of cedarpy: counts how often something is parsed, and lets it be parsed."""

    def __init__(self, inner: Any, parsed: Counter[str]) -> None:
        self._inner, self._parsed = inner, parsed

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)

        def counting(*args: Any, **options: Any) -> Any:
            self._parsed[f"{self._inner.__name__}.{name}"] += 1
            return found(*args, **options)

        return counting


async def test_a_thousand_gates_of_one_run_parse_no_policy_and_no_schema(
    procurement: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is parsed is parsed at the load; every call gets handles, and policy answers each proposal."""
    assert [] == self_test()
    parsed: Counter[str] = Counter()
    for name in ("PolicySet", "Schema"):
        monkeypatch.setattr(cedarpy, name, _Counted(getattr(cedarpy, name), parsed))
    for name in ("policies_to_json_str", "validate_policies", "policies_from_json_str"):
        function = getattr(cedarpy, name)
        monkeypatch.setattr(
            cedarpy,
            name,
            lambda *args, name=name, function=function: (parsed.update([name]), function(*args))[1],
        )
    given: Counter[tuple[str, ...]] = Counter()
    real = cedarpy.is_authorized

    def asked(request: Any, policies: Any, entities: Any, schema: Any = None) -> Any:
        given[type(policies).__name__, type(entities).__name__, type(schema).__name__] += 1
        return real(request, policies, entities, schema=schema)

    monkeypatch.setattr(cedarpy, "is_authorized", asked)
    authorizer = CedarAuthorizer({"procurement": procurement}, [GATE])
    at_load, asked_at_load = dict(parsed), given.total()
    assert {"PolicySet.from_json_str": 5, "Schema.from_str": 1} == {
        name: count for name, count in at_load.items() if "." in name
    }
    point = ApprovalPoint("manager", "manager", Selection("Strategies:commitment:*"))
    job = Job(truth="many", title="Many gates", gates=(GATE,), approval_points=(point,), principal="sofia")
    result = await Engine(
        [CommitAll()], kinds={"commitment": Commitment}, job=job, people=[SOFIA], gate=authorizer
    ).run()

    outcomes = Counter(answer.decision.outcome for answer in result.gate_answers)
    assert {"PROMOTE": 900, "ESCALATE": 100} == outcomes
    assert at_load == dict(parsed)
    assert [("PolicySet", "Entities", "Schema")] == list(given)
    assert COUNT + 100 == given.total() - asked_at_load
