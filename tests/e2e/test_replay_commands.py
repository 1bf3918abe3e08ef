"""`converge replay` and `converge explain`: what they answer, say and exit with."""

import re
import shutil
import sqlite3
import zlib
from pathlib import Path

import pytest

from converge_cli._internal.hashing import chain_link
from converge_cli.core.port import RunRow
from converge_cli.store.packing import row_check

ROOT = Path(__file__).parents[2]
POINT = "vendor_commitment"


@pytest.fixture
def committed(converge):
    """The id of a run that waited for a person, was approved and went on to its end."""
    run = converge("run", "vendor-selection", "--no-input", "--json").data["run_id"]
    converge("approve", run, POINT, "--as", "mona", "--reason", "three bids [red]compared\x1b[2J", "--json")
    assert 0 == converge("resume", run, "--no-input", "--json").code
    return run


@pytest.fixture
def waiting(converge):
    """The id of a run that waits for a person."""
    return converge("run", "vendor-selection", "--no-input", "--json").data["run_id"]


def test_a_run_is_verified_by_computing_it_anew(converge, committed):
    """The same head as recorded; policy was asked anew; the pack is told."""
    shown = converge("show", committed, "--json").data
    ran = converge("replay", committed, "--verify", "--json")
    assert (0, "verified", shown["head"], shown["outcome_digest"], "recomputed") == (
        ran.code, ran.document["outcome"], ran.data["head"], ran.data["outcome_digest"], ran.data["gates"],
    )  # fmt: skip
    assert [("procurement", "same")] == [(item["name"], item["now"]) for item in ran.data["packs"]]
    assert "events came out as they are recorded" in converge("replay", committed, "--verify").out


def test_without_verify_the_recorded_trace_is_printed(converge, committed):
    """One line an event, also as data."""
    events = converge("replay", committed, "--json").data["events"]
    lines = converge("replay", committed).out.splitlines()
    assert (len(events), "RunStopped") == (len(lines), events[-1]["type"])


