"""How long commands take to start: python tests/benchmarks/start_up.py [--json]. Prints, asserts nothing.

Warm, with compiled bytecode: the first call of each command is not counted, the median of the next five is shown.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMANDS = {
    "version_ms": "--version",
    "help_ms": "--help",
    "runs_ms": "runs",
    "validate_one_truth_ms": "validate hello-convergence",
    "run_hello_ms": "run hello-convergence",
    "run_vendor_selection_ms": "run vendor-selection --no-input",
}
TIMES = 5


def measure(words: str, env: dict[str, str], folder: str) -> float:
    """Median in milliseconds."""
    taken = []
    for _ in range(TIMES + 1):
        start = time.perf_counter()
        subprocess.run(
            [Path(sys.executable).with_name("converge"), *words.split()],
            env=env,
            cwd=folder,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        taken.append((time.perf_counter() - start) * 1000)
    return round(statistics.median(taken[1:]), 1)


def main() -> None:
    """Measure every command."""
    with tempfile.TemporaryDirectory() as folder:
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPYCACHEPREFIX": f"{folder}/bytecode",
            "CONVERGE_STORAGE_PATH": f"{folder}/store",
        }
        figures = {name: measure(words, env, folder) for name, words in COMMANDS.items()}
    if "--json" in sys.argv:
        print(json.dumps(figures))  # noqa: T201
        return
    for name, value in figures.items():
        print(f"{name:28} {value:8.1f}")  # noqa: T201


if __name__ == "__main__":
    main()
