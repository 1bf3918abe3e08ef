"""What `converge init` makes is a whole project: everything that the guide tells people to do next works."""

import subprocess
import sys
from pathlib import Path
from typing import Any


def test_a_new_project_validates_runs_and_passes_its_own_examples(converge: Any, tmp_path: Path) -> None:
    """A newcomer's first four commands end with 0, behave included."""
    made = converge("init", "mine")
    project = tmp_path / "mine"
    codes = [converge(*words, cwd=project).code for words in (["validate"], ["run", "requests", "--no-input"])]
    behaved = subprocess.run(
        [sys.executable, "-m", "behave", "--format", "progress"],
        cwd=project,
        env=converge.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (0, [0, 0], 0) == (made.code, codes, behaved.returncode), behaved.stdout + behaved.stderr
    assert "3 scenarios passed, 0 failed, 0 skipped" in behaved.stdout
