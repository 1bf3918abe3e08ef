"""The SDK against a real server: every method once, and the words of errors."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from converge_cli.app.error_data import error_data
from converge_cli.app.load_truth import load_truth
from converge_cli.app.record.verify_receipt import verify_receipt
from converge_cli.bootstrap import make_services
from converge_cli.client import Client, ServerError
from converge_cli.client.experience import ReadOnlyError, RemoteExperience
from converge_cli.core.errors import ConvergeError, RecordCorruptError, RunNotFoundError
from converge_cli.core.port import RunFilter

CONTENT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def client(server: Any) -> Iterator[Client]:
    """A client of the module's server."""
    with Client(server.url) as made:
        yield made


@pytest.fixture(scope="module")
def paused(client: Client) -> str:
    """A job that waits for a person."""
    return client.wait(client.submit("vendor-selection").job_id).job_id


@pytest.fixture(scope="module")
def ended(client: Client) -> str:
    """A job that has ended."""
    given = [{"point": "vendor_commitment", "by": "mona"}]
    return client.wait(client.submit("vendor-selection", approvals=given).job_id).job_id


def head_of(receipt: bytes, head: str) -> str:
    """The head that a receipt proves."""
    found: str = verify_receipt("receipt", receipt, head=head).told["events"]["head"]
    return found


def test_a_job_is_submitted_decided_and_proved(client: Client):
    """The whole way; a refused decision tells why, and the one that counts lets the job go on by itself."""
    job = client.submit("vendor-selection")
    assert ("queued", True, None) == (job.status, job.is_under_way, job.exit_code)
    waiting = client.wait(job.job_id, timeout=30)
    assert ("paused", "HumanInterventionRequired", 4, 1) == (
        waiting.status, waiting.outcome, waiting.exit_code, waiting.pending
    )  # fmt: skip
    refused = client.approve(job.job_id, "vendor_commitment", "my own", by="petra")
    assert (["SELF_APPROVAL"], 1) == ([item["code"] for item in refused["refusals"]], refused["pending"])
    decided = client.approve(job.job_id, "vendor_commitment", "three bids compared", by="mona")
    assert (["mona"], 0) == ([item["by"] for item in decided["decisions"]], decided["pending"])
    done = client.wait(job.job_id, until="stop", timeout=30)
    assert ("ended", "CriteriaMet", 0, True) == (done.status, done.outcome, done.exit_code, done.is_over)
    assert done.head == head_of(client.receipt(job.job_id), done.head)


def test_a_no_ends_the_job(client: Client):
    """As on the command line."""
    job = client.submit("vendor-selection").job_id
    client.wait(job)
    assert 1 == len(client.reject(job, "vendor_commitment", "too dear", by="mona")["decisions"])
    assert ("CriteriaUnmet", 3) == (client.wait(job, until="stop").outcome, client.job(job).exit_code)


def test_a_stream_tells_every_event_and_ends(client: Client, ended: str):
    """Its bytes are those that were hashed; from a sequence on it tells the rest."""
    recorded = list(client.events(ended))
    told = list(client.stream(ended))
    assert recorded == [event.raw for event in told if event.is_recorded]
    assert list(range(1, len(recorded) + 1)) == [event.seq for event in told[:-1]]
    assert ("end", "ended", len(recorded)) == (told[-1].type, told[-1].job.status, told[-1].seq)
    assert recorded[-3:] == [event.raw for event in client.stream(ended, after=len(recorded) - 3)][:-1]
    assert told[0].data["type"] == "RunStarted"


def test_what_waits_is_told(client: Client, paused: str):
    """In the inbox, in the job's result, and in the stream."""
    assert paused in [item["run_id"] for item in client.inbox(person="mona")["waiting"]]
    assert [] == [item for item in client.inbox(role="cfo")["waiting"] if item["run_id"] == paused]
    [request] = client.job(paused).result["approvals"]["pending"]
    assert "vendor_commitment" == request["point"]
    assert ["paused"] == [event.job.status for event in client.stream(paused, until="pause") if event.type == "end"]


