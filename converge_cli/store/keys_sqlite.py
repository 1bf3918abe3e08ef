"""API keys in SQLite, in the database of the jobs: what stands in `row` is the key, the other columns repeat it."""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.core.api_key import ApiKey, KeyExistsError, KeyNotFoundError
from converge_cli.core.errors import RecordCorruptError
from converge_cli.store.sqlite_file import SqliteFile

_ADD = "INSERT INTO keys (id, secret, row, crc) VALUES (?, ?, ?, ?)"
_IS_THERE = "SELECT 1 FROM keys WHERE id = ? OR secret = ?"
_ANY = "SELECT 1 FROM keys LIMIT 1"
_BY_SECRET = "SELECT id, secret, row, crc FROM keys WHERE secret = ?"  # noqa: S105  a statement
_BY_ID = "SELECT id, secret, row, crc FROM keys WHERE id = ?"
_ALL = "SELECT id, secret, row, crc FROM keys ORDER BY number"
_SET = "UPDATE keys SET row = ?, crc = ? WHERE id = ?"


class SqliteKeys:
    """The KeyRing port in the file of a `SqliteExperience`; threads and processes may share it."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def add(self, key: ApiKey) -> None:
        """Keep a new key; see `KeyRing.add`."""
        with self._file.writing() as connection:
            if connection.execute(_IS_THERE, (key.id, key.digest)).fetchone() is not None:
                raise KeyExistsError(key.id)
            _insert(connection, key)

    def add_first(self, key: ApiKey) -> bool:
        """Keep a key if there is none; see `KeyRing.add_first`."""
        with self._file.writing() as connection:
            if connection.execute(_ANY).fetchone() is not None:
                return False
            _insert(connection, key)
            return True

    def find(self, digest: str) -> ApiKey | None:
        """The key whose secret has a digest; see `KeyRing.find`."""
        with self._file.reading() as connection:
            found = None if connection is None else connection.execute(_BY_SECRET, (digest,)).fetchone()
        return None if found is None else _checked(found)

    def all(self) -> Iterable[ApiKey]:
        """Every key, the oldest first; see `KeyRing.all`."""
        with self._file.reading() as connection:
            rows = [] if connection is None else connection.execute(_ALL).fetchall()
        return _given(rows)

    def revoke(self, id: str, now: str) -> ApiKey:  # noqa: A002  the port's name
        """Have a key open nothing any more; see `KeyRing.revoke`."""
        with self._file.writing() as connection:
            found = connection.execute(_BY_ID, (id,)).fetchone()
            if found is None:
                raise KeyNotFoundError(id)
            key = _checked(found)
            if not key.revoked_at:
                key = msgspec.structs.replace(key, revoked_at=now)
                row = encode(key)
                connection.execute(_SET, (row, zlib.crc32(row), id))
            return key


def _insert(connection: sqlite3.Connection, key: ApiKey) -> None:
    row = encode(key)
    connection.execute(_ADD, (key.id, key.digest, row, zlib.crc32(row)))


def _given(rows: Iterable[Sequence[Any]]) -> Iterator[ApiKey]:
    damaged = []
    for values in rows:
        key = _sound(values)
        if key is None:
            damaged.append(values[0])
        else:
            yield key
    if damaged:
        raise _damaged(damaged)


def _checked(values: Sequence[Any]) -> ApiKey:
    key = _sound(values)
    if key is None:
        raise _damaged([values[0]])
    return key


def _sound(values: Sequence[Any]) -> ApiKey | None:
    """The key of stored values; None when they are not what was written."""
    id_, digest, row, crc = values
    if type(row) is not bytes or zlib.crc32(row) != crc:
        return None
    key = msgspec.json.decode(row, type=ApiKey)
    return key if (key.id, key.digest) == (id_, digest) else None


def _damaged(keys: Sequence[Any]) -> RecordCorruptError:
    """The error for keys that are not what was written, by the ids that stand in their rows now."""
    said = ", ".join(repr(str(key)[:80]) for key in keys)
    return RecordCorruptError(f"the entry of key {said} is damaged: it opens nothing", where=str(keys[0])[:80])
