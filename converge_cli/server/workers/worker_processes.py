"""Workers in processes of their own, as the server sees them: started, called, heard, started again when they die.

Their jobs are in the store, so what dies with a process is found again there. Must never drive a job itself.
"""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from converge_cli.app.jobs.workers import Ears
from converge_cli.core.errors import ConvergeError
from converge_cli.core.event import decode_event
from converge_cli.server.telemetry.observer import Note, bug_lines
from converge_cli.server.workers.line import (
    Begin,
    Cancel,
    JobClaimed,
    JobSettled,
    Line,
    News,
    Order,
    Ring,
    RunRecorded,
    Stop,
)

_AGAIN_SECONDS = 1.0
"""How long after its end a process is started again: what fails at once does not fail without a pause."""
_MORE_SECONDS = 1.0
"""How long processes that were told to end have beyond the time of their jobs."""


class WorkerProcesses:
    """The Workers of a server whose store other processes can share."""

    def __init__(self, begins: list[Begin], ears: Ears, appended: Callable[[float], None], note: Note) -> None:
        """Nothing is started yet.

        Args:
            begins: what each process is to work on.
            ears: told what they do.
            appended: told how many seconds each durable append took.
            note: told what goes wrong with the processes themselves.
        """
        self._stopping = threading.Event()
        self._processes = [_WorkerProcess(begin, self._stopping, self._heard, note) for begin in begins]
        self._ears = ears
        self._appended = appended
        self._note = note

    def start(self) -> None:
        """See `Workers`."""
        for process in self._processes:
            process.start()

    def call(self) -> None:
        """See `Workers`; whoever is idle looks, and one of them gets it."""
        self._tell(Ring())

    def cancel(self, job: str) -> None:
        """See `Workers`."""
        self._tell(Cancel(job))

    def alive(self) -> int:
        """See `Workers`."""
        return sum(process.alive() for process in self._processes)

    def stop(self, seconds: float) -> bool:
        """See `Workers`; who does not end in time is killed, and its jobs go on when their leases have run out."""
        self._stopping.set()
        self._tell(Stop(seconds))
        deadline = time.monotonic() + seconds + _MORE_SECONDS
        ended = [process.ended(deadline) for process in self._processes]  # each, whatever became of another
        return all(ended)

    def _tell(self, order: Order) -> None:
        for process in self._processes:
            process.tell(order)

    def _heard(self, news: News) -> None:
        try:
            self._pass_on(news)
        except Exception as error:  # noqa: BLE001  whoever can't be told keeps nobody from hearing the next line
            self._note(bug_lines(error))

    def _pass_on(self, news: News) -> None:
        if isinstance(news, RunRecorded):
            for seconds in news.seconds:
                self._appended(seconds)
            if self._ears.sink is not None:
                self._ears.sink.events(news.run, [decode_event(bytes(event)) for event in news.events])
        elif isinstance(news, JobClaimed):
            self._ears.claimed(news.job)
        elif isinstance(news, JobSettled):
            self._ears.settled(news.job)
        else:
            error = ConvergeError(news.message, hint=news.hint, where=news.where)
            error.code = news.code
            self._ears.troubled(news.job, error)


class _WorkerProcess:
    """One of them, and the thread that hears it and starts it again."""

    def __init__(self, begin: Begin, stopping: threading.Event, heard: Callable[[News], None], note: Note) -> None:
        self._begin = begin
        self._stopping = stopping
        self._heard = heard
        self._note = note
        self._line: Line | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name=f"converge-hear-{begin.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def tell(self, order: Order) -> None:
        line = self._line
        if line is not None:
            with suppress(OSError):  # it has ended, or sleeps: then it looks for itself, or whoever follows it does
                line.order(order)

    def alive(self) -> int:
        process = self._process
        return self._begin.workers if process is not None and process.poll() is None else 0

    def ended(self, deadline: float) -> bool:
        """Whether it ended by then with every cycle finished."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        process = self._process
        if self._thread.is_alive() and process is not None:
            process.kill()
        return process is None or process.wait() == 0

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                line, process = _started()
            except OSError as error:
                self._note(f"the workers of {self._begin.name} can't be started: {error.strerror}")
            else:
                self._process = process
                self._listen(line)
                code = process.wait()
                if not self._stopping.is_set():
                    self._note(f"the workers of {self._begin.name} ended with code {code}: they are started again")
            self._stopping.wait(_AGAIN_SECONDS)

    def _listen(self, line: Line) -> None:
        """Hear a process until it is gone."""
        with suppress(OSError):
            line.tell(self._begin)
            self._line = line
            if self._stopping.is_set():  # the word that we stop may have come before there was a line
                line.order(Stop(0.0))
            for news in line.news():
                self._heard(news)
        self._line = None
        line.close()


def _started() -> tuple[Line, "subprocess.Popen[bytes]"]:
    """A process, and the line to it.

    Raises:
        OSError: there is no room for another.
    """
    ours, theirs = socket.socketpair()
    # -P: nothing of the folder that the server stands in is taken for a module.
    command = [sys.executable, "-P", "-m", "converge_cli.server.workers.worker_process", str(theirs.fileno())]
    with theirs:
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603
    return Line(ours), process
