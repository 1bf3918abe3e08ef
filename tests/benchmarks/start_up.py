"""How long commands take to start: python tests/benchmarks/start_up.py [--json]. Prints, asserts nothing.

Warm, with compiled bytecode: the first call of each command is not counted, the median of the next five is shown.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import tell

COMMANDS = {
    "version_ms": "--version",
    "help_ms": "--help",
    "runs_ms": "runs",
    "validate_one_truth_ms": "validate hello-convergence",
    "run_hello_ms": "run hello-convergence",
    "run_vendor_selection_ms": "run vendor-selection --no-input",
}
TIMES = 5


def median_ms(words: str, env: dict[str, str], folder: str) -> float:
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


def measure() -> dict[str, float]:
    """Every command."""
    with tempfile.TemporaryDirectory() as folder:
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPYCACHEPREFIX": f"{folder}/bytecode",
            "CONVERGE_STORAGE_PATH": f"{folder}/store",
        }
        return {name: median_ms(words, env, folder) for name, words in COMMANDS.items()}


if __name__ == "__main__":
    tell(__doc__, measure)
