"""`converge serve` as people start it: jobs over HTTP, receipts that verify, an end in time, on at the next start."""

import json
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from server_process import followed

SECONDS = 5
"""A server that is told to stop has ended by then."""
YES = {"decision": "approved", "reason": "three bids compared", "by": "mona"}


def test_a_job_over_http_comes_to_what_it_comes_to_here_and_its_receipt_verifies(
    start: Any, converge: Any, tmp_path: Path
):
    """The same outcome digest as `converge run`; the proof needs no server."""
    server = start()
    job = server.submit("vendor-selection")
    assert "HumanInterventionRequired" == server.rested(job)["outcome"]
    decided = server.http.post(f"/api/v1/jobs/{job}/approvals/vendor_commitment", json=YES)
    assert [] == decided.json()["refusals"]
    seen = server.rested(job)
    (tmp_path / "receipt.json").write_bytes(server.http.get(f"/api/v1/jobs/{job}/receipt").content)
    assert 0 == converge("verify", "receipt.json", "--head", seen["head"]).code
    here = converge(
        "run", "vendor-selection", "--approve", "vendor_commitment=mona", "--reason", YES["reason"], "--json",
        env={"CONVERGE_STORAGE_PATH": str(tmp_path / "other")},
    )  # fmt: skip
    assert here.data["outcome_digest"] == seen["result"]["outcome_digest"]


def test_the_command_line_and_the_server_work_on_the_same_runs(start: Any, converge: Any):
    """A yes at the terminal has the server's job gone on with."""
    server = start()
    job = server.submit("vendor-selection")
    server.rested(job)
    assert 0 == converge("approve", job, "vendor_commitment", "--as", "mona", "--reason", "ok").code
    assert "CriteriaMet" == server.until(job, lambda seen: seen["status"] == "ended")["outcome"]


def test_a_template_that_is_dropped_in_is_served_and_a_broken_one_is_named(start: Any, tmp_path: Path, project: Any):
    """While the server runs; the broken one keeps nothing from working."""
    folder = project.write()
    server = start("--templates", str(folder), "--templates", str(tmp_path / "more"), cwd=_made(tmp_path / "more"))
    assert "CriteriaMet" == server.rested(server.submit("small"))["outcome"]
    broken = _made(tmp_path / "more" / "truths" / "broken") / "truth.yaml"
    broken.write_text("truth: v1\nkey: broken\nkind: job\n")
    told = {line["name"]: line for line in server.http.get("/api/v1/templates").json()["templates"]}
    assert (True, "TRUTH_INVALID") == (told["broken"]["broken"], told["broken"]["error"]["code"])
    refused = server.http.post("/api/v1/jobs", json={"truth": "broken"})
    assert (422, True) == (refused.status_code, bool(refused.json()["findings"]))
    assert str(tmp_path) not in refused.text
    assert "CriteriaMet" == server.rested(server.submit("small"))["outcome"]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_time_with_open_streams(start: Any, number: int):
    """Each is closed after a whole event, without a word of an end that the job has not come to."""
    server = start()
    jobs = [server.submit("vendor-selection") for _ in range(3)]
    with followed(server, jobs[0]) as one, followed(server, jobs[1]) as other, followed(server, jobs[2]):
        for job in jobs:
            server.rested(job)
        time.sleep(0.5)
        code, _, seconds = server.stop(number)
    assert (0, True) == (code, seconds < SECONDS)
    for lines in (one, other):
        assert ("event: paused", "") == ([line for line in lines if line.startswith("event")][-1], lines[-1])


def test_it_ends_in_time_with_a_request_that_is_not_here_whole(start: Any):
    """Half a body, half a head, and nothing at all: whoever sends them is not waited for."""
    server = start()
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    head = b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with ExitStack() as lines:
        callers = [lines.enter_context(socket.create_connection(address, timeout=20)) for _ in range(3)]
        for caller, sent in zip(callers, (head + b"Content-Length: 1000\r\n\r\n{", head, b""), strict=True):
            caller.sendall(sent)
        server.submit("hello-convergence")  # then the others are known, too
        code, _, seconds = server.stop()
        answers = [caller.recv(65_536)[:12] for caller in callers]
    assert (0, True) == (code, seconds < SECONDS - 2), seconds
    assert [b"HTTP/1.1 503", b"HTTP/1.1 503", b""] == answers


def test_jobs_go_on_at_the_next_start(start: Any, project: Any):
    """A job that could not finish its cycle in time is claimed again, and ends once."""
    folder = project.execute("time.sleep(4)\nreturn Effect([self.note(view)])")
    server = start(cwd=folder)
    job = server.submit("small")
    server.until(job, lambda seen: seen["status"] == "running")
    code, _, seconds = server.stop()
    assert (0, True) == (code, seconds < SECONDS)
    again = start(cwd=folder)
    assert "CriteriaMet" == again.until(job, lambda seen: seen["status"] == "ended")["outcome"]


def test_a_second_signal_ends_it_at_once(start: Any, project: Any):
    """Whatever is under way; what was recorded stays. A job is "running" before its suggestor is: it says so itself."""
    folder = project.execute('open("asleep", "x").close()\ntime.sleep(20)\nreturn Effect([self.note(view)])')
    server = start(cwd=folder)
    server.submit("small")
    server.until_told(folder / "asleep")
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    code, _, seconds = server.stop()
    assert (130, True) == (code, seconds < 1.5)


def test_with_json_it_ends_with_one_document(start: Any):
    """On stdout; the banner goes elsewhere."""
    server = start("--json")
    code, out, _ = server.stop()
    document = json.loads(out)
    assert (0, "serve", "stopped", server.url) == (
        code, document["command"], document["outcome"], document["data"]["url"],
    )  # fmt: skip


def test_a_taken_port_is_told_with_what_to_do(converge: Any):
    """Before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = converge("serve", "--port", str(port), "--insecure-local", "--json")
    assert (1, "CANNOT_LISTEN", True) == (ran.code, ran.error["code"], "--port" in ran.error["hint"])


def test_a_server_that_asks_nobody_is_only_for_this_machine(converge: Any):
    """0.0.0.0 is refused, with the next step."""
    ran = converge("serve", "--host", "0.0.0.0", "--insecure-local", "--json")  # noqa: S104
    assert (2, "--insecure-local") == (ran.code, ran.error["where"])


def test_a_setting_that_is_wrong_is_told_before_anything_listens(converge: Any):
    """As by every command."""
    ran = converge("serve", "--port", "0", "--insecure-local", "--json", env={"CONVERGE_STORAGE_BACKEND": "tape"})
    assert (1, "SETTING_INVALID") == (ran.code, ran.error["code"])
