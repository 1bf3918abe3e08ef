"""A process of workers: drives jobs of the store that its server answers for, and tells the server what it does.

It is started by the server alone, works in the server's folder with its environment, and ends with it: whatever ends
the server closes the line between them. Must never write to stdout, which is the server's.
"""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli._internal.collector import collect_often
from converge_cli._internal.process_exit import keep_process, leave_now
from converge_cli.app.jobs.worker_pool import WorkerPool
from converge_cli.app.jobs.workers import Ears
from converge_cli.bootstrap import make_service
from converge_cli.core.errors import ConvergeError
from converge_cli.core.event import RunEvent, SuggestorRunning
from converge_cli.core.job_queue import QueuedJob
from converge_cli.server.workers.line import (
    Begin,
    Cancel,
    JobClaimed,
    JobSettled,
    Line,
    News,
    Ring,
    RunRecorded,
    Stop,
    WorkerTroubled,
)
from converge_cli.settings import load_settings

GRACE_SECONDS = 3.5
"""How long cycles have to end when the server is gone without a word."""


class Teller:
    """Tells the server what the workers of this process do; says nothing once nobody listens."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._seconds: list[float] = []
        self._lock = threading.Lock()

    def events(self, run: str, committed: Sequence[RunEvent]) -> None:
        """See `EventSink`."""
        with self._lock:
            seconds, self._seconds = tuple(self._seconds), []
        self._tell(RunRecorded(run, tuple(msgspec.Raw(encode(event)) for event in committed), seconds))

    def running(self, beginning: SuggestorRunning) -> None:
        """Nothing: a server shows no beginnings."""

    @contextmanager
    def appending(self) -> Iterator[None]:
        """Entered around each durable append."""
        began = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self._seconds.append(time.perf_counter() - began)

    def claimed(self, job: QueuedJob) -> None:
        """A worker has a job."""
        self._tell(JobClaimed(job))

    def settled(self, job: QueuedJob) -> None:
        """A worker has brought a job to a stop."""
        self._tell(JobSettled(job))

    def troubled(self, job: str, error: ConvergeError) -> None:
        """A worker could not go on with a job just now."""
        self._tell(WorkerTroubled(job, error.code, error.message, error.hint, error.where))

    def _tell(self, news: News) -> None:
        with suppress(OSError):  # the server is gone, and we are about to hear that
            self._line.tell(news)


def work(line: Line, teller: Teller) -> bool:
    """Drive jobs until the server says stop, or is gone; whether every job could finish its cycle.

    Raises:
        ConvergeError: a setting is wrong, or a folder of templates is none.
    """
    orders = line.orders()
    begin = next(orders, None)
    if not isinstance(begin, Begin):
        return True
    settings = replace(load_settings(Path.cwd()), storage_path=Path(begin.storage))
    templates = [Path(folder) for folder in begin.templates]
    setting = make_service(Path.cwd(), settings=settings, templates=templates, appending=teller.appending)
    ears = Ears(teller.settled, teller.troubled, teller, teller.claimed)
    pool = WorkerPool(setting, begin.name, ears, workers=begin.workers)
    pool.start()
    collect_often()
    seconds = GRACE_SECONDS
    for order in orders:
        if isinstance(order, Stop):
            seconds = order.seconds
            break
        if isinstance(order, Ring):
            pool.call()
        elif isinstance(order, Cancel):
            pool.cancel(order.job)
    drained = pool.stop(seconds)
    setting.services.experience.close()
    return drained


def main() -> None:
    """`python -m converge_cli.server.workers.worker_process DESCRIPTOR`; never returns."""
    # A terminal's Ctrl-C and a service manager's SIGTERM may reach every process; what counts is the server's word.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.dup2(2, 1)  # what a pack prints is no news
    keep_process()
    line = Line(socket.socket(fileno=int(sys.argv[1])))
    teller = Teller(line)
    try:
        drained = work(line, teller)
    except ConvergeError as error:
        teller.troubled("", error)
        drained = False
    # A suggestor that can't be stopped holds a thread: it holds nothing else.
    leave_now(0 if drained else 1)


if __name__ == "__main__":
    main()
