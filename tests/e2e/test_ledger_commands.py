"""The ledger as its users meet it: commands, a server in its own process, runs that are mirrored whatever it does."""

import base64
import hashlib
import json
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converge_cli._internal.wire import ledger_pb2 as wire
from converge_cli._internal.wire.ledger_pb2_grpc import LedgerServicer, add_LedgerServicer_to_server

SMALL = ("small", "--json", "--seed", "Seeds:text:go=on")
SLOW_WRITER = """
class Writer(Base):
    reads = ("Seeds:text:go", "Signals:note:*")

    def accepts(self, view):
        return len(view.facts("Signals:note:*")) < 15

    def execute(self, view):
        time.sleep(0.1)
        return Effect([self.note(view, name=f"n{len(view.facts('Signals:note:*'))}")])
"""


@contextmanager
def served(converge: Any, *words: str, listen: str = "127.0.0.1:0") -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`converge ledger serve` in a process of its own; yields it and its URL."""
    process = converge.start("ledger", "serve", "--listen", listen, *words)
    try:
        line = process.stderr.readline().decode()
        assert line.startswith("ledger: listening on "), line + process.stderr.read().decode()
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.communicate()


def piped(converge: Any, data: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
    """The command with bytes on stdin."""
    return subprocess.run(
        [converge.command, *words],
        input=data,
        cwd=converge.folder,
        env=converge.environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_any_bytes_pass_through_the_command_line_unchanged(converge: Any):
    """In by stdin or a file, over gRPC to another process, out as base64, through a snapshot into another ledger."""
    sent: list[bytes] = []

    def get(url: str) -> list[bytes]:
        answer = converge("ledger", "get", "mine", "--limit", "1000", "--json", "--ledger", url)
        return [base64.b64decode(entry["payload"]) for entry in answer.data["entries"]]

    @settings(max_examples=8, deadline=None)
    @given(payload=st.binary(max_size=3000), by_file=st.booleans())
    def pass_through(payload: bytes, *, by_file: bool) -> None:
        sent.append(payload)
        (converge.folder / "payload").write_bytes(payload)
        words = ("ledger", "append", "mine", "facts", "--id", str(len(sent)), "--ledger", url)
        done = converge(*words, "--file", "payload").code if by_file else piped(converge, payload, *words).returncode
        assert 0 == done

    with served(converge, "--ledger", "memory:") as (_, url):
        pass_through()
        assert sent == get(url)
        assert 0 == converge("ledger", "snapshot", "mine", "--out", "snap", "--ledger", url).code
    assert 0 == converge("ledger", "load", "snap", "--ledger", "other.db").code
    assert sent == get("other.db")


def test_a_retry_writes_nothing_and_other_content_is_refused(converge: Any):
    """By the id that the caller gave."""
    (converge.folder / "a").write_text("a")
    (converge.folder / "b").write_text("b")
    words = ("ledger", "append", "mine", "facts", "--id", "1", "--meta", "from=x", "--json", "--file")
    first, again, other = converge(*words, "a"), converge(*words, "a"), converge(*words, "b")

    assert first.data == again.data
    assert (1, "LEDGER_ENTRY_CONFLICT") == (other.code, other.error["code"])
    assert 1 == converge("ledger", "get", "mine", "--json").data["last"]


def test_a_file_that_cant_be_written_is_said_so_by_every_command_that_writes_one(converge: Any):
    """The same code for a snapshot, an export and a picture; none of them blames what it read."""
    run = converge("run", "hello-convergence", "--json").data["run_id"]
    converge("ledger", "append", "--run", run, "--json")
    for words in (
        ["ledger", "snapshot", run, "--out", "absent/file"],
        ["experience", "export", run, "--out", "absent/file"],
        ["receipt", run, "--out", "absent/file"],
        ["show", run, "--svg", "absent/file"],
    ):
        ran = converge(*words, "--json")

        assert (1, "NOT_WRITABLE") == (ran.code, ran.error["code"]), words


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["append", "a b", "facts", "--id", "1"], 2, "LEDGER_REQUEST_INVALID"),
        (["append", "mine", "facts"], 2, "USAGE"),
        (["append", "mine", "facts", "--id", "1", "--run", "x"], 2, "USAGE"),
        (["append", "--run", "nothing"], 1, "RUN_NOT_FOUND"),
        (["append", "mine", "facts", "--id", "1", "--file", "absent"], 1, "FILE_UNREADABLE"),
        (["append", "mine", "facts", "--id", "1", "--file", "big"], 1, "LEDGER_ENTRY_TOO_LARGE"),
        (["get", "mine", "--limit", "0"], 2, "LEDGER_REQUEST_INVALID"),
        (["get", "mine", "--ledger", "http://x"], 2, "LEDGER_ADDRESS_INVALID"),
        (["get", "mine", "--ledger", "memory:"], 2, "LEDGER_ADDRESS_INVALID"),
        (["get", "mine", "--ledger", "grpc://127.0.0.1:1"], 1, "LEDGER_UNAVAILABLE"),
        (["get", "mine", "--ledger", "grpcs://127.0.0.1:1?ca=absent"], 2, "LEDGER_REQUEST_INVALID"),
        (["get", "mine", "--ledger", "big"], 1, "LEDGER_UNAVAILABLE"),
        (["snapshot", "mine", "--out", "s"], 1, "LEDGER_CONTEXT_UNKNOWN"),
        (["load", "big"], 9, "LEDGER_SNAPSHOT_INVALID"),
        (["load", "absent"], 1, "FILE_UNREADABLE"),
        (["watch", "mine"], 2, "USAGE"),
        (["watch", "mine", "--limit", "0"], 2, "USAGE"),
        (["watch", "mine", "--for", "x"], 2, "USAGE"),
        (["serve", "--listen", "nonsense"], 2, "LEDGER_REQUEST_INVALID"),
        (["serve", "--listen", "0.0.0.0:0"], 2, "LEDGER_REQUEST_INVALID"),
        (["serve", "--tls-cert", "big"], 2, "LEDGER_REQUEST_INVALID"),
        (["serve", "--tls-cert", "big", "--tls-key", "absent"], 2, "LEDGER_REQUEST_INVALID"),
        (["serve", "--tls-cert", "big", "--tls-key", "big", "--listen", "127.0.0.1:0"], 1, "LEDGER_UNAVAILABLE"),
        (["serve", "--ledger", "grpc://127.0.0.1:1"], 2, "LEDGER_ADDRESS_INVALID"),
        (["serve", "--ledger", "big", "--listen", "127.0.0.1:0"], 1, "LEDGER_UNAVAILABLE"),
    ],
)
def test_what_is_wrong_is_said_with_a_way_on(words: list[str], code: int, error: str, converge: Any):
    """One document, a code, a hint; no file is made."""
    (converge.folder / "big").write_bytes(b"x" * (2 << 20))
    ran = converge("ledger", *words, "--json")

    assert (code, error) == (ran.code, ran.error["code"])
    assert ran.error["hint"]
    assert {"big", "bytecode"} >= {path.name for path in converge.folder.iterdir()} - {"store"}


def test_a_payload_that_is_too_large_is_not_told_as_the_part_that_was_read(converge: Any):
    """From a file and from stdin: more than is allowed, without a number that nobody counted."""
    (converge.folder / "big").write_bytes(b"x" * (5 << 20))
    words = ("ledger", "append", "mine", "facts", "--id", "1", "--json")
    by_file = converge(*words, "--file", "big")
    by_pipe = json.loads(piped(converge, b"x" * (5 << 20), *words).stdout)

    assert (1, "big: more than 1048576 bytes; nothing was written") == (by_file.code, by_file.error["message"])
    assert "stdin: more than 1048576 bytes; nothing was written" == by_pipe["error"]["message"]


def test_a_watch_shows_history_and_what_comes_and_ends_as_asked(converge: Any):
    """Through a server, while another process appends to the same file; as JSON lines and as one document."""
    (converge.folder / "a").write_text("a")
    for number in range(2):
        converge("ledger", "append", "mine", "facts", "--id", f"{number}", "--file", "a")
    with served(converge) as (_, url):
        watching = converge.start("ledger", "watch", "mine", "--limit", "4", "--jsonl", "--ledger", url)
        lines = [json.loads(watching.stdout.readline()) for _ in range(2)]
        for number in range(2, 4):
            converge("ledger", "append", "mine", "evals", "--id", f"{number}", "--file", "a")
        lines += [json.loads(line) for line in watching.communicate(timeout=60)[0].splitlines()]
    shown = converge("ledger", "watch", "mine", "--key", "evals", "--for", "200ms", "--json")

    assert ["0", "1", "2", "3"] == [line["id"] for line in lines]
    assert (["2", "3"], 4) == ([entry["id"] for entry in shown.data["entries"]], shown.data["last"])


def test_a_server_stops_gracefully_when_it_is_told_to(converge: Any):
    """SIGTERM: watchers are told where to go on, the process ends with 0 and says where it listened."""
    (converge.folder / "a").write_text("a")
    with served(converge, "--json") as (process, url):
        converge("ledger", "append", "mine", "facts", "--id", "1", "--file", "a", "--ledger", url)
        watching = converge.start("ledger", "watch", "mine", "--ledger", url)
        assert b"facts" in watching.stdout.readline()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=15)
        told = watching.communicate(timeout=15)[1].decode()

    assert (0, b"") == (process.returncode, err)
    assert url == json.loads(out)["data"]["listened"]
    assert (1, True) == (watching.returncode, "stopping" in told and "after sequence 1" in told), told


def test_a_port_that_is_taken_is_an_error(converge: Any):
    """Not half of the calls for each."""
    with served(converge) as (_, url):
        second = converge("ledger", "serve", "--listen", url.removeprefix("grpc://"), "--json")

    assert (1, "LEDGER_UNAVAILABLE") == (second.code, second.error["code"])


def certificate(folder: Path, name: str, issuer: str | None = None) -> None:
    """A key and a certificate, its own or signed by another's."""
    signed = ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key"] if issuer else []
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout",
            f"{name}.key", "-out", f"{name}.pem", *signed,
        ],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


