"""Help texts are pinned: scripts, screenshots and people's memory rest on them. CONVERGE_WRITE_GOLDEN=1 writes them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from converge_cli.cli.command_list import COMMANDS

HERE = Path(__file__).parent / "help"
BELOW = {
    "experience": ("query", "stats", "export"),
    "identity": ("new", "list"),
    "keys": ("new", "list", "revoke"),
    "ledger": ("append", "get", "snapshot", "load", "watch", "serve"),
    "truths": ("list", "show", "new", "compile"),
    "packs": ("list", "show", "new"),
    "policy": ("decide", "check", "test"),
}
ALL = ["", *COMMANDS, *(f"{name} {sub}" for name, subs in BELOW.items() for sub in subs)]


def help_of(command: str) -> str:
    """What the command prints, 100 columns wide."""
    done = subprocess.run(
        [Path(sys.executable).with_name("converge"), *command.split(), "--help"],
        env={"PATH": os.environ["PATH"], "COLUMNS": "100", "LANG": "C.UTF-8"},
        capture_output=True,
        check=True,
    )
    assert b"" == done.stderr
    return done.stdout.decode()


@pytest.mark.parametrize("command", ALL)
def test_help_reads_as_it_was_agreed(command: str):
    """Any change of an option's name, form or words shows here."""
    file = HERE / f"{command.replace(' ', '-') or 'converge'}.txt"
    shown = help_of(command)
    if os.environ.get("CONVERGE_WRITE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(shown)
    assert file.read_text() == shown


@pytest.mark.parametrize("group", ["", *BELOW])
def test_the_list_of_commands_cuts_no_sentence(group: str):
    """What a command does is said whole, or shorter."""
    assert [] == [line for line in help_of(group).splitlines()[1:] if line.endswith("...")]


def test_no_golden_help_is_of_a_command_that_is_gone():
    """A command that leaves takes its text along."""
    assert {f"{command.replace(' ', '-') or 'converge'}.txt" for command in ALL} == {
        path.name for path in HERE.iterdir()
    }
