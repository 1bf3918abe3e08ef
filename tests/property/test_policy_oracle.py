"""The governed flows of every shipped pack against the rules written once more in Python, from the design's words only.

Every combination of authority, domains, gates, approval, amount around the limits, phase, kind and action is asked as
`policy decide` asks it. The oracle knows no Cedar, no gate of a manifest and no counterfactual search.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product
from pathlib import Path
from typing import Any, get_args

import pytest

from converge_cli.app.policy.decide_policy import authorizer_of, decide_request
from converge_cli.app.show_pack import find_pack
from converge_cli.bootstrap import make_services
from converge_cli.core.flow_gate import FlowAction, Phase
from converge_cli.core.pack import Pack
from converge_cli.core.port import FlowGate
from converge_cli.settings import Settings

ROOT = Path(__file__).parents[2]
SERVICES = make_services(ROOT, settings=Settings("memory", ROOT, None))
LEVELS = ("advisory", "participatory", "supervisory", "sovereign")
KINDS = ("spend", "expense", "invoice", "period", "contract", "loan", "surprise")
BEYOND = 10**15


@dataclass(frozen=True)
class Flow:
    """One governed flow, in the design's words.

    Attributes:
        needs: gates that must be passed.
        point: who approves; a yes also passes the gate `grants`, if any.
        limit: most that a supervisor commits; nobody commits more without approval.
        alone: above it nobody goes without approval, whatever the limit of a supervisor.
        ask: whether a supervisor needs an approval for any amount.
    """

    pack: str
    kind: str
    action: str
    domain: str
    needs: tuple[str, ...] = ()
    point: str = ""
    grants: str = ""
    limit: int | None = None
    alone: int | None = None
    phase: str = "commitment"
    by: tuple[str, ...] = ("supervisory", "sovereign")
    ask: bool = True

    @property
    def name(self) -> str:
        return f"{self.pack}: {self.kind}.{self.action}"


FLOWS = (
    Flow(
        "procurement",
        "spend",
        "commit",
        "procurement",
        needs=("competitive_review", "vendor_due_diligence"),
        point="vendor_commitment",
        limit=2_000_000,
    ),
    Flow("spend", "expense", "validate", "finance", needs=("receipt",), phase="convergence", by=LEVELS, ask=False),
    Flow(
        "spend",
        "expense",
        "commit",
        "finance",
        needs=("receipt", "manager_approval"),
        point="manager",
        grants="manager_approval",
        limit=500_000,
    ),
    Flow(
        "money",
        "invoice",
        "commit",
        "finance",
        needs=("customer_validated", "line_items_balanced"),
        point="invoice_issue",
    ),
    Flow("money", "period", "commit", "finance", needs=("reconciliation_complete",), point="period_close"),
    Flow("trust", "contract", "commit", "legal", needs=("legal_review", "counterparty_signed"), point="execution"),
    Flow(
        "lending",
        "loan",
        "promote",
        "lending",
        needs=("compliance_check", "lending_standard", "clear_case"),
        point="large_loan",
        alone=50_000_000,
        ask=False,
    ),
    Flow(
        "lending",
        "loan",
        "commit",
        "lending",
        needs=("compliance_check", "lending_standard"),
        point="underwriting",
        alone=50_000_000,
    ),
)


def _sets(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))


def _permitted(flow: Flow, level: str, domains: tuple[str, ...], passed: set[str], amount: int, *, yes: bool) -> bool:
    if flow.domain not in domains or amount < 0 or not passed.issuperset(flow.needs) or level not in flow.by:
        return False
    if flow.alone is not None and amount > flow.alone and not yes:
        return False
    above = flow.limit is not None and amount > flow.limit
    if above and not yes:
        return False
    return not flow.ask or level == "sovereign" or (yes and not above)


def _expected(
    flow: Flow, level: str, domains: tuple[str, ...], passed: tuple[str, ...], amount: int, *, yes: bool
) -> Any:
    """Outcome, approvals and authority: as it is; with the approval; then so at each higher authority."""
    for one in (level, *LEVELS[LEVELS.index(level) + 1 :]):
        raised = None if one == level else one
        if _permitted(flow, one, domains, set(passed), amount, yes=yes):
            return ("PROMOTE", (), None) if raised is None else ("ESCALATE", (), raised)
        if flow.point and _permitted(flow, one, domains, {*passed, flow.grants}, amount, yes=True):
            return "ESCALATE", (flow.point,), raised
    return "REJECT", (), None


def _request(flow: Flow, level: str, domains: tuple[str, ...], passed: tuple[str, ...], amount: int, yes: bool) -> Any:
    return {
        "principal": {"id": "p", "authority": level, "domains": list(domains), "policy_version": "1"},
        "resource": {"id": "r", "kind": flow.kind, "phase": flow.phase, "gates_passed": list(passed)},
        "action": flow.action,
        "context": {
            "commitment_type": flow.kind,
            "amount": amount,
            "human_approval_present": yes,
            # What a request claims about its gates is never believed.
            "required_gates_met": not set(passed).issuperset(flow.needs),
        },
    }


def _asked(flow: Flow) -> tuple[Pack, FlowGate]:
    pack = find_pack(SERVICES, flow.pack)
    return pack, authorizer_of(SERVICES, pack)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_every_combination_gets_the_answer_of_the_words(flow: Flow) -> None:
    """Authority, domains, gates, approval and amount: outcome, approvals and authority, by policy."""
    pack, authorizer = _asked(flow)
    other = "legal" if flow.domain == "finance" else "finance"
    domains = ((), (flow.domain,), (other,), (flow.domain, other))
    edges = (edge for edge in (flow.limit, flow.alone) if edge is not None)
    around = [amount for edge in edges for amount in (edge - 1, edge, edge + 1)]
    amounts = (-BEYOND, -1, 0, 1, *around, BEYOND)
    wrong = []
    for asked in product(LEVELS, domains, _sets((*flow.needs, "other")), amounts, (False, True)):
        *first, yes = asked
        answer = decide_request(pack, authorizer, _request(flow, *asked)).decision
        expected = (*_expected(flow, *first, yes=yes), "policy")
        if expected != (answer.outcome, answer.approvals, answer.authority, answer.source):
            wrong.append((asked, expected, answer))
    assert [] == wrong[:3]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_no_other_action_kind_or_phase_commits_what_the_gate_would(flow: Flow) -> None:
    """The best request of a sovereign, under each action, kind and phase: a commitment only in its own place."""
    pack, authorizer = _asked(flow)
    best = _request(flow, "sovereign", (flow.domain,), flow.needs, 100, True)
    promoted = set()
    for action, kind, phase in product(get_args(FlowAction), KINDS, get_args(Phase)):
        resource = {**best["resource"], "kind": kind, "phase": phase}
        asked = {**best, "action": action, "resource": resource}
        if decide_request(pack, authorizer, asked).decision.outcome == "PROMOTE" and action == "commit":
            promoted.add((kind, phase))
    committing = {(one.kind, one.phase) for one in FLOWS if one.pack == flow.pack and one.action == "commit"}
    assert promoted <= committing
    if flow.action == "commit":
        assert (flow.kind, flow.phase) in promoted
