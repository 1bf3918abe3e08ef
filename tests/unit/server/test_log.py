"""The log of a server: a line for each thing that happens, with run and trace, that nobody can forge or make talk."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from converge_cli.core.errors import ConvergeError
from converge_cli.core.job_queue import Lease, LeaseLostError, QueuedJob
from converge_cli.server.telemetry.log import Log
from converge_cli.server.telemetry.repeats import Pace, Repeats
from converge_cli.settings import InvalidSettingError, LogSettings, load_log_settings
from converge_cli.store.unavailable import StoreUnavailableError

AT = "2026-11-22T10:00:00.000000Z"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
YES = {"decision": "approved", "reason": "SECRET-REASON", "by": "mona"}
JOB = QueuedJob("run000001", "hello-convergence", "mona", "s", AT, AT)


class File:
    """A log that writes into a file."""

    def __init__(self, path: Path, form: str = "json", level: str = "info", pace: Pace | None = None) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
        self.log = Log(LogSettings(form, level), self.descriptor, pace or Pace())

    def lines(self) -> list[str]:
        """What was written, once the log is closed."""
        self.log.close()
        os.close(self.descriptor)
        return self.path.read_text().splitlines()

    def read(self) -> list[dict[str, Any]]:
        """The same, of a log in JSON."""
        return [json.loads(line) for line in self.lines()]


@pytest.fixture
def file(tmp_path: Path) -> File:
    """A log in JSON."""
    return File(tmp_path / "log")


def test_what_happens_to_a_job_is_told_with_its_run_and_its_trace(file: File, serving: Any):
    """Submitted, claimed, settled, decided; what is refused has its code. No content of any fact."""
    with serving(observer=file.log) as served:
        job = served.post("/api/v1/jobs", {"truth": "vendor-selection"}, traceparent=PARENT)["job_id"]
        served.rested(job)
        served.post(f"/api/v1/jobs/{job}/approvals/vendor_commitment", YES, 200)
        served.rested(job)
        served.post("/api/v1/jobs", {"truth": "nowhere\nadmin"}, 422)
    lines = file.read()
    told = [line for line in lines if line.get("run_id") == job]
    happened = [line["event"] for line in told]
    assert ["submitted", "claimed", "settled"] == happened[:3]
    assert {"submitted": 1, "claimed": 2, "settled": 2, "decided": 1} == {
        what: happened.count(what) for what in sorted(set(happened), key=happened.index)
    }
    assert {PARENT.split("-")[1]} == {line["trace_id"] for line in told}
    assert {"local"} == {line["caller"] for line in lines if "caller" in line}
    assert ("refused", "submit", "SUBMISSION_INVALID") == (
        lines[-1]["event"], lines[-1]["doing"], lines[-1]["code"],
    )  # fmt: skip
    written = file.path.read_text()
    assert [] == [word for word in ("Acme", "15000", "SECRET", "nowhere") if word in written]


def test_who_steers_a_run_is_told_with_its_run_and_its_trace_accepted_or_refused(tmp_path: Path, serving: Any):
    """Decisions, cancels and resumes; of a run that is not there its id alone, and of what is no id nothing."""
    file = File(tmp_path / "log", level="debug")
    with serving(observer=file.log) as served:
        job = served.post("/api/v1/jobs", {"truth": "vendor-selection"}, traceparent=PARENT)["job_id"]
        served.rested(job)
        served.post(f"/api/v1/jobs/{job}/approvals/nothing", YES, 404)
        served.post(f"/api/v1/jobs/{job}/resume", {"inputs": {"nothing": {"text": "x"}}}, 422)
        served.post(f"/api/v1/jobs/{job}/cancel")
        served.rested(job)
        served.post(f"/api/v1/jobs/{job}/cancel", None, 409)
        served.post(f"/api/v1/jobs/{job}/resume", {"add_budget": {"cycles": 5}})
        served.rested(job)
        served.post("/api/v1/jobs/nobody999/cancel", None, 404)
        served.post("/api/v1/jobs/cvk_SECRET/cancel", None, 404)
    lines = file.read()
    trace = PARENT.split("-")[1]
    steered = [line for line in lines if line["event"] in {"refused", "cancelled", "resumed"}]
    assert [
        ("refused", "decide", job, trace), ("refused", "resume", job, trace), ("cancelled", None, job, trace),
        ("refused", "cancel", job, trace), ("resumed", None, job, trace), ("refused", "cancel", "nobody999", None),
        ("refused", "cancel", None, None),
    ] == [(line["event"], line.get("doing"), line.get("run_id"), line.get("trace_id")) for line in steered]  # fmt: skip
    assert {"local"} == {line["caller"] for line in steered}
    answered = [line for line in lines if line["event"] == "answered" and "{job}" in line["route"]]
    assert {job, "nobody999", None} == {line.get("run_id") for line in answered}
    assert "SECRET" not in file.path.read_text()


def test_a_job_without_a_trace_has_one_of_its_own(file: File):
    """The same in every process that has it."""
    file.log.submitted(JOB, "mona")
    file.log.claimed(JOB)
    one, other = file.read()
    assert (32, one["trace_id"]) == (len(one["trace_id"]), other["trace_id"])


EVIL = 'mona\n{"event":"stopped"}\r\x1b[2J\u202e caller="root" event=x'


@pytest.mark.parametrize("form", ["json", "text"])
def test_nobody_forges_a_line(form: str, tmp_path: Path):
    """Whatever stands in a name: one line, printable, and no field of theirs."""
    file = File(tmp_path / "log", form)
    file.log.submitted(JOB, EVIL)
    [line] = file.lines()
    assert line.isprintable()
    if form == "json":
        told = json.loads(line)
        assert ("submitted", True) == (told["event"], told["caller"].startswith("mona"))
    else:
        assert ["submitted", True] == [line.split()[2], 'caller="mona\\\\n{' in line]
    assert "\u202e" not in line


def test_text_quotes_what_could_be_taken_for_a_field(tmp_path: Path):
    """name=value, with quotation marks where a value has blanks or signs of its own."""
    file = File(tmp_path / "log", "text")
    file.log.submitted(JOB, 'a b="c"')
    [line] = file.lines()
    assert line.endswith(' caller="a b=\\"c\\""')


def test_an_error_is_told_by_its_code_and_not_by_what_it_quotes(file: File):
    """The words of an input, or of an exception of a pack, may be anybody's secret; where it is, is enough."""
    file.log.troubled("run000001", ConvergeError("unexpected KeyError: 'salary of anna'"))
    file.log.troubled("run000001", ConvergeError("input says 'salary of anna'"))
    file.log.troubled("run000001", LeaseLostError(Lease("run000001", 1), 2))
    one, other, lost = file.read()
    assert ("error", "unexpected KeyError", None) == (one["event"], one["message"], other.get("message"))
    assert ("lease lost", "LEASE_LOST", "run000001") == (lost["event"], lost["code"], lost["run_id"])
    assert "salary" not in file.path.read_text()


