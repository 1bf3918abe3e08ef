"""A small project whose jobs take five cycles, can be held in any of them, and a service that drives them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

from converge_cli.app.jobs.caller import LOCAL
from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.jobs.submission import Submission
from converge_cli.app.jobs.submit_job import submit_job
from converge_cli.app.jobs.worker_pool import WorkerPool
from converge_cli.app.jobs.workers import Ears
from converge_cli.app.services import Services
from converge_cli.bootstrap import make_services
from converge_cli.core.errors import ConvergeError
from converge_cli.core.event import RunEvent, decode_event
from converge_cli.core.job_queue import JobStatus, QueuedJob
from converge_cli.settings import Settings
from converge_cli.store.leased import LeasedExperience
from converge_cli.store.queue_sqlite import SqliteQueue
from converge_cli.store.sqlite import SqliteExperience

TRUTH = """\
    truth: v1
    key: diary
    kind: job
    title: Five notes are written
    job: {actor: Writer, functional: Write notes, so_that: They can be read}
    packs: [diary]
    budget: {cycles: 10, facts: 1000, time: 30s}
    success_criteria:
      - id: written
        description: Five notes are there
        required: true
        then: ['the Context key "Signals" contains at least 5 facts with id "note:*"']
    """
FEATURE = """\
    Feature: Five notes are written

      @invariant @structural @id:notes_have_text
      Scenario: A note has text
        Given any fact under key "Signals" with id "note:*"
        Then it must include:
          | field | rule             |
          | text  | non-empty string |
    """
PACK = '''\
    """Writes a note a cycle; waits while there is a file `hold-<number>`, sleeps for good on `sleep`;
    the first to be made while there is `sleep-early` takes it away and sleeps, too."""

    import asyncio
    import time
    from pathlib import Path

    from converge_cli import Effect, FactModel, Suggestor

    PACK = {
        "pack": "v1", "name": "diary", "version": "1", "description": "Writes notes",
        "kinds": {"note": "Note"}, "suggestors": ["Opener", "Writer"],
    }
    HERE = Path(__file__).parents[1]


    class Note(FactModel, frozen=True):
        text: str


    class Opener(Suggestor):
        name = "opener"
        timeout = 1.0
        writes = ("Signals:note:0",)

        def __init__(self, parameters):
            early = HERE / "sleep-early"
            if early.exists():
                early.unlink()
                time.sleep(10**6)

        def execute(self, view):
            if (HERE / "sleep").exists():
                time.sleep(10**6)
            return Effect([view.propose("Signals", "note:0", Note("day 0"))])


    class Writer(Suggestor):
        name = "writer"
        timeout = 20.0
        reads = ("Signals:note:*", "Seeds:note:*")
        writes = ("Signals:note:*",)

        async def execute(self, view):
            number = len(view.facts("Signals:note:*"))
            while (HERE / f"hold-{number}").exists():
                await asyncio.sleep(0.005)
            if number == 5:
                return Effect()
            return Effect([view.propose("Signals", f"note:{number}", Note(f"day {number}"))])
    '''


class Diary:
    """The project, with a store of its own.

    Attributes:
        settled: jobs that workers have brought to a stop, in order.
        troubles: (job, code) of what workers could not go on with.
    """

    def __init__(self, folder: Path, *, lease_seconds: float = 20.0, **changes: str) -> None:
        """Write it; `changes` are replaced in the truth."""
        truth = dedent(TRUTH)
        for old, new in changes.items():
            truth = truth.replace(f"{old}:", new, 1)
        for name, text in (
            ("truths/diary/truth.yaml", truth),
            ("features/diary.feature", dedent(FEATURE)),
            ("packs/diary.py", dedent(PACK)),
        ):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        self.folder = folder
        self.store = SqliteExperience(folder / "store")
        self.setting = self.setting_of(lease_seconds)
        self.settled: list[QueuedJob] = []
        self.troubles: list[tuple[str, str]] = []

    def setting_of(self, lease_seconds: float, **changes: Any) -> JobSetting:
        """A service over the project's store; `changes` are its services'."""
        services = replace(self.services(self.store), **changes)
        return JobSetting(
            services, SqliteQueue(self.store), lambda lease: LeasedExperience(self.store, lease), lease_seconds
        )

    def services(self, store: SqliteExperience) -> Services:
        """What a command in the project has, with this store."""
        settings = Settings("memory", self.folder / "nowhere", None)
        return replace(make_services(self.folder, settings=settings), experience=store)

    def submit(self, truth: str = "diary", **given: Any) -> str:
        """Submit a job; its id."""
        return submit_job(self.setting, LOCAL, Submission(truth=truth, **given)).job

    @contextmanager
    def pool(self, workers: int = 1, **told: Any) -> Iterator[WorkerPool]:
        """Workers that are at it; stopped at the end."""
        troubled = lambda job, error: self.troubles.append((job, error.code))  # noqa: E731
        ears = Ears(**{"settled": self.settled.append, "troubled": troubled, **told})
        pool = WorkerPool(self.setting, "here", ears, workers=workers)
        pool.start()
        try:
            yield pool
        finally:
            pool.stop(10)

    def hold(self, number: int) -> Path:
        """Have whoever writes that note wait until the file is gone."""
        path = self.folder / f"hold-{number}"
        path.touch()
        return path

    def status(self, job: str) -> JobStatus:
        """Where a job stands."""
        return self.setting.queue.job(job).status

    def wait(self, job: str, status: JobStatus) -> QueuedJob:
        """Wait until a job stands there."""
        until(lambda: self.status(job) is status, lambda: f"{self.setting.queue.job(job)} {self.troubles}")
        return self.setting.queue.job(job)

    def wait_for_notes(self, job: str, count: int) -> None:
        """Wait until that many notes of a job have been recorded."""
        until(lambda: (row := self.store.find(job)) is not None and row.facts >= count)

    def events(self, job: str) -> list[RunEvent]:
        """What was recorded of a job's run."""
        return [decode_event(data) for data in self.store.read(job)]

    def names(self, job: str, *kinds: str) -> list[str]:
        """The types of these events of a job's run."""
        return [name for name in (type(event).__name__ for event in self.events(job)) if name in kinds]

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """The store can't grow while it is held, as on a disk without room."""
        with self.store.file.writing() as connection:
            connection.execute("PRAGMA max_page_count = 1")  # SQLite takes the size that the file has
        try:
            yield
        finally:
            with self.store.file.reading() as connection:
                assert connection is not None
                connection.execute("PRAGMA max_page_count = 1000000")


def until(holds: Callable[[], bool], told: Callable[[], str] = lambda: "", seconds: float = 20.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, told()
        time.sleep(0.005)


class ShiftedClock:
    """The machine's clock, and as many days later as it is told."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self.days = 0

    def now(self) -> str:
        from datetime import datetime, timedelta

        moment = datetime.fromisoformat(self._clock.now()) + timedelta(days=self.days)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def monotonic(self) -> float:
        seconds: float = self._clock.monotonic()
        return seconds


class FailingSink:
    """An EventSink with a fault of ours in it, at a commit after so many."""

    def __init__(self, after: int = 0) -> None:
        self._left = after

    def events(self, run: str, committed: Any) -> None:
        self._left -= 1
        if self._left < 0:
            raise ZeroDivisionError("by nobody's fault")

    def running(self, beginning: Any) -> None:
        """Nothing."""


def refused(call: Callable[[], Any]) -> str:
    """The code of the error that a call raises."""
    try:
        call()
    except ConvergeError as error:
        return error.code
    return "nothing was raised"
