"""Commands at a server: each one here and there on the same store, with the same output, data and exit code."""

import io
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

VENDOR = ("run", "vendor-selection", "--no-input")
DURATION = re.compile(r"(?:\d+ d )?(?:\d+ h )?(?:\d+ m )?[\d.]+ (?:ms|s|m|h|d)\b|under a millisecond")
CLAIMS = [f"--approve=manager:commitment:{expense}=fiona" for expense in ("e1", "e4", "e6")]


class At:
    """The command with a server that works on the same store, from the same folder."""

    def __init__(self, converge: Any, bytecode: Path) -> None:
        self.converge = converge
        self.told = converge.folder / "told"
        with self.told.open("wb") as told:
            self.process: subprocess.Popen[bytes] = converge.start(
                "serve", "--port", "0", "--insecure-local", stdout=told, stderr=told
            )
        self.url = self._listening()

    def __call__(self, *words: str | Path) -> Any:
        """Run a command at the server."""
        return self.converge(*words, "--server", self.url)

    def _listening(self) -> str:
        for _ in range(1200):
            found = re.search(r"listening on (http://\S+)", self.told.read_text())
            if found:
                return found[1]
            assert self.process.poll() is None, self.told.read_text()
            time.sleep(0.05)
        raise AssertionError(self.told.read_text())

    def stop(self) -> None:
        """End the server."""
        self.process.send_signal(signal.SIGTERM)
        assert 0 == self.process.wait(30)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory, converge_in: Callable[[Path], Any], bytecode: Path) -> Iterator[At]:
    """One server for this module."""
    made = At(converge_in(tmp_path_factory.mktemp("at")), bytecode)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def waiting(at: At) -> str:
    """A job that waits for a person."""
    return str(at(*VENDOR, "--json").data["run_id"])


def plain(text: str) -> str:
    """A text without what is another each time: ids, hashes of what holds times, times."""
    for run in re.findall(r'(?:converge (?:show|resume|receipt|approve) |run_id": "|run +)([0-9a-z]{9})\b', text):
        text = text.replace(run, "RUN")
    text = re.sub(r"head [0-9a-f]{12}…|\"(?:head|digest|hash)\": \"[0-9a-f]{64}\"", "HASH", text)
    return re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?", "TIME", DURATION.sub("TIME", text))


ON_ONE_RUN = [
    ("show", "RUN"),
    ("show", "RUN", "--json"),
    ("show", "none"),
    ("show", "none", "--json"),
    ("runs", "--truth", "vendor-selection", "--status", "paused"),
    ("runs", "--status", "bad"),
    ("explain", "RUN"),
    ("explain", "RUN", "committed", "--json"),
    ("explain", "RUN", "nothing"),
    ("inbox", "--as", "mona"),
    ("inbox", "--as", "nobody"),
    ("inbox", "--as", "nobody", "--json"),
    ("inbox", "--role", "cfo"),
    ("inbox", "--json"),
    ("receipt", "RUN", "-o", "receipt.json"),
    ("approve", "RUN", "vendor_commitment", "--as", "frank", "--reason", "mine"),
    ("approve", "RUN", "vendor_commitment", "--as", "frank", "--reason", "mine", "--json"),
    ("approve", "RUN", "nothing", "--as", "mona", "--reason", "why"),
    ("reject", "none", "vendor_commitment", "--as", "mona", "--reason", "why"),
    ("reject", "RUN", "vendor_commitment", "--as", "mona", "--reason", " "),
]


@pytest.mark.parametrize("words", ON_ONE_RUN, ids=" ".join)
def test_a_command_says_the_same_here_and_at_a_server(at: At, waiting: str, words: tuple[str, ...]):
    """On one run of one store: stdout byte for byte where nothing is a time, the exit code, and the errors."""
    asked = [waiting if word == "RUN" else word for word in words]
    here = at.converge(*asked)
    there = at(*asked)
    assert here.code == there.code
    assert plain(here.out) == plain(there.out)
    assert here.err == re.sub(r"what follows is at .*\n", "", there.err)


ONCE_EACH = [
    (*VENDOR, "--trace", "off"),
    (*VENDOR, "--trace", "plain"),
    (*VENDOR, "--json"),
    (*VENDOR, "--approve", "vendor_commitment=mona", "--trace", "off"),
    (*VENDOR, "--approve", "vendor_commitment=petra", "--trace", "off"),
    (*VENDOR, "--approve", "large_spend:commitment:acme=mona", "--trace", "off"),
    (*VENDOR, "--param", "procurement.weights.price=0.5", "--trace", "off"),
    (*VENDOR, "--budget", "cycles=2", "--trace", "off"),
    ("run", "hello-convergence", "--seed", "Seeds:text:note=hello", "--strict", "--trace", "off"),
    ("run", "expense-approval", "--no-input", *CLAIMS, "--trace", "off"),
    ("run", "vendor-selectoin"),
    ("run", "vendor-selection", "--approve", "nothing=mona"),
    ("run", "vendor-selection", "--input", "vendors=none.csv"),
    ("run", "vendor-selection", "--as", "nobody", "--json"),
]