def test_a_trouble_that_goes_on_is_told_at_first_now_and_then_and_when_it_is_over(tmp_path: Path):
    """A full disk is met by each worker twice a second; what is told once is not told to be over."""
    file = File(tmp_path / "log", pace=Pace(every=0.4, quiet=0.2))
    file.log.troubled("run000001", ConvergeError("input says 'salary of anna'"))
    began, times = time.monotonic(), 0
    while time.monotonic() - began < 1.0:
        file.log.troubled("", StoreUnavailableError(tmp_path, "the disk is full", "make room"))
        times += 1
        time.sleep(0.01)
    time.sleep(0.6)
    file.log.troubled("", StoreUnavailableError(tmp_path, "the disk is full", "make room"))
    first, *full = file.read()
    assert ("run000001", "error") == (first["run_id"], first["event"])
    assert ["error", "error", "error", "over", "error"] == [line["event"] for line in full]
    assert [{"the disk is full"}, {"STORE_UNAVAILABLE"}] == [
        {line[name] for line in full} for name in ("message", "code")
    ]
    assert [None, True, True, None, None] == [line.get("again", 0) > 0 or None for line in full]
    assert (times, True) == (full[3]["count"], 0.8 < full[3]["seconds"] < 1.5)


@pytest.mark.parametrize("every", [0.1, 0.3, 0.4, 60.1])
def test_what_comes_for_the_first_time_is_told_at_once(every: float):
    """Whatever the clock says: a pace taken from a time and added again is not always the pace."""
    repeats = Repeats(lambda _: None, Pace(every=every))
    assert [0] * 500 == [repeats.count(number) for number in range(500)]
    repeats.close()


def test_only_what_is_important_enough_is_written(tmp_path: Path):
    """CONVERGE_LOG_LEVEL; requests are for debugging alone."""
    for level, expected in (("debug", 3), ("info", 2), ("warning", 1)):
        file = File(tmp_path / level, "text", level)
        file.log.answered("GET", "/ready", 200, 0.001, "")
        file.log.submitted(JOB, "mona")
        file.log.note("a word")
        assert expected == len(file.lines()), level


def test_off_writes_nothing(tmp_path: Path):
    """CONVERGE_LOG=off."""
    file = File(tmp_path / "log", "off")
    file.log.note("a word")
    assert [] == file.lines()


def test_a_reader_that_reads_nothing_holds_nothing_up():
    """The pipe is full long before; what is dropped is counted in the next line that is read."""
    reading, writing = os.pipe()
    log = Log(LogSettings("json"), writing)
    began = time.monotonic()
    for _ in range(15_000):
        log.submitted(JOB, "mona")
    assert time.monotonic() - began < 20
    os.set_blocking(reading, False)
    text = b""
    until = time.monotonic() + 20
    while b"lines dropped" not in text and time.monotonic() < until:
        try:
            text += os.read(reading, 1 << 16)
        except BlockingIOError:
            log.submitted(JOB, "mona")
            time.sleep(0.01)
    os.close(reading)
    log.close()
    os.close(writing)
    assert b'"event":"lines dropped","count":' in text


@pytest.mark.parametrize(("name", "value"), [("CONVERGE_LOG", "yaml"), ("CONVERGE_LOG_LEVEL", "loud")])
def test_a_setting_that_means_nothing_is_told_with_the_choices(name: str, value: str):
    """Naming the variable."""
    with pytest.raises(InvalidSettingError) as raised:
        load_log_settings({name: value})
    assert (name, True) == (raised.value.where, "choices" in str(raised.value.hint))
