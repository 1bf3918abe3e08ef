"""A server whose storage fails under it: /ready says why, nothing that was acknowledged is lost, and it goes on."""

import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

SECONDS = 60
BODY = {"truth": "hello-convergence"}


class Server:
    """A server on a folder of its own."""

    def __init__(self, converge: Any, storage: Path) -> None:
        options = ("--port", "0", "--insecure-local", "--storage", storage)
        self.process = converge.start("serve", *options, stderr=subprocess.PIPE)
        told = iter(self.process.stderr.readline, b"")
        self.url = next(line for line in told if b"listening on" in line).split()[-1].decode()
        self.errors: list[bytes] = []
        threading.Thread(target=lambda: self.errors.extend(line for line in told if b" error " in line)).start()
        self.http = httpx2.Client(base_url=self.url, timeout=30)

    def submit(self) -> tuple[int, dict[str, Any]]:
        """Status and answer."""
        answer = self.http.post("/api/v1/jobs", json=BODY)
        return answer.status_code, answer.json()

    def ready(self) -> tuple[int, str]:
        """Status, and what is said of the store."""
        answer = self.http.get("/ready")
        told = {check["name"]: check["detail"] for check in answer.json()["checks"]}
        return answer.status_code, told["store"]

    def until(self, status: int) -> str:
        """What is said of the store once /ready answers so."""
        end = time.monotonic() + SECONDS
        while (seen := self.ready())[0] != status:
            assert time.monotonic() < end, seen
            time.sleep(0.1)
        return seen[1]

    def ended(self, jobs: list[str]) -> None:
        """Wait until each has ended well."""
        end = time.monotonic() + SECONDS
        for job in jobs:
            while (seen := self.http.get(f"/api/v1/jobs/{job}").json()).get("status") != "ended":
                assert time.monotonic() < end, seen
                time.sleep(0.05)
            assert "CriteriaMet" == seen["outcome"]

    def stop(self) -> int:
        """Exit code."""
        self.http.close()
        self.process.terminate()
        return int(self.process.wait(30))


@pytest.fixture
def start(converge: Any) -> Iterator[Any]:
    """Starts servers; what still runs is killed."""
    started: list[Server] = []

    def serve(storage: Path) -> Server:
        started.append(Server(converge, storage))
        return started[-1]

    yield serve
    for server in started:
        server.http.close()
        server.process.kill()
        server.process.communicate()


@contextmanager
def immutable(folder: Path, *options: str) -> Iterator[None]:
    """A folder keeps its names; with `-R`, no file in it can be written either, by whoever has it open."""
    done = subprocess.run(["chattr", *options, "+i", folder], capture_output=True, check=False, timeout=30)
    if done.returncode:
        pytest.skip("a file system that has no such flag")
    try:
        yield
    finally:
        subprocess.run(["chattr", *options, "-i", folder], check=True, timeout=30)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing can be made in a folder; root is held up by nothing less than a flag of the file system."""
    if os.geteuid() == 0:
        with immutable(folder):
            yield
    else:
        folder.chmod(0o500)
        try:
            yield
        finally:
            folder.chmod(0o700)


def test_a_folder_that_becomes_read_only_is_told_and_nothing_acknowledged_is_lost(start: Any, tmp_path: Path):
    """503 that says why; files that are open are written all the same, and all goes on, also after another start."""
    storage = tmp_path / "kept"
    server = start(storage)
    server.until(200)
    acknowledged = [server.submit()[1]["job_id"] for _ in range(10)]
    with read_only(storage):
        told = server.until(503)
        status, answer = server.submit()
        assert 200 == server.http.get("/health").status_code
        assert str(tmp_path) not in told + str(answer)
    assert (True, 202) == (bool(told), status)
    acknowledged.append(answer["job_id"])
    server.until(200)
    acknowledged.append(server.submit()[1]["job_id"])
    server.ended(acknowledged)
    assert 0 == server.stop()
    start(storage).ended(acknowledged)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files immutable")
def test_files_that_become_immutable_end_a_server_at_worst_and_nothing_acknowledged_is_lost(start: Any, tmp_path: Path):
    """503, or the system ends it with SIGBUS: SQLite writes the index of its log as memory."""
    storage = tmp_path / "kept"
    server = start(storage)
    server.until(200)
    acknowledged = [server.submit()[1]["job_id"] for _ in range(10)]
    with immutable(storage, "-R"), suppress(httpx2.TransportError):
        assert server.until(503)
        status, answer = server.submit()
        assert (503, "STORE_UNAVAILABLE") == (status, answer["code"])
    server.process.kill()
    assert server.process.wait(30) in {-signal.SIGBUS, -signal.SIGKILL}
    start(storage).ended(acknowledged)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk of a few megabytes."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], check=True, timeout=30)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True, timeout=30)


def fill(folder: Path) -> None:
    """Not a byte is left."""
    with (folder / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a small disk; the limit of a file is tested beside it")
def test_a_disk_that_is_full_is_told_and_nothing_acknowledged_is_lost(start: Any, tmp_path: Path):
    """503 that says so; jobs that were acknowledged end when there is room again, and after another start."""
    disk = tmp_path / "disk"
    with small_disk(disk):
        server = start(disk / "kept")
        server.until(200)
        acknowledged = [server.submit()[1]["job_id"] for _ in range(10)]
        fill(disk)
        told = server.until(503)
        assert "full" in told, told
        while (answered := server.submit())[0] == 202:  # there is room in files that are there
            acknowledged.append(answered[1]["job_id"])
            assert len(acknowledged) < 2000
        assert (503, "STORE_UNAVAILABLE") == (answered[0], answered[1]["code"])
        assert 200 == server.http.get("/health").status_code
        time.sleep(3)
        assert len(server.errors) < 9, server.errors  # each trouble once, not six times a second
        (disk / "filler").unlink()
        server.until(200)
        server.ended(acknowledged)
        assert 0 == server.stop()
        again = start(disk / "kept")
        again.ended(acknowledged)
        assert 0 == again.stop()


def test_files_that_may_grow_no_more_are_told_and_nothing_acknowledged_is_lost(start: Any, tmp_path: Path):
    """As with a quota: every write is refused until it is lifted."""
    server = start(tmp_path / "kept")
    server.until(200)
    acknowledged = [server.submit()[1]["job_id"] for _ in range(10)]
    unlimited = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    told = server.until(503)
    status, answer = server.submit()
    assert (True, 503, "STORE_UNAVAILABLE") == (bool(told), status, answer["code"])
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, unlimited)
    server.until(200)
    server.ended(acknowledged)
    assert 0 == server.stop()
    start(tmp_path / "kept").ended(acknowledged)