def test_why_a_job_came_to_what_it_did_is_told(client: Client, ended: str):
    """As converge explain."""
    assert "run" == client.explain(ended)["what"]
    assert "met" == client.explain(ended, "committed")["result"]
    assert "vendor:acme" == client.fact(ended, "vendor:acme")["id"]


def test_jobs_are_listed_page_by_page(client: Client, paused: str, ended: str):
    """The newest first; filtered; at most so many."""
    every = [job.job_id for job in client.jobs()]
    assert {paused, ended} <= set(every)
    assert every[:1] == [job.job_id for job in client.jobs(limit=1)]
    assert paused in [job.job_id for job in client.jobs(status="paused", truth="vendor-selection")]
    assert [] == list(client.jobs(truth="hello-convergence", status="paused"))


def test_what_is_served_is_told(client: Client):
    """Truths and packs, each with a page."""
    assert "vendor-selection" in [truth["key"] for truth in client.truths()]
    assert "vendor-selection" == client.truth("vendor-selection")["key"]
    assert "procurement" in [pack["name"] for pack in client.packs()]
    assert "procurement" == client.pack("procurement")["name"]


def test_a_job_is_cancelled_and_resumed(client: Client):
    """What was recorded stays."""
    job = client.submit("vendor-selection").job_id
    client.wait(job)
    cancelled = client.cancel(job)
    assert cancelled.status in {"cancelled", "queued", "running"}
    assert "cancelled" == client.wait(job).status
    client.resume(job, add_budget={"cycles": 5})
    assert "paused" == client.wait(job).status


def test_the_same_key_is_the_same_job_and_a_fresh_one_another(client: Client):
    """A client makes a key by itself, so only its own retries are the same submission."""
    first = client.submit("hello-convergence", key="k1").job_id
    assert first == client.submit("hello-convergence", key="k1").job_id
    assert client.submit("hello-convergence").job_id != client.submit("hello-convergence").job_id


def test_inputs_are_sent_from_files_folders_and_rows(client: Client, tmp_path: Path):
    """The same bytes under the same name: the outcome is that of the file beside the truth."""
    file = CONTENT / "truths" / "vendor-selection" / "vendors.csv"
    plain = client.wait(client.submit("vendor-selection").job_id).result
    sent = client.wait(client.submit("vendor-selection", inputs={"vendors": file}).job_id).result
    assert plain["outcome_digest"] == sent["outcome_digest"]
    (tmp_path / "odd.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(ServerError) as refused:
        client.submit("vendor-selection", inputs={"vendors": tmp_path / "odd.csv"})
    assert "UTF-8" in refused.value.message
    with pytest.raises(ConvergeError) as missing:
        client.submit("vendor-selection", inputs={"vendors": tmp_path / "none.csv"})
    assert "INPUT_UNREADABLE" == missing.value.code


def test_an_error_reads_as_it_does_here(client: Client):
    """Code, message, hint and place."""
    with pytest.raises(ConvergeError) as here:
        load_truth(make_services(CONTENT), "vendor-selectoin", {})
    with pytest.raises(ServerError) as there:
        client.submit("vendor-selectoin")
    assert error_data(here.value) == error_data(there.value)
    assert 404 == there.value.status


def test_the_time_for_waiting_ends(client: Client, paused: str):
    """The job goes on."""
    with pytest.raises(TimeoutError):
        client.wait(paused, until="stop", timeout=0.3)


def test_a_remote_record_is_read_like_a_local_one(client: Client, ended: str):
    """Rows, events and kept bytes through the port, checked against their hashes; nothing is written."""
    store = RemoteExperience(client)
    row = store.row(ended)
    assert ("stopped", "CriteriaMet", ended) == (row.status, row.reason, row.run)
    assert list(client.events(ended)) == list(store.read(ended))
    assert ended in [item.run for item in store.query(RunFilter(truth="vendor-selection", status="stopped"))]
    assert None is store.find("none")
    with pytest.raises(RunNotFoundError) as unknown:
        store.row("none")
    assert "no run none here" == unknown.value.message  # whoever asks a server has no store
    with pytest.raises(RecordCorruptError):
        store.get_blob("0" * 64)
    with pytest.raises(ReadOnlyError):
        store.put_blob(b"")
