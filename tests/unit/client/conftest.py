"""A server of jobs in a process of its own, and a line to it that can be cut."""

import os
import re
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("converge")
CONTENT = Path(__file__).parents[3]


class ServerProcess:
    """`converge serve --insecure-local` with a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8",
            "CONVERGE_STORAGE_PATH": str(folder / "store"),
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self, port: int = 0) -> None:
        """Serve, and return when it listens."""
        with (self.folder / "told").open("wb") as told:
            self._process = subprocess.Popen(
                [COMMAND, "serve", "--port", str(port), "--insecure-local"],
                cwd=CONTENT, env=self.env, stdin=subprocess.DEVNULL, stdout=told, stderr=told,
            )  # fmt: skip
        for _ in range(600):
            found = re.search(rb"listening on (http://\S+)", (self.folder / "told").read_bytes())
            if found:
                self.url = found[1].decode()
                return
            assert self._process.poll() is None, (self.folder / "told").read_text()
            time.sleep(0.05)
        raise AssertionError(self.folder)

    def stop(self) -> None:
        """Tell it to end, and wait until it has."""
        if self._process is not None:
            self._process.terminate()
            assert 0 == self._process.wait(20)
            self._process = None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for the tests of a module."""
    made = ServerProcess(tmp_path_factory.mktemp("server"))
    made.start()
    yield made
    made.stop()


class CutLine:
    """A TCP proxy that does to each connection what `plan` says next; when nothing is left there, it only passes on.

    ("cut", N) closes after N bytes of the answer; ("reset", N) does so without a good-bye; after ("stall", N) nothing
    more comes, and nothing is closed.
    """

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._to = (host, int(port))
        self.plan: list[tuple[str, int]] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Close every connection."""
        self._listener.close()
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            kind, after = self.plan.pop(0) if self.plan else ("pass", 0)
            far = socket.create_connection(self._to)
            self._open += [near, far]
            threading.Thread(target=self._pass_on, args=(near, far, kind, after), daemon=True).start()

    def _pass_on(self, near: socket.socket, far: socket.socket, kind: str, after: int) -> None:
        passed = 0
        try:
            while True:
                for ready in select.select([near, far], [], [])[0]:
                    data = ready.recv(65536)
                    if ready is far and kind != "pass" and passed + len(data) >= after:
                        near.sendall(data[: after - passed])
                        self._do(kind, near)
                        far.close()
                        return
                    if not data:
                        near.close()
                        far.close()
                        return
                    passed += len(data) if ready is far else 0
                    (near if ready is far else far).sendall(data)
        except (OSError, ValueError):
            near.close()
            far.close()

    def _do(self, kind: str, near: socket.socket) -> None:
        if kind == "stall":
            return
        if kind == "reset":
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        near.close()


@pytest.fixture
def line(server: ServerProcess) -> Iterator[CutLine]:
    """A line to the module's server."""
    made = CutLine(server.url)
    yield made
    made.close()
