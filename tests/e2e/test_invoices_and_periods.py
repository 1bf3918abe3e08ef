"""Invoices and periods by their commands: what is in order waits, what is not is refused, and nothing fails the run."""

import json
from csv import DictReader
from pathlib import Path

import pytest

TRUTHS = Path(__file__).parents[2] / "truths"
CASES = {
    "invoice-issuance": ("invoice_issue", "invoice", "issued", {"A-117", "A-118"}, {"A-119", "A-120"}),
    "period-close": ("period_close", "period", "closed", {"2026-03"}, {"2026-04"}),
}


def outcomes(ran):
    """Invoice or period -> what became of it."""
    return {item["content"]["about"]: item["content"]["result"] for item in ran.data["outputs"]["outcomes"]}


@pytest.mark.parametrize("truth", CASES)
def test_what_is_in_order_waits_for_the_finance_manager_and_the_rest_is_refused(converge, tmp_path, truth):
    """Exit 4, refusals of those who may not decide, then 0; the receipt verifies and the run replays."""
    point, kind, done, good, bad = CASES[truth]
    ran = converge("run", truth, "--no-input", "--json")
    run = ran.data["run_id"]
    assert (4, {(f"{kind}:{name}@3", point) for name in good}) == (
        ran.code,
        {(item["fact"], item["point"]) for item in ran.data["approvals"]["pending"]},
    )
    assert dict.fromkeys(bad, "refused") == outcomes(ran)
    for who, code in (("anna", "SELF_APPROVAL"), ("carl", "ROLE_MISSING")):
        refused = converge.decide(run, "approve", point, who, "--all")
        assert (8, {code}) == (refused.code, {item["code"] for item in refused.data["refusals"]})
    for name in good:
        assert 0 == converge.decide(run, "approve", f"{kind}:{name}", "fiona").code
    ended = converge("resume", run, "--json")
    assert (0, "CriteriaMet") == (ended.code, ended.document["outcome"])
    assert {**dict.fromkeys(good, done), **dict.fromkeys(bad, "refused")} == outcomes(ended)
    assert 0 == converge("receipt", run, "-o", tmp_path / "r.json", "--json").code
    assert (0, 0) == (
        converge("verify", tmp_path / "r.json", "--json").code,
        converge("replay", run, "--verify", "--json").code,
    )


@pytest.mark.parametrize("truth", CASES)
def test_the_sovereign_needs_nobody_and_another_domain_gets_nothing(converge, truth):
    """The same files, another person; an answer to everything is an answer, so exit 0."""
    _, _, done, good, bad = CASES[truth]
    sovereign = converge("run", truth, "--as", "sofia", "--no-input", "--json")
    stranger = converge("run", truth, "--as", "petra", "--no-input", "--json")
    assert (0, {**dict.fromkeys(good, done), **dict.fromkeys(bad, "refused")}) == (sovereign.code, outcomes(sovereign))
    assert (0, dict.fromkeys(good | bad, "refused")) == (stranger.code, outcomes(stranger))


def test_each_invoice_is_approved_by_its_name_and_numbered_when_it_is_issued(converge):
    """The other one waits on; when it is rejected, no number is missing."""
    ran = converge("run", "invoice-issuance", "--approve", "invoice_issue:invoice:A-118=fiona", "--no-input", "--json")
    assert (4, {"A-118": "issued", "A-119": "refused", "A-120": "refused"}) == (ran.code, outcomes(ran))
    assert 0 == converge.decide(ran.data["run_id"], "reject", "invoice:A-117", "felix").code
    ended = converge("resume", ran.data["run_id"], "--json")
    assert (0, "refused") == (ended.code, outcomes(ended)["A-117"])
    assert [("A-118", "2026-0043")] == [
        (item["content"]["invoice"], item["content"]["written"]) for item in ended.data["outputs"]["numbers"]
    ]


def nested(rows):
    """Invoices with their lines inside, as billing programs write them."""
    found = {}
    for row in rows:
        whole = {name: row[name] for name in ("invoice", "customer", "date", "amount", "project")}
        line = {name: row[name] for name in row if name not in whole}
        found.setdefault(row["invoice"], {**whole, "lines": []})["lines"].append(line)
    return list(found.values())


@pytest.mark.parametrize("shape", [list, nested])
def test_invoices_come_as_json_too(converge, tmp_path, shape):
    """An object for each line, or for each invoice with its lines inside: the same facts, the same outcome."""
    with (TRUTHS / "invoice-issuance" / "invoices.csv").open() as file:
        rows = [{**row, "line": int(row["line"]), "tax_rate": int(row["tax_rate"])} for row in DictReader(file)]
    given = tmp_path / "invoices.json"
    given.write_text(json.dumps(shape(rows)))
    plain = ("run", "invoice-issuance", "--as", "sofia", "--no-input", "--json")
    ran = converge(*plain, "--input", f"invoices={given}")
    assert (0, {"A-117": "issued", "A-118": "issued", "A-119": "refused", "A-120": "refused"}) == (
        ran.code,
        outcomes(ran),
    )
    assert converge(*plain).data["outcome_digest"] == ran.data["outcome_digest"]


