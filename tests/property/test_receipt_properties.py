"""Receipts of any run: whatever suggestors and people did, both verifiers find the receipt genuine."""

import asyncio

from engine_programs import SEED, approve_all, budgets, engine, programs
from hypothesis import given, settings

from converge_cli import converge_verify as script
from converge_cli.app.record.verify_receipt import verify_receipt
from converge_cli.app.record.write_receipt import sign_receipt, tell
from converge_cli.core.budget import BudgetChange
from converge_cli.store.memory import MemoryExperience


def check_receipt(store: MemoryExperience, run: str) -> None:
    """The receipt of a run as it stands now, with its head."""
    made = sign_receipt(tell(run, tuple(store.read(run)), store.get_blob), None)
    assert store.row(run).head == made.head
    assert verify_receipt("r.json", made.data, head=made.head).authenticated
    assert made.head == script.verify(made.data, head=made.head)["events"]["head"]


@settings(max_examples=60, deadline=None)
@given(made=programs, budget=budgets)
def test_both_verifiers_accept_the_receipt_of_any_run(made, budget):
    """Conflicts, corrections, budgets that cut a merge, rejections, parked proposals, approvals, resumes."""
    store = MemoryExperience()
    result = asyncio.run(engine(made, budget, store).run([SEED]))
    check_receipt(store, result.run_id)
    approve_all(store, result.run_id)
    check_receipt(store, result.run_id)
    if store.row(result.run_id).status == "paused":
        asyncio.run(engine(made, budget, store).resume(result.run_id, added=BudgetChange(cycles=3, facts=10)))
        check_receipt(store, result.run_id)
