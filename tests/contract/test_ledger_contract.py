"""Nothing that decides can read the ledger: the import contract, shown to catch who tries."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import converge_cli

PACKAGE = Path(converge_cli.__file__).parent
ROOT = PACKAGE.parent
DECIDING = ("engine", "truth", "pack", "policy", "trace")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """The import contracts over a copy of the package."""
    command = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command; " + (
        "lint_imports_command()"
    )
    return subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


DECIDES = "Nothing that decides can read the ledger"
OWN = "Entries of the ledger are read by the ledger's own modules only"


@pytest.mark.parametrize(
    ("module", "planted", "contract"),
    [
        ("engine/loop.py", "from converge_cli.core.ledger import LedgerEntry", DECIDES),
        ("engine/loop.py", "from converge_cli.core import ledger_proof", DECIDES),
        ("engine/loop.py", "from converge_cli.store.ledger_sqlite import SqliteLedger", DECIDES),
        ("engine/loop.py", "import grpc", DECIDES),
        ("app/run_job.py", "from converge_cli.core.ledger import LedgerEntry", OWN),
    ],
)
def test_a_planted_import_of_the_ledger_breaks_the_contract(module: str, planted: str, contract: str, tmp_path: Path):
    """In the loop, where it would do most harm, and in the use case that drives it."""
    shutil.copytree(PACKAGE, tmp_path / "converge_cli", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / "converge_cli" / module
    path.write_text(path.read_text() + f"\n{planted}\n")
    done = lint(tmp_path)
    verdict = re.search(rf"^{contract} (\w+)$", done.stdout, re.MULTILINE)
    assert (1, "BROKEN") == (done.returncode, verdict and verdict[1]), done.stdout


def names_in(path: Path) -> set[str]:
    """Every name that a module imports or uses as an attribute."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {name.name for line in ast.walk(tree) if isinstance(line, ast.ImportFrom) for name in line.names}
    return imported | {part.attr for part in ast.walk(tree) if isinstance(part, ast.Attribute)}


def test_nothing_that_decides_names_the_port():
    """The port stands beside others that the engine does import: the name itself is looked for."""
    modules = [path for folder in DECIDING for path in (PACKAGE / folder).rglob("*.py")]
    assert len(modules) > 50
    assert [] == [path for path in modules if "Ledger" in names_in(path)]


def test_importing_the_engine_loads_nothing_of_the_ledger():
    """Not even through the ports."""
    code = "import sys, converge_cli.engine.engine; print(*[name for name in sys.modules if 'ledger' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "\n" == done.stdout
