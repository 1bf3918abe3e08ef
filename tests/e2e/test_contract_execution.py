"""Contracts by their command: who decides, what is recorded of whom, and that nothing private is kept anywhere."""

import json
import shutil
from pathlib import Path

import pytest
from private_search import EVERYWHERE, holding, left_behind

RUN = ("run", "contract-execution", "--no-input", "--json")
TRUTH = Path(__file__).parents[2] / "truths" / "contract-execution"
PRIVATE = (
    "contracts@harbour.example",
    "siri.aasen",
    "Siri Aasen",
    "750000",
    "Mutual now",
    "Bo Hammar",
    "order@stalverk",
    "Liability is not limited",
    "Per Moen",
    "Ada Winkler",
    "Maja",
    "Lindqvist",
    "SE45 5000",
)
"""Of every private text of the register, something that stands nowhere else."""
PUBLIC = "The parties talk about a joint offer."


def record(ran, contract):
    """The audits of one contract in order: who, what, result."""
    found = [item["content"] for item in ran.data["outputs"]["audit"]]
    mine = sorted(
        (item["number"], item["by"], item["did"], item["result"]) for item in found if item["contract"] == contract
    )
    assert list(range(1, len(mine) + 1)) == [number for number, *_ in mine]
    return [tuple(rest) for _, *rest in mine]


def test_each_contract_has_its_outcome_and_each_action_its_record(converge):
    """Decided by two counsels in processes of their own, resumed, and proved."""
    ran = converge(*RUN)
    run = ran.data["run_id"]
    assert (4, [("agreement:C-101@5", "execution"), ("agreement:C-104@3", "amendment")]) == (
        ran.code,
        sorted((item["fact"], item["point"]) for item in ran.data["approvals"]["pending"]),
    )
    assert 0 == converge.decide(run, "approve", "agreement:C-101", "liv").code
    assert 0 == converge.decide(run, "reject", "amendment", "lars").code
    ended = converge("resume", run, "--json")
    assert (0, "CriteriaMet") == (ended.code, ended.document["outcome"])
    outcomes = {item["content"]["contract"]: item["content"]["stands"] for item in ended.data["outputs"]["outcomes"]}
    assert {
        "C-101": "executed",
        "C-102": "drafted",
        "C-103": "reviewed",
        "C-104": "reviewed",
        "C-105": "executed",
        "C-106": "drafted",
    } == outcomes
    assert [
        ("ines", "view", "done"),
        ("ines", "amend", "done"),
        ("liv", "review", "done"),
        ("ines", "sign", "done"),
        ("ines", "execute", "done"),
        ("ines", "amend", "refused"),
    ] == record(ended, "C-101")
    assert [("frank", "view", "refused"), ("ines", "view", "done")] == record(ended, "C-106")
    assert 19 == len(ended.data["outputs"]["audit"])
    assert 0 == converge("replay", run, "--verify", "--json").code


@pytest.mark.parametrize(
    ("target", "who", "code"),
    [
        ("agreement:C-101", "ines", "SELF_APPROVAL"),
        ("agreement:C-101", "fiona", "ROLE_MISSING"),
        ("agreement:C-101", "sofia", "ROLE_MISSING"),
        ("agreement:C-104", "ines", "SELF_APPROVAL"),
    ],
)
def test_neither_who_asks_nor_anybody_without_the_role_approves(converge, target, who, code):
    """Exit 8, and the run stays as it was."""
    run = converge(*RUN).data["run_id"]
    refused = converge.decide(run, "approve", target, who)
    assert (8, [code]) == (refused.code, [item["code"] for item in refused.data["refusals"]])


def test_approved_with_the_run_it_ends_at_once(converge):
    """`--approve` for both points."""
    ran = converge(*RUN, "--approve=execution=liv", "--approve=amendment=liv", "--reason", "read both")
    stood = {item["content"]["contract"]: item["content"]["stands"] for item in ran.data["outputs"]["agreements"]}
    assert (0, "executed", "drafted") == (ran.code, stood["C-101"], stood["C-104"])


def test_the_page_of_the_truth_tells_how_a_contract_moves(converge):
    """In words, with the gates and the role of each move."""
    page = converge("truths", "show", "contract-execution").out
    assert "drafted to reviewed, once legal_review is passed" in page
    assert "reviewed to signed, once legal_review and counterparty_signed are passed" in page
    assert "reviewed to drafted, with the yes of a legal_counsel" in page


