"""Shell completion: what is offered, in the form of each shell, in a real shell where there is one. Never loud."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest
from typer.main import get_command

from converge_cli.app.offer_words import OFFERED
from converge_cli.cli.command_list import COMMANDS
from converge_cli.cli.complete import CHOICES
from converge_cli.cli.main import load
from converge_cli.truth.catalog import truths_in

OWN_WORDS = {
    "[KEY]", "[NAME]", "NAME", "TEXT", "N", "NAME=N,...", "NAME=VALUE", "KEY:ID=CONTENT", "TIME", "ID", "HASH", "PUB",
    "CONTEXT", "[CONTEXT]", "URL", "HOST", "HOST:PORT", "[FACT|CRITERION|GATE]",  # nobody can guess them
    "KIND", "RUN:SEQ",  # of what is recorded, which may be long
    "DIR", "FILE", "FILE...", "PATH", "[PATHS]...", "REQUEST.json",  # the shell completes files
}  # fmt: skip


def offered(converge: Any, *words: str, shell: str = "fish", cwd: Path | None = None) -> list[str]:
    """The offers for the last word, without what is said about them."""
    ran = converge(*words, cwd=cwd, env={"_CONVERGE_COMPLETE": shell})
    assert (0, "") == (ran.code, ran.err)
    return [line.partition("\t")[0] for line in ran.out.splitlines()]


@pytest.fixture
def paused(converge: Any, tmp_path: Path) -> str:
    """A project with one paused run; its id."""
    converge("init", ".")
    run: str = converge("run", "vendor-selection", "--json").data["run_id"]
    return run


def test_commands_truths_packs_runs_points_people_and_choices_are_offered(paused: str, converge: Any) -> None:
    """Each where it belongs, and only those that begin as typed."""
    said = {
        " ".join(words): offered(converge, *words)
        for words in (
            ["tr"],
            ["truths", ""],
            ["truths", "show", "ve"],
            ["run", "re"],
            ["packs", "show", "pro"],
            ["policy", ""],
            ["policy", "decide", "pro"],
            ["policy", "test", "pro"],
            ["show", paused[:3]],
            ["approve", paused, "vendor"],
            ["approve", paused, "commitment"],
            ["approve", paused, "vendor_commitment", "--as", "mo"],
            ["run", "vendor-selection", "--approve", "v"],
            ["run", "vendor-selection", "--approve", "vendor_commitment="],
            ["run", "vendor-selection", "--approve", "vendor_commitment:commitment:acme=s"],
            ["run", "vendor-selection", "--input", ""],
            ["run", "vendor-selection", "--param", "procurement.weights.c"],
            ["run", "requests", "--as", ""],
            ["runs", "--status", "p"],
            ["runs", "--status=p"],
            ["runs", "--sta"],
            ["runs", "--status", "paused", "--sta"],
            ["completion", ""],
            ["explain", "CV00"],
            ["explain", "unknown-ta"],
            ["validate", "--ignore", "CV041,CV04"],
        )
    }

    assert {
        "tr": ["truths"],
        "truths ": ["list", "show", "new", "compile"],
        "truths show ve": ["vendor-selection"],
        "run re": ["requests"],
        "packs show pro": ["procurement"],
        "policy ": ["decide", "check", "test"],
        "policy decide pro": ["procurement"],
        "policy test pro": ["procurement"],
        f"show {paused[:3]}": [paused],
        f"approve {paused} vendor": ["vendor_commitment"],
        f"approve {paused} commitment": ["commitment:acme"],
        f"approve {paused} vendor_commitment --as mo": ["mona"],
        "run vendor-selection --approve v": ["vendor_commitment="],
        "run vendor-selection --approve vendor_commitment=": ["vendor_commitment=mona", "vendor_commitment=sofia"],
        "run vendor-selection --approve vendor_commitment:commitment:acme=s": [
            "vendor_commitment:commitment:acme=sofia"
        ],
        "run vendor-selection --input ": ["vendors="],
        "run vendor-selection --param procurement.weights.c": ["procurement.weights.compliance="],
        "run requests --as ": ["lead"],
        "runs --status p": ["paused"],
        "runs --status=p": ["--status=paused"],
        "runs --sta": ["--status"],
        "runs --status paused --sta": [],
        "completion ": ["bash", "zsh", "fish"],
        "explain CV00": [f"CV00{number}" for number in range(1, 10)],
        "explain unknown-ta": ["unknown-tag"],
        "validate --ignore CV041,CV04": [f"CV041,CV04{number}" for number in range(10)],
    } == said


def test_every_word_that_the_help_names_is_offered_or_known_to_be_one_s_own() -> None:
    """A new option with a misspelt or unknown metavar would silently complete nothing."""
    unknown = []
    for name, listed in COMMANDS.items():
        command = get_command(load(listed.module))
        for one in getattr(command, "commands", {"": command}).values():
            for param in one.params:
                metavar = param.metavar
                if metavar and metavar not in OFFERED and metavar not in OWN_WORDS and not CHOICES.fullmatch(metavar):
                    unknown.append((name, param.name, metavar))

    assert [] == unknown


@pytest.mark.parametrize(
    ("shell", "args", "lines"),
    [
        ("bash", ["converge run vend"], ["vendor-selection"]),
        ("bash", ["converge run vendor-selection --approve vendor_commitment=m"], ["mona"]),
        ("bash", ["converge runs --status=pa"], ["paused"]),
        ("bash", ["converge run 'vend"], []),
        ("zsh", ["packs"], ["packs:List, show or begin packs."]),
        (
            "zsh",
            ["run", "vendor-selection", "--approve", ""],
            [f"{point}=:decided by procurement_manager" for point in ("vendor_commitment", "reinstatement")],
        ),
        ("fish", ["packs"], ["packs\tList, show or begin packs."]),
        ("tcsh", ["packs"], ["packs"]),
    ],
)
def test_offers_have_the_form_that_the_shell_s_script_reads(
    shell: str, args: list[str], lines: list[str], converge: Any
) -> None:
    """Bash breaks words at = and :, zsh and fish show a line about each."""
    assert lines == converge(*args, env={"_CONVERGE_COMPLETE": shell}).out.splitlines()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("converge.yaml", "storage: ["),
        ("truths/broken/truth.yaml", "\x00"),
        ("truths/people.yaml", "{"),
        ("store/experience.db", "this is no database"),
        ("packs/broken.py", "PACK = raise"),
    ],
)
def test_whatever_is_broken_completion_stays_silent_and_offers_the_rest(
    file: str, text: str, converge: Any, tmp_path: Path
) -> None:
    """No message, no traceback, exit code 0; commands and options are offered all the same."""
    converge("init", ".")
    (tmp_path / file).parent.mkdir(exist_ok=True, parents=True)
    (tmp_path / file).write_text(text)
    for words in (
        ["run", ""],
        ["run", "broken", "--approve", ""],
        ["run", "broken", "--as", ""],
        ["run", "nobody", "--input", ""],
        ["show", ""],
        ["approve", "x", ""],
        ["packs", "show", ""],
        ["nonsense", ""],
        ["truths", "nonsense", ""],
        ["run", "a", "b", "c", ""],
    ):
        offered(converge, *words)

    assert ["runs", "run"] == sorted(offered(converge, "run"), reverse=True)
    assert ["--strict"] == offered(converge, "run", "--stri")


def test_names_that_a_shell_would_read_as_something_else_are_not_offered(converge: Any, tmp_path: Path) -> None:
    """A folder of a stranger's project may be called anything."""
    for name in ("good", "$(touch owned)", "`id`", "a b", "a;b", "x\ny", "*", "\x1b[31m", "q'q", "é"):
        folder = tmp_path / "truths" / name
        folder.mkdir(parents=True)
        (folder / "truth.yaml").touch()

    jobs = [truth.key for truth in truths_in(Path(__file__).parents[2] / "truths") if truth.runs]
    assert {"hello-convergence", "vendor-selection"} < set(jobs)
    assert ["good", *sorted(jobs)] == offered(converge, "run", "")


