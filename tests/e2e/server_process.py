"""A server in a process of its own, as the tests that start `converge serve` see it."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2


class Server:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.told: list[str] = []
        assert process.stderr is not None
        for line in process.stderr:
            self.told.append(line.decode())
            if "listening on" in self.told[-1]:
                break
        else:
            process.communicate()
            raise AssertionError(self.told)
        self.url = self.told[-1].split()[-1]
        self.http = httpx2.Client(base_url=self.url, timeout=20)

    def submit(self, truth: str) -> str:
        """The id of a new job."""
        answer = self.http.post("/api/v1/jobs", json={"truth": truth})
        assert 202 == answer.status_code, answer.text
        return str(answer.json()["job_id"])

    def rested(self, job: str) -> Any:
        """The job once nothing is done with it."""
        return self.until(job, lambda seen: seen["status"] not in {"queued", "running"})

    def until(self, job: str, holds: Callable[[Any], bool]) -> Any:
        """The job once something holds."""
        end = time.monotonic() + 40
        while time.monotonic() < end:
            seen = self.http.get(f"/api/v1/jobs/{job}").json()
            if holds(seen):
                return seen
            time.sleep(0.05)
        raise AssertionError(seen)

    @staticmethod
    def until_told(path: Path) -> None:
        """Wait until a suggestor has made a file."""
        end = time.monotonic() + 40
        while not path.exists():
            assert time.monotonic() < end, path
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, bytes, float]:
        """Exit code, stdout, and how many seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=30)
        self.http.close()
        return self.process.returncode, out, time.monotonic() - began


@contextmanager
def followed(server: Server, job: str) -> Iterator[list[str]]:
    """The lines of a stream of a job, as they come; waits until it is closed."""
    lines: list[str] = []

    def read() -> None:
        with httpx2.stream("GET", f"{server.url}/api/v1/jobs/{job}/stream", timeout=30) as answer:
            lines.extend(answer.iter_lines())

    reader = threading.Thread(target=read)
    reader.start()
    yield lines
    reader.join(20)
    assert not reader.is_alive()
