"""Every authorizer that we have passes the suite of the port."""

from pathlib import Path

import pytest

from converge_cli.core.flow_gate import FlowGateDecision, FlowGateInput, FlowQuestion, Grant, Principal, Resource
from converge_cli.core.port import FlowGate
from converge_cli.pack.loader import load_pack
from converge_cli.policy.cedar import CedarAuthorizer
from converge_cli.testing import FlowGateConformance

PROCUREMENT = load_pack(Path(__file__).parents[2] / "packs" / "procurement")


def _question(amount: int, *, approved: bool) -> FlowQuestion:
    gates = ("competitive_review", "vendor_due_diligence")
    context = {
        "commitment_type": "spend",
        "amount": amount,
        "human_approval_present": approved,
        "required_gates_met": True,
    }
    request = FlowGateInput(
        Principal("petra", "supervisory", ("procurement",)),
        Resource("acme", "spend", "commitment", gates),
        "commit",
        context,
    )
    grants = {"vendor_commitment": Grant(context={"human_approval_present": True})}
    return FlowQuestion("procurement", request, gates, {} if approved else grants)


class TestCedarAuthorizer(FlowGateConformance):
    """The policy of procurement, as shipped; what is above 20,000.00 needs an approval and an authority."""

    @pytest.fixture
    def gate(self) -> FlowGate:
        assert PROCUREMENT.policy is not None
        return CedarAuthorizer({"procurement": PROCUREMENT.policy}, PROCUREMENT.gates)

    @pytest.fixture
    def promoted(self) -> FlowQuestion:
        return _question(1_500_000, approved=True)

    @pytest.fixture(params=[1_500_000, 2_500_000])
    def escalated(self, request: pytest.FixtureRequest) -> FlowQuestion:
        return _question(request.param, approved=False)


class _Careless:
    """An authorizer that promotes whatever it can't judge: the suite must not let it pass."""

    def __init__(self, inner: FlowGate) -> None:
        self._inner = inner

    def decide(self, question: FlowQuestion) -> FlowGateDecision:
        """As the other one, but open."""
        answer = self._inner.decide(question)
        return FlowGateDecision("PROMOTE") if answer.source == "error" else answer


def test_an_authorizer_that_opens_on_an_error_does_not_pass() -> None:
    """The suite can fail."""
    assert PROCUREMENT.policy is not None
    careless = _Careless(CedarAuthorizer({"procurement": PROCUREMENT.policy}))
    suite, promoted = FlowGateConformance(), _question(1_500_000, approved=True)
    for test in (
        suite.test_an_attribute_of_another_type_is_an_error_and_never_a_promotion,
        suite.test_a_context_value_that_is_missing_or_unknown_is_an_error,
        suite.test_a_pack_without_policy_is_refused,
    ):
        with pytest.raises(AssertionError):
            test(careless, promoted)
