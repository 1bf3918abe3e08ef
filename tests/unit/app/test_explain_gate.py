"""A gate that refuses says which gate is missing and who may say that it is passed."""

import msgspec

from converge_cli.app.explain.explain_gate import GateExplainer
from converge_cli.bootstrap import make_services
from converge_cli.core.event import GateDecided
from converge_cli.core.flow_gate import FlowGateDecision, FlowGateInput, Principal, Resource
from converge_cli.core.job import EMPTY_JOB
from converge_cli.core.pack_spec import ContextField, GateSpec
from converge_cli.core.registry import RegisteredSuggestor
from converge_cli.settings import Settings
from converge_cli.trace.explain_tree import explain_tree, plain_lines
from converge_cli.trace.provenance import Provenance

GATE = GateSpec(
    "p", "Strategies:loan:*", "commit", "loan", "commitment", "id", context={"amount": ContextField("money", "a")}
)
REQUEST = FlowGateInput(
    Principal("ann", "advisory", ()), Resource("l1", "loan", "commitment", ()), "commit", {"amount": 420_000}
)
CHECKER = RegisteredSuggestor("p", "checker", (), ("Evaluations:passed:checked:*",), 1.0, False)


def test_a_missing_gate_names_the_suggestor_that_may_pass_it(tmp_path):
    """Also where the policy was not kept: rules then stand by their names alone."""
    answer = FlowGateDecision("REJECT", rules=("never",), missing=("checked", "signed"), policy_hash="0" * 64)
    event = GateDecided(
        seq=7,
        at="2026-11-21T14:03:00.000000Z",
        cycle=1,
        gate="loan.commit",
        fact="loan:l1",
        request=REQUEST,
        decision=answer,
    )
    services = make_services(tmp_path, settings=Settings("memory", tmp_path, None))
    job = msgspec.structs.replace(EMPTY_JOB, gates=(GATE,))
    data = GateExplainer(services, job, (), (CHECKER,)).explain("r1", "commit", Provenance([event]))
    (decision,) = data["decisions"]
    assert [] == decision["rules_seen"]
    assert [("checked", ["checker"]), ("signed", [])] == [
        (item["gate"], item["passed_by"]) for item in decision["missing_gates"]
    ]
    page = "\n".join(plain_lines(explain_tree(data)))
    for words in (
        "REJECT, rule never, missing gate checked, signed",
        "gate checked; suggestor checker may say that it is passed",
        "gate signed; no suggestor of this run may say that it is passed",
        "amount 4,200.00",
        "unlocked by  no approval that is declared",
    ):
        assert words in page
