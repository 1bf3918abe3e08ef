"""Loan applications by their command: the clear ones, the borderline ones, reasons, and what can not be read."""

import json
from pathlib import Path

import pytest
from private_search import EVERYWHERE, holding, left_behind

RUN = ("run", "loan-application", "--no-input", "--json")
TRUTH = Path(__file__).parents[2] / "truths" / "loan-application"
GOOD = json.loads((TRUTH / "application.json").read_text())[0]


PRIVATE = ("Nora Ekman", "Emil Stranne", "Greta", "Oskar", "Vera", "Tove Sand", "bakery", "emil.stranne", "980214")
"""Of everything that tells who the applicants are, something that stands nowhere else."""


def outcomes(ran):
    """Application -> its outcome."""
    found = [item["content"] for item in ran.data["outputs"]["outcomes"]]
    return {item["application"]: item for item in found}


def results(ran):
    """Application -> result."""
    return {name: item["result"] for name, item in outcomes(ran).items()}


def applications(tmp_path, *items):
    """A file of applications: the good one, each with other values."""
    file = tmp_path / "applications.json"
    file.write_text(json.dumps([{**GOOD, **item} for item in items]))
    return f"applications={file}"


def test_clear_cases_are_decided_and_borderline_ones_when_people_have_decided(converge, tmp_path):
    """Approved, declined for reasons, in review; then by the right people; the receipt verifies, the replay agrees."""
    ran = converge(*RUN)
    run = ran.data["run_id"]
    assert (4, "HumanInterventionRequired") == (ran.code, ran.document["outcome"])
    assert {
        "L-1001": "approved",
        "L-1002": "in_review",
        "L-1003": "declined",
        "L-1004": "declined",
        "L-1006": "in_review",
    } == results(ran)
    assert ["risk", "credit"] == [reason["factor"] for reason in outcomes(ran)["L-1003"]["reasons"]]
    assert [("loan:L-1002", "underwriting"), ("loan:L-1005", "large_loan"), ("loan:L-1006", "underwriting")] == sorted(
        (item["fact"], item["point"]) for item in ran.data["approvals"]["pending"]
    )

    given = [
        converge.decide(run, "approve", "loan:L-1002", "una"),
        converge.decide(run, "approve", "large_loan", "leo"),
        converge.decide(run, "reject", "loan:L-1006", "leo"),
    ]
    assert [0, 0, 0] == [item.code for item in given]

    ended = converge("resume", run, "--json")
    assert (0, "CriteriaMet") == (ended.code, ended.document["outcome"])
    assert {"L-1002": "approved", "L-1005": "approved", "L-1006": "declined"}.items() <= results(ended).items()
    declined = outcomes(ended)["L-1006"]
    assert ("rejected by leo (underwriter) at underwriting", ["underwriting", "documents"]) == (
        declined["reason"],
        [reason["factor"] for reason in declined["reasons"]],
    )
    receipt = converge("receipt", run, "-o", tmp_path / "loans.json", "--json")
    verified = converge("verify", tmp_path / "loans.json", "--json")
    assert (0, 0, 0) == (receipt.code, verified.code, converge("replay", run, "--verify", "--json").code)


def test_an_application_without_its_decision_is_named_with_whoever_is_asked_for_it(converge):
    """In review or not, a request on its loan waits: in the answer, in the criterion and in the inbox alike."""
    ran = converge(*RUN)
    decided = {name for name, result in results(ran).items() if result != "in_review"}
    waiting = {"L-1002": "underwriter", "L-1005": "credit_manager", "L-1006": "underwriter"}
    assert {item["id"] for item in json.loads((TRUTH / "application.json").read_text())} == decided | set(waiting)
    asked = {item["fact"]: item["role"] for item in ran.data["approvals"]["pending"]}
    (criterion,) = [item for item in ran.data["criteria"] if item["id"] == "decided"]
    missing = {item["fact"]: item["who"] for item in criterion["missing"]}
    inbox = {item["fact"]: item["role"] for item in converge("inbox", "--json").data["waiting"]}
    assert [{f"loan:{name}": role for name, role in waiting.items()}] * 3 == [asked, missing, inbox]


@pytest.mark.parametrize(
    ("who", "target", "code"),
    [
        ("lena", "loan:L-1002", "SELF_APPROVAL"),
        ("frank", "loan:L-1002", "ROLE_MISSING"),
        ("una", "large_loan", "ROLE_MISSING"),
    ],
)
def test_neither_the_loan_officer_nor_anybody_without_the_role_approves(converge, who, target, code):
    """Exit 8, and the run stays as it was."""
    run = converge(*RUN).data["run_id"]
    refused = converge.decide(run, "approve", target, who)
    assert (8, [code]) == (refused.code, sorted({item["code"] for item in refused.data["refusals"]}))


def test_one_application_is_a_file_of_its_own(converge, tmp_path):
    """A single object, and a clear case: approved at once, with an income that is no whole number."""
    file = tmp_path / "nora.json"
    file.write_text(json.dumps({**GOOD, "id": "n", "annual_income": 85000.55}))
    ran = converge(*RUN, "--input", f"applications={file}")
    assert (0, {"n": "approved"}) == (ran.code, results(ran))
    assert "0.875" == outcomes(ran)["n"]["mean"]


