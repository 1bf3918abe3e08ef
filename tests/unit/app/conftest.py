"""A project that a test may change."""

from pathlib import Path

import pytest
from greenhouse_project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy that a test may change."""
    return Project(tmp_path / "mine")