def test_only_jobs_are_offered_to_run(converge: Any) -> None:
    """Policies and invariant truths can be shown."""
    assert [] == offered(converge, "run", "spend")
    assert ["spend-control"] == offered(converge, "truths", "show", "spend")


def test_completing_writes_nothing(converge: Any, tmp_path: Path) -> None:
    """Not even a store."""
    before = sorted(tmp_path.rglob("*"))
    for words in ([""], ["run", ""], ["show", ""], ["approve", "x", ""], ["packs", "show", ""]):
        offered(converge, *words)

    assert before == sorted(tmp_path.rglob("*"))


@pytest.mark.parametrize("words", [["tr"], ["run", "ve"], ["validate", "--"], ["show", ""]])
def test_completing_imports_little(words: list[str], converge: Any, tmp_path: Path) -> None:
    """It has to be quicker than people type."""
    program = (
        "import sys; from converge_cli.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n"
        "    print(*{name.partition('.')[0] for name in sys.modules}, file=open('modules', 'w'))\n"
    )
    env = {**converge.environment(), "_CONVERGE_COMPLETE": "fish"}
    subprocess.run([sys.executable, "-c", program, *words], cwd=tmp_path, env=env, check=True, capture_output=True)
    slow = {"asyncio", "rich", "pydantic", "cedarpy", "gherkin", "behave"} | ({"typer"} if len(words) == 1 else set())

    assert set() == slow & set((tmp_path / "modules").read_text().split())