def test_tls_lets_in_whom_it_should(converge: Any):
    """A client that trusts the server's certificate and shows its own; nobody else."""
    for name, issuer in (("server", None), ("callers", None), ("me", "callers"), ("stranger", None)):
        certificate(converge.folder, name, issuer)
    files = ("--tls-cert", "server.pem", "--tls-key", "server.key", "--tls-ca", "callers.pem")
    with served(converge, *files, listen="0.0.0.0:0") as (_, url):
        address = url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104  where the server was told to listen
        ways = {
            "me": f"{address}?ca=server.pem&cert=me.pem&key=me.key",
            "no certificate": f"{address}?ca=server.pem",
            "another's": f"{address}?ca=server.pem&cert=stranger.pem&key=stranger.key",
            "no trust": address,
            "no TLS": address.replace("grpcs", "grpc"),
        }
        codes = {name: converge("ledger", "get", "x", "--ledger", way).code for name, way in ways.items()}

    assert {"me": 0, "no certificate": 1, "another's": 1, "no trust": 1, "no TLS": 1} == codes


def test_a_run_is_mirrored_event_by_event(converge: Any):
    """By option and by setting; the payloads are the very bytes of the record; nothing of the answer changes."""
    plain = converge("run", "hello-convergence", "--json")
    ran = converge("run", "hello-convergence", "--json", "--ledger", "mirror.db")
    name = ran.data["run_id"]
    got = converge("ledger", "get", name, "--json", "--ledger", "mirror.db").data["entries"]
    events = [base64.b64decode(entry["payload"]) for entry in got]
    verified = converge("verify", "--ledger", name, "--at", "mirror.db", "--json", "--entry", "event:3")
    by_setting = converge("run", "hello-convergence", "--json", env={"CONVERGE_LEDGER": "mirror.db"})
    last = converge("run", "hello-convergence", "--trace", "jsonl", "--ledger", "mirror.db").out.splitlines()[-1]

    assert (plain.code, plain.data["outcome_digest"]) == (ran.code, ran.data["outcome_digest"])
    assert ("current", "current") == (ran.data["ledger"], by_setting.data["ledger"])
    assert "current" == json.loads(last)["data"]["ledger"]
    assert "ledger" not in plain.data
    assert [json.loads(event)["type"] for event in events] == [entry["metadata"]["type"] for entry in got]
    assert {"facts", "intents", "traces", "proposals", "evals"} == {entry["key"] for entry in got}
    assert head_of(events) == ran.data["head"]
    assert (0, "current", len(got), True) == (
        verified.code, verified.data["record"], verified.data["mirrored"], verified.data["authenticated"]
    )  # fmt: skip
    assert verified.data["proof"]["root"] == verified.data["root"]


