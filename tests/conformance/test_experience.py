"""The Experience suite, over every adapter."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from converge_cli.store.memory import MemoryExperience
from converge_cli.store.sqlite import SqliteExperience
from converge_cli.testing import FaultyExperience, PortFault
from converge_cli.testing.experience_conformance import ExperienceConformance


class TestMemoryExperience(ExperienceConformance):
    """In memory."""

    @pytest.fixture
    def experience(self) -> MemoryExperience:
        return MemoryExperience()


class TestFaultyExperience(ExperienceConformance):
    """The faulty store without a fault."""

    @pytest.fixture
    def experience(self) -> FaultyExperience:
        return FaultyExperience(MemoryExperience(), PortFault())


class TestSqliteExperience(ExperienceConformance):
    """One SQLite file."""

    @pytest.fixture
    def experience(self, tmp_path: Path) -> Iterator[SqliteExperience]:
        store = SqliteExperience(tmp_path / "store")
        yield store
        store.close()
