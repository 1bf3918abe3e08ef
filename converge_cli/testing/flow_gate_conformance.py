"""What every adapter of the FlowGate port must do. Subclass it with three fixtures; change nothing else.

    class TestMine(FlowGateConformance):
        @pytest.fixture
        def gate(self):
            return MyAuthorizer(...)

        @pytest.fixture
        def promoted(self):
            return FlowQuestion(...)     # one that the gate answers with PROMOTE

        @pytest.fixture
        def escalated(self):
            return FlowQuestion(...)     # one that it answers with ESCALATE

Must never know an adapter.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations
from typing import Any

import msgspec

from converge_cli.core.flow_gate import FlowGateDecision, FlowGateInput, FlowQuestion, granted
from converge_cli.core.person import AUTHORITIES, Authority
from converge_cli.core.port import FlowGate
from converge_cli.testing.experience_conformance import expect

MISTYPED: tuple[Any, ...] = (None, 1.5, float("nan"), Decimal(1), b"bytes", [None], {}, object(), 2**63, -(2**63) - 1)
"""What no attribute of a request may be."""


class FlowGateConformance:
    """The suite. Law 8 above all: whatever can't be judged is refused, and nothing is raised."""

    def test_a_good_question_is_promoted_by_policy(self, gate: FlowGate, promoted: FlowQuestion) -> None:
        """With nothing left to unlock."""
        answer = gate.decide(promoted)
        expect(("PROMOTE", "policy"), (answer.outcome, answer.source))
        expect(((), None, ()), (answer.approvals, answer.authority, answer.missing))

    def test_the_same_question_gets_the_same_answer(
        self, gate: FlowGate, promoted: FlowQuestion, escalated: FlowQuestion
    ) -> None:
        """A gate answers by policy and question alone; what was asked before does not matter."""
        first = [gate.decide(question) for question in (promoted, escalated)]
        expect(first, [gate.decide(question) for question in (promoted, escalated)])

    def test_an_attribute_of_another_type_is_an_error_and_never_a_promotion(
        self, gate: FlowGate, promoted: FlowQuestion
    ) -> None:
        """Each in turn, of principal, resource, action and context."""
        for path, value, request in _spoiled(promoted.request):
            answer = gate.decide(msgspec.structs.replace(promoted, request=request))
            expect((path, repr(value), "REJECT", "error"), (path, repr(value), answer.outcome, answer.source))

    def test_a_context_value_that_is_missing_or_unknown_is_an_error(
        self, gate: FlowGate, promoted: FlowQuestion
    ) -> None:
        """Not even required_gates_met is filled in."""
        context = promoted.request.context
        changed = [{key: value for key, value in context.items() if key != name} for name in context]
        for other in (*changed, {**context, "converge_surprise": 1}):
            request = msgspec.structs.replace(promoted.request, context=other)
            answer = gate.decide(msgspec.structs.replace(promoted, request=request))
            expect((sorted(other), "REJECT", "error"), (sorted(other), answer.outcome, answer.source))

    def test_a_pack_without_policy_is_refused(self, gate: FlowGate, promoted: FlowQuestion) -> None:
        """No policy is no permission."""
        answer = gate.decide(msgspec.structs.replace(promoted, pack="converge-no-such-pack"))
        expect(("REJECT", "error"), (answer.outcome, answer.source))

    def test_an_escalation_names_the_first_thing_that_unlocks_it(self, gate: FlowGate, escalated: FlowQuestion) -> None:
        """Granted, it promotes; whatever comes before it in the order of asking does not."""
        answer = gate.decide(escalated)
        expect(("ESCALATE", "policy"), (answer.outcome, answer.source))
        named = (tuple(answer.approvals), answer.authority)
        tried = []
        for way in _ways(escalated):
            tried.append(way)
            if _after(gate, escalated, *way).outcome == "PROMOTE":
                break
        expect(named, tried[-1])
        expect("PROMOTE", _after(gate, escalated, *named).outcome)

    def test_with_nothing_to_grant_a_refusal_names_no_approval(self, gate: FlowGate, escalated: FlowQuestion) -> None:
        """Nobody is asked for what the truth does not declare."""
        answer = gate.decide(msgspec.structs.replace(escalated, grants={}))
        expect((), answer.approvals)
        expect(False, answer.outcome == "PROMOTE")


def _spoiled(request: FlowGateInput) -> Iterator[tuple[str, Any, FlowGateInput]]:
    """The request with one attribute of another type, each attribute and each type in turn."""
    change = msgspec.structs.replace
    for value in MISTYPED:
        for part in ("principal", "resource"):
            for name in getattr(request, part).__struct_fields__:
                spoiled = change(getattr(request, part), **{name: value})
                yield f"{part}.{name}", value, change(request, **{part: spoiled})
        for name in request.context:
            yield f"context.{name}", value, change(request, context={**request.context, name: value})
        yield "action", value, change(request, action=value)


def _ways(question: FlowQuestion) -> Iterator[tuple[tuple[str, ...], Authority | None]]:
    """Every set of points, the smallest first, as the principal is and then at each higher authority."""
    points = sorted(question.grants)
    higher = AUTHORITIES[AUTHORITIES.index(question.request.principal.authority) + 1 :]
    for authority in (None, *higher):
        for size in range(len(points) + 1):
            for chosen in combinations(points, size):
                yield chosen, authority


def _after(
    gate: FlowGate, question: FlowQuestion, points: tuple[str, ...], authority: Authority | None
) -> FlowGateDecision:
    """The answer once these points are granted and somebody of that authority acts."""
    request = granted(question.request, question.requires, tuple(question.grants[point] for point in points))
    if authority is not None:
        principal = msgspec.structs.replace(request.principal, authority=authority)
        request = msgspec.structs.replace(request, principal=principal)
    left = {point: grant for point, grant in question.grants.items() if point not in points}
    return gate.decide(msgspec.structs.replace(question, request=request, grants=left))
