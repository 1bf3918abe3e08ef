"""Jobs over HTTP: submitted, seen, decided, cancelled, resumed, proved; every answer is as its model says."""

from hashlib import sha256
from typing import Any

import pytest

from converge_cli._internal.canonical_json import encode
from converge_cli._internal.hashing import GENESIS
from converge_cli.app.record.verify_receipt import verify_receipt
from converge_cli.store.chain import extend

VENDOR = {"truth": "vendor-selection"}
YES = {"decision": "approved", "reason": "three bids compared", "by": "mona"}


def test_a_job_is_submitted_approved_and_proved(served: Any):
    """The whole way, and the outcome digest is that of a run without any server."""
    line = served.post("/api/v1/jobs", VENDOR)
    job = line["job_id"]
    assert ("queued", f"/api/v1/jobs/{job}") == (line["status"], line["links"]["self"])
    paused = served.rested(job)
    assert ("paused", "HumanInterventionRequired", 4) == (paused["status"], paused["outcome"], paused["exit_code"])
    [request] = paused["result"]["approvals"]["pending"]
    decided = served.post(f"/api/v1/jobs/{job}/approvals/{request['request']}", YES, 200)
    assert (1, []) == (len(decided["decisions"]), decided["refusals"])
    ended = served.rested(job)
    assert ("ended", "CriteriaMet", 0) == (ended["status"], ended["outcome"], ended["exit_code"])
    receipt = served.http.get(line["links"]["receipt"])
    verified = verify_receipt("receipt", receipt.content, head=ended["head"])
    assert (True, None) == (verified.authenticated, verified.signed_by)


def test_the_same_idempotency_key_is_the_same_job(served: Any):
    """A client that does not know whether it was heard asks again; another content is refused."""
    first = served.post("/api/v1/jobs", {"truth": "hello-convergence"}, **{"Idempotency-Key": "k1"})
    assert (
        first["job_id"]
        == served.post("/api/v1/jobs", {"truth": "hello-convergence"}, **{"Idempotency-Key": "k1"})["job_id"]
    )
    refused = served.post("/api/v1/jobs", VENDOR, 409, **{"Idempotency-Key": "k1"})
    assert "IDEMPOTENCY_CONFLICT" == refused["code"]


def test_jobs_are_listed_in_pages_and_filtered(served: Any):
    """The newest first; `next` leads through all of them, once."""
    made = [served.submit() for _ in range(5)]
    for job in made:
        served.rested(job)
    seen, before = [], {}
    while True:
        page = served.get("/api/v1/jobs", limit=2, **before)
        seen += [line["job_id"] for line in page["jobs"]]
        if page["next"] is None:
            break
        before = {"before": page["next"]}
    assert made[::-1] == seen
    assert [] == served.get("/api/v1/jobs", status="paused")["jobs"]
    assert [] == served.get("/api/v1/jobs", truth="vendor-selection")["jobs"]
    assert 5 == len(served.get("/api/v1/jobs", status="ended", truth="hello-convergence")["jobs"])


def test_a_truth_that_does_not_exist_is_told_with_what_is_near(served: Any):
    """The same words as on the command line."""
    problem = served.post("/api/v1/jobs", {"truth": "vendor-selectoin"}, 404)
    assert ("TRUTH_NOT_FOUND", True) == (problem["code"], "did you mean vendor-selection?" in problem["hint"])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "SUBMISSION_INVALID"),
        ({"truth": "hello-convergence", "template": "hello-convergence"}, 422, "SUBMISSION_INVALID"),
        ({"truth": "../../etc"}, 422, "SUBMISSION_INVALID"),
        ({"truth": "truths/hello-convergence"}, 422, "SUBMISSION_INVALID"),
        ({"truth": "hello-convergence\u0000"}, 422, "SUBMISSION_INVALID"),
        ({"truth": "hello-convergence", "budget": {"cycles": -5}}, 422, "SUBMISSION_INVALID"),
        ({"truth": "hello-convergence", "budget": {"time": "NaN"}}, 422, "SUBMISSION_INVALID"),
        ({"truth": "hello-convergence", "budget": {"time": "1e999999"}}, 422, "SUBMISSION_INVALID"),
        ({"truth": "hello-convergence", "budget": {"cycles": 10**30}}, 422, "SUBMISSION_INVALID"),
        ({"truth": "hello-convergence", "colour": "red"}, 422, "REQUEST_INVALID"),
        ({"truth": 7}, 422, "REQUEST_INVALID"),
        ([], 422, "REQUEST_INVALID"),
        ({"truth": "hello-convergence", "inputs": {"nope": {"text": ""}}}, 422, "INPUT_UNKNOWN"),
        ({**VENDOR, "inputs": {"vendors": {"name": "../../v.csv", "text": ""}}}, 422, "INPUT_UNREADABLE"),
        ({**VENDOR, "inputs": {"vendors": {"name": "/etc/passwd", "text": ""}}}, 422, "INPUT_UNREADABLE"),
        ({**VENDOR, "inputs": {"vendors": {"name": "v\r\nx.csv", "text": ""}}}, 422, "INPUT_UNREADABLE"),
        ({**VENDOR, "inputs": {"vendors": {"name": "v.csv", "text": "nonsense"}}}, 422, "INPUT_INVALID"),
        ({**VENDOR, "inputs": {"vendors": {"base64": "!"}}}, 422, "INPUT_UNREADABLE"),
        ({**VENDOR, "inputs": {"vendors": {"text": "", "base64": ""}}}, 422, "INPUT_UNREADABLE"),
        ({**VENDOR, "principal": "nobody"}, 422, "PERSON_UNKNOWN"),
        ({**VENDOR, "approvals": [{"point": "nope", "by": "mona"}]}, 404, "REQUEST_UNKNOWN"),
        ({**VENDOR, "seeds": ["nonsense"]}, 422, "INPUT_INVALID"),
        ({**VENDOR, "parameters": {"procurement": {"weights": {"price": 10**40}}}}, 422, "PARAMETER_INVALID"),
    ],
)  # fmt: skip
def test_what_can_be_wrong_is_said_when_it_is_submitted(served: Any, body: Any, status: int, code: str):
    """Nothing is queued of it; the problem names its code, and no path of the machine."""
    problem = served.post("/api/v1/jobs", body, status)
    assert (code, status) == (problem["code"], problem["status"])
    assert [] == served.get("/api/v1/jobs")["jobs"]


