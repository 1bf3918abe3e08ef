"""Commands that are forked from a process which has imported everything do what started ones do."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from warm import MOST_BYTES, Warm

ALIKE = [
    ("--version",),
    ("--help",),
    ("runs",),
    ("runs", "--json"),
    ("validate",),
    ("validate", "none", "--json"),
    ("truths", "show", "requests"),
    ("explain", "CV007"),
    ("show", "none"),
    ("rums",),
    ("plan", "hello-convergence"),
    ("run", "vendor-selectoin"),
]


@pytest.mark.parametrize("words", ALIKE, ids=" ".join)
def test_a_forked_command_says_and_ends_as_a_started_one(
    words: tuple[str, ...], converge_in: Any, started_in: Any, tmp_path: Path
) -> None:
    """Byte for byte."""
    said = []
    for name, made in (("forked", converge_in), ("started", started_in)):
        folder = tmp_path / name
        folder.mkdir()
        ran = made(folder)(*words)
        said.append((ran.code, ran.out.replace(str(folder), "FOLDER"), ran.err.replace(str(folder), "FOLDER")))
    assert said[0] == said[1]


@pytest.fixture
def warm(bytecode: Path) -> Iterator[Warm]:
    """A process of the test's own, in an environment of two words."""
    made = Warm({"LANG": "C.UTF-8", "PYTHONPYCACHEPREFIX": str(bytecode)})
    yield made
    made.stop()


def test_what_is_read_when_an_interpreter_starts_is_started(warm: Warm, tmp_path: Path) -> None:
    """So is what is too long to be asked, and what is asked while another command runs."""
    given = warm.environment
    assert warm.run(["--version"], tmp_path, {**given, "HOME": str(tmp_path)}, 60) is not None
    assert warm.run(["--version"], tmp_path, {**given, "PYTHONUTF8": "0"}, 60) is None
    assert warm.run(["--version"], tmp_path, {name: given[name] for name in given if name != "LANG"}, 60) is None
    assert warm.run(["x" * MOST_BYTES], tmp_path, given, 60) is None
    with warm._turn:
        assert warm.run(["--version"], tmp_path, given, 60) is None


def test_a_command_that_takes_too_long_is_killed_and_answers_no_other(warm: Warm, tmp_path: Path, project: Any) -> None:
    """The next one is told its own end."""
    folder = project.execute("time.sleep(50)")
    given = {**warm.environment, "HOME": str(tmp_path)}
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run(["run", "small"], folder, given, 3)
    done = warm.run(["--version"], folder, given, 60)
    assert done is not None
    assert (0, True) == (done.returncode, done.stdout.startswith(b"converge "))
