"""Whole projects of the corpus, a folder each, through the real use case: good ones are clean, bad ones are told.

`python tests/golden/truth/test_golden_projects.py CASE ...` writes what the cases find now; read it before you keep it.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from converge_cli.app.validate.counted import Choice
from converge_cli.app.validate.validate_run import validate_and_run
from converge_cli.app.validate.validate_truths import validate_truths
from converge_cli.bootstrap import make_services
from converge_cli.settings import Settings

HERE = Path(__file__).parent
RUN = {"example-failed", "not-exercised", "soft-violated"}
"""Cases that only running shows."""


def findings_of(folder: Path) -> list[list[Any]]:
    """What a project gives, in the form of its JSON file: code, name, place, message, fix."""
    services = make_services(folder, settings=Settings("memory", folder, None))
    if folder.name in RUN:
        found = asyncio.run(validate_and_run(services, [], Choice())).validation
    else:
        found = validate_truths(services, [])
    return [
        [item.code, item.name, f"{item.file}:{item.line}:{item.column}-{item.end_column}", item.message, item.fix]
        for item in found.diagnostics
    ]


def _projects(folder: str) -> list[str]:
    return sorted(path.name for path in (HERE / folder).iterdir() if path.is_dir())


@pytest.mark.parametrize("name", _projects("bad"))
def test_a_bad_project_gives_exactly_the_expected_findings_at_their_places(name: str) -> None:
    """Code, place, message and fix of each finding are pinned, and the one that the case is named for is there."""
    expected = json.loads((HERE / "bad" / f"{name}.json").read_text())
    assert expected == findings_of(HERE / "bad" / name)
    assert name.partition("--")[0] in {finding[1] for finding in expected}


@pytest.mark.parametrize("name", _projects("good"))
def test_a_good_project_is_clean(name: str) -> None:
    """Nothing is found in any of its files."""
    assert [] == findings_of(HERE / "good" / name)


if __name__ == "__main__":
    for case in sys.argv[1:]:
        found = json.dumps(findings_of(HERE / "bad" / case), indent=1, ensure_ascii=False)
        (HERE / "bad" / f"{case}.json").write_text(found + "\n", encoding="utf-8")
        sys.stdout.write(f"{case}\n{found}\n")
