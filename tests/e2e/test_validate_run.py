"""`converge validate --run` and `--strict`, as a user and a CI job meet them."""

import json
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GREENHOUSE = ROOT / "docs" / "examples" / "custom-agent"

IDLE = """
  @invariant @semantic @id:no_guesses
  Scenario: Nobody guesses how much water a bed needs
    Given any fact under key "Hypotheses" with id "watering:*"
    Then field "litres" must be at most 1
"""
GAP = """
  @manual
  Scenario: Somebody looks at the plants
    Given somebody looks
    Then all is green
"""
WRONG = """
  @e2e
  Scenario: The north bed stays dry
    When the truth runs to convergence
    Then fact "watering:north" under key "Strategies" has field "litres" 0
"""
SOFT = """constraints:
  - id: modest
    severity: soft
    given: 'any fact under key "Strategies" with id "watering:*"'
    then: ['field "litres" must be at most 10']
"""
UNEXERCISED = "    And no invariant is unexercised\n"


@pytest.fixture
def garden(tmp_path: Path) -> Path:
    """A user's own project, to be changed."""
    folder = tmp_path / "garden"
    shutil.copytree(GREENHOUSE, folder)
    return folder


def add(garden: Path, *scenarios: str) -> Path:
    """Add scenarios to the feature; returns the file."""
    feature = garden / "features" / "custom-agent.feature"
    feature.write_text(feature.read_text().replace(UNEXERCISED, "") + "".join(scenarios))
    return feature


def found(ran: Any) -> list[tuple[str, str]]:
    """Name and severity of each finding."""
    return [(item["name"], item["severity"]) for item in ran.data["findings"]]


def test_every_rule_of_our_truths_holds_and_is_broken_by_an_example_that_expects_it(converge: Any) -> None:
    """Nothing is manual, deferred or skipped; contracts and required approvals are kept by the engine itself."""
    for folder in (ROOT, GREENHOUSE):
        ran = converge("validate", "--run", "--strict", "--json", cwd=folder)
        totals = ran.data["totals"]
        rules = [rule for run in ran.data["runs"] for rule in run["rules"]]

        assert (0, [], []) == (ran.code, ran.data["findings"], ran.data["not_run"])
        assert (0, 0, 0, 0) == (
            *(totals["scenarios"][name] for name in ("failed", "skipped", "manual")),
            totals["clauses"]["deferred"],
        )
        assert {"holds"} == {rule["verdict"] for rule in rules}
        assert [] == [
            rule["id"]
            for rule in rules
            if rule["sort"] in {"invariant", "constraint", "validation"} and not rule["violated_by"]
        ]


def test_every_file_of_the_truths_is_run(converge: Any) -> None:
    """No truth of ours is left out: jobs by themselves, policies and invariant truths in the jobs that hold them."""
    ran = converge("validate", "--run", "--json", cwd=ROOT)
    files = {item["file"] for run in ran.data["runs"] for item in [*run["rules"], *run["examples"]]}

    assert {path.name for path in (ROOT / "features").glob("*.feature")} <= files
    assert {path.parent.name for path in (ROOT / "truths").glob("*/truth.yaml")} == set(ran.data["truths"])


def test_the_report_names_verdicts_violating_runs_and_shares(converge: Any, garden: Path) -> None:
    """As text: a block a job, the shares, the counts."""
    add(garden, IDLE, GAP)
    ran = converge("validate", "--run", cwd=garden)
    lines = [" ".join(line.split()) for line in ran.out.split("\n")]

    assert 0 == ran.code
    assert "custom-agent its own run ends CriteriaMet; 6 of 6 examples passed" in lines
    assert "✓ holds invariant no_bed_drowns exercised by 7 runs, violated by 1" in lines
    assert "by a_bed_that_is_too_large_for_one_watering_stops_the_run" in lines
    assert "· not exercised invariant no_guesses" in lines
    assert "✓ holds criterion decided met by 7 runs" in lines
    shares = "11 scenarios: 9 passed, 0 failed, 1 (9 %) skipped (not exercised), 1 (9 %) manual; 3 clauses: 0 deferred"
    assert shares.replace("3 clauses", "4 clauses") in lines
    assert "✓ 1 truth, 0 errors, 2 warnings" in lines


