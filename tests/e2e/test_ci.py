"""Continuous integration: the workflow that `init` writes, the pre-commit hook of this repository, both really run."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def environment(converge: Any) -> dict[str, str]:
    """With our command first on the path, and nothing of git's or pre-commit's own settings."""
    env: dict[str, str] = converge.environment(
        {"PRE_COMMIT_HOME": str(converge.folder / "hooks"), "GIT_CONFIG_GLOBAL": os.devnull}
    )
    return env | {"PATH": f"{converge.command.parent}{os.pathsep}{env['PATH']}"}


def shell(converge: Any, line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A line as a runner executes it."""
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", line],
        cwd=folder, env=environment(converge), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def project(converge: Any, tmp_path: Path) -> Path:
    """A new project, in git."""
    converge("init", "mine")
    folder = tmp_path / "mine"
    done = shell(converge, "git init --quiet . && git add --all", folder)
    assert 0 == done.returncode, done.stderr
    return folder


def steps_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of all jobs."""
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_the_workflow_s_commands_pass_in_a_new_project_and_fail_on_a_finding(converge: Any, project: Path) -> None:
    """What it installs is what this package is called."""
    workflow = yaml.safe_load((project / ".github" / "workflows" / "converge.yml").read_text())
    install, *checks = [step["run"] for step in steps_of(workflow) if "run" in step]
    name = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["name"]
    passed = [shell(converge, line, project) for line in checks]
    truth = project / "truths" / "requests" / "truth.yaml"
    truth.write_text(truth.read_text().replace("guarded_by: decided}", "guarded_by: decidd}"))
    failed = [shell(converge, line, project) for line in checks]

    assert f"pip install {name}" == install
    assert [0] == [done.returncode for done in passed], passed
    assert [1] == [done.returncode for done in failed]
    assert re.search(r"^::error file=truths/requests/truth.yaml,line=\d+,", failed[0].stdout, re.MULTILINE)


def yaml_of_the_guide(beginning: str) -> Any:
    """The YAML block of the guide that begins so."""
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    [block] = [
        text
        for text in re.findall(r"^```yaml\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
        if text.startswith(beginning)
    ]
    return yaml.safe_load(block)


def test_the_guide_s_step_for_code_scanning_writes_what_is_uploaded(converge: Any, project: Path) -> None:
    """The file that one step writes is the one that the next step takes."""
    written, uploaded = yaml_of_the_guide("      - run: converge validate")
    done = shell(converge, written["run"], project)

    assert 0 == done.returncode, done.stderr
    assert "2.1.0" == json.loads((project / uploaded["with"]["sarif_file"]).read_text())["version"]


def test_the_workflow_may_only_read_and_names_exact_versions(project: Path) -> None:
    """An action that changes under a name, or that could write, is somebody else's hand in the project."""
    workflow = yaml.safe_load((project / ".github" / "workflows" / "converge.yml").read_text())
    uses = [step["uses"] for step in steps_of(workflow) if "uses" in step]

    assert {"contents": "read"} == workflow["permissions"]
    assert [] == [action for action in uses if not re.fullmatch(r"actions/[a-z-]+@v\d+\.\d+\.\d+", action)]


def hooked(converge: Any, project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pre-commit with the hook as this repository defines it; only where it is installed from differs."""
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    [used] = yaml_of_the_guide("# .pre-commit-config.yaml")["repos"][0]["hooks"]
    assert hook["id"] == used["id"]
    config = {"repos": [{"repo": "local", "hooks": [hook | used | {"language": "system"}]}]}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    line = f"git add --all && {sys.executable} -m pre_commit run --color never {' '.join(options)}"
    return shell(converge, line, project)


def test_the_pre_commit_hook_passes_a_sound_project_and_stops_a_broken_one(converge: Any, project: Path) -> None:
    """The findings are shown."""
    sound = hooked(converge, project, "--all-files")
    feature = project / "features" / "requests.feature"
    feature.write_text(feature.read_text().replace("Given any fact", "Gven any fact", 1))
    broken = hooked(converge, project)

    assert (0, True) == (sound.returncode, "Passed" in sound.stdout), sound.stdout + sound.stderr
    assert (1, True) == (broken.returncode, "features/requests.feature:6" in broken.stdout), broken.stdout


@pytest.mark.parametrize(
    ("file", "looked"),
    [
        ("README.md", False),
        ("src/program.py", False),
        ("packs/requests/facts.py", True),
        ("truths/requests/requests.csv", True),
        ("below/features/one.feature", True),
        ("truth.yaml", True),
    ],
)
def test_the_hook_runs_when_a_part_of_a_project_changes(file: str, looked: bool, converge: Any, project: Path) -> None:
    """And not for everything else."""
    path = project / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    ran = hooked(converge, project, "--files", file)

    assert looked == ("(no files to check)" not in ran.stdout), ran.stdout
