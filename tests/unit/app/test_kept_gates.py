"""Authorizers of a server: one for each set of policies, shared by all threads, never that of another policy."""

import threading
from concurrent.futures import ThreadPoolExecutor

from serving import ROOT, service, shelf_of

from converge_cli.app.templates.kept_gates import KeptGates
from converge_cli.core.flow_gate import FlowGateDecision, FlowGateInput, FlowQuestion, Grant, Principal, Resource
from converge_cli.core.pack import PolicyFiles
from converge_cli.testing import FixedGate

GATES = ("competitive_review", "vendor_due_diligence")


def _question(number: int) -> FlowQuestion:
    """Somebody of one of three authorities commits some amount for a vendor of their own."""
    authority = ("advisory", "supervisory", "sovereign")[number % 3]
    who = Principal(f"p{number}", authority, ("procurement",))
    context = {
        "commitment_type": "spend",
        "amount": number * 100_000,
        "human_approval_present": number % 2 == 0,
        "required_gates_met": True,
    }
    asked = FlowGateInput(who, Resource(f"v{number}", "spend", "commitment", GATES), "commit", context)
    grants = {"vendor_commitment": Grant((), {"human_approval_present": True})}
    return FlowQuestion("procurement", asked, GATES, grants)


def test_one_authorizer_decides_for_all_runs_of_the_same_policies() -> None:
    """Packs that are kept give the same texts; other texts give another authorizer."""
    made = []

    def make(policies):
        made.append(policies)
        return FixedGate(FlowGateDecision("PROMOTE"))

    gates = KeptGates(make)
    first, second = PolicyFiles({}, "a"), PolicyFiles({}, "b")
    assert gates({"p": first}) is gates({"p": first})
    assert gates({"p": first}) is not gates({"p": second})
    assert gates({"q": first}) is not gates({"p": first})
    assert 3 == len(made)


def test_an_authorizer_answers_many_threads_as_it_answers_one() -> None:
    """The same questions at once from eight threads, with as many principals and resources as there are questions."""
    setting = service(ROOT)
    packs = shelf_of(setting).load("vendor-selection").compilation.packs
    gate = setting.services.gate({pack.name: pack.policy for pack in packs if pack.policy is not None})
    questions = [_question(number) for number in range(60)]
    alone = [gate.decide(question) for question in questions]
    begin = threading.Barrier(8)

    def ask(_: int) -> bool:
        begin.wait()
        return alone == [gate.decide(question) for question in questions]

    with ThreadPoolExecutor(8) as threads:
        assert [True] * 8 == list(threads.map(ask, range(8)))
    assert 1 < len({decision.outcome for decision in alone})