@pytest.mark.parametrize(
    ("options", "code", "findings"),
    [
        ([], 0, [("manual-scenario", "warning")]),
        (["--strict"], 1, [("manual-scenario", "error")]),
        (["--run"], 0, [("not-exercised", "warning"), ("manual-scenario", "warning")]),
        (["--run", "--strict"], 1, [("not-exercised", "error"), ("manual-scenario", "error")]),
        (["--run", "--strict", "--fail-on", "never"], 0, [("not-exercised", "error"), ("manual-scenario", "error")]),
        (["--run", "--strict", "--ignore", "gap"], 0, []),
        (["--run", "--fail-on", "warning"], 1, [("not-exercised", "warning"), ("manual-scenario", "warning")]),
    ],
)
def test_strict_takes_gaps_for_errors(
    converge: Any, garden: Path, options: list[str], code: int, findings: list[tuple[str, str]]
) -> None:
    """With or without runs; what nothing exercised is known only with them."""
    add(garden, IDLE, GAP)
    ran = converge("validate", *options, "--json", cwd=garden)

    assert (code, findings) == (ran.code, found(ran))


def test_strict_fails_on_deferred_clauses_and_soft_violations(converge: Any, garden: Path) -> None:
    """Both are warnings otherwise."""
    add(garden)
    truth = garden / "truths" / "custom-agent" / "truth.yaml"
    text = truth.read_text().replace("guarded_by: tank_lasts", "deferred: nobody has measured the tank yet")
    truth.write_text(text.replace("success_criteria:", f"{SOFT}\nsuccess_criteria:"))
    feature = garden / "features" / "custom-agent.feature"
    feature.write_text(feature.read_text().replace("    And all invariants hold\n", ""))
    plain, strict = (converge("validate", "--run", *more, "--json", cwd=garden) for more in ([], ["--strict"]))

    assert (0, [("deferred-clause", "warning"), ("soft-violated", "warning")]) == (plain.code, found(plain))
    assert (1, [("deferred-clause", "error"), ("soft-violated", "error")]) == (strict.code, found(strict))
    assert [{"clause": "failure_mode", "id": "empty_tank", "reason": "nobody has measured the tank yet"}] == [
        item for run in strict.data["runs"] for item in run["deferred"]
    ]


def test_a_failing_example_is_a_finding_in_every_format(converge: Any, garden: Path) -> None:
    """At the line of the Then, with what is so instead."""
    feature = add(garden, WRONG)
    line = len(feature.read_text().rstrip().split("\n"))
    told = "field litres of watering:north is 12.0 (example 'The north bed stays dry' of custom-agent)"
    text, github, junit, sarif = (
        converge("validate", "--run", "--format", name, cwd=garden) for name in ("text", "github", "junit", "sarif")
    )
    place = f"features/custom-agent.feature:{line}:5"

    assert [1, 1, 1, 1] == [ran.code for ran in (text, github, junit, sarif)]
    assert (
        f"error CV059  example-failed  {place}" in " ".join(text.out.split("\n"))[:20000].replace("   ", "  ")
        or place in text.out
    )
    assert told in text.out
    assert f"::error file=features/custom-agent.feature,line={line},col=5," in github.out
    assert "field litres of watering:north is 12.0" in junit.out
    (result,) = json.loads(sarif.out)["runs"][0]["results"]
    assert ("error", told) == (result["level"], result["message"]["text"].partition("\n")[0])


