"""Cuts, stalls and half answers on a real line to a real server; and keys, which go nowhere else."""

import http.server
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from converge_cli.client import Client, ServerAddressError, ServerAnswerError, ServerError, ServerUnreachableError
from converge_cli.client.transport import ATTEMPTS, pause

KEY = "ck_very-secret-0123456789"


@pytest.fixture(scope="module")
def direct(server: Any) -> Iterator[Client]:
    """A client whose line is never cut."""
    with Client(server.url) as made:
        yield made


@pytest.fixture(scope="module")
def ended(direct: Client) -> str:
    """A job that has ended."""
    given = [{"point": "vendor_commitment", "by": "mona"}]
    return direct.wait(direct.submit("vendor-selection", approvals=given).job_id).job_id


@pytest.mark.parametrize("seed", range(5))
def test_a_stream_cut_anywhere_tells_each_event_once(direct: Client, ended: str, line: Any, seed: int):
    """In the middle of an event, of a header, with and without a good-bye: the union is the events, in order."""
    line.plan = [(("cut", "reset")[at % 2], 1 + (seed + 1) * (at + 1) * 1009 % 8999) for at in range(8)]
    with Client(line.url) as client:
        told = [event.raw for event in client.stream(ended) if event.is_recorded]
    assert list(direct.events(ended)) == told
    assert 9 >= line.connections >= 2


def test_a_running_job_is_followed_over_cuts_to_its_end(direct: Client, line: Any):
    """Also while it pauses for people."""
    job = direct.submit("vendor-selection").job_id
    line.plan = [("cut", 700), ("reset", 5000), ("cut", 20_000)]
    threading.Timer(0.7, lambda: direct.approve(job, "vendor_commitment", "seen", by="mona")).start()
    with Client(line.url) as client:
        told = list(client.stream(job))
    assert list(direct.events(job)) == [event.raw for event in told if event.is_recorded]
    assert "ended" == told[-1].job.status


def test_a_stream_that_falls_silent_is_opened_anew(direct: Client, ended: str, line: Any):
    """A line that is dead without being closed tells nothing, not even heartbeats."""
    line.plan = [("stall", 3000)]
    with Client(line.url, silence=0.3) as client:
        told = [event.raw for event in client.stream(ended) if event.is_recorded]
    assert list(direct.events(ended)) == told
    assert 2 == line.connections


def test_a_stream_gives_up_when_its_patience_is_over(direct: Client, line: Any):
    """And says so; the job goes on."""
    job = direct.submit("vendor-selection").job_id
    line.plan = [("cut", 0)] * 100
    with Client(line.url, patience=0.3) as client, pytest.raises(ServerUnreachableError) as lost:
        list(client.stream(job))
    assert "SERVER_UNREACHABLE" == lost.value.code
    assert "paused" == direct.wait(job).status


def test_a_submission_whose_answer_is_lost_is_made_once(direct: Client, line: Any):
    """The client asks again with the same key."""
    before = len(list(direct.jobs()))
    line.plan = [("cut", 40), ("reset", 200)]
    with Client(line.url) as client:
        job = client.submit("hello-convergence").job_id
    assert 3 == line.connections
    assert (before + 1, job) == (len(jobs := list(direct.jobs())), jobs[0].job_id)


def test_a_decision_whose_answer_is_lost_is_not_sent_again(direct: Client, line: Any):
    """It may have been recorded: the error says so, and nothing was recorded twice."""
    job = direct.submit("vendor-selection").job_id
    direct.wait(job)
    line.plan = [("cut", 30)]
    with Client(line.url) as client, pytest.raises(ServerUnreachableError) as lost:
        client.approve(job, "vendor_commitment", "seen", by="mona")
    assert (True, 1) == (lost.value.sent, line.connections)
    assert "look whether it was done" in str(lost.value.hint)
    done = direct.wait(job, until="stop")
    assert (1, []) == (len(done.result["approvals"]["decided"]), done.result["refusals"])


def test_an_answer_that_stalls_is_asked_for_again(direct: Client, ended: str, line: Any):
    """A question can be asked twice; it takes no longer than the time that was given."""
    line.plan = [("stall", 300)]
    with Client(line.url, timeout=0.3) as client:
        assert direct.job(ended) == client.job(ended)
    assert 2 == line.connections


def test_a_server_that_comes_back_is_waited_for():
    """Nothing had been sent, so anything may be tried again."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    heard: list[str] = []
    answering = _Scripted(heard, [(200, {}, b'{"truths": []}')])
    threading.Timer(0.3, lambda: answering.start(port)).start()
    with Client(f"http://127.0.0.1:{port}") as client:
        assert [] == client.truths()
    answering.stop()


def test_a_server_that_is_not_there_is_told_soon():
    """With what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    began = time.monotonic()
    with Client(url) as client, pytest.raises(ServerUnreachableError) as lost:
        client.cancel("job1")
    assert ("does it run there? converge serve", False) == (lost.value.hint, lost.value.sent)
    assert time.monotonic() - began < 10


BUSY = b'{"type":"urn:x","title":"t","status":409,"code":"RUN_BUSY","detail":"busy","hint":null,"where":null}'
GONE = BUSY.replace(b"RUN_BUSY", b"STORE_UNAVAILABLE")