@pytest.mark.parametrize("words", ONCE_EACH, ids=" ".join)
def test_a_run_comes_to_the_same_here_and_at_a_server(at: At, words: tuple[str, ...]):
    """Two runs: what is said of both is the same but for ids, hashes of times, and times; so is the outcome."""
    here, there = at.converge(*words), at(*words)
    assert here.code == there.code
    assert plain(here.out).split() == plain(there.out).split()
    assert plain(here.err).split() == plain(re.sub(r"what follows is at .*\n", "", there.err)).split()
    if "--json" in words and "data" in here.document:
        assert here.data["outcome_digest"] == there.data["outcome_digest"]
        assert set(here.data) == set(there.data)


def test_a_job_is_run_approved_and_resumed_by_three_commands_as_it_is_here(at: At):
    """The job goes on by itself after the yes; resume follows it, or says what it came to."""
    digests = []
    for call in (at.converge, at):
        run = call(*VENDOR, "--json").data["run_id"]
        approved = call("approve", run, "vendor_commitment", "--as", "mona", "--reason", "three bids", "--json")
        ended = call("resume", run, "--json")
        assert (0, "approved", 0, "CriteriaMet") == (
            approved.code, approved.document["outcome"], ended.code, ended.document["outcome"]
        )  # fmt: skip
        digests.append(ended.data["outcome_digest"])
    assert digests[0] == digests[1]


def test_claims_are_decided_one_by_one(at: At):
    """Several requests of one proposal, two people; what is ambiguous is exit 2 there, too."""
    run = at("run", "expense-approval", *CLAIMS, "--no-input", "--json").data["run_id"]
    assert 2 == at("approve", run, "manager", "--as", "felix", "--reason", "seen").code
    third = at("approve", run, "commitment:e3", "--as", "sofia", "--reason", "seen", "--json")
    assert (0, 2) == (third.code, len(third.data["decisions"]))
    assert 0 == at("approve", run, "commitment:e6", "--as", "felix", "--reason", "seen").code
    assert 0 == at("reject", run, "clearance:duplicate:e5", "--as", "carl", "--reason", "twice").code
    ended = at("resume", run, "--json")
    assert (0, "CriteriaMet") == (ended.code, ended.document["outcome"])


def test_files_of_this_machine_are_sent(at: At, tmp_path: Path):
    """The outcome is that of the same file here."""
    bids = tmp_path / "bids.csv"
    vendors = Path(__file__).parents[2] / "truths" / "vendor-selection" / "vendors.csv"
    bids.write_bytes(vendors.read_bytes().replace(b"15000", b"16000"))
    words = (*VENDOR, "--input", f"vendors={bids}", "--json")
    here, there = at.converge(*words), at(*words)
    assert here.data["outcome_digest"] == there.data["outcome_digest"]


def test_the_variable_names_a_server_and_the_option_another_or_none(at: At):
    """Inside a script one line says it for all commands."""
    env = {"CONVERGE_SERVER": "http://127.0.0.1:9"}
    assert "SERVER_UNREACHABLE" == at.converge("runs", "--json", env=env).error["code"]
    assert 0 == at.converge("runs", "--server", "", env=env).code
    assert 0 == at.converge("runs", "--server", at.url, env=env).code


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("run", "vendor-selection", "--ledger", "x.db"), "--ledger and --server exclude each other"),
        (("run", "vendor-selection", "--wiring", "x.yaml"), "--wiring and --server exclude each other"),
        (("resume", "RUN", "--ledger", "x.db"), "--ledger and --server exclude each other"),
        (("run", "truths/vendor-selection/truth.yaml"), "a server knows its truths by their keys"),
        (("runs", "--server", "ftp://x"), "no address of a server"),
    ],
)
def test_what_makes_no_sense_at_a_server_is_refused(at: At, words: tuple[str, ...], why: str):
    """Before anything is sent, with the reason."""
    ran = at.converge(*words) if "--server" in words else at(*words)
    assert ran.code in {1, 2}
    assert why in ran.err


def test_an_idempotency_key_is_for_servers_and_submits_once(at: At):
    """A script that is run again finds its job."""
    words = (*VENDOR, "--idempotency-key", "monday", "--json")
    assert 2 == at.converge(*words).code
    assert at(*words).data["run_id"] == at(*words).data["run_id"]


def test_a_person_at_a_terminal_is_asked_and_decides_over_http(at: At):
    """The same prompt, the same keys; a refused decision is told, and the trace goes on to the verdict."""
    raw = io.StringIO()
    child = pexpect.spawn(
        str(at.converge.command), ["run", "vendor-selection", "--server", at.url],
        env=at.converge.environment({"TERM": "xterm-256color"}), cwd=str(at.converge.folder),
        dimensions=(45, 110), encoding="utf-8", timeout=60,
    )  # fmt: skip
    child.logfile_read = raw
    for wanted, answer in (
        (r"\[l\]ater", "d"), (r"\[l\]ater", "a"), (r"as \(", "frank"), ("reason:", "because"),
        (r"\[l\]ater", "a"), (r"as \(", "mona"), ("reason:", "three bids"),
    ):  # fmt: skip
        child.expect(wanted)
        child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert 0 == child.exitstatus
    for words in ("refused ROLE_MISSING", "CriteriaMet", "approved by mona (procurement_manager)"):
        assert words in raw.getvalue()


