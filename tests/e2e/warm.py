"""Commands in processes forked from one that has everything imported: for what a command does, not how it starts.

Must never serve where the start is the matter: what is imported, the interpreter's own variables, signals, terminals.
"""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from tempfile import TemporaryFile
from typing import Any, NoReturn

COMMAND = Path(sys.executable).with_name("converge")
MOST_BYTES = 100_000
"""Of what is asked at once; what is longer has to be started."""
ANSWER = 16
"""Bytes of a number that is answered."""
OURS = ("CONVERGE_", "_CONVERGE_", "COLUMNS", "HOME", "XDG_")
"""How variables begin that are read when a command runs; others may count when an interpreter starts."""
LEFT_OUT = tuple(f"converge_cli.{name}" for name in ("server", "testing", "_internal.wire", "store.ledger_grpc"))
"""What brings threads along, or no short command needs."""


class Warm:
    """One process that has imported the commands, and forks for each that is asked of it; one at a time."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self._turn = threading.Lock()
        self._line, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with far:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(far.fileno())],
                env=environment, pass_fds=[far.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip

    def stop(self) -> None:
        """End the process."""
        self._line.close()
        assert 0 == self._process.wait(30)

    def run(
        self, words: list[str], folder: Path, environment: dict[str, str], timeout: float
    ) -> "subprocess.CompletedProcess[bytes] | None":
        """Run a command to its end; None where it needs a start of its own.

        Raises:
            TimeoutExpired: it took longer, in seconds, and was killed.
        """
        asked = json.dumps({"words": words, "folder": str(folder), "environment": environment}).encode()
        names = {*environment, *self.environment}
        changed = [name for name in names if environment.get(name) != self.environment.get(name)]
        if len(asked) > MOST_BYTES or not all(name.startswith(OURS) for name in changed):
            return None
        if not self._turn.acquire(blocking=False):
            return None
        try:
            return self._asked(words, asked, timeout)
        finally:
            self._turn.release()

    def _asked(self, words: list[str], asked: bytes, timeout: float) -> "subprocess.CompletedProcess[bytes]":
        near, far = socket.socketpair()
        with near, TemporaryFile() as out, TemporaryFile() as err:
            with far:
                socket.send_fds(self._line, [asked], [out.fileno(), err.fileno(), far.fileno()])
            near.settimeout(timeout)
            child = None
            try:
                child = int(near.recv(ANSWER))
                code = int(near.recv(ANSWER))
            except BaseException as error:  # a test's own limit, too: what it asked for must not keep the next one
                if child is not None:
                    os.kill(child, signal.SIGKILL)
                if isinstance(error, TimeoutError):
                    raise subprocess.TimeoutExpired(words, timeout) from None
                raise
            for file in (out, err):
                file.seek(0)
            return subprocess.CompletedProcess(words, code, out.read(), err.read())


def serve(line: socket.socket) -> None:
    """Fork for each command that is asked for; returns in the child, which is to go on as the command."""
    while True:
        asked, passed, _, _ = socket.recv_fds(line, MOST_BYTES, 3)
        if not asked:
            raise SystemExit(0)
        *streams, told = passed
        child = os.fork()
        if child == 0:
            line.close()
            os.close(told)
            become(json.loads(asked), streams)
            return
        for stream in streams:
            os.close(stream)
        with socket.socket(fileno=told) as answer, suppress(OSError):  # nobody may wait for it any more
            answer.send(str(child).encode().ljust(ANSWER))
            answer.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode().ljust(ANSWER))


def become(asked: dict[str, Any], streams: list[int]) -> None:
    """Take the words, the folder, the environment and the streams of a command."""
    for target, stream in enumerate(streams, start=1):
        os.dup2(stream, target)
        os.close(stream)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = [str(COMMAND), *asked["words"]]


def import_all() -> None:
    """Import what commands import sooner or later; there is one thread afterwards, or forking is not safe."""
    import converge_cli

    sys.path[0] = str(COMMAND.parent)
    for found in walk_packages(converge_cli.__path__, "converge_cli."):
        if not found.name.startswith(LEFT_OUT) and not found.name.endswith("__main__"):
            import_module(found.name)
    assert 1 == len(os.listdir("/proc/self/task"))
    gc.freeze()


def main() -> NoReturn:
    """Import, and serve."""
    line = socket.socket(fileno=int(sys.argv[1]))
    import_all()
    from converge_cli.cli.main import main as command

    serve(line)
    command()


if __name__ == "__main__":
    main()
