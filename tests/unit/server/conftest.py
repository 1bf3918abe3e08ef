"""A server of jobs in this process: the real application on a real port, over a store in the test's folder."""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opened_door import opened_door

from converge_cli.server.http.app import make_app
from converge_cli.server.serving import HttpServer

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody, and needs not read all whom others trust."""


class Served:
    """A running server and a client of it.

    Attributes:
        noted: what the server told whoever runs it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        workers: int = 2,
        local: bool = True,
        origins: tuple[str, ...] = (),
        **options: Any,
    ) -> None:
        """Nothing is started; `options` are those of `opened_door`."""
        self.noted: list[str] = []
        self._workers = workers
        self.door = opened_door(folder, workers=workers, note=self.noted.append, **options)
        self.service = self.door.service
        self.app: Any = make_app(self.door, local=local, origins=origins)
        self.http = httpx2.Client(timeout=20, verify=NO_TLS)
        self._server = HttpServer(self.app)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()), daemon=True)

    @contextmanager
    def running(self) -> Iterator["Served"]:
        """Serve until the end of the block."""
        if self._workers:
            self.service.start()
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.http.base_url = self.url
        try:
            yield self
        finally:
            if self._workers:
                self.service.stop(5)
            self.door.following.stop()
            self._server.should_exit = True
            self._thread.join(10)
            self.http.close()
            self.service.setting.services.experience.close()

    def get(self, path: str, answered: int = 200, /, **params: Any) -> Any:
        """The JSON answer of a GET."""
        answer = self.http.get(path, params=params)
        assert answered == answer.status_code, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 202, **headers: str) -> Any:
        """The JSON answer of a POST."""
        answer = self.http.post(path, json=body, headers=headers)
        assert status == answer.status_code, answer.text
        return answer.json()

    def submit(self, truth: str = "hello-convergence", **more: Any) -> str:
        """A job's id."""
        return str(self.post("/api/v1/jobs", {"truth": truth, **more})["job_id"])

    def rested(self, job: str) -> Any:
        """The job once it is neither queued nor running."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            seen = self.get(f"/api/v1/jobs/{job}")
            if seen["status"] not in {"queued", "running"}:
                return seen
            time.sleep(0.02)
        raise AssertionError(seen)


@pytest.fixture
def serving(tmp_path: Path) -> Callable[..., Any]:
    """Starts a server with options of its own; for `with`."""
    return lambda **options: Served(tmp_path, **options).running()


@pytest.fixture
def served(serving: Callable[..., Any]) -> Iterator[Served]:
    """A server where nobody is asked who they are."""
    with serving() as running:
        yield running
