"""The inbox by its command: what waits for whom, how urgent, who may decide; races; records that nobody can read."""

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

RUN = ("run", "vendor-selection", "--no-input", "--json")
POINT = "vendor_commitment"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def waiting(converge):
    """The id of a run that waits for a procurement manager."""
    return converge(*RUN).data["run_id"]


def approve(converge, run, who, target=POINT):
    return converge("approve", run, target, "--as", who, "--reason", "three bids compared", "--json")


def test_each_person_sees_what_they_may_decide(converge, waiting):
    """By person: not the run's own principal, not whoever lacks the role; by role; somebody unknown is told."""
    seen = {who: len(converge("inbox", "--as", who, "--json").data["waiting"]) for who in ("mona", "petra", "frank")}
    roles = [
        len(converge("inbox", "--role", role, "--json").data["waiting"]) for role in ("procurement_manager", "cfo")
    ]
    stranger = converge("inbox", "--as", "zoe", "--json")
    assert ({"mona": 1, "petra": 0, "frank": 0}, [1, 0]) == (seen, roles)
    assert (1, "PERSON_UNKNOWN") == (stranger.code, stranger.error["code"])
    assert waiting == converge("inbox", "--json").data["waiting"][0]["run_id"]


def test_the_page_says_what_why_who_until_when_and_its_commands_decide(converge, waiting):
    """The printed command names the request, so it approves exactly what was shown."""
    page = converge("inbox", "--as", "mona", env={"COLUMNS": "200"}).out
    for words in (
        "Strategies commitment:acme {name: Acme Industrial AB",
        "criterion committed is blocked",
        "procurement_manager (mona, sofia); not petra",
        "then it is rejected",
    ):
        assert words in page
    command = next(line.split("decide", 1)[1] for line in page.splitlines() if "converge approve" in line)
    words = command.replace("TEXT", "because").split()
    decided = converge(*words[1:])
    assert (0, f"{waiting}.{POINT}.") == (decided.code, words[3][: len(waiting) + len(POINT) + 2])


def test_a_run_in_which_all_is_decided_is_ready_to_go_on(converge, waiting):
    """Nothing waits for a person then, and the command that goes on is shown until somebody runs it."""
    approve(converge, waiting, "mona")
    found = converge("inbox", "--json").data
    page = converge("inbox").out
    assert ([], [waiting]) == (found["waiting"], [item["run_id"] for item in found["ready"]])
    assert f"converge resume {waiting}" in page
    converge("resume", waiting, "--json")
    assert [] == converge("inbox", "--json").data["ready"]


def test_two_people_who_decide_at_the_same_moment_both_get_an_answer_and_one_counts(converge, waiting):
    """Two processes: one is accepted, the other refused and recorded; the approval is spent once."""
    with ThreadPoolExecutor(2) as pool:
        ran = list(pool.map(lambda who: approve(converge, waiting, who), ("mona", "sofia")))
    ended = converge("resume", waiting, "--json")
    assert [0, 8] == sorted(item.code for item in ran)
    refused = next(item for item in ran if item.code == 8)
    assert ["ALREADY_DECIDED"] == [item["code"] for item in refused.data["refusals"]]
    assert (0, ["ALREADY_DECIDED"]) == (ended.code, [item["code"] for item in ended.data["refusals"]])
    assert 1 == len([fact for fact in ended.data["facts"] if fact["id"] == "commitment:acme"])


def test_records_that_cannot_be_read_hide_no_others(converge, waiting):
    """A damaged line of the index and what is kept of requests: each is told, the rest is listed; exit 9.

    Of a run whose events are damaged what waits is known all the same; whoever decides on it is told.
    """
    lines, copy, record = (converge(*RUN).data["run_id"] for _ in range(3))
    with sqlite3.connect(converge.folder / "store" / "experience.db") as store:
        store.execute("UPDATE runs SET title = 'forged' WHERE run = ?", (lines,))
        store.execute(
            "UPDATE segments SET body = x'00' WHERE id >> 32 = (SELECT number FROM runs WHERE run = ?)", (record,)
        )
        store.execute("UPDATE blobs SET data = x'00' WHERE digest = (SELECT waiting FROM runs WHERE run = ?)", (copy,))
    found = converge("inbox", "--json")
    decided = approve(converge, record, "mona")
    assert (9, "unreadable") == (found.code, found.document["outcome"])
    assert [waiting, record] == [item["run_id"] for item in found.data["waiting"]]
    assert {"RECORD_CORRUPT"} == {item["code"] for item in found.data["unreadable"]}
    assert {lines, copy} == {item["where"].partition(":")[0] for item in found.data["unreadable"]}
    assert (9, record) == (decided.code, decided.error["where"].partition(":")[0])


def test_a_damaged_entry_of_the_index_is_named_by_every_list_and_hides_no_run(converge, waiting):
    """Runs, query and stats list the others and end with 9; an id that nothing readable has may be the damaged one."""
    other = converge(*RUN).data["run_id"]
    with sqlite3.connect(converge.folder / "store" / "experience.db") as store:
        store.execute("UPDATE runs SET truth = 'wendor-selection' WHERE run = ?", (other,))
    asked = {
        "runs": ("runs", "--truth", "vendor-selection"),
        "query": ("experience", "query", "--event", "RunStarted", "--truth", "vendor-selection"),
        "stats": ("experience", "stats"),
    }
    ran = {name: converge(*words, "--json") for name, words in asked.items()}
    page = converge("runs").out
    assert {name: (9, "unreadable", [other]) for name in ran} == {
        name: (item.code, item.document["outcome"], [error["where"] for error in item.data["unreadable"]])
        for name, item in ran.items()
    }
    assert [waiting] == [row["run_id"] for row in ran["runs"].data["runs"]]
    assert [waiting] == [event["run_id"] for event in ran["query"].data["events"]]
    assert {"vendor-selection": 1} == {name: item["runs"] for name, item in ran["stats"].data["truths"].items()}
    assert waiting in page
    assert f"the index entry of run '{other}' is damaged" in page
    assert [9, 0, 9] == [converge("show", name).code for name in (other, waiting[:8], "zzzzzzzzz")]


def test_a_run_of_a_project_that_is_gone_is_listed_and_hides_no_others(converge, waiting, tmp_path):
    """Nobody can tell who may decide there; what may be decided here is still shown to whoever asks."""
    elsewhere = tmp_path / "elsewhere"
    converge("init", elsewhere)
    shutil.copytree(ROOT / "truths" / "vendor-selection", elsewhere / "truths" / "bids")
    truth = elsewhere / "truths" / "bids" / "truth.yaml"
    truth.write_text(truth.read_text().replace("key: vendor-selection", "key: bids"))
    shutil.copy(ROOT / "features" / "vendor-selection.feature", elsewhere / "features" / "bids.feature")
    shutil.copy(ROOT / "truths" / "people.yaml", elsewhere / "truths" / "people.yaml")
    gone = converge("run", "bids", "--no-input", "--json", cwd=elsewhere)
    assert 4 == gone.code, gone.out
    shutil.rmtree(elsewhere)
    everything, mine = converge("inbox", "--json").data, converge("inbox", "--as", "mona", "--json").data
    assert {waiting, gone.data["run_id"]} == {item["run_id"] for item in everything["waiting"]}
    assert [waiting] == [item["run_id"] for item in mine["waiting"]]
    assert [gone.data["run_id"]] == [item["where"] for item in mine["unreadable"]]
