"""The layout of experience.db, its versions, and opening it. Must never open a file that another program made.

Opening, versions and migration serve other databases of ours too: what differs is their `Layout`.
"""

import sqlite3
from pathlib import Path
from typing import NamedTuple

from converge_cli.store.unavailable import StoreUnavailableError

APPLICATION_ID = 0x436E7667
SEQ_BITS = 32
"""A segment's id is its run's number shifted by this many bits, plus its first sequence: one tree, no index."""

BUSY_SECONDS = 10.0

_VERSION_1 = """
CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    run TEXT NOT NULL UNIQUE,
    truth TEXT NOT NULL,
    title TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    started_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    seq INTEGER NOT NULL,
    head TEXT NOT NULL,
    cycles INTEGER NOT NULL,
    facts INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    location TEXT NOT NULL,
    crc INTEGER NOT NULL
);
CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    last_seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    body BLOB NOT NULL
);
CREATE VIEW commits AS
    SELECT runs.run AS run, segments.id & 4294967295 AS first_seq, segments.last_seq AS last_seq,
           segments.head AS head, segments.body AS body
    FROM segments JOIN runs ON runs.number = segments.id >> 32;
CREATE TABLE blobs (
    digest TEXT PRIMARY KEY,
    coding INTEGER NOT NULL,
    data BLOB NOT NULL
) WITHOUT ROWID;
"""

_VERSION_2 = """
CREATE TABLE calls (
    run TEXT NOT NULL,
    suggestor TEXT NOT NULL,
    since INTEGER NOT NULL,
    request TEXT NOT NULL,
    occurrence INTEGER NOT NULL,
    answer TEXT NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (run, suggestor, since, request, occurrence)
) WITHOUT ROWID;
"""

# How many calls a run has is counted apart from them: of one that the disk renames, only the count would tell.
_VERSION_3 = """
ALTER TABLE runs ADD COLUMN waiting TEXT NOT NULL DEFAULT '';
CREATE TABLE call_counts (
    run TEXT PRIMARY KEY,
    calls INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO call_counts SELECT run, count(*) FROM calls GROUP BY run;
"""

# What stands in `row` is the job; the other columns repeat what is looked for.
_VERSION_4 = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY,
    job TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    status TEXT NOT NULL,
    fence INTEGER NOT NULL,
    due TEXT NOT NULL,
    row BLOB NOT NULL,
    crc INTEGER NOT NULL
);
CREATE UNIQUE INDEX jobs_by_key ON jobs (owner, key) WHERE key <> '';
CREATE INDEX jobs_by_status ON jobs (status, number);
CREATE INDEX jobs_by_owner ON jobs (owner, number);
CREATE INDEX jobs_by_due ON jobs (due) WHERE due <> '';
CREATE TABLE keys (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    secret TEXT NOT NULL UNIQUE,
    row BLOB NOT NULL,
    crc INTEGER NOT NULL
);
"""

MIGRATIONS: tuple[str, ...] = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4)
"""What leads from each version to the next; a released entry never changes."""

_LACKS_CALLS = """
CREATE TEMP VIEW calls AS
    SELECT '' AS run, '' AS suggestor, 0 AS since, '' AS request, 0 AS occurrence, '' AS answer, 0 AS crc WHERE 0;
"""

_LACKS_WAITING = """
CREATE TEMP VIEW runs AS SELECT *, '' AS waiting FROM main.runs;
CREATE TEMP VIEW call_counts AS SELECT run, count(*) AS calls FROM calls GROUP BY run;
"""

_LACKS_JOBS = """
CREATE TEMP VIEW jobs AS
    SELECT 0 AS number, '' AS job, '' AS owner, '' AS key, '' AS status, 0 AS fence, '' AS due, x'' AS row, 0 AS crc
    WHERE 0;