@pytest.mark.parametrize(
    ("status", "body", "ask", "tries"),
    [
        (409, BUSY, lambda client: client.cancel("j"), ATTEMPTS),
        (429, BUSY.replace(b"RUN_BUSY", b"TOO_MANY_REQUESTS"), lambda client: client.cancel("j"), ATTEMPTS),
        (503, BUSY.replace(b"RUN_BUSY", b"QUEUE_FULL"), lambda client: client.submit("t"), ATTEMPTS),
        (503, GONE, lambda client: client.job("j"), ATTEMPTS),
        (503, GONE, lambda client: client.decide("j", "p", "approved", "why"), 1),
        (409, BUSY.replace(b"RUN_BUSY", b"JOB_NOT_OPEN"), lambda client: client.job("j"), 1),
        (500, BUSY.replace(b"RUN_BUSY", b"INTERNAL"), lambda client: client.job("j"), 1),
    ],
)
def test_only_what_can_do_no_harm_is_tried_again(status: int, body: bytes, ask: Any, tries: int):
    """A refusal that says that nothing was done; and for questions also a server that is unwell."""
    heard: list[str] = []
    answering = _Scripted(heard, [(status, {"Retry-After": "0"}, body)])
    answering.start(0)
    with Client(answering.url) as client, pytest.raises(ServerError):
        ask(client)
    answering.stop()
    assert tries == len(heard)


def test_retry_after_is_heeded_unless_it_is_too_long():
    """Seconds; an hour is not waited for."""
    heard: list[str] = []
    answering = _Scripted(heard, [(429, {"Retry-After": "1"}, BUSY), (200, {}, b'{"truths": []}')])
    answering.start(0)
    began = time.monotonic()
    with Client(answering.url) as client:
        assert [] == client.truths()
        assert time.monotonic() - began >= 1
        answering.script[:] = [(429, {"Retry-After": "3600"}, BUSY)]
        with pytest.raises(ServerError):
            client.truths()
    answering.stop()
    assert 3 == len(heard)


def test_what_is_no_server_of_ours_is_told():
    """A page, a redirect and half a document."""
    for status, body in ((200, b"<html>hello</html>"), (302, b""), (404, b"<h1>nothing</h1>"), (200, b'{"truths"')):
        answering = _Scripted([], [(status, {"Location": "http://127.0.0.1:9/"}, body)])
        answering.start(0)
        with Client(answering.url) as client, pytest.raises(ServerAnswerError):
            client.truths()
        answering.stop()


def test_a_key_goes_into_one_header_and_nowhere_else(caplog: pytest.LogCaptureFixture):
    """Not into logs of any level, not into errors, not into what a client prints; and nowhere that an answer leads."""
    caplog.set_level(logging.DEBUG)
    heard: list[str] = []
    answering = _Scripted(heard, [(302, {"Location": "http://127.0.0.1:9/steal"}, b"")])
    answering.start(0)
    with Client(answering.url, key=KEY) as client, pytest.raises(ServerAnswerError) as refused:
        client.truths()
    answering.stop()
    assert [f"GET /api/v1/truths Bearer {KEY}"] == heard
    assert [] == [text for text in (caplog.text, repr(client), str(refused.value), refused.value.hint) if KEY in text]


@pytest.mark.parametrize(
    ("url", "key", "why"),
    [
        ("http://converge.example.org", KEY, "anybody on the way could read it"),
        ("http://127.0.0.1.example.org:8080", KEY, "anybody on the way could read it"),
        ("http://localhost.example.org", KEY, "anybody on the way could read it"),
        ("https://user:pw@converge.example.org", None, "no names and no passwords"),
        ("ftp://converge.example.org", None, "no address of a server"),
        ("converge.example.org:8080", None, "no address of a server"),
        ("http://127.0.0.1:8080?key=x", None, "no address of a server"),
        ("http://127.0.0.1:99999", None, "no address"),
        ("http://127.0.0.1:8080", "two words", "the key"),
        ("http://127.0.0.1:8080", "line\r\nX-Evil: 1", "the key"),
        ("http://127.0.0.1:8080", "", "the key"),
    ],
)
def test_an_address_or_key_that_is_none_is_refused_before_anything_is_sent(url: str, key: str | None, why: str):
    """And the key is not in what is said."""
    with pytest.raises(ServerAddressError) as refused:
        Client(url, key)
    assert why in refused.value.message
    assert not key or key not in refused.value.message + str(refused.value.hint)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost", "https://example.org/x/"]
)
def test_a_key_may_go_to_this_machine_and_over_tls(url: str):
    """A slash at the end makes no difference."""
    assert url.rstrip("/") == Client(url, KEY).url


def test_a_key_goes_unprotected_to_another_machine_only_when_told():
    """Whoever says so knows the line."""
    assert "http://10.0.0.7:8080" == Client("http://10.0.0.7:8080", KEY, plain_http=True).url


def test_pauses_grow_and_differ():
    """So that clients do not all come back at once."""
    assert all(0.1 <= pause(0) <= 0.2 and 2.5 <= pause(9) <= 5 for _ in range(50))
    assert 1 < len({pause(3) for _ in range(20)})


def test_the_library_of_http_is_imported_when_something_is_sent():
    """Whoever only imports the SDK pays nothing for it."""
    code = (
        "import sys; from converge_cli.client import Client; Client('http://127.0.0.1'); print('httpx2' in sys.modules)"
    )
    assert (
        "False"
        == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    )


class _Scripted:
    """A server of anything: answers what a script says, its last line again and again."""

    def __init__(self, heard: list[str], script: list[tuple[int, dict[str, str], bytes]]) -> None:
        self.script = script
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                heard.append(f"{self.command} {self.path} {self.headers.get('Authorization', '')}".strip())
                status, headers, body = outer.script[0]
                if len(outer.script) > 1:
                    del outer.script[0]
                self.send_response(status)
                for name, value in {
                    "Content-Type": "application/json",
                    "Content-Length": str(len(body)),
                    **headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._handler = Handler
        self._server: Any = None
        self.url = ""

    def start(self, port: int) -> None:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), self._handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