def test_a_truth_that_does_not_compile_is_told_with_every_finding(served: Any):
    """POST /validate and a submission say what `converge validate` says; see there for the codes."""
    problem = served.post("/api/v1/jobs", {**VENDOR, "parameters": {"procurement": {"nope": 1}}}, 422)
    assert "PARAMETER_INVALID" == problem["code"]


def test_a_job_is_cancelled_and_resumed(served: Any):
    """Cancelled it is at rest; resumed it goes on where it was."""
    job = served.submit("vendor-selection")
    served.rested(job)
    served.post(f"/api/v1/jobs/{job}/cancel", None, 202)
    assert "cancelled" == served.rested(job)["status"]
    served.post(f"/api/v1/jobs/{job}/resume", {"add_budget": {"cycles": 5}}, 202)
    assert ("paused", 1) == ((seen := served.rested(job))["status"], seen["pending"])


def test_a_resume_that_can_not_be_is_refused_and_fails_nothing(served: Any):
    """An input that nobody waits for, a limit below zero: told at once, and the job stays as it is."""
    job = served.submit("vendor-selection")
    served.rested(job)
    for wish, code in (
        ({"inputs": {"nope": {"text": "x"}}}, "INPUT_UNKNOWN"),
        ({"inputs": {"vendors": {"name": "v.csv", "text": "id,name,price,compliant\n"}}}, "INPUT_UNREADABLE"),
        ({"add_budget": {"cycles": -1}}, "SUBMISSION_INVALID"),
    ):
        assert code == served.post(f"/api/v1/jobs/{job}/resume", wish, 422)["code"]
    assert "paused" == served.rested(job)["status"]


def test_what_has_ended_is_not_resumed_or_cancelled(served: Any):
    """It says so, with what to do instead."""
    job = served.submit()
    served.rested(job)
    assert "JOB_NOT_OPEN" == served.post(f"/api/v1/jobs/{job}/resume", {}, 409)["code"]
    assert "JOB_NOT_OPEN" == served.post(f"/api/v1/jobs/{job}/cancel", None, 409)["code"]


def test_a_refused_decision_is_told_and_recorded(served: Any):
    """The requester may not approve: the answer says so, and the request still waits."""
    job = served.submit("vendor-selection")
    served.rested(job)
    decided = served.post(f"/api/v1/jobs/{job}/approvals/vendor_commitment", YES | {"by": "petra"}, 200)
    assert ([], 1) == (decided["decisions"], decided["pending"])
    assert ["petra"] == [item["by"] for item in decided["refusals"]]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reason": " "}, "DECISION_INVALID"),
        ({"by": "nobody"}, "PERSON_UNKNOWN"),
        ({"decision": "maybe"}, "REQUEST_INVALID"),
        ({"signature": "!"}, "DECISION_INVALID"),
        ({"decided_at": "2026-01-01T00:00:00Z"}, "DECISION_INVALID"),
    ],
)
def test_a_decision_that_can_not_be_one_is_refused(served: Any, change: dict[str, str], code: str):
    """Before anything of it is recorded."""
    job = served.submit("vendor-selection")
    before = served.rested(job)["seq"]
    assert code == served.post(f"/api/v1/jobs/{job}/approvals/vendor_commitment", YES | change, 422)["code"]
    assert before == served.get(f"/api/v1/jobs/{job}")["seq"]


