"""The main job by its command: rank, wait for a person, refuse the wrong ones, commit; on other files too."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

RUN = ("run", "vendor-selection", "--no-input", "--json")
POINT = "vendor_commitment"
ROOT = Path(__file__).parents[2]


def approve(converge, run, target=POINT, who="mona", verb="approve"):
    """A decision from a process of its own."""
    return converge(verb, run, target, "--as", who, "--reason", "three bids compared", "--json")


def test_without_a_decision_the_run_waits_with_the_ranking_done(converge):
    """Exit 4; A .875, B .85, C .475 and not recommended; one request, bound to a digest, for a role."""
    ran = converge(*RUN)
    ranking = ran.data["outputs"]["ranking"]["vendors"]
    (request,) = ran.data["approvals"]["pending"]
    assert (4, "HumanInterventionRequired") == (ran.code, ran.document["outcome"])
    assert [("acme", "0.875", True), ("bolt", "0.85", True), ("crux", "0.475", False)] == [
        (row["vendor"], row["score"], row["recommended"]) for row in ranking
    ]
    assert (POINT, "procurement_manager", "commitment:acme") == (request["point"], request["role"], request["fact"])
    assert f"{ran.data['run_id']}.{POINT}.{request['digest'][:12]}" == request["request"]
    assert "" == ran.err


def test_approved_along_or_later_from_other_processes_the_outcome_is_the_same(converge):
    """Who carries the approval in, and when, does not change what came of it; each criterion has its evidence."""
    along = converge(*RUN, "--approve", f"{POINT}=mona")
    run = converge(*RUN).data["run_id"]
    decided = approve(converge, run)
    later = converge("resume", run, "--json")
    assert (0, 0, 0) == (along.code, decided.code, later.code)
    assert "approved" == decided.document["outcome"]
    assert along.data["outcome_digest"] == later.data["outcome_digest"]
    assert all(item["evidence"] and item["result"] == "met" for item in later.data["criteria"])


@pytest.mark.parametrize(("who", "code"), [("frank", "ROLE_MISSING"), ("petra", "SELF_APPROVAL")])
def test_the_wrong_person_is_refused_and_that_is_recorded(converge, who, code):
    """Given along, the run still pauses; given later, exit 8; both leave a trace in the run."""
    ran = converge(*RUN, "--approve", f"{POINT}={who}")
    run = ran.data["run_id"]
    later = approve(converge, run, who=who)
    recorded = converge("show", run, "--json").data["refusals"]
    assert (4, 8, "refused") == (ran.code, later.code, later.document["outcome"])
    assert [code] == [item["code"] for item in ran.data["refusals"]]
    assert [(who, code)] * 2 == [(item["by"], item["code"]) for item in recorded]


def test_show_prints_each_digest_once_and_whole(converge):
    """To be copied: never folded, and nobody is sent to where he is."""
    run = converge(*RUN).data["run_id"]
    data = converge("show", run, "--json").data
    page = converge("show", run, env={"COLUMNS": "80"}).out
    assert [f"  outcome  {data['outcome_digest']}", f"  head     {data['head']}"] == page.splitlines()[-2:]
    assert f"converge show {run}" not in page


def test_each_bad_cell_of_an_input_has_a_line_of_its_own(converge, tmp_path):
    """Whoever mends the file reads them one below the other."""
    good = (ROOT / "truths" / "vendor-selection" / "vendors.csv").read_text()
    file = tmp_path / "vendors.csv"
    file.write_text(good.replace("15000.00", "much").replace("8000.00", "little"))
    ran = converge("run", "vendor-selection", "--no-input", "--input", f"vendors={file}")
    lines = ran.err.splitlines()
    assert (1, "") == (ran.code, ran.out)
    assert ["error", "    " + str(file)] == [lines[0].split()[0], lines[1].split(", row")[0]]
    assert (True, True) == ("'much'" in lines[0], "'little'" in lines[1])


def test_decisions_that_name_nothing_say_what_was_meant(converge):
    """Unknown people and requests are told before anything is recorded."""
    run = converge(*RUN).data["run_id"]
    head = converge("show", run, "--json").data["head"]
    stranger, misspelt = approve(converge, run, who="zoe"), approve(converge, run, "vendor_commitmnt")
    known = ", ".join(re.findall(r"{id: (\w+)", (ROOT / "truths" / "people.yaml").read_text()))
    assert ("PERSON_UNKNOWN", f"known: {known}") == (stranger.error["code"], stranger.error["hint"])
    assert (1, "did you mean vendor_commitment?") == (misspelt.code, misspelt.error["hint"])
    assert head == converge("show", run, "--json").data["head"]


def test_an_approval_is_used_once_and_a_final_run_stays_final(converge):
    """A second yes is refused before the resume and after; what has ended is not resumed."""
    run = converge(*RUN).data["run_id"]
    approve(converge, run)
    second = approve(converge, run, who="sofia")
    converge("resume", run, "--json")
    third, again = approve(converge, run, who="sofia"), converge("resume", run, "--json")
    assert (8, "ALREADY_DECIDED") == (second.code, second.data["refusals"][0]["code"])
    assert (8, "RUN_ENDED") == (third.code, third.data["refusals"][0]["code"])
    assert (1, "RUN_NOT_RESUMABLE") == (again.code, again.error["code"])
    assert f"converge show {run} tells how; to begin anew: converge run vendor-selection" == again.error["hint"]


def test_an_input_that_a_run_does_not_wait_for_is_refused_with_both_ways_on(converge):
    """What was recorded is never replaced: go on as it is, or begin a new run. An ended run says that it has ended."""
    run, given = converge(*RUN).data["run_id"], f"vendors={ROOT / 'truths' / 'vendor-selection' / 'vendors.csv'}"
    refused = converge("resume", run, "--input", given, "--json")
    assert (1, "INPUT_UNREADABLE") == (refused.code, refused.error["code"])
    assert (
        f"go on as it is: converge resume {run}; or anew: converge run vendor-selection --input vendors=PATH"
        == refused.error["hint"]
    )
    approve(converge, run, "commitment:acme", verb="reject")
    converge("resume", run, "--json")
    assert "RUN_NOT_RESUMABLE" == converge("resume", run, "--input", given, "--json").error["code"]


def test_a_no_ends_the_run_unmet(converge):
    """Rejection by a person who may: exit 3, and the criterion says why."""
    run = converge(*RUN).data["run_id"]
    assert 0 == approve(converge, run, "commitment:acme", verb="reject").code
    ran = converge("resume", run, "--json")
    assert (3, "CriteriaUnmet") == (ran.code, ran.document["outcome"])
    assert "rejected" == next(item["cause"] for item in ran.data["criteria"] if item["id"] == "committed")


def test_a_run_cut_by_its_budget_goes_on_to_the_same_outcome(converge):
    """--budget cycles=1, then more: the same digest as undisturbed."""
    cut = converge(*RUN, "--budget", "cycles=1")
    resumed = converge("resume", cut.data["run_id"], "--add-budget", "cycles=50", "--json")
    assert (6, 4) == (cut.code, resumed.code)
    assert converge(*RUN).data["outcome_digest"] == resumed.data["outcome_digest"]


def test_strict_counts_what_was_not_exercised(converge, project):
    """A project whose invariant never had anything to look at passes, and with --strict does not."""
    feature = """\
        Feature: A note is written
          @invariant @structural @id:short
          Scenario: A memo has text
            Given any fact under key "Signals" with id "note:memo*"
            Then it must include:
              | field | rule             |
              | text  | non-empty string |
        """
    folder = project.write(feature=feature)
    codes = [converge("run", "small", "--json", *more, cwd=folder).code for more in ([], ["--strict"])]
    assert [0, 7] == codes


def test_a_truth_is_found_by_key_folder_and_file(converge):
    """From anywhere by key, from its own folder by file name."""
    folder = ROOT / "truths" / "vendor-selection"
    digests = {
        converge("run", name, "--no-input", "--json", cwd=cwd).data["outcome_digest"]
        for name, cwd in (("vendor-selection", None), ("truth.yaml", folder), (".", folder), (str(folder), None))
    }
    assert 1 == len(digests)


def test_a_lone_truth_with_its_feature_beside_it_runs(converge, tmp_path):
    """Outside any project, with a pack that is shipped."""
    alone = tmp_path / "alone"
    alone.mkdir()
    source = ROOT / "truths" / "hello-convergence" / "truth.yaml"
    (alone / "truth.yaml").write_text(source.read_text())
    feature = (ROOT / "features" / "hello-convergence.feature").read_text()
    (alone / "hello-convergence.feature").write_text(feature)
    assert 0 == converge("validate", "truth.yaml", cwd=alone).code
    assert 0 == converge("run", "truth.yaml", "--json", cwd=alone).code


def score(row):
    """The score of a bid, by the published bands, computed anew; all weights are equal."""
    price, years, weeks = Decimal(row["price"]), int(row["years_in_business"]), int(row["delivery_weeks"])
    parts = [
        next((value for top, value in ((10000, "1"), (25000, "0.7"), (50000, "0.4")) if price < top), "0.1"),
        "1" if row["compliant"] == "true" else "0",
        next((value for top, value in ((10, "1"), (5, "0.7"), (2, "0.4")) if years > top), "0.1"),
        next((value for top, value in ((4, "1"), (8, "0.8"), (12, "0.5")) if weeks <= top), "0.2"),
    ]
    return sum(map(Decimal, parts)) / 4


def bids(count):
    """Bids with thirteen columns; few prices, so that many tie."""
    extra = ("country", "contact", "currency", "note", "incoterm", "payment_days", "warranty")
    return [
        {
            "id": f"v{number:04}",
            "name": f"Vendor {number}",
            "price": f"{(9000, 12000, 30000, 49000)[number * 7 % 11 % 4]}.00",
            "compliant": "false" if number * 13 % 5 == 0 else "true",
            "years_in_business": str(number * 17 % 21),
            "delivery_weeks": str(1 + number * 11 % 19),
            **{name: f"{name} {number}" for name in extra},
        }
        for number in range(count)
    ]


def write_csv(path, rows):
    """Rows as a CSV without anything to quote."""
    path.write_text("\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]) + "\n")


def test_two_thousand_bids_are_ranked_right_with_ties_by_id(converge, tmp_path):
    """Compared with an independent computation, row by row."""
    rows = bids(2000)
    write_csv(tmp_path / "bids.csv", rows)
    assert 13 == len(rows[0])
    ran = converge(*RUN, "--input", "vendors=bids.csv")
    expected = [(row["id"], score(row)) for row in sorted(rows, key=lambda row: (-score(row), row["id"]))]
    ranked = ran.data["outputs"]["ranking"]["vendors"]
    eligible = {row["id"] for row in rows if row["compliant"] == "true"}
    assert 4 == ran.code
    assert expected == [(row["vendor"], Decimal(row["score"])) for row in ranked]
    assert not [row["vendor"] for row in ranked if row["recommended"] and row["vendor"] not in eligible]
    first = next(name for name, _ in expected if name in eligible)
    assert first == ran.data["outputs"]["ranking"]["first"]


def test_a_missing_price_is_an_error_that_names_file_row_and_column(converge, tmp_path):
    """Nothing ran, nothing was recorded."""
    rows = bids(20)
    rows[6]["price"] = ""
    write_csv(tmp_path / "bids.csv", rows)
    ran = converge(*RUN, "--input", "vendors=bids.csv")
    assert (1, "INPUT_INVALID") == (ran.code, ran.error["code"])
    assert "bids.csv, row 8, column price: the cell is empty" == ran.error["message"]
    assert [] == converge("runs", "--json").data["runs"]


def test_a_new_scored_column_works_by_parameters_alone(converge, tmp_path):
    """A warranty column, weighted and banded on the command line of a copied truth: no code changes."""
    folder = tmp_path / "mine" / "truths" / "vendor-selection"
    folder.mkdir(parents=True)
    (tmp_path / "mine" / "features").mkdir()
    source = ROOT / "truths" / "vendor-selection"
    text = (source / "truth.yaml").read_text()
    text = text.replace("price: 0.25, compliance: 0.25, risk: 0.25, timeline: 0.25",
                        "price: 0.2, compliance: 0.2, risk: 0.2, timeline: 0.2, warranty: 0.2")  # fmt: skip
    text = text.replace(
        "      timeline:\n",
        "      warranty: {column: warranty_years, steps: [{above: 3, score: 1.0}], otherwise: 0}\n      timeline:\n",
    )
    (folder / "truth.yaml").write_text(text)
    (tmp_path / "mine" / "truths" / "people.yaml").write_text((ROOT / "truths" / "people.yaml").read_text())
    feature = (ROOT / "features" / "vendor-selection.feature").read_text()
    (tmp_path / "mine" / "features" / "vendor-selection.feature").write_text(feature)
    rows = (source / "vendors.csv").read_text().splitlines()
    columns = ["warranty_years", "1", "5", "2"]
    (folder / "vendors.csv").write_text("\n".join(f"{row},{more}" for row, more in zip(rows, columns, strict=True)))
    ran = converge(*RUN, cwd=tmp_path / "mine")
    assert 4 == ran.code, ran.out
    assert [("bolt", "0.88"), ("acme", "0.7"), ("crux", "0.38")] == [
        (row["vendor"], row["score"]) for row in ran.data["outputs"]["ranking"]["vendors"]
    ]


def test_a_seed_from_the_command_line_is_a_fact(converge):
    """It goes through the same gate as everything else, and says where it came from."""
    ran = converge("run", "hello-convergence", "--seed", "Seeds:text:note=hi there", "--json")
    seed = next(fact for fact in ran.data["facts"] if fact["id"] == "text:note")
    assert (0, {"text": "hi there"}) == (ran.code, seed["content"])


def test_every_line_of_a_jsonl_trace_is_json_and_the_last_is_the_result(converge):
    """Events first, in order, the envelope last; nothing else on stdout."""
    ran = converge("run", "hello-convergence", "--trace", "jsonl")
    *events, last = [json.loads(line) for line in ran.out.splitlines()]
    assert list(range(1, len(events) + 1)) == [event["seq"] for event in events]
    assert ("RunStarted", "RunStopped") == (events[0]["type"], events[-1]["type"])
    assert ("converge.result/1", "CriteriaMet") == (last["schema"], last["outcome"])


@pytest.mark.parametrize(("trace", "lines"), [("plain", True), ("off", False)])
def test_a_trace_goes_to_stderr_and_the_verdict_to_stdout(converge, trace, lines):
    """Plain prints a line an event; off prints none."""
    ran = converge("run", "hello-convergence", "--trace", trace)
    assert (0, lines) == (ran.code, bool(ran.err))
    assert ran.out.startswith("✓ CriteriaMet   2 of 2 required · 3 cycles")


def test_stopped_without_a_terminal_it_says_which_command_decides(converge):
    """No prompt, no hang; the commands to copy are whole."""
    ran = converge("run", "vendor-selection")
    run = converge("runs", "--json").data["runs"][0]["run_id"]
    assert 4 == ran.code
    assert f"converge approve {run} vendor_commitment --as WHO --reason TEXT" in ran.out
    assert f"converge resume {run}" in ran.out
