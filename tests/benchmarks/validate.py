"""How long `converge validate` takes, and what it needs: python tests/benchmarks/validate.py [--json].

Prints, asserts nothing. `cpu` is what the process itself used: on a busy machine look at that. Cold is without
compiled bytecode, warm with it (the median of three). `one` is a truth as `converge init` makes them, `thousand` a
feature of 1,000 scenarios of every sort; then a file of 50 MB and a YAML 100,000 brackets deep, which must be refused
quickly and in little memory.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from figures import tell

SCENARIOS = 1000
WARM_TIMES = 3

_TRUTH = """truth: v1
key: {key}
kind: job
title: Every greeting is answered
packs: [hello]
success_criteria:
  - id: answered
    description: An answer exists
    required: true
    then: ['the Context key "Evaluations" contains at least 1 fact with id "echo:*"']
"""
_SORTS = (
    """  @invariant @structural
  Scenario: Greeting {n} is said to one person
    Given any fact under key "Signals" with id "greeting:n{n}*"
    And the Context contains facts under key "Seeds" with id "text:*"
    Then field "to" must be unique
    And field "text" must not be "nothing {n}"
""",
    """  @validation
  Scenario: Greeting {n} demands nothing
    Given any proposal under key "Signals" with id "greeting:*" where field "to" is "n{n}"
    Then it must not contain any forbidden term:
      | term | reason           |
      | asap | that is a demand |
    And it must include:
      | field | rule             |
      | text  | non-empty string |
""",
    """  @invariant @acceptance
  Scenario: Answer {n} repeats its greeting
    Given the engine reaches its fixed point
    Then for each "Evaluations" fact with id "echo:n{n}*" there exists a "Signals" fact referencing it
    And no fact under key "Strategies" where field "note" is one of "a{n}", "b" exists
    And the Context key "Diagnostic" contains at most {n} facts
""",
    """  @e2e
  Scenario: Neighbour {n} is answered too
    Given suggestor "neighbour" proposes "greeting:n{n}" under key "Signals":
      | field | value    |
      | to    | n{n}     |
      | text  | Hello {n} |
    When the truth runs to convergence
    Then the stop reason is "CriteriaMet"
    And criterion "answered" is met
    And fact "echo:n{n}" under key "Evaluations" has field "text" "Hello {n}"
""",
)


def write_truth(folder: Path, key: str, scenarios: int) -> None:
    """A truth with a feature of so many scenarios."""
    (folder / "truths" / key).mkdir(parents=True)
    (folder / "features").mkdir(exist_ok=True)
    (folder / "truths" / key / "truth.yaml").write_text(_TRUTH.format(key=key))
    blocks = (_SORTS[number % len(_SORTS)].replace("{n}", str(number)) for number in range(1, scenarios + 1))
    (folder / "features" / f"{key}.feature").write_text("Feature: Greetings\n\n" + "\n".join(blocks))


class _Taken(NamedTuple):
    """One call: milliseconds by the clock and of the processor, megabytes at most, exit code."""

    wall: float
    cpu: float
    peak: float
    code: int


def _once(folder: Path, words: str, env: dict[str, str]) -> _Taken:
    start = time.perf_counter()
    child = subprocess.Popen(
        [Path(sys.executable).with_name("converge"), *words.split()],
        env=env,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = (time.perf_counter() - start) * 1000
    return _Taken(wall, (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024, child.returncode)


def _figures(name: str, folder: Path, words: str, caches: Path) -> Iterator[tuple[str, float]]:
    env = {"PATH": os.environ["PATH"], "CONVERGE_STORAGE_PATH": str(folder / "store")}
    env["PYTHONPYCACHEPREFIX"] = str(caches / name)
    cold = _once(folder, words, env)
    warm = [_once(folder, words, env) for _ in range(WARM_TIMES)]
    yield f"{name}_cold_ms", round(cold.wall, 1)
    yield f"{name}_cold_cpu_ms", round(cold.cpu, 1)
    yield f"{name}_warm_ms", round(statistics.median(item.wall for item in warm), 1)
    yield f"{name}_warm_cpu_ms", round(statistics.median(item.cpu for item in warm), 1)
    yield f"{name}_peak_mb", round(warm[-1].peak, 1)
    yield f"{name}_exit", cold.code


def _write_big(file: Path) -> None:
    # In small pieces: a child's peak counts what its parent held when it was made.
    with file.open("wb") as out:
        out.write(b"a: ")
        for _ in range(50):
            out.write(b"x" * 1_000_000)


def measure() -> dict[str, float]:
    """Every case."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder, caches = Path(name) / "project", Path(name) / "bytecode"
        write_truth(folder, "one", 5)
        write_truth(folder, "thousand", SCENARIOS)
        _write_big(folder / "big.yaml")
        (folder / "deep.yaml").write_bytes(b"[" * 100_000)
        for case, words in (("one", "one"), ("thousand", "thousand"), ("big", "big.yaml"), ("deep", "deep.yaml")):
            figures |= _figures(case, folder, f"validate {words}", caches)
    return figures


if __name__ == "__main__":
    tell(__doc__, measure)