def head_of(events: list[bytes]) -> str:
    """The head of a run, by the standard library."""
    head = bytes(32)
    for event in events:
        head = hashlib.sha256(b"\0" + head + event).digest()
    return head.hex()


def test_a_resumed_run_goes_on_in_its_mirror_and_catches_up(converge: Any):
    """The first part was never mirrored; decisions in between are mirrored too."""
    started = converge("run", "vendor-selection", "--json")
    name = started.data["run_id"]
    words = ("approve", name, "vendor_commitment", "--as", "mona", "--reason", "three bids", "--json")
    assert 0 == converge(*words).code
    resumed = converge("resume", name, "--json", "--ledger", "mirror.db")
    verified = converge("verify", "--ledger", name, "--at", "mirror.db", "--json")

    assert (0, "current") == (resumed.code, resumed.data["ledger"])
    assert ("current", verified.data["recorded"]) == (verified.data["record"], verified.data["mirrored"])


def test_decisions_are_mirrored_when_they_are_made_and_a_ledger_that_is_down_is_caught_up_with(converge: Any):
    """By whoever decides, in a process of its own; refused ones too. Down: told, and the next touch brings the rest."""
    mirrored, down = {"CONVERGE_LEDGER": "mirror.db"}, {"CONVERGE_LEDGER": "grpc://127.0.0.1:1"}
    name = converge("run", "vendor-selection", "--json", env=mirrored).data["run_id"]

    def decide(who: str, env: dict[str, str]) -> Any:
        words = ("approve", name, "vendor_commitment", "--as", who, "--reason", "three bids", "--json")
        return converge(*words, env=env)

    def record() -> tuple[str, int]:
        data = converge("verify", "--ledger", name, "--at", "mirror.db", "--json").data
        return data["record"], data["recorded"] - data["mirrored"]

    refused = decide("petra", mirrored)
    assert (8, "current", ("current", 0)) == (refused.code, refused.data["ledger"], record())
    accepted = decide("mona", down)
    assert (0, "lagging", ("lagging", 1)) == (accepted.code, accepted.data["ledger"], record())
    assert f"next   converge ledger append --run {name} --ledger grpc://127.0.0.1:1" in accepted.err
    ended = converge("resume", name, "--json", env=mirrored)
    assert (0, "current", ("current", 0)) == (ended.code, ended.data["ledger"], record())
    assert "ledger" not in decide("mona", {}).data


