"""Expenses by their command: six in one run, each with its own outcome; who may not decide; what can not be read."""

import re
import shutil
from pathlib import Path

import pytest

RUN = ("run", "expense-approval", "--no-input", "--json")
TRUTH = Path(__file__).parents[2] / "truths" / "expense-approval"
GIVEN = [f"--approve=manager:commitment:{expense}=fiona" for expense in ("e1", "e4", "e6")]


def outcomes(ran):
    """Expense -> (result, reason)."""
    found = [item["content"] for item in ran.data["outputs"]["outcomes"]]
    return {item["expense"]: (item["result"], item["reason"]) for item in found}


def waiting(ran):
    """What waits, and where."""
    return sorted((item["fact"], item["point"]) for item in ran.data["approvals"]["pending"])


def test_six_expenses_have_each_their_own_outcome_and_a_refused_one_fails_nothing(converge):
    """Committed, rejected, needs authority, committed, waits for review, self-approval; then everybody decides."""
    ran = converge(*RUN, *GIVEN)
    run = ran.data["run_id"]
    assert (4, "HumanInterventionRequired") == (ran.code, ran.document["outcome"])
    assert {
        "e1": ("committed", "approved by fiona (finance_manager)"),
        "e2": ("rejected", "refused by policy: gate receipt missing"),
        "e4": ("committed", "approved by fiona (finance_manager)"),
    } == outcomes(ran)
    assert [
        ("clearance:duplicate:e5", "duplicate_review"),
        ("commitment:e3", "authority_sovereign"),
        ("commitment:e3", "manager"),
        ("commitment:e6", "manager"),
    ] == waiting(ran)
    assert [("fiona", "SELF_APPROVAL")] == [(item["by"], item["code"]) for item in ran.data["refusals"]]

    third = converge.decide(run, "approve", "commitment:e3", "sofia")
    sixth = converge.decide(run, "approve", "commitment:e6", "felix")
    fifth = converge.decide(run, "reject", "clearance:duplicate:e5", "carl")
    assert [0, 0, 0] == [third.code, sixth.code, fifth.code]
    assert 2 == len(third.data["decisions"])

    ended = converge("resume", run, "--json")
    assert (0, "CriteriaMet") == (ended.code, ended.document["outcome"])
    assert ["committed", "rejected", "committed", "committed", "rejected", "committed"] == [
        result for _, (result, _) in sorted(outcomes(ended).items())
    ]
    assert ("rejected", "rejected by carl (finance_controller) at duplicate_review") == outcomes(ended)["e5"]
    assert 0 == converge("replay", run, "--verify", "--json").code


@pytest.mark.parametrize(("who", "code"), [("carl", "SELF_APPROVAL"), ("frank", "ROLE_MISSING")])
def test_neither_the_claimant_nor_anybody_without_the_role_approves(converge, who, code):
    """Exit 8, and the run stays as it was."""
    run = converge(*RUN).data["run_id"]
    refused = converge.decide(run, "approve", "commitment:e3", who)
    assert (8, [code]) == (refused.code, sorted({item["code"] for item in refused.data["refusals"]}))


@pytest.mark.parametrize("route", ["claimant", "sponsor", "person of the run", "clears an own duplicate"])
def test_nobody_approves_what_is_their_own_by_any_route(converge, tmp_path, route):
    """As who spent it, on whose authority it is, for whom the run is, or at another point: SELF_APPROVAL, exit 8."""
    sponsor = "felix" if route == "sponsor" else ""
    claimant = {"claimant": "fiona", "clears an own duplicate": "carl"}.get(route, "anna")
    row = f"{claimant},training,4200.00,2026-03-02,2026-03-02-academy.txt,{sponsor}\n"
    claims = tmp_path / "claims.csv"
    claims.write_text(f"id,claimant,category,amount,date,receipt,sponsor\ne1,{row}e2,{row}", encoding="utf-8")
    who = {"claimant": "fiona", "clears an own duplicate": "carl"}.get(route, "felix")
    acting = ("--as", "felix") if route == "person of the run" else ()
    run = converge(*RUN, "--input", f"expenses={claims}", *acting).data["run_id"]
    target = "clearance:duplicate:e2" if who == "carl" else "commitment:e1"
    for verb in ("approve", "reject"):
        refused = converge.decide(run, verb, target, who)
        assert (8, ["SELF_APPROVAL"]) == (refused.code, [item["code"] for item in refused.data["refusals"]])


