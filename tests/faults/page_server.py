"""The outside world of the fifty pages: answers each request and counts what it is paid for."""

import asyncio
import threading
from collections import Counter


class PageServer:
    """Serves in a thread of its own; `<case> <page> <key>` in, a line out.

    Attributes:
        paid: (case, page) -> how many times it was answered.
        keys: (case, page) -> the idempotency keys that it was asked with.
    """

    def __init__(self) -> None:
        self.paid: Counter[tuple[str, int]] = Counter()
        self.keys: dict[tuple[str, int], set[str]] = {}
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "PageServer":
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def paid_for(self, case: str) -> dict[int, int]:
        """How often each page was paid for in one case."""
        return {page: times for (of, page), times in self.paid.items() if of == case}

    def _serve(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._answer, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(server.wait_closed())

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode()
        if line.endswith("\n"):  # whoever died before it had asked pays nothing
            case, page, key = line.split()
            self.paid[case, int(page)] += 1
            self.keys.setdefault((case, int(page)), set()).add(key)
            writer.write(f"page {page} of the fifty\n".encode())
        writer.close()