def test_the_page_of_the_truth_tells_who_may_not_decide_and_until_when(converge):
    """A field is called one, so that `not_by: [by]` reads as a sentence; a time is written as on every page."""
    page = converge("truths", "show", "contract-execution").out
    assert "decided interactive or ci; not by the person in field by; after 5 d: escalate" in page


def test_nothing_private_is_in_the_store_the_receipt_the_answer_the_trace_or_an_explanation(converge):
    """Searched for in every byte, packed or not; what is public is found by the same search."""
    register = (TRUTH / "contracts.yaml").read_text()
    assert [] == [text for text in PRIVATE if text not in register]
    ran = converge(*RUN, "--approve=execution=liv", "--approve=amendment=lars", "--reason", "read both")
    places = left_behind(converge, "contract-execution", ran, fact="contract:C-105", gate="commit")

    assert {text: set() for text in PRIVATE} == {text: holding(places, text) for text in PRIVATE}
    assert EVERYWHERE == holding(places, PUBLIC)


def test_a_receipt_does_not_embed_what_the_run_did_not_keep(converge, tmp_path):
    """The register stands in it by its SHA-256 alone; the receipt verifies without it."""
    run = converge(*RUN, "--approve=execution=liv", "--approve=amendment=lars", "--reason", "ok").data["run_id"]
    refused = converge("receipt", run, "-o", tmp_path / "r.json", "--embed", "--json")
    assert (1, "RECEIPT_REFUSED") == (refused.code, refused.error["code"])
    assert "input contracts has private fields" in refused.error["message"]
    assert 0 == converge("receipt", run, "-o", tmp_path / "r.json", "--json").code
    assert 0 == converge("verify", tmp_path / "r.json", "--json").code


def test_a_document_that_was_changed_after_it_was_registered_stops_its_contract(converge, tmp_path):
    """One letter is enough; the others go on."""
    folder = tmp_path / "papers"
    shutil.copytree(TRUTH / "documents", folder)
    (folder / "C-105-terms.txt").write_text("Invoices are paid within three days.")
    ran = converge(
        *RUN, "--input", f"documents={folder}", "--approve=execution=liv", "--approve=amendment=liv", "--reason=ok"
    )
    stood = {item["content"]["contract"]: item["content"]["stands"] for item in ran.data["outputs"]["agreements"]}
    assert (0, "executed", "drafted") == (ran.code, stood["C-101"], stood["C-105"])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a20,C-101,,view,2026-03-20", "column by: the cell is empty"),
        ("a20,C-101,ines,burn,2026-03-20", "column action"),
        ("a20,C-101,ines,view,yesterday", "is not a date"),
        ("a01,C-101,ines,view,2026-03-20", "id action:a01 is the same as that of row 2"),
    ],
)
def test_an_action_without_identity_or_sense_is_named_by_row_and_column(converge, tmp_path, row, said):
    """Nothing runs on a log that is half understood."""
    log = tmp_path / "log.csv"
    log.write_text((TRUTH / "actions.csv").read_text() + row + "\n")
    ran = converge(*RUN, "--input", f"actions={log}")
    assert (1, "INPUT_INVALID", True) == (ran.code, ran.error["code"], said in ran.error["message"]), ran.error


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("confidential: true", "confidental: true", "confidental"),
        ("confidential: true", 'confidential: "yes"', "true or false"),
        ("version: 2\n  parties", "version: 0\n  parties", "version counts from 1"),
        ("side: counterparty, email", "side: theirs, email", "theirs"),
        ("signed_on: 2026-03-05", "signed_on: soon", "date"),
    ],
)
def test_a_register_that_can_not_be_read_is_refused_without_telling_what_is_private(converge, tmp_path, old, new, said):
    """A mark that is misspelt or no yes or no hides nothing, so nothing runs; and the message shows no secret."""
    register = tmp_path / "contracts.yaml"
    text = (TRUTH / "contracts.yaml").read_text()
    assert old in text
    register.write_text(text.replace(old, new, 1))
    ran = converge(*RUN, "--input", f"contracts={register}")
    assert (1, "INPUT_INVALID", True) == (ran.code, ran.error["code"], said in ran.error["message"]), ran.error
    assert [] == [private for private in PRIVATE if private in json.dumps(ran.document) + ran.err]
