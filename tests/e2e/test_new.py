"""`converge truths new` and `converge packs new` as people and scripts meet them."""

from pathlib import Path
from typing import Any

import pexpect
import pytest

ON_A_TERMINAL = {"TERM": "xterm", "COLUMNS": "100"}


def spawn(converge: Any, *words: str) -> Any:
    """The command at a terminal."""
    env = converge.environment(ON_A_TERMINAL)
    return pexpect.spawn(str(converge.command), list(words), cwd=converge.folder, env=env, timeout=30, encoding="utf-8")


def ended(child: Any) -> int | None:
    """The exit code, when it has ended by itself."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def assert_sound(converge: Any) -> None:
    """Nothing is found, manual, deferred or skipped; each rule is exercised, each invariant violated by an example."""
    checked = converge("validate", "--strict", "--run", "--json")
    runs = checked.data["runs"]
    rules = [rule for run in runs for rule in run["rules"]]

    assert (0, [], True) == (checked.code, checked.data["findings"], bool(runs)), checked.out
    assert {(0, 0, 0)} == {
        (run["scenarios"]["failed"], run["scenarios"]["skipped"], run["scenarios"]["manual"]) for run in runs
    }
    assert [] == [item for run in runs for item in run["deferred"]]
    assert [] == [rule["id"] for rule in rules if not rule["exercised_by"]]
    assert [] == [rule["id"] for rule in rules if rule["sort"] == "invariant" and not rule["violated_by"]]


def test_a_new_readme_s_commands_work(converge: Any, tmp_path: Path) -> None:
    """As they stand."""
    converge("packs", "new", "stock")
    lines = (tmp_path / "packs" / "stock" / "README.md").read_text().splitlines()
    commands = [line.split()[1:] for line in lines if line.startswith("    converge ")]

    assert 2 == len(commands)
    assert [0, 0] == [converge(*words, "--no-input", "--trace", "off").code for words in commands]


def test_at_a_terminal_it_asks_again_until_the_answer_can_be_taken(converge: Any, tmp_path: Path) -> None:
    """Enter takes what is offered."""
    child = spawn(converge, "truths", "new")
    child.expect("key: ")
    child.sendline("Not A Key")
    child.expect("can't be a truth's key")
    child.expect("key: ")
    child.sendline("vendor-check")
    child.expect_exact("kind (job, policy, invariant) [job]: ")
    child.sendline("jobb")
    child.expect("did you mean job?")
    child.sendline("")
    child.expect_exact("title [Every request is decided]: ")
    child.sendline("Every vendor is checked")
    child.expect_exact("[vendor_check]: ")
    child.sendline("")
    child.expect("converge run vendor-check")

    assert 0 == ended(child)
    assert "title: Every vendor is checked" in (tmp_path / "truths" / "vendor-check" / "truth.yaml").read_text()
    assert (tmp_path / "packs" / "vendor_check" / "pack.yaml").is_file()


def test_a_pack_is_asked_for_likewise(converge: Any, tmp_path: Path) -> None:
    """Name, what it decides, the key of its truth."""
    child = spawn(converge, "packs", "new")
    for question, answer in (("name: ", "stock"), ("what it decides ", "Decides what to order"), ("key ", "")):
        child.expect_exact(question)
        child.sendline(answer)

    assert 0 == ended(child)
    assert "description: Decides what to order" in (tmp_path / "packs" / "stock" / "pack.yaml").read_text()
    assert (tmp_path / "truths" / "stock" / "truth.yaml").is_file()


def test_whoever_stops_answering_leaves_nothing_behind(converge: Any, tmp_path: Path) -> None:
    """End of input in the middle of the questions."""
    child = spawn(converge, "truths", "new")
    child.expect("key: ")
    child.sendline("vendor-check")
    child.expect("kind")
    child.sendeof()

    assert 2 == ended(child)
    assert not (tmp_path / "truths").exists()


@pytest.mark.parametrize("words", [["truths", "new"], ["packs", "new"], ["truths", "new", "--title", "It holds"]])
def test_without_a_terminal_it_never_asks(words: list[str], converge: Any, tmp_path: Path) -> None:
    """It says what is missing, with and without --json."""
    plain, data = converge(*words), converge(*words, "--json")

    assert (2, 2, "USAGE") == (plain.code, data.code, data.error["code"])
    assert not (tmp_path / "truths").exists()


def test_what_is_written_runs_as_the_answer_says(converge: Any, tmp_path: Path) -> None:
    """Both commands, one project; the answer lists every file."""
    truth = converge("truths", "new", "vendor-check", "--title", "Every vendor is checked", "--json")
    pack = converge("packs", "new", "stock", "--description", "Decides what to order", "--json")
    files = [tmp_path / file for file in [*truth.data["files"], *pack.data["files"]]]
    ran = [converge("run", key, "--no-input", "--trace", "off").code for key in ("vendor-check", "stock")]

    assert ("created", 0, "created", 0) == (truth.document["outcome"], truth.code, pack.document["outcome"], pack.code)
    assert sorted(files) == sorted(
        path for path in tmp_path.glob("[.tpf]*/**/*") if path.is_file() and "__pycache__" not in path.parts
    )
    assert [0, 0] == ran
    assert_sound(converge)


def test_taken_and_impossible_names_are_told_apart(converge: Any) -> None:
    """What is typed wrongly ends with 2, what is in the way with 1."""
    converge("truths", "new", "vendor-check")
    taken, wrong = converge("truths", "new", "vendor-check"), converge("packs", "new", "../stock")

    assert (1, True) == (taken.code, "NAME_TAKEN" in taken.err)
    assert (2, True) == (wrong.code, "NAME_INVALID" in wrong.err)
    assert 1 == converge("packs", "new", "procurement").code


def test_a_policy_and_an_invariant_truth_are_written_run_and_kept_out_of_the_record(converge: Any) -> None:
    """Their examples run on the way; `converge runs` shows none of that."""
    converge("init", ".")
    policy = converge("truths", "new", "no-trials", "--kind", "policy", "--json")
    rule = converge("truths", "new", "pack-rule", "--kind", "invariant", "--pack", "requests", "--json")
    shown = converge("truths", "show", "no-trials", "--json").data

    assert (0, False, 0, "requests") == (policy.code, policy.data["runs"], rule.code, rule.data["pack"])
    assert ["requests"] == shown["applies_to"]
    assert_sound(converge)
    assert [] == converge("runs", "--json").data["runs"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--kind", "polcy"], "did you mean policy?"),
        (["--for", "requests"], "--for belongs to --kind policy"),
        (["--kind", "policy", "--pack", "requests"], "a policy is about a job"),
    ],
)
def test_options_that_do_not_belong_to_the_kind_are_refused(words: list[str], said: str, converge: Any) -> None:
    """As wrong usage."""
    ran = converge("truths", "new", "some-key", *words)

    assert (2, True) == (ran.code, said in ran.err)


@pytest.mark.parametrize("words", ["init .", "truths new some-key", "packs new some_pack"])
def test_a_dry_run_says_that_nothing_was_written(words: str, converge: Any) -> None:
    """And sends nobody to check or run what is not there."""
    ran = converge(*words.split(), "--dry-run")

    assert (0, "  nothing was written") == (ran.code, ran.out.splitlines()[-1])
    assert "  check " not in ran.out
