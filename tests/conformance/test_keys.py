"""The suite of key rings, over every adapter, and what a damaged row comes to."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from converge_cli.core.errors import RecordCorruptError
from converge_cli.store.keys_memory import MemoryKeys
from converge_cli.store.keys_sqlite import SqliteKeys
from converge_cli.store.sqlite import SqliteExperience
from converge_cli.testing.keys_conformance import LATE, KeysConformance, sample_key


class TestMemoryKeys(KeysConformance):
    """In memory."""

    @pytest.fixture
    def ring(self) -> MemoryKeys:
        return MemoryKeys()


class TestSqliteKeys(KeysConformance):
    """In the file of the jobs."""

    @pytest.fixture
    def ring(self, tmp_path: Path) -> Iterator[SqliteKeys]:
        store = SqliteExperience(tmp_path / "store")
        yield SqliteKeys(store.file)
        store.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE keys SET row = replace(CAST(row AS TEXT), 'mona', 'sofi') WHERE number = 1",
        "UPDATE keys SET row = CAST(replace(CAST(row AS TEXT), 'mona', 'sofi') AS BLOB) WHERE number = 1",
        "UPDATE keys SET crc = crc + 1 WHERE number = 1",
        "UPDATE keys SET id = 'other' WHERE number = 1",
    ],
)
def test_a_damaged_key_opens_nothing_and_hides_no_other(tmp_path: Path, damage: str) -> None:
    """It is told wherever it is met; the others are found, listed and revoked as before."""
    store = SqliteExperience(tmp_path)
    ring = SqliteKeys(store.file)
    hurt, sound = sample_key("a"), sample_key("b")
    ring.add(hurt)
    ring.add(sound)
    store.close()
    with sqlite3.connect(tmp_path / "experience.db") as connection:
        assert 1 == connection.execute(damage).rowcount
    connection.close()
    with pytest.raises(RecordCorruptError):
        ring.find(hurt.digest)
    listed = iter(ring.all())
    assert sound == next(listed)
    with pytest.raises(RecordCorruptError):
        next(listed)
    assert LATE == ring.revoke(sound.id, LATE).revoked_at
    store.close()


def test_a_key_under_another_digest_is_damaged(tmp_path: Path) -> None:
    """Nobody makes a key theirs by writing the digest of their own secret beside it."""
    store = SqliteExperience(tmp_path)
    ring = SqliteKeys(store.file)
    ring.add(sample_key("a"))
    store.close()
    with sqlite3.connect(tmp_path / "experience.db") as connection:
        connection.execute("UPDATE keys SET secret = ?", (sample_key("b").digest,))
    connection.close()
    with pytest.raises(RecordCorruptError):
        ring.find(sample_key("b").digest)
    store.close()


def test_a_store_of_an_older_layout_has_no_keys(tmp_path: Path) -> None:
    """Looking for one changes nothing of a store that nobody has written yet."""
    store = SqliteExperience(tmp_path / "none")
    assert ([], None) == (list(SqliteKeys(store.file).all()), SqliteKeys(store.file).find("x"))
    assert not (tmp_path / "none").exists()
