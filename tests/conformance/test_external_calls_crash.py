"""External calls against dying processes: a real server counts what it is asked, and no request is paid for twice."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CHILD = Path(__file__).with_name("calls_child.py")
ASKED = 8
"""How many calls an undisturbed run makes."""


class Counting(ThreadingHTTPServer):
    """Answers every path with its own text and counts the requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: Counter[str] = Counter()
        self.keys: set[str] = set()


class _Handler(BaseHTTPRequestHandler):
    server: Counting

    def do_GET(self) -> None:  # the name that http.server looks for
        self.server.asked[self.path] += 1
        self.server.keys.add(self.headers["Idempotency-Key"])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"answer to {self.path}".encode())

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def server() -> Iterator[Counting]:
    made = Counting()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def drive(folder: Path, server: Counting, dies_at: int = 0) -> tuple[int, str]:
    """Run or resume in another process; its exit code and the outcome digest that it came to."""
    command = [sys.executable, str(CHILD), str(folder), str(server.server_address[1]), str(dies_at)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout


def test_kill_9_between_an_answer_and_its_use_pays_no_call_twice(tmp_path: Path, server: Counting) -> None:
    """Killed at each answer in turn: the resumed run reaches the undisturbed outcome, each call is made once."""
    undisturbed = drive(tmp_path / "undisturbed", server)
    assert (0, {1}, ASKED) == (undisturbed[0], set(server.asked.values()), len(server.asked))
    for dies_at in range(1, ASKED + 1):
        server.asked.clear()
        folder = tmp_path / str(dies_at)
        assert (-9, "") == drive(folder, server, dies_at)
        assert undisturbed == drive(folder, server)
        # Two calls are on their way at the same time: the one that had not come back when the process died is sent
        # again, with the same key.
        twice = [path for path, times in server.asked.items() if times > 1]
        assert (len(server.asked), True) == (ASKED, len(twice) <= 1)


def test_kill_9_at_every_second_answer_of_one_run_makes_progress_each_time(tmp_path: Path, server: Counting) -> None:
    """However often it is killed, what was answered stays answered; the keys are those of one run."""
    undisturbed = drive(tmp_path / "undisturbed", server)
    server.keys.clear()
    ended, kills = (-9, ""), 0
    while ended[0] == -9:
        ended = drive(tmp_path / "killed", server, 2)
        kills += ended[0] == -9
    assert (undisturbed, 4, ASKED) == (ended, kills, len(server.keys))
