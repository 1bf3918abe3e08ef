"""A byte of the database is flipped, wherever: nothing that a reader obtains changes, or an error names the place."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from engine_programs import SEED, Act, Program, approve_all, engine
from hypothesis import given, settings
from hypothesis import strategies as st

from converge_cli import Budget
from converge_cli._internal.hashing import digest_bytes
from converge_cli.app.explain.explain_run import explain_run
from converge_cli.app.record.replay_run import replay_run
from converge_cli.bootstrap import make_services
from converge_cli.core.call import KeptCall
from converge_cli.core.errors import ConvergeError
from converge_cli.core.port import RunFilter
from converge_cli.settings import Settings

PROGRAMS = [
    Program((), (Act("propose", "Signals", "a", "x"), Act("unsure", "Strategies", "b", "yy"))),
    Program(("Signals",), (Act("cite", "Evaluations", "c", "x"), Act("ghost", "Signals", "c", "x"))),
]
ANSWER = digest_bytes(b"a")
TYPED = {"RECORD_CORRUPT", "STORE_UNAVAILABLE", "RUN_NOT_FOUND", "REPLAY_DIVERGED"}
"""What damage may be called: damaged, no database of ours any more, or not there under that id."""


class Whole:
    """The bytes of a database, and what its readers obtain; its repr is short."""

    def __init__(self, folder: Path) -> None:
        self.data = (folder / "experience.db").read_bytes()
        self.obtained = read_all(folder)


@pytest.fixture(scope="module")
def whole() -> Iterator[Whole]:
    """A database with a run that paused, was approved and went on; and what its readers obtain."""
    with TemporaryDirectory() as folder:
        services = make_services(Path(folder), settings=Settings("sqlite", Path(folder), None))
        store = services.experience
        result = asyncio.run(engine(PROGRAMS, Budget(cycles=9, facts=50), store).run([SEED]))
        approve_all(store, result.run_id)
        asyncio.run(engine(PROGRAMS, Budget(cycles=9, facts=50), store).resume(result.run_id))
        for occurrence in range(3):
            store.put_call(result.run_id, KeptCall("asker", 0, digest_bytes(b"q"), occurrence, ANSWER), b"q", b"a")
        store.close()
        yield Whole(Path(folder))


def read_all(folder: Path) -> dict[str, Any]:
    """What every reader obtains of the one run, or the code of its error and whether it says where."""
    services = make_services(folder, settings=Settings("sqlite", folder, None))
    store = services.experience
    readers: dict[str, Callable[[], Any]] = {
        "row": lambda: store.row("r00000001"),
        "rows": lambda: list(store.rows()),
        "query": lambda: list(store.query(RunFilter(truth="sample", status="stopped"))),
        "calls": lambda: sorted(store.calls("r00000001"), key=msgspec.structs.astuple),
        "events": lambda: list(store.read("r00000001")),
        "blobs": lambda: [store.get_blob(digest) for digest in _digests(next(iter(store.read("r00000001"))))],
        "replay": lambda: replay_run(services, "r00000001").replayed,
        "explain": lambda: explain_run(services, "r00000001").data,
    }
    found = {name: _obtained(reader) for name, reader in readers.items()}
    store.close()
    return found


def _digests(first: bytes) -> list[str]:
    started = json.loads(first)
    return [started["job"], started["people"], started["registry"]]


def _obtained(reader: Callable[[], Any]) -> Any:
    try:
        return msgspec.json.encode(reader(), enc_hook=repr)
    except ConvergeError as error:
        return error.code, bool(error.where or error.message)


@settings(max_examples=150, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), mask=st.integers(1, 255))
def test_a_flipped_byte_changes_nothing_or_is_told(whole: Whole, place: float, mask: int) -> None:
    """Every position is as likely; every reader gives what it gave, or a typed error that says where."""
    damaged = bytearray(whole.data)
    at = int(place * len(damaged))
    damaged[at] ^= mask
    with TemporaryDirectory() as folder:
        (Path(folder) / "experience.db").write_bytes(damaged)
        found = read_all(Path(folder))
    changed = {name: obtained for name, obtained in found.items() if obtained != whole.obtained[name]}
    silent = [name for name, obtained in changed.items() if not isinstance(obtained, tuple)]
    assert ([], set()) == (silent, {obtained for obtained in changed.values() if obtained[0] not in TYPED}), at
    assert all(told for _, told in changed.values())