def test_a_truth_that_does_not_compile_is_not_run_and_others_are(converge: Any, garden: Path) -> None:
    """It says so, beside the findings."""
    other = garden / "truths" / "other"
    shutil.copytree(garden / "truths" / "custom-agent", other)
    text = (
        (other / "truth.yaml").read_text().replace("key: custom-agent", "key: other\nfeatures: [custom-agent.feature]")
    )
    (other / "truth.yaml").write_text(text.replace("packs: [greenhouse]", "packs: [greenhous]"))
    ran = converge("validate", "--run", "--json", cwd=garden)
    shown = converge("validate", "--run", cwd=garden)

    assert (1, ["other"], ["custom-agent"]) == (
        ran.code,
        ran.data["not_run"],
        [run["truth"] for run in ran.data["runs"]],
    )
    assert "other  not run: it does not compile" in shown.out


def test_running_records_nothing(converge: Any, garden: Path) -> None:
    """No store appears, in the project or where the user keeps one."""
    converge("validate", "--run", cwd=garden)
    converge("validate", "--run", cwd=garden, env={"CONVERGE_STORAGE_PATH": None})

    assert not (garden / ".converge").exists()
    assert not (converge.folder / "store").exists()


@pytest.mark.parametrize("body", ["while True: pass", "import time; time.sleep(120)"])
def test_a_suggestor_that_hangs_is_told_and_never_hangs_validate(converge: Any, garden: Path, body: str) -> None:
    """Busy code is interrupted and its failure is a finding; code that can't be interrupted ends the command."""
    pack = garden / "packs" / "greenhouse.py"
    head, definition, rest = pack.read_text().partition("    def execute(self, view: ContextView) -> Effect:\n")
    head = head.replace('    name = "watering', '    timeout = 0.3\n    name = "watering')
    pack.write_text(f"{head}{definition}        {body}\n{rest}")
    feature = garden / "features" / "custom-agent.feature"
    feature.write_text(feature.read_text().split("  @e2e")[0])
    ran = converge("validate", "--run", "--json", cwd=garden, timeout=30)

    assert 1 == ran.code
    if "error" in ran.document:
        assert ("STUCK", True) == (ran.error["code"], "watering-advisor" in ran.error["message"])
    else:
        assert "watering-advisor failed: TIMEOUT" in ran.data["findings"][0]["message"]


def test_after_a_run_that_ran_out_of_time_the_others_are_not_run(converge: Any, garden: Path) -> None:
    """Each would take as long; they fail, and one finding says why."""
    pack = garden / "packs" / "greenhouse.py"
    loop = "        import time\n        while True: time.sleep(0.01)\n        undecided ="
    pack.write_text(pack.read_text().replace("        undecided =", loop))
    truth = garden / "truths" / "custom-agent" / "truth.yaml"
    truth.write_text(truth.read_text().replace("time: 30s", "time: 1s"))
    ran = converge("validate", "--run", "--json", cwd=garden)
    (run,) = ran.data["runs"]

    assert (1, ["example-failed"]) == (ran.code, [item["name"] for item in ran.data["findings"]])
    assert "it ends TimeBudgetExhausted" in ran.data["findings"][0]["message"]
    assert {"failed"} == {item["scenario"] for item in run["examples"]}
    assert {"the run on the truth's own inputs ran out of time, so this one was not run"} == {
        item["error"].partition(" (")[0] for item in run["examples"]
    }


def test_ctrl_c_ends_the_runs(converge: Any, garden: Path) -> None:
    """At the second press at the latest, with the exit code of an interrupt and one JSON document."""
    pack = garden / "packs" / "greenhouse.py"
    loop = "        import time\n        while True: time.sleep(0.01)\n        undecided ="
    pack.write_text(pack.read_text().replace("        undecided =", loop))
    process = converge.start("validate", "--run", "--json", cwd=garden)
    time.sleep(3)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    out, _ = process.communicate(timeout=20)

    assert (130, "INTERRUPTED") == (process.returncode, json.loads(out)["error"]["code"])