def test_a_ledger_that_is_named_for_one_command_is_told_where_the_run_goes_on(converge: Any):
    """Others will not know of it, and how they would is said; not of a run that is over, nor beside a setting."""
    paused = converge("run", "vendor-selection", "--json", "--ledger", "mirror.db")
    ended = converge("run", "hello-convergence", "--json", "--ledger", "mirror.db")
    setting = converge(
        "run", "vendor-selection", "--json", "--ledger", "mirror.db", env={"CONVERGE_LEDGER": "mirror.db"}
    )
    path = converge.folder / "mirror.db"

    assert f"next   export CONVERGE_LEDGER={path}, or write it as ledger: into converge.yaml" in paused.err
    assert ("", "") == (ended.err, setting.err)


def slow_project(project: Any) -> Path:
    """A run of sixteen cycles that takes about two seconds."""
    return project.write(SLOW_WRITER, replace={"cycles: 10": "cycles: 100"})


def test_the_ledger_may_be_killed_under_a_run(converge: Any, project: Any):
    """Kill -9 in the middle: the run says that the ledger lags, its outcome is the same; later all is caught up."""
    folder = slow_project(project)
    undisturbed = converge("run", *SMALL, cwd=folder)
    with served(converge, "--ledger", "mirror.db") as (process, url):
        running = converge.start("run", *SMALL, "--ledger", url, cwd=folder)
        wait_for_an_entry(converge.folder / "mirror.db")
        process.kill()
        out, err = running.communicate(timeout=60)
    data = json.loads(out)["data"]
    name = data["run_id"]
    before = converge("verify", "--ledger", name, "--at", "mirror.db", "--json")
    caught_up = converge("ledger", "append", "--run", name, "--ledger", "mirror.db", "--json")
    after = converge("verify", "--ledger", name, "--at", "mirror.db", "--json")

    assert (0, undisturbed.data["outcome_digest"]) == (running.returncode, data["outcome_digest"])
    assert ("lagging", True) == (data["ledger"], b"ledger: lagging" in err)
    assert (0, "lagging") == (before.code, before.data["record"])
    assert before.data["mirrored"] + caught_up.data["appended"] == after.data["recorded"]
    assert (0, "current") == (after.code, after.data["record"])


