"""What the crash tests of external calls run in another process: an engine whose suggestor asks a real server."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from converge_cli import ContextView, Effect, Engine, ProposedFact, Suggestor
from converge_cli.store.sqlite import SqliteExperience
from converge_cli.testing import SequenceIds

CYCLES = 4


class Asker(Suggestor):
    """Asks twice a cycle, and may be killed when it has an answer and has made nothing of it yet."""

    name = "asker"
    reads = ("Signals", "Seeds")
    writes = ("Signals:text:*",)

    def __init__(self, port: int, dies_at: int) -> None:
        super().__init__()
        self._port = port
        self._dies_at = dies_at
        self._heard = 0

    async def execute(self, view: ContextView) -> Effect:
        cycle = len(view.facts("Signals"))
        if cycle == CYCLES:
            return Effect()
        answers = await asyncio.gather(*(self._ask(view, f"/{cycle}/{part}") for part in ("a", "b")))
        return Effect([ProposedFact("Signals", f"text:{cycle}", {"text": b" ".join(answers).decode()})])

    async def _ask(self, view: ContextView, path: str) -> bytes:
        live = []

        async def send(key: str) -> bytes:
            live.append(path)
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(f"GET {path} HTTP/1.0\r\nIdempotency-Key: {key}\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            return answer.partition(b"\r\n\r\n")[2]

        answer = await view.call({"method": "GET", "path": path}, send)
        self._heard += len(live)
        if live and self._heard == self._dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


def main() -> None:
    folder, port, dies_at = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    store = SqliteExperience(folder)
    engine = Engine([Asker(port, dies_at)], kinds={}, experience=store, ids=SequenceIds())
    known = [row.run for row in store.rows()]
    if known:
        result = asyncio.run(engine.resume(known[0]))
    else:
        result = asyncio.run(engine.run([ProposedFact("Seeds", "text:s", {"text": "go"})]))
    sys.stdout.write(result.outcome_digest)


if __name__ == "__main__":
    main()
