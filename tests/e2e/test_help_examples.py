"""The examples below the help of each command: every one is executed, and every command has one."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from converge_cli.cli.command_list import COMMANDS
from converge_cli.cli.examples import BELOW
from converge_cli.cli.main import load

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 20
SERVER = "http://127.0.0.1:8080"
EARLIER = {
    "verify": ("receipt", "ledger append"),
    "ledger load": ("ledger append", "ledger snapshot"),
    "ledger": ("ledger append",),
}
"""What must have happened before the examples of a command, or of a group."""


def leaves() -> list[str]:
    """Every command that does something, by its path."""
    found = []
    for name, listed in COMMANDS.items():
        below = getattr(get_command(load(listed.module)), "commands", None)
        found += [name] if below is None else [f"{name} {sub}" for sub in below]
    return found


@pytest.fixture
def shell(converge: Any, tmp_path: Path) -> Iterator[Any]:
    """Run an example in a checkout's copy, RUN a run that waits for a person, KEY a key; its exit code and stderr."""
    folder = tmp_path / "copy"
    for name in ("truths", "packs", "features"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "truths/vendor-selection/vendors.csv", folder / "bids.csv")
    waiting: list[str] = []
    path = f"{converge.command.parent}{os.pathsep}{os.environ['PATH']}"

    served: list[subprocess.Popen[bytes]] = []

    def execute(example: str) -> tuple[int, str]:
        if SERVER in example:
            serve = converge.start("serve", "--port", "0", "--insecure-local", cwd=folder)
            served.append(serve)
            told = next(line for line in serve.stderr if b"listening on" in line)
            example = example.replace(SERVER, told.split()[-1].decode())
        if re.search(r"\bRUN\b", example):
            if not waiting:
                ran = converge("run", "vendor-selection", "--no-input", "--json", cwd=folder)
                waiting.append(ran.data["run_id"])
            example = re.sub(r"\bRUN\b", waiting[0], example)
        if re.search(r"\bKEY\b", example):
            key = converge("keys", "new", "--person", "mona", "--role", "decide", "--json", cwd=folder)
            example = re.sub(r"\bKEY\b", key.data["id"], example)
        script = ["timeout", "--preserve-status", "-s", "TERM", "3", *example.split()] if " serve" in example else None
        done = subprocess.run(
            script or ["bash", "-c", example],
            cwd=folder,
            env=converge.environment({"PATH": path}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        return done.returncode, done.stderr.decode()

    yield execute
    for serve in served:
        serve.terminate()
        serve.communicate(timeout=SECONDS)


def test_every_command_has_examples_and_no_command_that_is_gone_has() -> None:
    """A command that comes brings its own, one that leaves takes them along."""
    assert leaves() == list(BELOW)


@pytest.mark.parametrize("command", BELOW)
def test_the_examples_of_a_command_do_what_they_say(command: str, shell: Any) -> None:
    """Each ends with the exit code that stands beside it, 0 where none does, and is of this command."""
    for earlier in EARLIER.get(command, EARLIER.get(command.split(maxsplit=1)[0], ())):
        shell(BELOW[earlier].examples[0])
    for example in BELOW[command].examples:
        said = re.search(r"# exit (\d+)$", example)
        code, err = shell(example)

        assert f"converge {command}" in example
        assert (int(said[1]) if said else 0) == code, (example, err)