def test_a_sovereign_of_another_domain_is_not_asked_and_can_not_spoil_the_claim(converge):
    """Policy would refuse the claim with Leo of lending: his yes is refused, and the claim waits on."""
    ran = converge(*RUN)
    run = ran.data["run_id"]
    asked = next(item for item in ran.data["approvals"]["pending"] if item["point"] == "authority_sovereign")
    assert (["sofia"], ["leo"]) == (asked["deciders"], asked["in_vain"])

    refused = converge.decide(run, "approve", "authority_sovereign", "leo")
    assert (8, ["APPROVAL_IN_VAIN"]) == (refused.code, [item["code"] for item in refused.data["refusals"]])
    resumed = converge("resume", run, "--json")
    assert ("commitment:e3", "authority_sovereign") in waiting(resumed)
    assert 0 == converge.decide(run, "approve", "commitment:e3", "sofia").code
    assert "committed" == outcomes(converge("resume", run, "--json"))["e3"][0]
    assert 0 == converge("replay", run, "--verify", "--json").code


def test_an_auditor_learns_why_a_claim_was_committed_and_who_allowed_it(converge, tmp_path):
    """From the name on the claim alone: explain says where to look, then why and who; so do receipt and record."""
    run = converge(*RUN).data["run_id"]
    assert 0 == converge.decide(run, "approve", "manager:commitment:e4", "felix").code
    converge("resume", run, "--json")
    hint = converge("explain", run, "E4", "--json").error["hint"]
    assert "E4 is in expense:e4, check:e4, " in hint
    assert "commitment:e4, outcome:e4" in hint

    claim = converge("explain", run, "commitment:e4", "--json").data["claims"]["commitment:e4"]
    assert ("PROMOTE", ["sovereign"], "sofia") == (
        claim["gate"]["outcome"],
        claim["gate"]["rules"],
        claim["gate"]["principal"]["id"],
    )
    said = [(item["by"], item["reason"]) for request in claim["requests"] for item in request["decisions"]]
    assert [("felix", "seen the papers")] == said

    found = converge("experience", "query", "--fact", "commitment:e4", "--json").data["events"]
    told = [item["event"]["type"] for item in found]
    assert ["GateDecided", "ProposalParked", "ApprovalRequested", "ApprovalDecided", "GateDecided", "FactPromoted"] == [
        name for name in told if name not in {"SuggestorExecuted", "ApprovalSpent"}
    ]

    receipt = tmp_path / "e4.receipt"
    converge("receipt", run, "-o", receipt)
    lines = converge("verify", receipt, env={"COLUMNS": "200"}).out.splitlines()
    decided = next(line for line in lines if "commitment:e4" in line and "approved" in line)
    assert re.search(
        r'felix \(finance_manager, interactive\) +not signed +20[-\d]+T[:\d]+Z +"seen the papers"', decided
    )
    refused = next(line for line in lines if "DENIED" in line)
    assert "gate receipt missing: no rule of pack spend permits validate of expense e2" in refused


def test_a_folder_of_ones_own_replaces_the_receipts(converge, tmp_path):
    """What counts is the file that the claim names; a receipt of the run embeds the listing of the folder."""
    folder = tmp_path / "march"
    shutil.copytree(TRUTH / "receipts", folder)
    (folder / "2026-03-09-train.txt").unlink()
    ran = converge(*RUN, "--input", f"receipts={folder}")
    run = ran.data["run_id"]
    assert {"e2", "e6"} == set(outcomes(ran))
    written = converge("receipt", run, "-o", tmp_path / "r.json", "--input", f"receipts={folder}", "--embed", "--json")
    assert (0, 0) == (written.code, converge("verify", tmp_path / "r.json", "--json").code)
    (folder / "2026-03-02-academy.txt").write_text("something else")
    changed = converge("receipt", run, "-o", tmp_path / "s.json", "--input", f"receipts={folder}", "--embed", "--json")
    assert (1, True) == (changed.code, "is not what the run was given" in changed.error["message"])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("e7,anna,meals,0,2026-03-03,,", "amount is an amount from 0.01 to 1000000000000"),
        ("e7,anna,meals,10.001,2026-03-03,,", "amount has at most 2 decimals"),
        ("e7,anna,meals,10,3 March,,", "is not a date"),
        ("e7,,meals,10,2026-03-03,,", "column claimant"),
        ("e1,anna,meals,10,2026-03-03,,", "id expense:e1 is the same as that of row 2"),
    ],
)
def test_a_claim_that_can_not_be_read_is_named_by_row_and_column(converge, tmp_path, row, said):
    """Nothing runs on a file that is half understood."""
    claims = tmp_path / "claims.csv"
    claims.write_text((TRUTH / "expenses.csv").read_text() + row + "\n")
    ran = converge(*RUN, "--input", f"expenses={claims}")
    assert (1, "INPUT_INVALID", True) == (ran.code, ran.error["code"], said in ran.error["message"])
