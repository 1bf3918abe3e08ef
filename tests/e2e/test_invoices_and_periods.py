"""Invoices and periods by their commands: with approval, without a gate, from another domain, by the sovereign."""

from pathlib import Path

import pytest

TRUTHS = Path(__file__).parents[2] / "truths"
CASES = {
    "invoice-issuance": ("invoice_issue", "invoices", "issued", 2),
    "period-close": ("period_close", "periods", "closed", 1),
}


def statuses(ran, output):
    """Where each entity stands."""
    return [item["content"]["status"] for item in ran.data["outputs"][output]]


@pytest.mark.parametrize("truth", CASES)
def test_it_waits_for_the_finance_manager_and_is_done_when_she_approves(converge, truth):
    """Exit 4, then 0; the person of the run is refused."""
    point, output, done, number = CASES[truth]
    ran = converge("run", truth, "--no-input", "--json")
    run = ran.data["run_id"]
    assert (4, [point] * number) == (ran.code, [item["point"] for item in ran.data["approvals"]["pending"]])
    refused = converge("approve", run, point, "--all", "--as", "anna", "--reason", "mine", "--json")
    assert (8, "SELF_APPROVAL") == (refused.code, refused.data["refusals"][0]["code"])
    assert 0 == converge("approve", run, point, "--all", "--as", "fiona", "--reason", "checked", "--json").code
    ended = converge("resume", run, "--json")
    assert (0, "CriteriaMet", [done] * number) == (ended.code, ended.document["outcome"], statuses(ended, output))
    assert 0 == converge("replay", run, "--verify", "--json").code


@pytest.mark.parametrize("truth", CASES)
def test_the_sovereign_needs_nobody_and_another_domain_gets_nothing(converge, truth):
    """The same files, another person: exit 0 at once, or exit 8."""
    _, output, done, number = CASES[truth]
    sovereign = converge("run", truth, "--as", "sofia", "--no-input", "--json")
    stranger = converge("run", truth, "--as", "petra", "--no-input", "--json")
    assert (0, [done] * number) == (sovereign.code, statuses(sovereign, output))
    assert (8, "PolicyDenied") == (stranger.code, stranger.document["outcome"])


@pytest.mark.parametrize(
    ("truth", "name", "old", "new", "missing"),
    [
        ("invoice-issuance", "lines", "7,11.50", "7,11.00", "line_items_balanced"),
        ("invoice-issuance", "customers", "NO987654321MVA,true", "NO987654321MVA,false", "customer_validated"),
        ("invoice-issuance", "customers", "NO987654321MVA", "", "customer_validated"),
        ("period-close", "bank", "-42.00", "-42.01", "reconciliation_complete"),
        ("period-close", "bank", "INV-0993", "INV-0994", "reconciliation_complete"),
        ("period-close", "ledger", "2026-03-31,-42.00", "2026-04-01,-42.00", "reconciliation_complete"),
    ],
)
def test_with_a_gate_missing_nobody_is_asked(converge, tmp_path, truth, name, old, new, missing):
    """Exit 8, with the gate that is missing."""
    text = (TRUTHS / truth / f"{name}.csv").read_text()
    assert old in text
    changed = tmp_path / f"{name}.csv"
    changed.write_text(text.replace(old, new))
    ran = converge("run", truth, "--input", f"{name}={changed}", "--no-input", "--json")
    answers = {tuple(gate["missing"]) for gate in ran.data["gates"] if gate["outcome"] == "REJECT"}
    # The other invoice is in order and still waits, so the run does.
    assert ((4 if truth == "invoice-issuance" else 8), {(missing,)}) == (ran.code, answers)