def test_a_run_may_be_killed_while_it_is_mirrored(converge: Any, project: Any):
    """Kill -9 of the run's own process: resumed, its outcome and its mirror are what they would have been."""
    folder = slow_project(project)
    undisturbed = converge("run", *SMALL, cwd=folder)
    mirror = converge.folder / "mirror.db"
    running = converge.start("run", *SMALL, "--ledger", mirror, cwd=folder)
    wait_for_an_entry(mirror)
    running.kill()
    running.communicate()
    name = converge("runs", "--limit", "1", "--json").data["runs"][0]["run_id"]
    resumed = converge("resume", name, "--json", "--ledger", mirror, cwd=folder)
    verified = converge("verify", "--ledger", name, "--at", mirror, "--json")

    assert (0, undisturbed.data["outcome_digest"]) == (resumed.code, resumed.data["outcome_digest"])
    assert ("current", 0, "current") == (resumed.data["ledger"], verified.code, verified.data["record"])


def wait_for_an_entry(file: Path) -> None:
    """Until the ledger holds something."""
    for _ in range(1000):
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            if database.execute("SELECT count(*) FROM entries").fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nothing was mirrored in ten seconds")


class BadLedger(LedgerServicer):
    """A ledger that does everything wrong."""

    def __init__(self, how: str) -> None:
        self.how = how

    def Get(self, request: Any, context: Any) -> Any:  # noqa: N802
        return wire.GetResponse(last=0)

    def Append(self, request: Any, context: Any) -> Any:  # noqa: N802
        if self.how == "slow":
            time.sleep(20)
        if self.how == "full":
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "the disk is full")
        if self.how == "silly":
            context.abort(grpc.StatusCode.UNKNOWN, "\x1b[31mred\nlines", ((("converge-error-bin"), b"\xff{"),))
        held = [
            wire.Entry(context=request.context, id=new.id, key=new.key, payload=new.payload) for new in request.entries
        ]
        for number, entry in enumerate(held, 1):
            entry.sequence, entry.previous, entry.hash = number, bytes(32), bytes(32)
        return wire.AppendResponse(entries=held[1:] if self.how == "lossy" else held)