def test_the_script_is_printed_and_an_unknown_shell_is_refused(converge: Any) -> None:
    """As text and as data."""
    printed, data, unknown = (
        converge("completion", "bash"),
        converge("completion", "bash", "--json"),
        converge("completion", "bsh"),
    )

    assert (printed.out, "bash") == (data.data["script"], data.data["shell"])
    assert (2, True) == (unknown.code, "did you mean bash?" in unknown.err)


def shell_of(name: str) -> str:
    """The path of a shell; without it the test has nothing to run."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def environment(converge: Any) -> dict[str, str]:
    """With our command first on the path."""
    env: dict[str, str] = converge.environment({"TERM": "dumb", "PS1": "> "})
    return env | {"PATH": f"{converge.command.parent}{os.pathsep}{env['PATH']}"}


@pytest.mark.parametrize(
    ("shell", "options", "setup"),
    [("bash", ["--norc", "--noprofile", "-i"], ""), ("zsh", ["-f", "-i"], "autoload -Uz compinit; compinit -u -D; ")],
)
def test_a_real_shell_completes_truths_options_points_and_files(
    shell: str, options: list[str], setup: str, paused: str, converge: Any, tmp_path: Path
) -> None:
    """Typed with Tab after each beginning, as people do."""
    child = pexpect.spawn(
        shell_of(shell), options, cwd=tmp_path, env=environment(converge), timeout=20, dimensions=(40, 200)
    )
    child.sendline(f"{setup}eval \"$(converge completion {shell})\"; PS1='>> '; echo re''ady")
    child.expect("ready")
    for begun, whole in (
        ("converge run vend\t", "or-selection"),
        ("--appr\t", "ove"),
        ("vendor\t", "_commitment="),
        ("mo\t", "na"),
        ("--input vendors=conv\t", "erge.yaml"),
    ):
        child.send(begun)
        child.expect_exact(whole)
    child.close(force=True)


def test_a_real_fish_completes_truths_points_and_files(paused: str, converge: Any, tmp_path: Path) -> None:
    """Asked through fish's own `complete -C`."""
    lines = {}
    for line in (
        "converge run vend",
        "converge run vendor-selection --approve vendor_commitment=m",
        "converge validate conv",
    ):
        script = f"converge completion fish | source; complete -C '{line}'"
        done = subprocess.run(
            [shell_of("fish"), "--no-config", "-c", script],
            cwd=tmp_path, env=environment(converge), capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
        lines[line] = [item.partition("\t")[0] for item in done.stdout.splitlines()]

    assert [["vendor-selection"], ["vendor_commitment=mona"], ["converge.yaml"]] == list(lines.values())