def test_the_receipt_of_a_server_is_signed_here_and_verifies(at: At, tmp_path: Path):
    """The key never leaves this machine."""
    run = at(*VENDOR, "--json").data["run_id"]
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    made = at.converge("identity", "new", "petra", "--json", env=env)
    file = tmp_path / "receipt.json"
    assert 0 == at.converge("receipt", run, "-o", file, "--server", at.url, env=env).code
    assert 0 == at.converge("verify", file, "--key", made.data["public_key"]).code


SLOW = """\
    class Writer(Base):
        reads = ("Seeds", "Signals:note:*")

        def accepts(self, view):
            return True

        async def execute(self, view):
            await asyncio.sleep(0.2)
            return Effect([self.note(view, name=f"n{len(view.facts('Signals:note:*'))}")])
    """
NEVER = {
    'at least 1 fact with id "note:*"': 'at least 900 facts with id "note:*"',
    "cycles: 10,": "cycles: 900,",
    "30s": "10m",
}


@pytest.fixture
def slow(project: Any, converge_in: Callable[[Path], Any], tmp_path: Path, bytecode: Path) -> Iterator[At]:
    """A server of a project whose one job takes minutes."""
    folder = project.write(SLOW, replace=NEVER)
    made = At(converge_in(folder), bytecode)
    yield made
    if made.process.poll() is None:
        made.stop()


def test_ctrl_c_cancels_the_job_and_a_lost_server_leaves_it_to_go_on(slow: At):
    """Between cycles, with exit 130 and how to go on; and when the server is gone, where to follow it."""
    told = slow.converge.start("run", "small", "--seed", "Seeds:text:go=on", "--trace", "plain", "--server", slow.url)
    read_until(told, b"note:n2")
    told.send_signal(signal.SIGINT)
    out, _ = told.communicate(timeout=60)
    run = re.search(r"converge resume (\w+)", out.decode())
    assert (130, True) == (told.returncode, run is not None)
    assert "Cancelled" in slow.converge("runs").out

    told = slow.converge.start("resume", run[1], "--trace", "plain", "--server", slow.url)
    read_until(told, b"executed")
    slow.process.kill()
    slow.process.wait()
    _, err = told.communicate(timeout=60)
    assert 1 == told.returncode
    assert f"run {run[1]} goes on without this terminal" in err.decode()
    assert f"converge show {run[1]} --server {slow.url}" in err.decode()


def read_until(process: "subprocess.Popen[bytes]", words: bytes) -> None:
    """Wait until a process has said something."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(words)


VALIDATED = [("validate", "broken"), ("validate", "broken/truths/small/truth.yaml", "--json"), ("validate", "none")]


@pytest.mark.parametrize("words", VALIDATED, ids=" ".join)
def test_texts_are_validated_with_the_packs_of_the_server(at: At, words: tuple[str, ...]):
    """The findings, under the names that the files have here."""
    small = at.converge.folder / "broken" / "truths" / "small"
    small.mkdir(parents=True, exist_ok=True)
    (small / "truth.yaml").write_text("truth: v1\nkey: small\nkind: job\ntitel: A note\n")
    here, there = at.converge(*words), at(*words)
    assert (here.code, here.out, here.err) == (there.code, there.out, there.err)


def test_validation_changes_and_runs_nothing_at_a_server(at: At):
    """Both are for here."""
    assert [2, 2] == [at("validate", "hello-convergence", option).code for option in ("--fix", "--run")]


PAGE = (Path(__file__).parents[2] / "docs" / "service-client.md").read_text(encoding="utf-8")


def test_the_commands_of_the_page_end_as_it_says(at: At, tmp_path: Path):
    """In order, in a project, with the variable that it sets; RUN is the job of the first, HEAD its last hash."""
    for name in ("truths", "features"):
        shutil.copytree(Path(__file__).parents[2] / name, tmp_path / name)
    env = {"CONVERGE_SERVER": at.url}
    lines = re.findall(r"^\$ converge (?!serve)(.*?)(?: # exit (\d))?$", PAGE, re.MULTILINE)
    ended, run, head = [], "", ""
    for line, _ in lines:
        if "HEAD" in line:
            head = at.converge("show", run, "--json", env=env).data["head"]
        words = shlex.split(line.replace("RUN", run).replace("HEAD", head))
        ended.append(at.converge(*words, env=env, cwd=tmp_path).code)
        run = run or at.converge("runs", "--limit", "1", "--json", env=env).data["runs"][0]["run_id"]
    assert [int(code or 0) for _, code in lines] == ended


def test_the_program_of_the_page_runs_as_it_stands(at: At):
    """Its assertions hold."""
    [program] = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    env = {**at.converge.env, "CONVERGE_SERVER": at.url}
    done = subprocess.run([sys.executable, "-c", program], check=False, env=env, capture_output=True, timeout=60)
    assert (0, b"") == (done.returncode, done.stderr)
    assert b"REQUEST_UNKNOWN" in done.stdout