def test_a_suggestor_that_fails_is_told_even_where_examples_pass(converge: Any, garden: Path) -> None:
    """The example expects the failure; the report counts it, and the own run that shows it is at fault."""
    pack = garden / "packs" / "greenhouse.py"
    pack.write_text(
        pack.read_text().replace("        undecided =", '        raise RuntimeError("dry")\n        undecided =')
    )
    feature = garden / "features" / "custom-agent.feature"
    text = feature.read_text().split("  @e2e")[0]
    feature.write_text(
        text + "  @e2e\n  Scenario: It fails\n    When the truth runs to convergence\n"
        '    Then the stop reason is "SuggestorFailed"\n'
    )
    ran, shown = (converge("validate", "--run", *more, cwd=garden) for more in (["--json"], []))
    (run,) = ran.data["runs"]

    assert (1, {"watering-advisor": "EXCEPTION"}) == (ran.code, run["examples"][0]["failures"])
    assert "passed" == run["examples"][0]["scenario"]
    assert "✗ suggestor watering-advisor failed (EXCEPTION) in 2 runs" in shown.out


def test_a_lone_truth_outside_any_project_is_run(converge: Any, tmp_path: Path) -> None:
    """Its feature and input beside it; packs that are shipped."""
    folder = tmp_path / "alone"
    folder.mkdir()
    text = (ROOT / "truths" / "hello-convergence" / "truth.yaml").read_text()
    (folder / "truth.yaml").write_text("\n".join(line for line in text.split("\n") if not line.startswith("# yaml-")))
    shutil.copy(ROOT / "features" / "hello-convergence.feature", folder)
    ran = converge("validate", "truth.yaml", "--run", "--strict", "--json", cwd=folder)

    assert (0, 8) == (ran.code, ran.data["totals"]["scenarios"]["passed"])


def test_without_a_job_there_is_nothing_to_run(converge: Any, garden: Path) -> None:
    """A pack alone is checked as ever."""
    ran = converge("validate", "packs", "--run", "--json", cwd=garden)

    assert (0, [], 0) == (ran.code, ran.data["runs"], ran.data["totals"]["scenarios"]["passed"])


def test_a_person_who_is_waited_for_is_an_answer_not_a_fault(converge: Any, tmp_path: Path) -> None:
    """The own run of vendor-selection pauses for the procurement manager; nobody is asked, nothing waits."""
    ran = converge("validate", "vendor-selection", "--run", "--json", cwd=tmp_path)
    (run,) = ran.data["runs"]

    assert (0, "HumanInterventionRequired", "") == (ran.code, run["own"]["stop"], run["own"]["fault"])


def test_the_shape_of_runs_is_pinned(converge: Any, garden: Path) -> None:
    """Names of the JSON answer: others build on them."""
    add(garden, GAP)
    data = converge("validate", "--run", "--json", cwd=garden).data
    (run,) = data["runs"]

    assert {"runs", "not_run", "totals"} <= set(data)
    assert {"truth", "own", "rules", "examples", "manual", "deferred", "scenarios"} == set(run)
    assert {"stop", "failures", "skipped", "fault"} == set(run["own"])
    assert {
        "id", "title", "sort", "soft", "file", "line", "verdict", "scenario", "detail", "exercised_by", "violated_by"
    } == set(run["rules"][0])  # fmt: skip
    assert {"id", "title", "file", "line", "scenario", "stop", "failures", "error", "checks"} == set(run["examples"][0])
    assert {"text", "file", "line", "ok", "detail"} == set(run["examples"][0]["checks"][0])
    assert {"id", "title", "file", "line", "scenario"} == set(run["manual"][0])
    assert {"passed", "failed", "skipped", "manual"} == set(run["scenarios"]) == set(data["totals"]["scenarios"])
    assert not {"runs", "not_run", "totals"} & set(converge("validate", "--json", cwd=garden).data)
