"""Fixtures: procurement's policy as shipped, and questions to it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from converge_cli.core.flow_gate import FlowGateInput, FlowQuestion, Grant, Principal, Resource
from converge_cli.core.pack import PolicyFiles
from converge_cli.core.person import Authority
from converge_cli.policy.cedar import CedarAuthorizer

GATES = ("competitive_review", "vendor_due_diligence")
APPROVAL = Grant(context={"human_approval_present": True})
FOLDER = Path(__file__).parents[3] / "packs" / "procurement" / "policy"


def _question(
    amount: int,
    authority: Authority = "supervisory",
    *,
    approved: bool = False,
    gates: tuple[str, ...] = GATES,
    domains: tuple[str, ...] = ("procurement",),
) -> FlowQuestion:
    return FlowQuestion(
        "procurement",
        FlowGateInput(
            Principal("petra", authority, domains),
            Resource("acme", "spend", "commitment", gates),
            "commit",
            {
                "commitment_type": "spend",
                "amount": amount,
                "human_approval_present": approved,
                "required_gates_met": set(GATES) <= set(gates),
            },
        ),
        GATES,
        {} if approved else {"vendor_commitment": APPROVAL},
    )


@pytest.fixture(scope="session")
def procurement() -> PolicyFiles:
    """The files as shipped."""
    return PolicyFiles(
        {"policy/commit.cedar": (FOLDER / "commit.cedar").read_text(encoding="utf-8")},
        (FOLDER / "schema.cedarschema").read_text(encoding="utf-8"),
    )


@pytest.fixture(scope="session")
def authorizer(procurement: PolicyFiles) -> CedarAuthorizer:
    """The authorizer of procurement."""
    return CedarAuthorizer({"procurement": procurement})


@pytest.fixture(scope="session")
def question() -> Callable[..., FlowQuestion]:
    """Makes the question of one commitment."""
    return _question
