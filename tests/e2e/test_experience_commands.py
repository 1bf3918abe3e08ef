"""`converge experience query|stats|export` and what doctor says of recorded runs, with the real command."""

import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

CONTENT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, converge_in: Any) -> Any:
    """A store of three runs: hello, a vendor selection that was approved, one that waits; never written to again."""
    converge = converge_in(tmp_path_factory.mktemp("recorded"))
    converge("run", "hello-convergence", "--trace", "off")
    approved = converge("run", "vendor-selection", "--trace", "off", "--json").data["run_id"]
    said = ("--as", "mona", "--reason", "three bids compared")
    assert 8 == converge("approve", approved, "vendor_commitment", "--as", "petra", "--reason", "for me").code
    assert 0 == converge("approve", approved, "vendor_commitment", *said).code
    assert 0 == converge("resume", approved, "--trace", "off").code
    waits = converge("run", "vendor-selection", "--trace", "off", "--json").data["run_id"]
    converge.approved, converge.waits = approved, waits
    return converge


def events(recorded: Any, *words: str) -> list[dict[str, Any]]:
    """The events that a query finds."""
    return recorded("experience", "query", "--limit", "1000", "--json", *words).data["events"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--event", "ApprovalDecided"), {("approved", "ApprovalDecided")}),
        (("--person", "mona"), {("approved", "ApprovalDecided")}),
        (("--fact", "commitment:acme", "--event", "FactPromoted"), {("approved", "FactPromoted")}),
        (("--fact", "Strategies:commitment:*", "--event", "ApprovalRequested", "--outcome", "CriteriaMet"),
         {("approved", "ApprovalRequested")}),
        (("--fact", "Seeds:commitment:*"), set()),
        (("--fact", "Strategies:commitment:acme", "--person", "mona"), {("approved", "ApprovalDecided")}),
        (("--fact", "commitment:acme", "--event", "DecisionRefused"), {("approved", "DecisionRefused")}),
        (("--fact", "Strategies:commitment:acme", "--event", "GateDecided"),
         {("approved", "GateDecided"), ("waits", "GateDecided")}),
        (("--kind", "vendor", "--event", "ApprovalDecided"), set()),
        (("--kind", "commitment", "--event", "ProposalParked"),
         {("approved", "ProposalParked"), ("waits", "ProposalParked")}),
        (("--outcome", "HumanInterventionRequired", "--event", "RunPaused"), {("waits", "RunPaused")}),
        (("--truth", "vendor-selection", "--event", "RunStarted"),
         {("approved", "RunStarted"), ("waits", "RunStarted")}),
        (("--since", "1d", "--event", "RunStopped", "--truth", "vendor-selection"), {("approved", "RunStopped")}),
        (("--until", "1d", "--event", "RunStopped"), set()),
        (("--until", "2020-01-01"), set()),
    ],
)  # fmt: skip
def test_a_query_finds_what_is_meant_and_nothing_else(recorded: Any, words: tuple[str, ...], found: Any) -> None:
    """By each thing that can be asked for, alone and together."""
    names = {recorded.approved: "approved", recorded.waits: "waits"}
    assert found == {(names.get(item["run_id"]), item["event"]["type"]) for item in events(recorded, *words)}


@pytest.mark.parametrize("about", [(), ("--fact", "Strategies:commitment:acme")], ids=["all", "one fact"])
def test_pages_of_a_query_put_together_are_the_whole(recorded: Any, about: tuple[str, ...]) -> None:
    """The newest run first, each from its beginning; no event twice, none left out."""
    size = "2" if about else "37"
    whole = [(item["run_id"], item["event"]["seq"]) for item in events(recorded, *about)]
    paged: list[tuple[str, int]] = []
    after: tuple[str, ...] = ()
    while True:
        data = recorded("experience", "query", "--limit", size, "--json", *about, *after).data
        paged += [(item["run_id"], item["event"]["seq"]) for item in data["events"]]
        if data["next"] is None:
            break
        after = ("--after", data["next"])
    assert whole == paged
    assert recorded.waits == whole[0][0]
    assert about or list(range(1, 1 + sum(run == recorded.waits for run, _ in whole))) == [
        seq for run, seq in whole if run == recorded.waits
    ]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("--event ApprovalDecide", "did you mean ApprovalDecided?"),
        ("--outcome CriteriaMett", "did you mean CriteriaMet?"),
        ("--fact :::", "an id such as vendor:acme, or a glob such as vendor:*"),
        ("--after somewhere", "give RUN:SEQUENCE, the next of a page before"),
        ("--since yesterday", "for example 2026-11-21, 2026-11-21T14:00 (UTC), or 7d for seven days ago"),
        ("--limit 0", "converge experience query --help"),
    ],
)
def test_a_query_for_what_cannot_be_is_a_usage_error(recorded: Any, words: str, hint: str) -> None:
    """Exit 2 with what to give instead, in text and as JSON."""
    ran = recorded("experience", "query", *words.split(), "--json")
    assert (2, hint) == (ran.code, ran.error["hint"])