def test_the_project_may_be_gone_or_changed(converge, tmp_path):
    """Job, policy, people and kinds come from the record; a pack of other bytes is told, and plays no part."""
    project = tmp_path / "project"
    for folder in ("truths", "packs", "features"):
        shutil.copytree(ROOT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__"))
    run = converge("run", "vendor-selection", "--no-input", "--json", cwd=project).data["run_id"]
    policy = next((project / "packs/procurement/policy").glob("*.cedar"))
    policy.write_text("forbid (principal, action, resource);\n")
    changed = converge("replay", run, "--verify", "--json", cwd=project)
    assert (0, "changed") == (changed.code, changed.data["packs"][0]["now"])
    shutil.rmtree(project)
    gone = converge("replay", run, "--verify", "--json")
    assert (0, changed.data["head"]) == (gone.code, gone.data["head"])


def forge(store: Path, old: bytes, new: bytes) -> None:
    """Change an event in the database and make every hash after it anew, as somebody with the whole store could."""
    database = sqlite3.connect(store / "experience.db")
    head = bytes(32)
    for number, body in database.execute("SELECT id, body FROM segments ORDER BY id").fetchall():
        plain = body if body[:1] == b"{" else zlib.decompress(body)
        plain = plain.replace(old, new)
        for event in plain.split(b"\n"):
            head = chain_link(head, event)
        database.execute("UPDATE segments SET body = ?, head = ? WHERE id = ?", (plain, head, number))
    database.row_factory = sqlite3.Row
    found = database.execute("SELECT * FROM runs").fetchone()
    row = RunRow(**{name: found[name] for name in RunRow.__struct_fields__ if name != "head"}, head=head.hex())
    database.execute("UPDATE runs SET head = ?, crc = ?", (row.head, row_check(row)))
    database.commit()
    database.close()


def test_a_forged_verdict_is_found_with_both_values(converge, committed, tmp_path):
    """Every hash fits, so only computing it anew can tell; exit code 9 with event, field and values."""
    forge(tmp_path / "store", b'"outcome":"ESCALATE"', b'"outcome":"PROMOTE"')
    ran = converge("replay", committed, "--verify", "--json")
    assert (9, "REPLAY_DIVERGED") == (ran.code, ran.error["code"])
    assert f"{committed}:" in ran.error["where"]
    assert "decision.outcome" in ran.error["message"]
    differing = {
        item["path"]: (item["recorded"], item["recomputed"]) for item in ran.error["divergence"]["differences"]
    }
    assert ("PROMOTE", "ESCALATE") == differing["decision.outcome"]
    said = converge("replay", committed, "--verify").err
    assert "PROMOTE" in said
    assert "ESCALATE" in said


def test_a_fact_is_explained_from_its_inputs_to_what_falls(converge, committed):
    """Who, from which facts, which gate with its values, who approved, which clauses; and what rests on it."""
    data = converge("explain", committed, "commitment:acme", "--json").data
    claim = data["claims"]["commitment:acme"]
    assert ("commitment", "PROMOTE", "mona") == (
        claim["suggestor"], claim["gate"]["outcome"], claim["requests"][0]["decisions"][0]["by"],
    )  # fmt: skip
    assert {"vendor:acme", "ranking:vendors", "recommendation:acme"} <= data["claims"].keys()
    assert {"requires_approval", "criterion"} <= {clause["clause"] for clause in data["clauses"]}
    root = converge("explain", committed, "Seeds:vendor:acme", "--json").data
    assert "commitment:acme" in root["falls"]["facts"]
    assert {"ranked", "committed"} <= set(root["falls"]["criteria"])


def test_a_criterion_says_by_what_it_is_met_or_who_could_change_it(converge, committed, waiting):
    """Met by facts; blocked by a request, with the command that decides it."""
    met = converge("explain", committed, "committed", "--json").data
    blocked = converge("explain", waiting, "committed", "--json").data
    assert ("met", ["commitment:acme"], []) == (met["result"], met["evidence"], met["changed_by"])
    assert "blocked" == blocked["result"]
    assert any(f"converge approve {waiting} commitment:acme" in said for said in blocked["changed_by"])


def test_a_gate_tells_each_answer_and_what_would_unlock_it(converge, committed):
    """Before the approval and after it."""
    for name in ("commit", "spend.commit"):
        answers = converge("explain", committed, name, "--json").data["decisions"]
        assert ["ESCALATE", "PROMOTE"] == [item["outcome"] for item in answers]
        assert [POINT] == answers[0]["unlocked_by"]["approvals"]


def test_a_gate_tells_its_rules_by_name_with_the_values_they_saw(converge, committed):
    """The rules that were kept with the run: effect, place, and each attribute as people write it; who unlocks it."""
    waiting, approved = converge("explain", committed, "commit", "--json").data["decisions"]
    (rule,) = waiting["rules_seen"]
    assert ("supervisory-with-approval", "permit", "policy/commit.cedar:5") == tuple(
        rule[name] for name in ("rule", "effect", "where")
    )
    assert ("15000.00", "false") == (rule["saw"]["context.amount"], rule["saw"]["context.human_approval_present"])
    assert "true" == approved["rules_seen"][0]["saw"]["context.human_approval_present"]
    assert [
        {"point": POINT, "role": "procurement_manager", "gates": [], "context": {"human_approval_present": "true"}}
    ] == (waiting["unlock"])
    page = converge("explain", committed, "commit").out
    assert "rule supervisory-with-approval  would permit; it saw resource.kind spend" in page
    assert "(procurement_manager decides; it grants human approval present true)" in page
    assert (
        "values  amount 15,000.00, commitment type spend, human approval present false, required gates met true" in page
    )


@pytest.mark.parametrize("width", ["80", "120"])
def test_text_from_people_obeys_nobody_and_fits(converge, committed, width):
    """A reason with markup and an escape is shown as text; on a narrow screen too."""
    for target in ((), ("commitment:acme",), ("committed",), ("commit",)):
        page = converge("explain", committed, *target, env={"COLUMNS": width, "FORCE_COLOR": "1"}).out
        assert "\x1b[2J" not in page
        plain = converge("explain", committed, *target).out
        assert "\x1b" not in plain
    page = converge("explain", committed, "commitment:acme").out
    assert "[red]compared" in page
    assert re.search(r"approved +mona \(procurement_manager\), interactive, 20\d\d-\d\d-\d\d \d\d:\d\d", page)


def test_something_unknown_is_a_usage_error_with_what_is_near(converge, committed):
    """A target, a run, a code."""
    ran = converge("explain", committed, "commitment:acmee", "--json")
    assert (2, "TARGET_UNKNOWN", "did you mean commitment:acme?") == (ran.code, ran.error["code"], ran.error["hint"])
    named = converge("explain", committed, "CRUX", "--json")
    assert "CRUX is in vendor:crux, " in named.error["hint"]
    assert "RUN_NOT_FOUND" == converge("explain", "zzz9zzz9z", "x", "--json").error["code"]
    assert 2 == converge("explain", "CV999", "--json").code


def test_a_record_that_refers_to_nothing_is_damaged_not_a_crash(converge, committed, tmp_path):
    """Its hashes fit, its references do not: both commands end with 9 and a place."""
    forge(tmp_path / "store", b'"execution":', b'"execution":9')
    for words in (("explain", committed), ("replay", committed, "--verify")):
        ran = converge(*words, "--json")
        assert (9, True) == (ran.code, committed in ran.error["where"])
