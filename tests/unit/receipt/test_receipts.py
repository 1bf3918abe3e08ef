"""Receipts: what they hold, who can tell that they are genuine, and that nothing in them can be changed unseen."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from receipt_kit import GENUINE, ROOT, UNKNOWN, WRONG, Office, both, head_of, told_of, verdicts

from converge_cli import ContextView, Effect, Suggestor, converge_verify
from converge_cli._internal.dsse import envelope, pae
from converge_cli._internal.ed25519 import new_private_key, public_key_of, sign
from converge_cli.app.decide_approval import GivenApproval
from converge_cli.app.identity import new_identity
from converge_cli.app.record.verify_receipt import check_pairs, verify_receipt
from converge_cli.app.record.write_receipt import ReceiptRefusedError, make_receipt
from converge_cli.app.run_job import RunJob, RunRequest
from converge_cli.core.receipt import PAYLOAD_TYPE


def test_a_receipt_is_genuine_with_its_key_or_its_head_and_unknown_with_neither(office, plain, signed):
    """What authenticates is what the reader brings along."""
    head, key = head_of(plain), office.mona.public_key
    said = [both(plain), both(signed), both(plain, head=head), both(signed, key=key), both(signed, key=key, head=head)]
    assert [UNKNOWN, UNKNOWN, GENUINE, GENUINE, GENUINE] == said


def test_the_same_run_gives_the_same_bytes(office, run, plain, signed):
    """Whenever it is written; the signature is deterministic as well."""
    assert (plain, signed) == (office.receipt(run), office.receipt(run, office.mona))


def test_a_receipt_holds_the_law_the_facts_and_who_decided(plain):
    """Text of truth and features, policy, facts with their origin, decisions, outcome."""
    told = told_of(plain)["predicate"]
    assert {"truth", "feature", "job", "policy", "people", "registry"} <= {item["part"] for item in told["materials"]}
    truth = next(item["text"] for item in told["materials"] if item["name"] == "truths/vendor-selection/truth.yaml")
    assert (ROOT / "truths/vendor-selection/truth.yaml").read_text() == truth
    fact = next(item for item in told["facts"] if item["id"] == "commitment:acme")
    assert ("commitment", True, 1) == (
        fact["suggestor"],
        "recommendation:acme" in fact["evidence"],
        len(fact["approvals"]),
    )
    decided = next(item["approval"] for item in told["approvals"] if item["type"] == "ApprovalDecided")
    assert ("mona", "within budget", True) == (decided["by"], decided["reason"], "signature" in decided)
    committed = next(item for item in told["law"]["clauses"] if item["check"] == "committed")
    assert ("met", ["commitment:acme"]) == (committed["verdict"], committed["facts"])
    assert ("CriteriaMet", "RunStopped") == (told["outcome"]["end"]["stop"]["reason"], told["outcome"]["end"]["type"])


def test_bytes_of_inputs_come_along_when_asked_for(office, run, plain):
    """Without --embed there is their digest only."""
    told = told_of(office.receipt(run, embed=True))["predicate"]
    kept = [item["text"] for item in told["materials"] if item["part"] == "input"]
    assert [(ROOT / "truths/vendor-selection/vendors.csv").read_text()] == kept
    assert GENUINE == both(office.receipt(run, embed=True), head=head_of(plain))
    assert [] == [item for item in told_of(plain)["predicate"]["materials"] if item["part"] == "input"]


def test_an_input_that_is_no_longer_what_it_was_is_not_embedded(office, run, tmp_path):
    """The receipt would not be that of the run."""
    other = tmp_path / "vendors.csv"
    other.write_text("id,name\n")
    with pytest.raises(ReceiptRefusedError, match="is not what the run was given as vendors"):
        make_receipt(office.services, run, embed=True, inputs={"vendors": other})


def test_a_paused_run_has_a_receipt_and_what_follows_goes_on_from_it(office):
    """Two receipts of one history agree."""
    run = office.paused()
    before = office.receipt(run)
    office.approve(run)
    after = office.receipt(run)
    assert (UNKNOWN, UNKNOWN) == (both(before), both(after))
    check_pairs([verify_receipt("a", before), verify_receipt("b", after)])


def test_a_receipt_signed_by_another_is_refused_by_both(office, plain, tmp_path):
    """The other key is named; the head still tells what it told."""
    eve = new_identity(tmp_path, "eve")
    payload = json.loads(plain)["payload"]
    raw = converge_verify.unbase64(payload)
    resigned = envelope(PAYLOAD_TYPE, raw, [(eve.public_key, sign(eve.file.read_bytes(), pae(PAYLOAD_TYPE, raw)))])
    assert (WRONG, GENUINE) == (both(resigned, key=office.mona.public_key), both(resigned, head=head_of(plain)))
    assert all(eve.public_key in said for said in verdicts(resigned, key=office.mona.public_key))


def test_an_unsigned_receipt_does_not_pass_for_a_signed_one(office, plain):
    """Whoever drops the signature drops the proof."""
    assert WRONG == both(plain, key=office.mona.public_key)


def test_a_signature_with_the_name_of_another_key_is_refused(office, signed):
    """The id of a key is not proof of it, whether or not anybody asks for that key."""
    read = json.loads(signed)
    read["signatures"][0]["keyid"] = public_key_of(new_private_key())
    data = json.dumps(read, sort_keys=True, separators=(",", ":")).encode()
    assert (WRONG, WRONG) == (both(data), both(data, head=head_of(signed)))


class Broken(Suggestor):
    """Should bring the commitment, and can't."""

    name, writes = "broken", ("Strategies:commitment:*",)

    def execute(self, view: ContextView) -> Effect:
        raise RuntimeError("no connection")


def of_vendors(office: Office, **given: Any) -> RunJob:
    """A run of vendor-selection."""
    return RunJob(office.services, RunRequest("vendor-selection", **given))


NO = (GivenApproval("vendor_commitment", None, "mona", "too dear", "rejected", None),)


def cancelled(office: Office) -> RunJob:
    """Stopped before its first cycle."""
    job = RunJob(office.services, RunRequest("hello-convergence"))
    job.engine.cancel()
    return job


ENDINGS: dict[str, Callable[[Office], RunJob]] = {
    "CriteriaMet": lambda office: RunJob(office.services, RunRequest("hello-convergence")),
    "HumanInterventionRequired": of_vendors,
    "CriteriaUnmet": lambda office: of_vendors(office, approvals=NO),
    "Cancelled": cancelled,
    "CycleBudgetExhausted": lambda office: of_vendors(office, budget={"cycles": 1}),
    "SuggestorFailed": lambda office: of_vendors(office, approvals=NO, scripted=(Broken(),)),
}


@pytest.mark.parametrize("reason", ENDINGS)
def test_a_run_has_a_receipt_however_it_ended(office, reason):
    """Met, waiting, rejected, cancelled, out of budget, with a suggestor that failed: both verifiers accept it."""
    answer = asyncio.run(ENDINGS[reason](office).run())
    data = office.receipt(answer.result.run_id)
    assert (reason, GENUINE) == (answer.result.reason, both(data, head=answer.result.head))


def test_a_run_under_way_has_no_receipt(office, monkeypatch):
    """It came to nothing yet."""
    run = office.paused()
    texts = list(office.services.experience.read(run))[:-1]
    monkeypatch.setattr(office.services.experience, "read", lambda _run, after=0: iter(texts))
    with pytest.raises(ReceiptRefusedError, match="under way"):
        make_receipt(office.services, run)
