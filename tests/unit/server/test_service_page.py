"""docs/service.md names the metrics, the labels and the log's words as they are, in both directions."""

import re
from dataclasses import fields
from pathlib import Path

from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.core.job_queue import MOST_LAPSES, QueuedJob
from converge_cli.server.body_limits import MOST_BYTES, MOST_DEEP
from converge_cli.server.http.wire import HEAD_SECONDS, IDLE_SECONDS, MOST_HEAD, REQUEST_SECONDS
from converge_cli.server.limits import Share
from converge_cli.server.telemetry.metrics import MOST_TRUTHS, Metrics
from converge_cli.store.memory import MemoryExperience
from converge_cli.store.queue_memory import MemoryQueue

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "service.md").read_text()
AT = "2026-11-22T10:00:00.000000Z"


def rows(heading: str) -> list[list[str]]:
    """The cells of a table."""
    lines = PAGE.split(f"{heading}\n|---|---|---|\n", 1)[1].split("\n\n", 1)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_page_names_every_metric_with_its_labels_and_no_other():
    """As the registry has them."""
    metrics = Metrics()
    metrics.watch(MemoryQueue(MemoryExperience()))
    metrics.submitted(QueuedJob("j", "t", "o", "s", AT, AT), "o")
    kept = {
        family.name: set(collector._labelnames)
        for collector in metrics._registry._collector_to_names
        if hasattr(collector, "_labelnames")
        for family in collector.collect()
    }
    told = {row[0].strip("`| "): set(re.findall(r"`(\w+)`", row[1])) for row in rows("| metric | labels | counts |")}
    assert kept | {"converge_jobs": {"status"}, "converge_queue_depth": set()} == told
    assert f"first {MOST_TRUTHS} are" in PAGE


def test_the_limits_are_those_of_the_code():
    """Bodies, and what a caller may take."""
    share = Share()
    idle = f"{HEAD_SECONDS:.0f} seconds before the first, {IDLE_SECONDS:.0f} after"
    [queued] = [field.default for field in fields(JobSetting) if field.name == "most_queued"]
    told = dict(row[:2] for row in rows("| what | at most | then |"))
    assert {
        "body of a request": f"{MOST_BYTES // 1_000_000} MB, {MOST_DEEP} levels deep",
        "line and headers of a request": f"{MOST_HEAD // 1024} KB",
        "time of a request to come in": f"{HEAD_SECONDS:.0f} seconds for its headers, {REQUEST_SECONDS:.0f} in all",
        "time of a connection without a request": idle,
        "requests of a caller": f"{share.rate:,.0f} in a second, {share.requests} under way",
        "streams of a caller": f"{share.streams} open",
        "requests without a good credential": f"{share.refused:.0f} in a second from an address",
        "queued jobs": f"{queued:,}",
    } == told


def test_a_job_is_given_up_when_the_page_says_so():
    """After as many claims that ran out."""
    [line] = [line for line in PAGE.splitlines() if line.startswith("| a job ends every process that drives it |")]
    assert f"after {MOST_LAPSES} claims in a row" in line


def test_the_log_s_words_are_those_of_the_code():
    """Each event that a line can have."""
    code = (ROOT / "converge_cli/server/telemetry/log.py").read_text() + (
        ROOT / "converge_cli/cli/serve.py"
    ).read_text()
    said = set(re.findall(r'\.tell\("(\w+)"', code)) | {"lease lost", "error"}
    [line] = re.findall(r"for each thing that happens: (.*?)\.", PAGE, re.DOTALL)
    assert said - {"answered"} == set(re.findall(r"`([a-z ]+)`", line.replace("\n", " ")))