@contextmanager
def bad_ledger(how: str) -> Iterator[str]:
    """A real server with a bad ledger, or a socket that never says a word."""
    if how == "mute":
        with socket.create_server(("127.0.0.1", 0)) as listening:
            yield f"grpc://127.0.0.1:{listening.getsockname()[1]}"
        return
    server = grpc.server(ThreadPoolExecutor(4))
    add_LedgerServicer_to_server(BadLedger(how), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}"
    finally:
        server.stop(None)


@pytest.mark.parametrize("how", ["down", "mute", "slow", "full", "lying", "lossy", "silly", "unwritable"])
def test_no_ledger_can_influence_a_run(how: str, converge: Any):
    """Same exit code and outcome digest, soon; and it says that the ledger lags."""
    begun = time.monotonic()
    undisturbed = converge("run", "hello-convergence", "--json")
    usual = time.monotonic() - begun
    (converge.folder / "file").write_text("no folder")
    with bad_ledger(how) as url:
        address = {"down": "grpc://127.0.0.1:1", "unwritable": "file/ledger.db"}.get(how, url)
        begun = time.monotonic()
        ran = converge("run", "hello-convergence", "--json", "--ledger", address)
        taken = time.monotonic() - begun

    assert (0, undisturbed.data["outcome_digest"]) == (ran.code, ran.data["outcome_digest"])
    assert "lagging" == ran.data["ledger"]
    assert ran.err.startswith("ledger: lagging")
    assert "\x1b" not in ran.err
    assert taken < 5 + 4 * usual


def test_a_ledger_that_rewrites_history_is_found_out(converge: Any):
    """A mirror with another event, however well its chain is made: 9, with the place."""
    name = converge("run", "hello-convergence", "--json", "--ledger", "mirror.db").data["run_id"]
    other = converge("run", "hello-convergence", "--json", "--ledger", "mirror.db").data["run_id"]
    with closing(sqlite3.connect(converge.folder / "mirror.db")) as database, database:
        database.execute("UPDATE entries SET payload = ? WHERE place & 4294967295 = 4", (b'{"forged":1}',))
    for run in (name, other):
        broken = converge("verify", "--ledger", run, "--at", "mirror.db", "--json")
        assert (9, "LEDGER_UNVERIFIED", f"{run}:4") == (broken.code, broken.error["code"], broken.error["where"])
    (converge.folder / "a").write_text('{"at":"","seq":1,"type":"RunStarted"}')
    converge("ledger", "append", name, "intents", "--id", "event:1", "--meta", "type=RunStarted", "--file", "a",
             "--ledger", "forged.db")  # fmt: skip
    forged = converge("verify", "--ledger", name, "--at", "forged.db", "--json")
    assert (9, f"{name}:1") == (forged.code, forged.error["where"])


def test_verify_says_what_it_can_not_know(converge: Any):
    """Without a record and without a head a chain is only consistent with itself; with the right head it is more."""
    (converge.folder / "a").write_text("a")
    head = converge("ledger", "append", "mine", "facts", "--id", "1", "--file", "a", "--json").data["entry"]["hash"]
    alone = converge("verify", "--ledger", "mine")
    right = converge("verify", "--ledger", "mine", "--head", head, "--json")
    wrong = converge("verify", "--ledger", "mine", "--head", "00" * 32, "--json")
    absent = converge("verify", "--ledger", "other", "--json")
    no_entry = converge("verify", "--ledger", "mine", "--entry", "2", "--json")

    assert (0, True) == (alone.code, "not authenticated" in alone.out)
    assert (0, True, "none") == (right.code, right.data["authenticated"], right.data["record"])
    assert (9, "LEDGER_UNVERIFIED") == (wrong.code, wrong.error["code"])
    assert (1, "LEDGER_CONTEXT_UNKNOWN") == (absent.code, absent.error["code"])
    assert 1 == no_entry.code
