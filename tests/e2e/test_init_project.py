"""What `converge init` makes is a whole project: everything that the guide tells people to do next works."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def test_a_new_project_validates_runs_and_passes_its_own_examples(converge: Any, tmp_path: Path) -> None:
    """A newcomer's first four commands end with 0, behave included."""
    made = converge("init", "mine")
    project = tmp_path / "mine"
    codes = [
        converge(*words, cwd=project).code
        for words in (["validate", "--strict", "--run"], ["run", "requests", "--no-input"])
    ]
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
    assert "7 scenarios passed, 0 failed, 0 skipped" in behaved.stdout


def test_init_never_overwrites(converge: Any, tmp_path: Path) -> None:
    """The second init in a folder writes nothing and says so."""
    converge("init", "mine")
    (tmp_path / "mine" / "converge.yaml").write_text("storage: {path: elsewhere}\n")
    again = converge("init", "mine", "--json")

    assert (1, "PROJECT_EXISTS") == (again.code, again.error["code"])
    assert "storage: {path: elsewhere}\n" == (tmp_path / "mine" / "converge.yaml").read_text()


@pytest.mark.parametrize("below", [".", "truths", "packs/requests"])
def test_init_says_where_a_project_is_already(below: str, converge: Any, tmp_path: Path) -> None:
    """And what to do instead; nothing is written."""
    converge("init", "mine")
    before = sorted((tmp_path / "mine").rglob("*"))
    again = converge("init", cwd=tmp_path / "mine" / below)

    assert (1, True) == (again.code, "PROJECT_EXISTS" in again.err)
    assert before == sorted((tmp_path / "mine").rglob("*"))


def test_init_in_a_place_that_can_t_be_written_to_leaves_nothing(converge: Any, tmp_path: Path) -> None:
    """A file where a folder is needed, a folder that nobody can write to."""
    (tmp_path / "packs").write_text("in the way")
    for folder in (".", "packs/mine", "/proc/mine"):
        ran = converge("init", folder)
        assert (1, True) == (ran.code, "NOT_WRITABLE" in ran.err), ran.err

    assert ["packs"] == [path.name for path in tmp_path.iterdir() if path.name != "store"]


def test_init_keeps_a_gitignore_and_says_so(converge: Any, tmp_path: Path) -> None:
    """A repository that was just cloned is a fine place for a project."""
    (tmp_path / ".gitignore").write_text("mine\n")
    planned, made = converge("init", "--dry-run", "--json"), converge("init", "--json")

    assert ("planned", "created", [".gitignore"]) == (
        planned.document["outcome"],
        made.document["outcome"],
        made.data["kept"],
    )
    assert planned.data == made.data
    assert "mine\n" == (tmp_path / ".gitignore").read_text()


def test_the_example_project_validates_and_runs_with_other_readings_and_parameters(
    converge: Any, tmp_path: Path
) -> None:
    """A user's own folder is found and run like ours; nothing in it needs editing."""
    example = Path(__file__).parents[2] / "docs" / "examples" / "custom-agent"
    (tmp_path / "dry.csv").write_text("bed,crop,moisture,area_m2\nwest,salad,5,2\n")
    given = converge("run", "custom-agent", "--input", f"readings={tmp_path / 'dry.csv'}", "--json", cwd=example)
    thirsty = converge("run", "custom-agent", "--param", "greenhouse.litres_per_m2=7", "--json", cwd=example)

    assert 0 == converge("validate", "truths/", "features/", cwd=example).code
    assert (0, "8") == (given.code, given.data["outputs"]["plan"][0]["content"]["litres"])
    assert (7, ["no_bed_drowns"]) == (thirsty.code, thirsty.data["stop"]["names"])