def test_events_are_the_bytes_that_were_hashed(served: Any):
    """As lines and as JSON, in pages: chained they give the head."""
    job = served.submit("vendor-selection")
    seen = served.rested(job)
    lines = served.http.get(f"/api/v1/jobs/{job}/events", params={"format": "jsonl"}).content.splitlines()
    assert (seen["head"], seen["seq"]) == (extend(GENESIS, lines).hex(), len(lines))
    paged, after = [], 0
    while after is not None:
        page = served.get(f"/api/v1/jobs/{job}/events", after=after, limit=30)
        paged += page["events"]
        after = page["next_after"]
    assert lines == [encode(event) for event in paged]


def test_a_fact_an_explanation_and_the_inbox_are_those_of_the_command_line(served: Any):
    """Each by its own address."""
    job = served.submit("vendor-selection")
    seen = served.rested(job)
    fact = seen["result"]["facts"][-1]
    assert fact == served.get(f"/api/v1/jobs/{job}/facts/{fact['id']}")
    assert "FACT_NOT_FOUND" == served.get(f"/api/v1/jobs/{job}/facts/nope", 404)["code"]
    assert "run" == served.get(f"/api/v1/jobs/{job}/explain")["what"]
    assert "fact" == served.get(f"/api/v1/jobs/{job}/explain", target=fact["id"])["what"]
    assert "criterion" == served.get(f"/api/v1/jobs/{job}/explain", target="committed")["what"]
    assert "TARGET_UNKNOWN" == served.get(f"/api/v1/jobs/{job}/explain", 404, target="nope")["code"]
    assert [job] == [item["run_id"] for item in served.get("/api/v1/inbox")["waiting"]]
    assert [job] == [item["run_id"] for item in served.get("/api/v1/inbox", person="mona")["waiting"]]
    unknown = served.get("/api/v1/inbox", 422, person="nobody")
    assert ("PERSON_UNKNOWN", "nobody") == (unknown["code"], unknown["where"])
    assert [] == served.get("/api/v1/inbox", role="nobody")["waiting"]


def test_only_bytes_that_the_events_name_are_given_out(served: Any):
    """The job's texts are; what somebody wrote into a fact names nothing, and neither does another job."""
    other = served.submit("vendor-selection")
    served.rested(other)
    first = served.get(f"/api/v1/jobs/{other}/events")["events"][0]
    job = served.submit(seeds=[f"Seeds:text:note={first['job']}"])
    served.rested(job)
    found = served.http.get(f"/api/v1/jobs/{other}/blobs/{first['job']}")
    assert (200, first["job"]) == (found.status_code, sha256(found.content).hexdigest())
    assert "BLOB_NOT_FOUND" == served.get(f"/api/v1/jobs/{job}/blobs/{first['job']}", 404)["code"]
    assert "REQUEST_INVALID" == served.get(f"/api/v1/jobs/{job}/blobs/{'A' * 64}", 422)["code"]


def test_what_has_not_begun_proves_nothing_yet(serving: Any):
    """No worker: the job waits, and says so; its events are none."""
    with serving(workers=0) as served:
        job = served.submit()
        for path in ("receipt", "explain", "facts/a:b", f"blobs/{'0' * 64}"):
            assert "RUN_NOT_BEGUN" == served.get(f"/api/v1/jobs/{job}/{path}", 409)["code"]
        assert {"events": [], "last": 0, "next_after": None} == served.get(f"/api/v1/jobs/{job}/events")
        assert ("queued", None) == ((seen := served.get(f"/api/v1/jobs/{job}"))["status"], seen["result"])


def test_truths_and_packs_are_shown(served: Any):
    """As the command line shows them, without a path of the machine."""
    assert "vendor-selection" in {line["key"] for line in served.get("/api/v1/truths")["truths"]}
    assert "vendor-selection" == served.get("/api/v1/truths/vendor-selection")["key"]
    assert "TRUTH_NOT_FOUND" == served.get("/api/v1/truths/nope", 404)["code"]
    assert "procurement" in {line["name"] for line in served.get("/api/v1/packs")["packs"]}
    assert "procurement" == served.get("/api/v1/packs/procurement")["name"]
    assert "PACK_NOT_FOUND" == served.get("/api/v1/packs/nope", 404)["code"]


def test_texts_are_validated_with_the_findings_of_the_command_line(served: Any):
    """They are the answer, not an error; a text that is no request is one."""
    found = served.post("/api/v1/validate", {"truth": "truth: v1\nkey: small\nkind: job\n"}, 200)
    assert (["small"], True) == (found["truths"], found["errors"] > 0)
    assert found["errors"] == len([item for item in found["findings"] if item["severity"] == "error"])
    for path in ("../../etc/truth.yaml", "/etc/passwd", "a\u0000.feature"):
        assert 422 == served.http.post("/api/v1/validate", json={"files": {path: ""}}).status_code
    assert 422 == served.http.post("/api/v1/validate", json={}).status_code
