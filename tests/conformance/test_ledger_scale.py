"""Many of everything: contexts, watchers, cuts. A tenth of it on each commit; CONVERGE_FULL=1 takes the full."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from served_ledger import serving

from converge_cli._internal.system import SystemClock
from converge_cli._internal.wire import ledger_pb2 as wire
from converge_cli._internal.wire.ledger_pb2_grpc import LedgerStub
from converge_cli.core.ledger import LedgerEntry
from converge_cli.core.ledger_address import parse_address
from converge_cli.core.ledger_errors import LedgerUnavailableError
from converge_cli.store.ledger_grpc import GrpcLedger
from converge_cli.store.ledger_sqlite import SqliteLedger
from converge_cli.testing.ledger_samples import all_of, entries_in, some

FULL = bool(os.environ.get("CONVERGE_FULL"))
CONTEXTS = 10_000 if FULL else 1_000
WATCHERS = 1_000 if FULL else 100
APPENDS = 10_000 if FULL else 1_000
CUTS = 100


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server over a SQLite file."""
    ledger = SqliteLedger(tmp_path / "ledger.db", SystemClock())
    with serving(ledger) as address:
        yield address
    ledger.close()


@contextmanager
def client(address: str) -> Iterator[GrpcLedger]:
    """A client of its own connection."""
    ledger = GrpcLedger(parse_address(address, Path()))
    try:
        yield ledger
    finally:
        ledger.close()


class CuttingProxy:
    """Passes bytes between a client and a server, and cuts every connection when it is told to."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._sockets: set[socket.socket] = set()
        self.port = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def cut(self) -> None:
        """End every connection, in the middle of whatever is said."""
        for end in tuple(self._sockets):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._target)
                for source, sink in ((near, far), (far, near)):
                    self._threads.append(threading.Thread(target=self._pass_on, args=(source, sink)))
                    self._threads[-1].start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        self._sockets.add(source)
        with suppress(OSError):
            while data := source.recv(4096):
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._sockets.discard(source)
        source.close()


@pytest.mark.timeout(500)
def test_a_watcher_that_is_cut_a_hundred_times_sees_each_entry_once_and_in_order(url: str):
    """Its connection is cut anywhere while others append; it goes on behind the last entry that it was given."""
    proxy = CuttingProxy(("127.0.0.1", int(url.rpartition(":")[2])))
    writing = threading.Event()

    def write() -> None:
        with client(url) as writer:
            for number in range(1, APPENDS + 1):
                writer.append("run1", some(1, number))
                writing.set()

    def cut() -> None:
        for _ in range(CUTS):
            # Each cut hits a watcher that has been given something since the one before.
            until, moment = len(seen) + 1, time.monotonic() + 5
            while len(seen) < until and time.monotonic() < moment and len(seen) < APPENDS:
                time.sleep(0.0005)
            proxy.cut()

    seen: list[LedgerEntry] = []
    lost = 0
    threads = [threading.Thread(target=write), threading.Thread(target=cut)]
    for thread in threads:
        thread.start()
    writing.wait(10)
    while len(seen) < APPENDS:
        with client(f"grpc://127.0.0.1:{proxy.port}") as ledger, suppress(LedgerUnavailableError):
            watch_into(seen, ledger)
        lost += 1
    for thread in threads:
        thread.join(60)
    proxy.close()

    assert list(range(1, APPENDS + 1)) == [entry.sequence for entry in seen]
    assert [f"e{number}" for number in range(1, APPENDS + 1)] == [entry.id for entry in seen]
    assert lost > CUTS // 2


def watch_into(seen: list[LedgerEntry], ledger: GrpcLedger) -> None:
    """Go on watching behind what has been seen, to the end or the next cut."""
    with closing(ledger.watch("run1", after=len(seen), heartbeat=0.2)) as watching:
        for entry in entries_in(watching):
            seen.append(entry)
            if len(seen) == APPENDS:
                return


@pytest.mark.timeout(500)
def test_a_thousand_watchers_hold(url: str):
    """Each of another context, and all of one: everybody gets everything, and soon."""
    port = url.rpartition(":")[2]
    with client(url) as ledger:
        got = asyncio.run(watch_all(f"127.0.0.1:{port}", ledger))

    assert [[1, 2, 3]] * WATCHERS == got["own"]
    assert [[1, 2, 3]] * WATCHERS == got["shared"]


async def watch_all(target: str, ledger: GrpcLedger) -> dict[str, Any]:
    """Twice as many watchers as the figure says, at the same time; entries appended when all of them wait."""
    async with grpc.aio.insecure_channel(target) as channel:
        stub: Any = LedgerStub(channel)
        waiting = asyncio.Semaphore(0)

        async def one(context: str) -> list[int]:
            call = stub.Watch(wire.WatchRequest(context=context, after=0, heartbeat_ms=1000))
            seen: list[int] = []
            async for message in call:
                if message.HasField("heartbeat"):
                    waiting.release()
                    continue
                seen.append(message.entry.sequence)
                if len(seen) == 3:
                    call.cancel()
                    return seen
            return seen

        own = [asyncio.ensure_future(one(f"run{number}")) for number in range(WATCHERS)]
        shared = [asyncio.ensure_future(one("shared")) for _ in range(WATCHERS)]
        for _ in range(2 * WATCHERS):
            await asyncio.wait_for(waiting.acquire(), 60)
        for name in ("shared", *(f"run{number}" for number in range(WATCHERS))):
            await asyncio.to_thread(ledger.append, name, some(3))
        return {"own": await asyncio.gather(*own), "shared": await asyncio.gather(*shared)}


@pytest.mark.timeout(500)
def test_ten_thousand_contexts_hold(url: str):
    """The last is appended to and read as quickly as the first."""
    with client(url) as ledger:
        for number in range(CONTEXTS):
            ledger.append(f"run{number}", some(2))
        taken = {}
        for name in ("run0", f"run{CONTEXTS - 1}"):
            begun = time.perf_counter()
            for number in range(3, 53):
                ledger.append(name, some(1, number))
            assert 52 == len(list(all_of(ledger, name)))
            taken[name] = time.perf_counter() - begun

    first, last = taken.values()
    assert last < 10 * first + 1


def test_a_page_costs_the_same_however_long_its_context_is(tmp_path: Path):
    """Of all entries and of one key, at the end of many; within a generous factor, best of several."""
    ledger = SqliteLedger(tmp_path / "ledger.db", SystemClock())
    for start in range(1, 20_001, 1000):
        ledger.append("long", some(1000, start, ("facts", "traces")[start // 1000 % 2]))
    ledger.append("short", some(100))

    def cost(context: str, after: int, key: str | None) -> float:
        taken = []
        for _ in range(20):
            begun = time.perf_counter()
            ledger.get(context, after=after, key=key, limit=50)
            taken.append(time.perf_counter() - begun)
        return min(taken)

    short = cost("short", 0, None)
    for after in (0, 10_000, 19_900):
        for key in (None, "facts", "traces", "none"):
            assert cost("long", after, key) < 5 * short
    ledger.close()