CREATE TEMP VIEW keys AS SELECT 0 AS number, '' AS id, '' AS secret, x'' AS row, 0 AS crc WHERE 0;
"""

READINGS: tuple[str, ...] = (_LACKS_CALLS, _LACKS_WAITING, _LACKS_JOBS)
"""For each step of `MIGRATIONS` but the first: what its reader sees in an older file, which stays as it is."""


class Layout(NamedTuple):
    """One kind of database of ours.

    Attributes:
        file: its name in its folder.
        application_id: what SQLite's header says of whose it is.
        migrations: see `MIGRATIONS`.
        readings: see `READINGS`; one less than there are migrations.
        elsewhere: how to choose another place for it.
        lock: name of the file beside it that its writers lock.
        checkpoint_pages: how long its write-ahead log grows before it is folded into the file.
    """

    file: str
    application_id: int
    migrations: tuple[str, ...]
    readings: tuple[str, ...]
    elsewhere: str
    lock: str
    checkpoint_pages: int


EXPERIENCE = Layout(
    "experience.db",
    APPLICATION_ID,
    MIGRATIONS,
    READINGS,
    "choose another folder with CONVERGE_STORAGE_PATH",
    lock="lock",
    # A short log is written over again and again: no commit has to wait for the file to grow (measured: half the time).
    checkpoint_pages=100,
)


def connect(folder: Path, *, create: bool, layout: Layout = EXPERIENCE) -> sqlite3.Connection:
    """Open the layout's file in a folder; a database that is only read is neither made nor changed.

    Raises:
        sqlite3.Error: it can't be opened.
        StoreUnavailableError: it belongs to another program or to a newer version.
    """
    file = (folder / layout.file).absolute().as_uri()
    connection = _open(f"{file}?mode={'rwc' if create else 'rw'}")
    try:
        try:
            _prepare(connection, folder, layout, create=create)
        except sqlite3.OperationalError as error:
            if create or not _is_read_only(error) or _has_wal(folder / layout.file):
                raise
            # A copy on a read-only disk: with an empty WAL its one file is the whole store, and nobody can write it.
            connection.close()
            connection = _open(f"{file}?mode=ro&immutable=1")
            _prepare(connection, folder, layout, create=False)
    except BaseException:
        connection.close()
        raise
    return connection


def migrate(
    connection: sqlite3.Connection,
    folder: Path,
    migrations: tuple[str, ...] | None = None,
    layout: Layout = EXPERIENCE,
) -> None:
    """Bring an open database to this version, in one transaction; the caller holds the store's lock."""
    migrations = layout.migrations if migrations is None else migrations
    version = check_version(connection, folder, len(migrations), layout)
    if version == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for script in migrations[version:]:
            for statement in filter(str.strip, script.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {layout.application_id}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def read_older(connection: sqlite3.Connection, version: int, layout: Layout) -> None:
    """Show a reader an older file as if it were of this version, by views of its own connection: nothing is written."""
    for script in layout.readings[version - 1 :]:
        for statement in filter(str.strip, script.split(";")):
            connection.execute(statement)


def check_version(
    connection: sqlite3.Connection, folder: Path, known: int | None = None, layout: Layout = EXPERIENCE
) -> int:
    """The database's version; 0 for an empty one.

    Raises:
        StoreUnavailableError: it belongs to another program or to a newer version.
    """
    known = len(layout.migrations) if known is None else known
    owner, version, tables = connection.execute(
        "SELECT (SELECT application_id FROM pragma_application_id), "
        "(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)"
    ).fetchone()
    if owner != layout.application_id and (owner or version or tables):
        raise StoreUnavailableError(folder, f"{layout.file} belongs to another program", layout.elsewhere)
    if version > known:
        raise StoreUnavailableError(
            folder,
            f"it was written by a newer Converge (layout {version}; this one knows {known})",
            f"use that version of Converge, or {layout.elsewhere}",
        )
    return int(version)


def _open(uri: str) -> sqlite3.Connection:
    # Transactions are written out by hand, and the caller's lock makes it safe to share between threads.
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)


def _prepare(connection: sqlite3.Connection, folder: Path, layout: Layout, *, create: bool) -> None:
    version = check_version(connection, folder, layout=layout)
    if create and version == 0:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {layout.checkpoint_pages}")


def _is_read_only(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorname.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN"))


def _has_wal(file: Path) -> bool:
    wal = file.with_name(f"{file.name}-wal")
    return wal.exists() and wal.stat().st_size > 0