def test_statistics_count_reasons_decisions_and_invariants(recorded: Any) -> None:
    """By truth; refused decisions count beside the one that was accepted."""
    truths = recorded("experience", "stats", "--json").data["truths"]
    chosen = truths["vendor-selection"]
    point = chosen["approvals"]["vendor_commitment"]
    assert ["hello-convergence", "vendor-selection"] == list(truths)
    assert {"CriteriaMet": 1} == truths["hello-convergence"]["reasons"]
    assert {"CriteriaMet": 1, "HumanInterventionRequired": 1} == chosen["reasons"]
    assert (2, 1, 0, 1) == (point["asked"], point["approved"], point["rejected"], point["refused"])
    assert point["median_seconds"] == point["slowest_seconds"] is not None
    assert {} == chosen["invariants_violated"]


def test_an_export_can_be_checked_with_nothing_but_its_own_lines(recorded: Any, tmp_path: Path) -> None:
    """Events hash to the head that their run's row states, bytes to the digest that they stand under."""
    file = tmp_path / "all.jsonl"
    data = recorded("experience", "export", "--all", "-o", file, "--json").data
    lines = file.read_bytes().splitlines()
    heads, head, run, kept, counted = {}, b"", {}, set(), 0
    for line in lines[1:-1]:
        entry = json.loads(line)
        if "run" in entry and "call" not in entry:
            run, head = entry["run"], bytes(32)
        elif "event" in entry:
            counted += 1
            head = hashlib.sha256(b"\x00" + head + line.removeprefix(b'{"event":').removesuffix(b"}")).digest()
            heads[run["run"]] = (head.hex(), run["head"])
        elif "text" in entry:
            assert entry["blob"] == hashlib.sha256(entry["text"].encode()).hexdigest()
            kept.add(entry["blob"])
    assert 3 == len(heads) == len(data["runs"])
    assert [] == [run for run, (reached, stated) in heads.items() if reached != stated]
    assert {"end": {"blobs": len(kept), "events": counted, "runs": 3}} == json.loads(lines[-1])
    job = next(json.loads(line)["event"]["job"] for line in lines if b'"type":"RunStarted"' in line)
    assert job in kept


def test_an_export_of_one_run_holds_only_that_run_and_is_the_same_each_time(recorded: Any, tmp_path: Path) -> None:
    """An unmistakable beginning of its id is enough; without a file or with too much it is a usage error."""
    one, two = tmp_path / "one", tmp_path / "two"
    for file in (one, two):
        assert 0 == recorded("experience", "export", recorded.waits[:6], "-o", file).code
    assert one.read_bytes() == two.read_bytes()
    assert 1 == one.read_bytes().count(b'{"run":')
    wrong = [(recorded.waits,), ("-o", one), (recorded.waits, "--all", "-o", one), ("--all",)]
    assert [2] * 4 == [recorded("experience", "export", *words).code for words in wrong]


def test_a_damaged_run_is_named_and_the_others_are_counted(converge: Any) -> None:
    """Statistics end with 9, doctor with 1, both naming the run; nothing of the other is lost."""
    for _ in range(2):
        converge("run", "hello-convergence", "--trace", "off")
    rows = converge("runs", "--json").data["runs"]
    connection = sqlite3.connect(converge.folder / "store" / "experience.db")
    connection.execute("UPDATE segments SET body = zeroblob(40) WHERE id IN (SELECT max(id) FROM segments)")
    connection.commit()
    connection.close()
    counted = converge("experience", "stats", "--json")
    looked = converge("doctor", "--json")
    check = next(check for check in looked.data["checks"] if check["name"] == "runs")
    assert (9, 1) == (counted.code, counted.data["truths"]["hello-convergence"]["runs"])
    assert [rows[0]["run_id"]] == [error["where"].partition(":")[0] for error in counted.data["unreadable"]]
    assert (1, False, True) == (looked.code, check["ok"], rows[0]["run_id"] in check["detail"])


def test_a_page_of_events_fits_the_screen_and_says_how_to_go_on(recorded: Any) -> None:
    """At 80 columns; every place is whole, so that it can be copied."""
    shown = recorded("experience", "query", "--limit", "30", env={"COLUMNS": "80"}).out
    assert 80 >= max(len(line) for line in shown.splitlines()[:-1])
    assert f"--after {recorded.waits}:30" in shown
    assert f"{recorded.waits}:30" in shown.splitlines()[-2] + shown.splitlines()[-3] + shown.splitlines()[-4]
    assert "nothing recorded here fits" in recorded("experience", "query", "--kind", "ghost").out
