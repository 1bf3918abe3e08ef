"""The ledger's bars, measured through the port.

    python tests/benchmarks/ledger.py [--json] [--rounds N]

Times are medians, rates the best of N rounds, so that a busy machine tells less of itself. Nothing is asserted here.
"""

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from figures import tell_rounds

from converge_cli._internal.system import SystemClock
from converge_cli.core.ledger import LedgerEntry, NewEntry
from converge_cli.core.ledger_address import parse_address
from converge_cli.core.ledger_proof import check_chain, merkle_root
from converge_cli.core.port import Ledger
from converge_cli.store.ledger_grpc import GrpcLedger
from converge_cli.store.ledger_memory import MemoryLedger
from converge_cli.store.ledger_sqlite import SqliteLedger

PAYLOAD = (
    b'{"at":"2026-11-21T14:03:00.000000Z","cycle":1,"id":"vendor:acme","key":"Signals","seq":12,"type":"FactPromoted"}'
)
BATCH = 1000
SINGLES = 2000
BATCHES = 40
WATCHED = 300


def entries(first: int, count: int) -> list[NewEntry]:
    """Entries as a mirror makes them."""
    return [
        NewEntry(f"event:{number}", "facts", PAYLOAD, {"type": "FactPromoted"})
        for number in range(first, first + count)
    ]


def median_us(calls: list[Callable[[], object]]) -> float:
    """Median time of a call, microseconds."""
    taken = []
    for call in calls:
        begun = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begun) * 1e6)
    return round(statistics.median(taken), 2)


def append_us(ledger: Ledger, count: int = SINGLES) -> float:
    """One entry at a time."""
    return median_us([partial(ledger.append, "single", entries(number, 1)) for number in range(1, count + 1)])


def bare_append_us(file: Path, count: int = SINGLES) -> float:
    """What a single row costs in SQLite on this disk, with the same durability: the floor under a durable append."""
    with closing(sqlite3.connect(file, isolation_level=None)) as bare:
        bare.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE held (data BLOB);")
        return median_us([partial(bare.execute, "INSERT INTO held VALUES (?)", (PAYLOAD,)) for _ in range(count)])


def read_us(ledger: Ledger, count: int = SINGLES) -> float:
    """One entry at a time, of those that were appended."""
    return median_us([partial(ledger.get, "single", after=number, limit=1) for number in range(count)])


def batched_per_s(ledger: Ledger, context: str) -> float:
    """Entries a second in batches of a thousand; building them is not counted."""
    batches = [entries(1 + number * BATCH, BATCH) for number in range(BATCHES)]
    begun = time.perf_counter()
    for batch in batches:
        ledger.append(context, batch)
    return BATCHES * BATCH / (time.perf_counter() - begun)


def pages_of(ledger: Ledger, context: str) -> list[LedgerEntry]:
    """All entries."""
    held: list[LedgerEntry] = []
    while True:
        page = ledger.get(context, after=len(held), limit=BATCH)
        held += page.entries
        if not page.more:
            return held


def verify_per_s(held: list[LedgerEntry], context: str) -> float:
    """Entries a second: chain and root, computed by the reader from what Get gave."""
    begun = time.perf_counter()
    merkle_root(check_chain(context, held).leaves)
    return len(held) / (time.perf_counter() - begun)


def watch_ms(ledger: Ledger, writer: Ledger) -> dict[str, float]:
    """From before an append until a watcher of the same context has it."""
    arrived: list[float] = []
    ready = threading.Event()

    def work() -> None:
        with closing(ledger.watch("watched", heartbeat=0.1)) as watching:  # type: ignore[type-var]
            for item in watching:
                if not isinstance(item, LedgerEntry):
                    ready.set()
                    continue
                arrived.append(time.perf_counter())
                if len(arrived) == WATCHED:
                    return

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait(10)
    begun = []
    for number in range(1, WATCHED + 1):
        new = entries(number, 1)
        begun.append(time.perf_counter())
        writer.append("watched", new)
        while len(arrived) < number:
            time.sleep(0.0002)
    thread.join()
    delays = [(end - start) * 1000 for start, end in zip(begun, arrived, strict=True)]
    return {"median": round(statistics.median(delays), 2), "p99": round(sorted(delays)[int(WATCHED * 0.99) - 1], 2)}


@contextmanager
def served(file: str) -> Iterator[GrpcLedger]:
    """A client of a server in a process of its own."""
    command = [Path(sys.executable).with_name("converge"), "ledger", "serve", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        [*command, "--ledger", file], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        client = GrpcLedger(parse_address(server.stderr.readline().split()[-1], Path()))
        try:
            yield client
        finally:
            client.close()
            server.terminate()


def measure(rounds: int) -> dict[str, float | dict[str, float]]:
    """Every figure."""
    with tempfile.TemporaryDirectory() as folder:
        memory = MemoryLedger(SystemClock())
        durable = SqliteLedger(Path(folder) / "ledger.db", SystemClock())
        figures: dict[str, float | dict[str, float]] = {
            "memory_append_us": append_us(memory),
            "memory_read_us": read_us(memory),
            "durable_append_us": append_us(durable),
            "bare_sqlite_append_us": bare_append_us(Path(folder) / "bare.db"),
            "durable_read_us": read_us(durable),
            "memory_batched_per_s": round(max(batched_per_s(memory, f"b{n}") for n in range(rounds))),
            "durable_batched_per_s": round(max(batched_per_s(durable, f"b{n}") for n in range(rounds))),
        }
        held = pages_of(durable, "b0")
        figures["verify_per_s"] = round(max(verify_per_s(held, "b0") for _ in range(rounds)))
        figures["watch_memory_ms"] = watch_ms(memory, memory)
        other = SqliteLedger(Path(folder) / "ledger.db", SystemClock())
        figures["watch_other_connection_ms"] = watch_ms(durable, other)
        other.close()
        with served(f"{folder}/served.db") as client:
            figures["grpc_durable_append_us"] = append_us(client, 500)
            figures["grpc_batched_per_s"] = round(max(batched_per_s(client, f"b{n}") for n in range(rounds)))
            figures["watch_grpc_ms"] = watch_ms(client, client)
        durable.close()
    return figures


if __name__ == "__main__":
    tell_rounds(__doc__, measure, rounds=3)
