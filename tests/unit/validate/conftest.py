"""A project that a test may spoil."""

import shutil
from pathlib import Path

import pytest
from small_site import GOOD, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A copy that a test may change."""
    shutil.copytree(GOOD, tmp_path / "site", ignore=shutil.ignore_patterns("__pycache__"))
    return Site(tmp_path / "site")
