"""`converge receipt`, `verify FILE` and `identity` as people and scripts call them."""

import subprocess
import sys

import pytest

PEOPLE = """\
people:
  - {id: petra, name: Petra Lind, roles: [procurement_lead], authority: supervisory, domains: [procurement]}
  - {id: mona, name: Mona Berg, roles: [procurement_manager], authority: supervisory, public_key: "KEY"}
"""


@pytest.fixture
def run(converge, tmp_path):
    """A run of hello-convergence; its id."""
    return converge("run", "hello-convergence", "--json").data["run_id"]


def test_a_receipt_is_written_and_verified(converge, run, tmp_path):
    """Unsigned where there is no key; with the head that was printed it is authentic."""
    written = converge("receipt", run, "-o", "r.json", "--json")
    head = written.data["head"]
    assert (0, None, (tmp_path / "r.json").stat().st_size) == (
        written.code,
        written.data["signed_by"],
        written.data["bytes"],
    )
    plain, known = converge("verify", "r.json", "--json"), converge("verify", "r.json", "--head", head, "--json")
    assert ["self-consistent, not authenticated", "authenticated"] == [
        plain.document["outcome"],
        known.document["outcome"],
    ]
    assert [(0, False), (0, True)] == [(ran.code, ran.data["receipts"][0]["authenticated"]) for ran in (plain, known)]
    assert (run, head) == (known.data["receipts"][0]["run_id"], known.data["receipts"][0]["head"])


def test_what_was_tampered_with_ends_with_9_and_its_place(converge, run, tmp_path):
    """As does another head, and a file that is no receipt."""
    converge("receipt", run, "-o", "r.json")
    file = tmp_path / "r.json"
    file.write_bytes(file.read_bytes().replace(b'"payload":"eyJ', b'"payload":"eyI', 1))
    other = tmp_path / "other.json"
    other.write_text("{}")
    for words in (["r.json"], ["other.json"]):
        ran = converge("verify", *words, "--json")
        assert (9, "RECEIPT_UNVERIFIED", words[0]) == (ran.code, ran.error["code"], ran.error["where"])
    converge("receipt", run, "-o", "r.json")
    known = converge("verify", "r.json", "--head", "00", "--json")
    assert (9, True) == (known.code, "its head is" in known.error["message"])
    absent = converge("verify", "none.json", "--json")
    assert (1, "RECEIPT_FILE") == (absent.code, absent.error["code"])


def test_a_receipt_is_signed_with_the_only_key_or_with_the_one_named(converge, run):
    """Of several keys none is guessed."""
    mona = converge("identity", "new", "mona", "--json").data["public_key"]
    assert mona == converge("receipt", run, "-o", "r.json", "--json").data["signed_by"]["public_key"]
    assert "authenticated" == converge("verify", "r.json", "--key", mona, "--json").document["outcome"]
    ann = converge("identity", "new", "ann", "--json").data["public_key"]
    assert "RECEIPT_REFUSED" == converge("receipt", run, "-o", "r.json", "--json").error["code"]
    converge("receipt", run, "-o", "r.json", "--sign", "ann")
    ran = converge("verify", "r.json", "--key", mona, "--json")
    assert (9, True) == (ran.code, ann in ran.error["message"])
    assert None is converge("receipt", run, "-o", "r.json", "--unsigned", "--json").data["signed_by"]
    assert ["ann", "mona"] == [item["name"] for item in converge("identity", "list", "--json").data["identities"]]


def test_a_key_may_be_given_as_a_file_and_nonsense_is_told(converge, run, tmp_path):
    """Either is what people have at hand."""
    (tmp_path / "mona.pub").write_text(converge("identity", "new", "mona", "--json").data["public_key"] + "\n")
    converge("receipt", run, "-o", "r.json")
    assert 0 == converge("verify", "r.json", "--key", "mona.pub").code
    assert "RECEIPT_FILE" == converge("verify", "r.json", "--key", "mona", "--json").error["code"]


@pytest.mark.parametrize(
    "words",
    [[], ["r.json", "--ledger", "c"], ["r.json", "--at", "x"], ["--script", "--key", "k"], ["a", "b", "--head", "00"]],
)
def test_words_that_do_not_go_together_are_refused(converge, words):
    """Nothing is verified by half."""
    ran = converge("verify", *words, "--json")
    assert (2, "USAGE") == (ran.code, ran.error["code"])


def test_the_printed_script_verifies_where_there_is_only_python(converge, run, tmp_path):
    """It is the very file, and says the same."""
    head = converge("receipt", run, "-o", "r.json", "--json").data["head"]
    (tmp_path / "v.py").write_text(converge("verify", "--script").out)
    for words, expected in (([], b"self-consistent, not authenticated\n"), (["--head", head], b"authentic\n")):
        done = subprocess.run(
            [sys.executable, "-I", "-S", "v.py", "r.json", *words], cwd=tmp_path, capture_output=True, check=True
        )
        assert expected == done.stdout


def test_whoever_has_a_key_approves_with_it_only(converge, tmp_path):
    """Elsewhere, under the same name, the decision is refused with its code, and the run waits on."""
    key = converge("identity", "new", "mona", "--json").data["public_key"]
    (tmp_path / "converge.yaml").write_text("people: people.yaml\n")
    (tmp_path / "people.yaml").write_text(PEOPLE.replace("KEY", key))
    run = converge("run", "vendor-selection", "--no-input", "--json").data["run_id"]
    approve = ("approve", run, "vendor_commitment", "--as", "mona", "--reason", "fits", "--json")
    refused = converge(*approve, env={"CONVERGE_IDENTITY_PATH": str(tmp_path / "empty")})
    assert (8, ["SIGNATURE_MISSING"]) == (refused.code, [item["code"] for item in refused.data["refusals"]])
    accepted = converge(*approve)
    assert (0, True) == (accepted.code, "signature" in accepted.data["decisions"][0])
    assert 0 == converge("resume", run, "--json").code
    converge("receipt", run, "-o", "r.json")
    shown = converge("verify", "r.json", "--key", key)
    assert (0, True) == (shown.code, "approved by mona (procurement_manager, interactive)  signed" in shown.out)
    assert "SIGNATURE_MISSING" in shown.out
    told = converge("verify", "r.json", "--json").data["receipts"][0]["approvals"]
    assert ["ApprovalRequested", "DecisionRefused", "ApprovalDecided", "ApprovalSpent"] == [
        item["type"] for item in told
    ]
