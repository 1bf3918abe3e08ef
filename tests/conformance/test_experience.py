"""The Experience suite, over every adapter."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from converge_cli.store.memory import MemoryExperience
from converge_cli.store.sqlite import SqliteExperience
from converge_cli.testing.experience_conformance import ExperienceConformance


class TestMemoryExperience(ExperienceConformance):
    """In memory."""

    @pytest.fixture
    def experience(self) -> MemoryExperience:
        return MemoryExperience()


class TestSqliteExperience(ExperienceConformance):
    """One SQLite file."""

    @pytest.fixture
    def experience(self, tmp_path: Path) -> Iterator[SqliteExperience]:
        store = SqliteExperience(tmp_path / "store")
        yield store
        store.close()
