"""The bars of `converge serve`, measured from outside, over HTTP and a durable store.

    python tests/benchmarks/serve.py [--json] [--rounds N]

Rates are the best of N rounds, waits are medians, so that a busy machine tells less of itself. The bare application is
one that answers /health with the same bytes, by the same server, measured in turns with ours. Nothing is asserted here.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from figures import tell_rounds

CALLERS = 8
JOBS = 400
WAITS = 60
HEALTHS = 4000
MEMORY_JOBS = 5000
BODY = b'{"truth":"hello-convergence"}'
HEADERS = {"Content-Type": "application/json"}
BARE = """
import uvicorn
BODY = b'{"status":"alive"}'
START = {"type": "http.response.start", "status": 200,
         "headers": [(b"content-type", b"application/json"), (b"content-length", b"18")]}
async def app(scope, receive, send):
    await send(START)
    await send({"type": "http.response.body", "body": BODY})
uvicorn.run(app, port=%d, lifespan="off", log_config=None, access_log=False, server_header=False, proxy_headers=False)
"""


class Process:
    """A server under measurement."""

    def __init__(self, command: list[str], port: int, folder: Path) -> None:
        environment = {**os.environ, "CONVERGE_STORAGE_PATH": str(folder / "store"), "CONVERGE_LOG": "text"}
        self.port, quiet = port, subprocess.DEVNULL
        began = time.perf_counter()
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet)
        while not self.answers():
            time.sleep(0.01)
        self.start_s = time.perf_counter() - began

    def answers(self) -> bool:
        """Whether it takes requests yet."""
        try:
            return self.request("GET", "/health")[0] == 200
        except OSError:
            return False

    def open(self) -> http.client.HTTPConnection:
        """A connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """One request over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, HEADERS)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def rss_mb(self) -> float:
        """Memory that it holds."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def served(command: Callable[[int], list[str]], folder: Path) -> Iterator[Process]:
    """A server on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Process(command(port), port, folder)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait(30)


def ours(port: int) -> list[str]:
    """`converge serve`."""
    return [str(Path(sys.executable).with_name("converge")), "serve", "--port", str(port), "--grpc-port", "0",
            "--insecure-local"]  # fmt: skip


def in_processes(port: int) -> list[str]:
    """The same, with two processes that drive jobs."""
    return [*ours(port), "--processes", "2"]


def bare(port: int) -> list[str]:
    """An application that does nothing, on the same server."""
    return [sys.executable, "-c", BARE % port]


def asked(server: Process, method: str, path: str, count: int, body: bytes = b"") -> None:
    """So many requests over several connections at once, by callers that cost the machine next to nothing."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def ask(_: int) -> None:
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(count // CALLERS):
                connection.sendall(request)
                status = _answered(connection)
                if status >= 300:
                    raise RuntimeError(f"{path} is answered {status}")

    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(ask, range(CALLERS)))


def _answered(connection: socket.socket) -> int:
    """The status of an answer, which is read whole."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65_536)
        if not more:
            raise RuntimeError("the connection was closed")
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    while len(rest) < length:
        rest += connection.recv(65_536)
    return int(head.split(b" ", 2)[1])


def ended(server: Process) -> None:
    """Wait until no job is queued or running."""
    for status in ("queued", "running"):
        while json.loads(server.request("GET", f"/api/v1/jobs?limit=1&status={status}")[1])["jobs"]:
            time.sleep(0.02)


def jobs_per_s(server: Process, count: int = JOBS) -> float:
    """Hello jobs from the first submission to the end of the last one."""
    began = time.perf_counter()
    asked(server, "POST", "/api/v1/jobs", count, BODY)
    ended(server)
    return count / (time.perf_counter() - began)


def first_event_ms(server: Process) -> float:
    """From a submission to the first event of its stream."""
    taken = []
    connection, reader = server.open(), server.open()
    for _ in range(WAITS):
        began = time.perf_counter()
        connection.request("POST", "/api/v1/jobs", BODY, HEADERS)
        job = json.loads(connection.getresponse().read())["job_id"]
        reader.request("GET", f"/api/v1/jobs/{job}/stream")
        stream = reader.getresponse()
        while not stream.readline().startswith(b"data:"):
            pass
        taken.append((time.perf_counter() - began) * 1000)
        stream.read()
    return statistics.median(taken)


def health_per_s(server: Process) -> float:
    """/health a second."""
    began = time.perf_counter()
    asked(server, "GET", "/health", HEALTHS)
    return HEALTHS / (time.perf_counter() - began)


def memory(server: Process) -> dict[str, Any]:
    """What jobs leave behind in memory; the first ones warm it up."""
    held = []
    for _ in range(MEMORY_JOBS // 1000):
        jobs_per_s(server, 1000)
        held.append(round(server.rss_mb(), 1))
    slope = statistics.linear_regression(range(len(held)), held).slope
    return {"rss_mb_by_thousand_jobs": held, "rss_mb_per_thousand_jobs": round(slope, 2)}


def measure(rounds: int) -> dict[str, Any]:
    """Every figure."""
    with tempfile.TemporaryDirectory() as folder:
        starts = []
        for number in range(rounds):
            (here := Path(folder) / f"start{number}").mkdir()
            with served(ours, here) as server:
                starts.append(server.start_s)
        with served(ours, here) as server, served(bare, here) as plain:
            shares = [health_per_s(server) / health_per_s(plain) for _ in range(rounds)]
            rates = [jobs_per_s(server) for _ in range(rounds)]
            waits = [first_event_ms(server) for _ in range(rounds)]
            kept = memory(server)
        (there := Path(folder) / "processes").mkdir()
        with served(in_processes, there) as server:
            jobs_per_s(server)  # until then they load what they drive
            shared = [jobs_per_s(server) for _ in range(rounds)]
            seen = [first_event_ms(server) for _ in range(rounds)]
    return {
        "hello_jobs_per_s": round(max(rates), 1),
        "hello_jobs_per_s_in_processes": round(max(shared), 1),
        "submit_to_first_event_in_processes_ms": round(min(seen), 2),
        "submit_to_first_event_ms": round(min(waits), 2),
        "health_share_of_bare": round(statistics.median(shares), 3),
        "start_to_first_answer_s": round(min(starts), 2),
        **kept,
    }


if __name__ == "__main__":
    tell_rounds(__doc__, measure, rounds=3)
