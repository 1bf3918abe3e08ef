"""A ledger's server in this process, on a thread with an event loop of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from converge_cli.core.ledger_address import parse_address
from converge_cli.server.ledger_server import LedgerServer, Listening
from converge_cli.store.ledger_grpc import GrpcLedger
from converge_cli.store.ledger_watch import LocalLedger


@contextmanager
def serving(ledger: LocalLedger, listening: Listening | None = None) -> Iterator[str]:
    """Serve a ledger for the length of the block; yields its URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> tuple[LedgerServer, str]:
        server = LedgerServer(ledger, listening or Listening("127.0.0.1:0"))
        return server, await server.start()

    try:
        server, url = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
        try:
            yield url
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result(20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


@contextmanager
def served(ledger: LocalLedger) -> Iterator[GrpcLedger]:
    """A client of a ledger that is served."""
    with serving(ledger) as url:
        client = GrpcLedger(parse_address(url, Path()))
        try:
            yield client
        finally:
            client.close()
