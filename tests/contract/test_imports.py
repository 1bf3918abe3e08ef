"""What a command may import: start-up is a promise, and one careless import breaks it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "anthropic", "behave", "fastapi", "google", "grpc", "httpx2", "mcp", "networkx", "numpy", "openai", "ortools",
    "pandas", "pydantic", "starlette", "uvicorn", "zstandard",
)  # fmt: skip
TEXT = ("cedarpy", "gherkin", "yaml")

FORBIDDEN = {
    "--version": (*HEAVY, *TEXT, "rich", "typer", "msgspec", "asyncio"),
    "--help": (*HEAVY, *TEXT, "rich", "msgspec", "asyncio"),
    "run --help": (*HEAVY, *TEXT, "rich", "asyncio"),
    "runs": (*HEAVY, *TEXT, "asyncio"),
    "inbox": (*HEAVY, "cedarpy", "gherkin"),
    # email comes with the metadata of installed packages, among which nothing of ours is looked for.
    "validate hello-convergence": (*HEAVY, "cedarpy", "asyncio", "email"),
    "run hello-convergence": (*HEAVY, "cedarpy", "rich", "email"),
    "run hello-convergence --ledger mirror.db": (*HEAVY, "cedarpy", "rich"),
    "ledger get context": (*HEAVY, *TEXT, "asyncio"),
    "run hello-convergence --json": (*HEAVY, "cedarpy", "rich"),
}

OF_SERVERS = ("converge_cli.client", "converge_cli.cli.remote", "converge_cli.server")
"""What no command needs that works on this machine."""

PROGRAM = """
import sys
from converge_cli.cli.main import main
try:
    main()
except SystemExit as leaving:
    print(leaving.code or 0, *sorted(sys.modules), file=open("modules", "w"))
"""


@pytest.mark.parametrize("command", FORBIDDEN)
def test_a_command_imports_nothing_that_it_does_not_need(command: str, tmp_path: Path):
    """The modules that are loaded when the command ends."""
    # Test runners tell their workers a width; with one, an answer in a file is drawn for it.
    env = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "FORCE_COLOR"}}
    env["CONVERGE_STORAGE_PATH"] = str(tmp_path / "store")
    subprocess.run(
        [sys.executable, "-c", PROGRAM, *command.split()],
        cwd=tmp_path, env=env, capture_output=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    code, *modules = (tmp_path / "modules").read_text().split()
    assert "0" == code
    assert set() == {name.partition(".")[0] for name in modules} & set(FORBIDDEN[command])
    assert [] == [name for name in modules if name.startswith(OF_SERVERS)]
