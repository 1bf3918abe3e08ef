"""The real command in a process of its own, and small projects for it to work on.

To import everything anew takes a short command nine tenths of its time. So most are forked from a process that has
(see warm.py); where the start is the matter, a module has `converge` from `started_in`.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
from server_process import Server
from warm import COMMAND, Warm

CONTENT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout; fails when there is more, or less."""
        return json.loads(self.out)

    @property
    def data(self) -> dict[str, Any]:
        """The data of an answer."""
        return self.document["data"]

    @property
    def error(self) -> dict[str, Any]:
        """The error of a command that gave no answer."""
        return self.document["error"]


class Converge:
    """Calls `converge`; one store for all calls of a test, nothing of the surroundings but the path."""

    command = COMMAND

    def __init__(self, folder: Path, bytecode: Path, warm: Warm | None = None) -> None:
        self.folder = folder
        self.env = environment_of(bytecode) | {"HOME": str(folder), "CONVERGE_STORAGE_PATH": str(folder / "store")}
        self._warm = warm

    def __call__(
        self, *args: str | Path, cwd: Path | None = None, env: dict[str, str | None] | None = None, timeout: float = 60
    ) -> Ran:
        """Run to the end; never a terminal, never a traceback."""
        words, folder, environment = [str(word) for word in args], cwd or self.folder, self.environment(env)
        done = self._warm.run(words, folder, environment, timeout) if self._warm else None
        if done is None:
            done = subprocess.run(
                [COMMAND, *words],
                check=False,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout,
            )
        ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in ran.out + ran.err, ran.err
        return ran

    def decide(self, run: str, verb: str, target: str, who: str, *more: str) -> Ran:
        """A decision, from a process of its own: `verb` is approve or reject."""
        return self(verb, run, target, *more, "--as", who, "--reason", "seen the papers", "--json")

    def start(self, *args: str | Path, cwd: Path | None = None, **options: Any) -> subprocess.Popen[bytes]:
        """Start and let it run."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
        return subprocess.Popen([COMMAND, *args], cwd=cwd or self.folder, env=self.environment(), **pipes)

    def environment(self, changes: dict[str, str | None] | None = None) -> dict[str, str]:
        """The environment of the command; None takes a variable out."""
        return {name: value for name, value in {**self.env, **(changes or {})}.items() if value is not None}


@pytest.fixture(scope="session")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands of this session keep compiled bytecode, so that only the first is slow."""
    return tmp_path_factory.getbasetemp() / "bytecode"


def environment_of(bytecode: Path) -> dict[str, str]:
    """What commands are told of the surroundings."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPYCACHEPREFIX": str(bytecode)}


@pytest.fixture(scope="session")
def converge_in(bytecode: Path) -> Iterator[Callable[[Path], Converge]]:
    """The command, with a store of its own in a given folder: for tests that share what was recorded."""
    warm = Warm(environment_of(bytecode))
    yield partial(Converge, bytecode=bytecode, warm=warm)
    warm.stop()


@pytest.fixture(scope="session")
def started_in(bytecode: Path) -> Callable[[Path], Converge]:
    """The same, each command in an interpreter of its own, started for it."""
    return partial(Converge, bytecode=bytecode)


@pytest.fixture
def converge(tmp_path: Path, converge_in: Callable[[Path], Converge]) -> Converge:
    """The command, with a store of its own in the test's folder."""
    return converge_in(tmp_path)


@pytest.fixture
def start(converge: Any) -> Iterator[Callable[..., Server]]:
    """Starts servers; those that still run at the end are killed."""
    started: list[Server] = []

    def serve(*args: str, cwd: Path | None = None) -> Server:
        started.append(Server(converge.start("serve", "--port", "0", "--insecure-local", *args, cwd=cwd)))
        return started[-1]

    yield serve
    for server in started:
        server.http.close()
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate()


class Project:
    """A project of one truth `small` and one pack `small`, as small as they can be."""

    TRUTH = """\
        truth: v1
        key: small
        kind: job
        title: A note is written
        job: {actor: Writer, functional: Write notes, so_that: They can be read}
        packs: [small]
        budget: {cycles: 10, facts: 1000, time: 30s}
        success_criteria:
          - id: written
            description: A note is there
            required: true
            then: ['the Context key "Signals" contains at least 1 fact with id "note:*"']
        """
    FEATURE = """\
        Feature: A note is written

          @invariant @structural @id:notes_have_text
          Scenario: A note has text
            Given any fact under key "Signals" with id "note:*"
            Then it must include:
              | field | rule             |
              | text  | non-empty string |
        """
    PACK = '''\
        """Writes a note."""

        import asyncio
        import os
        import sys
        import time

        from converge_cli import Effect, FactModel, Suggestor

        PACK = {
            "pack": "v1", "name": "small", "version": "1", "description": "Writes notes",
            "kinds": {"note": "Note"}, "suggestors": ["Writer"],
        }


        class Note(FactModel, frozen=True):
            text: str
            about: tuple[str, ...] = ()


        class Base(Suggestor):
            name = "writer"
            writes = ("Signals:note:*",)

            def note(self, view, text="hello", name="one"):
                return view.propose("Signals", f"note:{name}", Note(text))

        '''
    WRITER = """\
        class Writer(Base):
            def execute(self, view):
                return Effect([self.note(view)])
        """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truth = folder / "truths" / "small" / "truth.yaml"
        self.feature = folder / "features" / "small.feature"
        self.pack = folder / "packs" / "small.py"

    def write(
        self, writer: str = WRITER, *, truth: str = "", feature: str = FEATURE, replace: dict[str, str] | None = None
    ) -> Path:
        """Write the project: the writer's code, what to add to the truth, what to replace in it."""
        for path in (self.truth, self.feature, self.pack):
            path.parent.mkdir(parents=True, exist_ok=True)
        text = dedent(self.TRUTH) + dedent(truth)
        for old, new in (replace or {}).items():
            assert old in text
            text = text.replace(old, new)
        self.truth.write_text(text)
        self.feature.write_text(dedent(feature))
        self.pack.write_text(dedent(self.PACK) + dedent(writer))
        return self.folder

    def execute(self, body: str, **options: Any) -> Path:
        """Write the project with this body of the writer's execute."""
        return self.write(
            f"class Writer(Base):\n    def execute(self, view):\n{indent(dedent(body), ' ' * 8)}", **options
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A small project, not written yet."""
    return Project(tmp_path / "project")