def test_whoever_may_not_lend_declines_nobody(converge, tmp_path):
    """Policy's no is about the person of the run; the applicant has no outcome."""
    ran = converge(*RUN, "--as", "anna", "--input", applications(tmp_path, {}))
    assert (8, "PolicyDenied", {}) == (ran.code, ran.document["outcome"], outcomes(ran))


def test_limits_can_be_tried_for_one_run(converge, tmp_path):
    """A stricter lender asks a person about what was clear."""
    ran = converge(*RUN, "--param", "lending.approve=0.9", "--input", applications(tmp_path, {}))
    assert (4, {"L-1001": "in_review"}) == (ran.code, results(ran))


def test_nothing_that_tells_who_somebody_is_is_kept_anywhere(converge):
    """Searched for in every byte, packed or not; the ids and what decides are found by the same search."""
    file = (TRUTH / "application.json").read_text()
    assert [] == [text for text in PRIVATE if text not in file]
    given = ("--approve=underwriting:loan:L-1002=una", "--approve=underwriting:loan:L-1006=una")
    ran = converge(*RUN, *given, "--reason", "seen the papers")
    places = left_behind(converge, "loan-application", ran, fact="loan:L-1002", gate="commit")

    assert {text: set() for text in PRIVATE} == {text: holding(places, text) for text in PRIVATE}
    assert [EVERYWHERE, EVERYWHERE] == [holding(places, text) for text in ("K-2077", "ratio of 0.7804")]


def test_a_receipt_does_not_embed_the_applications(converge, tmp_path):
    """They stand in it by their SHA-256 alone."""
    run = converge(*RUN, "--input", applications(tmp_path, {})).data["run_id"]
    refused = converge("receipt", run, "-o", tmp_path / "r.json", "--embed", "--json")
    assert (1, "RECEIPT_REFUSED") == (refused.code, refused.error["code"])
    assert "input applications has private fields" in refused.error["message"]


def test_whoever_works_for_the_lender_does_not_approve_a_loan_of_their_own(converge, tmp_path):
    """By their id, which stays readable when their name does not."""
    own = {"applicant": "una", "name": "Una Storm", "credit_score": 599}
    run = converge(*RUN, "--input", applications(tmp_path, own)).data["run_id"]
    refused = converge.decide(run, "approve", "underwriting", "una")
    assert (8, ["SELF_APPROVAL"]) == (refused.code, [item["code"] for item in refused.data["refusals"]])
    assert 0 == converge.decide(run, "approve", "underwriting", "leo").code


WRONG = [
    ({"amount": 0}, "amount is an amount from 0.01"),
    ({"amount": -1}, "amount is an amount from 0.01"),
    ({"amount": 10.001}, "amount has at most 2 decimals"),
    ({"annual_income": -5}, "annual_income is an amount from 0"),
    ({"annual_income": "85 000"}, "annual_income"),
    ({"annual_income": None}, "annual_income"),
    ({"credit_score": 1001}, "credit_score is a number from 0 to 1000"),
    ({"credit_score": 720.5}, "credit_score"),
    ({"age": -1}, "age is a number from 0 to 130"),
    ({"sanctions_match": "no"}, "sanctions_match"),
    ({"documents": "identity"}, "documents"),
    ({"applicant": "Una Storm"}, "applicant is an id, without spaces or @"),
    ({"applicant": "una@bank.example"}, "applicant is an id, without spaces or @"),
    ({"address": {"street": "Hamngatan 1"}}, "it is not a single value"),
    ({"id": 7}, "id"),
    ({"id": "L 1001"}, "id application:L-1001 is the same as that of row 1"),
]


def test_applications_that_can_not_be_read_are_named_by_row_and_field_all_at_once(converge, tmp_path):
    """Nothing runs on a file that is half understood."""
    items = [{"id": f"other{number}", **values} for number, (values, _) in enumerate(WRONG)]
    ran = converge(*RUN, "--input", applications(tmp_path, {}, *items))
    assert (1, "INPUT_INVALID") == (ran.code, ran.error["code"])
    told = [line for line in ran.error["message"].replace("; ", "\n").splitlines() if "row " in line]
    assert [] == [
        (row, said)
        for row, (_, said) in enumerate(WRONG, start=2)
        if not any(f"row {row}" in line and said in line for line in told)
    ]
    assert [] == [private for private in ("Una Storm", "una@bank", "Hamngatan") if private in ran.out + ran.err]


def test_nobody_has_to_guess_who_is_screened_or_bankrupt(converge, tmp_path):
    """Somebody says so, or the file is not complete."""
    file = tmp_path / "applications.json"
    file.write_text(json.dumps({name: value for name, value in GOOD.items() if name != "sanctions_match"}))
    ran = converge(*RUN, "--input", f"applications={file}")
    assert (1, True) == (ran.code, "sanctions_match" in ran.error["message"])
