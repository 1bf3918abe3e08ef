"""A worker process over the store of a project: claims and drives until it is told to stop, or killed.

Also the project itself, whose one suggestor does something to the outside world, once a job.
"""

import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

from converge_cli.app.jobs.job_setting import JobSetting
from converge_cli.app.jobs.worker_pool import WorkerPool
from converge_cli.app.jobs.workers import Ears
from converge_cli.app.services import Services
from converge_cli.bootstrap import make_services
from converge_cli.core.errors import ConvergeError
from converge_cli.core.port import Experience
from converge_cli.settings import Settings
from converge_cli.store.leased import LeasedExperience
from converge_cli.store.queue_sqlite import SqliteQueue
from converge_cli.store.sqlite import SqliteExperience

LEASE_SECONDS = 1.0
FILES = {
    "truths/ping/truth.yaml": """\
        truth: v1
        key: ping
        kind: job
        title: A ping is answered
        job: {actor: Caller, functional: Ping once, so_that: It is known that somebody is there}
        packs: [ping]
        budget: {cycles: 10, facts: 1000, time: 60s}
        success_criteria:
          - id: answered
            description: The answer was noted
            required: true
            then: ['the Context key "Evaluations" contains at least 1 fact with id "note:*"']
        """,
    "features/ping.feature": """\
        Feature: A ping is answered

          @invariant @structural @id:notes_have_text
          Scenario: A note has text
            Given any fact under key "Evaluations" with id "note:*"
            Then it must include:
              | field | rule             |
              | text  | non-empty string |
        """,
    "packs/ping.py": '''\
        """Pings the outside world once, then notes the answer; waits while there is a file `hold`."""

        import asyncio
        import os
        from pathlib import Path

        from converge_cli import Effect, FactModel, Suggestor

        PACK = {
            "pack": "v1", "name": "ping", "version": "1", "description": "Pings",
            "kinds": {"note": "Note"}, "suggestors": ["Caller", "Clerk"],
        }
        HERE = Path(__file__).parents[1]


        class Note(FactModel, frozen=True):
            text: str


        class Caller(Suggestor):
            name = "caller"
            timeout = 50.0
            writes = ("Signals:note:*",)

            async def execute(self, view):
                answer = await view.call({"say": "ping"}, self.ping)
                return Effect([view.propose("Signals", "note:answer", Note(answer.decode()))])

            async def ping(self, key):
                await asyncio.sleep(0.01)
                name = key.replace("/", "_")
                try:
                    effect = os.open(HERE / "effects" / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
                except FileExistsError:
                    return b"pong"
                os.fsync(effect)
                os.close(effect)
                return b"pong"


        class Clerk(Suggestor):
            name = "clerk"
            timeout = 50.0
            reads = ("Signals:note:*",)
            writes = ("Evaluations:note:*",)

            async def execute(self, view):
                while (HERE / "hold").exists():
                    await asyncio.sleep(0.01)
                return Effect([view.propose("Evaluations", "note:kept", Note("pong"))])
        ''',
}


def write_project(folder: Path) -> None:
    """The project, and the folder of its effects: one file for each thing done outside."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(dedent(text))
    (folder / "effects").mkdir()


def services_of(folder: Path, store: Experience) -> Services:
    """What a process of the project has."""
    return replace(make_services(folder, settings=Settings("memory", folder / "nowhere", None)), experience=store)


def setting_of(folder: Path, store: SqliteExperience) -> JobSetting:
    """A service over the project's store."""
    services = services_of(folder, store)
    return JobSetting(services, SqliteQueue(store), lambda lease: LeasedExperience(store, lease), LEASE_SECONDS)


def say(*words: str) -> None:
    """One line to whoever started this."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Work until SIGTERM."""
    folder, name = Path(sys.argv[1]), sys.argv[2]
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())

    def troubled(job: str, error: ConvergeError) -> None:
        say("troubled", job, error.code)

    ears = Ears(lambda job: say("settled", job.job, job.status), troubled)
    pool = WorkerPool(setting_of(folder, SqliteExperience(folder / "store")), name, ears, workers=2)
    pool.start()
    say("working")
    told.wait()
    say("stopped", str(pool.stop(10)))


if __name__ == "__main__":
    main()
