"""The Ledger suite, over every adapter."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from served_ledger import served

from converge_cli._internal.system import SystemClock
from converge_cli.store.ledger_grpc import GrpcLedger
from converge_cli.store.ledger_memory import MemoryLedger
from converge_cli.store.ledger_sqlite import SqliteLedger
from converge_cli.testing.ledger_conformance import MAX_LAG, LedgerConformance


class TestMemoryLedger(LedgerConformance):
    """In memory."""

    @pytest.fixture
    def ledger(self) -> MemoryLedger:
        return MemoryLedger(SystemClock(), max_lag=MAX_LAG)

    @pytest.fixture
    def other(self) -> MemoryLedger:
        return MemoryLedger(SystemClock())


class TestSqliteLedger(LedgerConformance):
    """One SQLite file."""

    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Iterator[SqliteLedger]:
        ledger = SqliteLedger(tmp_path / "ledger.db", SystemClock(), max_lag=MAX_LAG)
        yield ledger
        ledger.close()

    @pytest.fixture
    def other(self, tmp_path: Path) -> Iterator[SqliteLedger]:
        ledger = SqliteLedger(tmp_path / "elsewhere" / "other.db", SystemClock())
        yield ledger
        ledger.close()


class TestGrpcLedger(LedgerConformance):
    """A client of a server over a SQLite file."""

    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Iterator[GrpcLedger]:
        held = SqliteLedger(tmp_path / "ledger.db", SystemClock(), max_lag=MAX_LAG)
        with served(held) as ledger:
            yield ledger
        held.close()

    @pytest.fixture
    def other(self) -> Iterator[GrpcLedger]:
        with served(MemoryLedger(SystemClock())) as ledger:
            yield ledger
