"""The bars of a gate, with policies, schema and entities parsed: Cedar's own call, and the whole gate.

    python tests/benchmarks/gates.py [--json] [--rounds N]

The policy is procurement's, as shipped. Times are medians of single calls, of the best of N rounds, so that a busy
machine tells less of itself. What is forbidden for a reason that nobody could lift (gate_reject_us) asks Cedar once,
like what is allowed; any other refusal asks again for each thing that could unlock it, up to the first that does: once
more in gate_escalate_us, three times in gate_reject_all_tried_us. Nothing is asserted here; the bars are 75 us for
Cedar's call and 150 us for the whole gate.
"""

import gc
import itertools
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import cedarpy
from figures import tell_rounds

from converge_cli.core.flow_gate import FlowGateInput, FlowQuestion, Grant, Principal, Resource
from converge_cli.pack.loader import load_pack
from converge_cli.policy.cedar import CedarAuthorizer
from converge_cli.policy.policy_set import PackPolicy
from converge_cli.policy.projection import project

PACK = load_pack(Path(__file__).parents[2] / "packs" / "procurement")
GATES = ("competitive_review", "vendor_due_diligence")
APPROVAL = {"vendor_commitment": Grant(context={"human_approval_present": True})}
CALLS = 2_000


def question(
    vendor: str = "acme", amount: int = 1_500_000, *, approved: bool = True, domain: str = "procurement"
) -> FlowQuestion:
    """The commitment of a vendor."""
    context = {
        "commitment_type": "spend",
        "amount": amount,
        "human_approval_present": approved,
        "required_gates_met": True,
    }
    who = Principal("petra", "supervisory", (domain,))
    request = FlowGateInput(who, Resource(vendor, "spend", "commitment", GATES), "commit", context)
    return FlowQuestion("procurement", request, GATES, {} if approved else APPROVAL)


def median(ask: Callable[[FlowQuestion], object], questions: Iterable[FlowQuestion]) -> float:
    """Microseconds of a call."""
    times = []
    for asked in questions:
        start = time.perf_counter()
        ask(asked)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def measure(rounds: int) -> dict[str, float]:
    """Every figure, by name: the least median of the rounds, which take turns."""
    assert PACK.policy is not None
    gate = CedarAuthorizer({PACK.name: PACK.policy}, PACK.gates)
    policy = PackPolicy(PACK.name, PACK.policy)
    approved, waiting, refused = question(), question(approved=False), question(amount=-1, approved=False)
    stranger = question(approved=False, domain="it")
    answers = [gate.decide(asked).outcome for asked in (approved, waiting, refused, stranger)]
    assert answers == ["PROMOTE", "ESCALATE", "REJECT", "REJECT"], answers

    projected = project(approved.request)
    policies = policy.policy_set(policy.bodies)
    schema = cedarpy.Schema.from_str(PACK.policy.schema)
    entities = cedarpy.Entities.from_json_str(projected.principal, schema)
    entities = entities.with_added_json_str(projected.resource, schema)

    def cedar_call(_: FlowQuestion) -> object:
        return cedarpy.is_authorized(projected.request, policies, entities, schema=schema)

    numbers = itertools.count()
    work: dict[str, Callable[[], float]] = {
        "cedar_call_us": lambda: median(cedar_call, [approved] * CALLS),
        "gate_promote_us": lambda: median(gate.decide, [approved] * CALLS),
        "gate_reject_us": lambda: median(gate.decide, [refused] * CALLS),
        "gate_reject_all_tried_us": lambda: median(gate.decide, [stranger] * CALLS),
        "gate_escalate_us": lambda: median(gate.decide, [waiting] * CALLS),
        "gate_new_resource_us": lambda: median(
            gate.decide, [question(f"vendor-{next(numbers)}") for _ in range(CALLS)]
        ),
    }
    figures: dict[str, float] = {}
    gc.disable()
    for _ in range(rounds):
        for name, once in work.items():
            figures[name] = min(figures.get(name, float("inf")), once())
    return {name: round(value, 1) for name, value in figures.items()}


if __name__ == "__main__":
    tell_rounds(__doc__, measure, rounds=7)