def test_without_a_register_numbers_begin_with_the_first(converge, tmp_path):
    """Where the series begins is the truth's to say."""
    empty = tmp_path / "register.csv"
    empty.write_text("invoice,date,amount,status,number\nA-1,2026-01-01,1.00,draft,\n")
    start = ("--input", f"register={empty}", "--param", "money.numbers.first=500")
    ran = converge("run", "invoice-issuance", *start, "--as", "sofia", "--no-input", "--json")
    assert ["2026-0500", "2026-0501"] == [item["content"]["written"] for item in ran.data["outputs"]["numbers"]]


@pytest.mark.parametrize(
    ("truth", "name", "old", "new", "missing"),
    [
        ("invoice-issuance", "invoices", "7,11.50,25", "7,11.00,25", "line_items_balanced"),
        ("invoice-issuance", "customers", "NO987654321MVA,true", "NO987654321MVA,false", "customer_validated"),
        ("invoice-issuance", "customers", "NO987654321MVA", "", "customer_validated"),
        ("invoice-issuance", "register", "A-116,", "A-118,", "customer_validated"),
        ("period-close", "bank", "47402.65", "47402.64", "reconciliation_complete"),
        ("period-close", "items", "-182.50,V-2291", "-182.50,", "reconciliation_complete"),
        ("period-close", "register", "issued,44", "validated,", "reconciliation_complete"),
        ("period-close", "closings", "2026-02,", "2026-03,", "reconciliation_complete"),
    ],
)
def test_with_a_gate_missing_nobody_is_asked(converge, tmp_path, truth, name, old, new, missing):
    """What lacks the gate is refused; no approval is asked for it."""
    text = (TRUTHS / truth / f"{name}.csv").read_text()
    assert old in text
    changed = tmp_path / f"{name}.csv"
    changed.write_text(text.replace(old, new))
    ran = converge("run", truth, "--input", f"{name}={changed}", "--no-input", "--json")
    refused = "A-118" if truth == "invoice-issuance" else "2026-03"
    answers = [gate for gate in ran.data["gates"] if gate["outcome"] == "REJECT" and refused in gate["fact"]]
    assert ("refused", [[missing]]) == (outcomes(ran)[refused], [gate["missing"] for gate in answers])
    assert [] == [item["fact"] for item in ran.data["approvals"]["pending"] if refused in item["fact"]]


@pytest.mark.parametrize(
    ("truth", "name", "row", "said"),
    [
        ("invoice-issuance", "invoices", "A-121,0,nordwind,2026-03-31,1.00,Work,1,1.00,0,", "line is 1 or more"),
        (
            "invoice-issuance",
            "invoices",
            "A-120,1,nordwind,2026-03-31,1.00,Work,1,1.00,0,",
            "same as that of row 7",
        ),
        ("invoice-issuance", "invoices", "A-121,1,nordwind,2026-03-31,1.001,Work,1,1.00,0,", "at most 2 decimals"),
        ("invoice-issuance", "invoices", "A-121,1,nordwind,2026-03-31,1.00,Work,1,1.00,119,", "from 0 to 100"),
        ("invoice-issuance", "invoices", "A-121,1,,2026-03-31,1.00,Work,1,1.00,0,", "column customer"),
        ("invoice-issuance", "customers", "new,New AB,Here,,maybe", "column active"),
        ("invoice-issuance", "register", "A-9,2026-03-18,480.50,issued,", "has a number when it is issued"),
        ("period-close", "periods", "2026-05,2026-05-31,2026-05-01", "is after end"),
        ("period-close", "items", "R-50,2026-03,1930,yesterday,Cash,1.00,", "is not a date"),
        ("period-close", "ledger", "1930,Current account,2026-03-31,1.00", "the same as that of row 2"),
    ],
)
def test_a_row_that_can_not_be_read_is_named(converge, tmp_path, truth, name, row, said):
    """Nothing runs on a file that is half understood."""
    changed = tmp_path / f"{name}.csv"
    changed.write_text((TRUTHS / truth / f"{name}.csv").read_text() + row + "\n")
    ran = converge("run", truth, "--input", f"{name}={changed}", "--no-input", "--json")
    assert (1, "INPUT_INVALID", True) == (ran.code, ran.error["code"], said in ran.error["message"])
