"""The folder of the store fills up, turns read-only, loses a file, is copied while in use: told, and nothing is lost.

A disk of its own needs the right to mount one; without it those tests are skipped.
"""

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from converge_cli.core.errors import ConvergeError
from converge_cli.store.sqlite import SqliteExperience

SAID = ("--as", "mona", "--reason", "three bids compared")
KILOBYTE = 1024


class Disk:
    """A real disk of 2 MB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mount("-t", "tmpfs", "-o", "size=2m", "tmpfs")

    def fill(self, left: int) -> None:
        """Leave so many kilobytes free."""
        with (self.folder / "filled").open("wb") as stream:
            stat = os.statvfs(self.folder)
            stream.write(bytes(max(stat.f_bavail * stat.f_frsize - left * KILOBYTE, 0)))

    def free(self) -> None:
        """Make room again."""
        (self.folder / "filled").unlink()

    def remount(self, how: str) -> None:
        """`ro` or `rw`."""
        self._mount("-o", f"remount,{how}")

    def _mount(self, *words: str) -> None:
        subprocess.run(["mount", *words, self.folder], check=True, capture_output=True)


@pytest.fixture
def converge(tmp_path: Path, started_in: Any) -> Any:
    """The command, started anew each time: who it is among processes is what is tested here."""
    return started_in(tmp_path)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        made = Disk(folder)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk can be mounted here")
    yield made
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def paused(converge: Any, disk: Disk) -> str:
    """A run that waits for a decision, on the small disk."""
    converge.env["CONVERGE_STORAGE_PATH"] = str(disk.folder / "store")
    ran = converge("run", "vendor-selection", "--trace", "off", "--json")
    assert 4 == ran.code
    folded(disk.folder / "store")
    return ran.data["run_id"]


def folded(store: Path) -> Path:
    """The store, with its log folded into the one file."""
    held = SqliteExperience(store)
    assert list(held.rows())
    held.close()
    assert not (store / "experience.db-wal").exists()
    return store


def goes_on(converge: Any, run: str) -> None:
    """It is decided and resumed to its good end, and its record replays."""
    decided = converge("approve", run, "vendor_commitment", *SAID, "--json")
    assert decided.code == 0 or decided.data["refusals"], decided
    assert "CriteriaMet" == converge("resume", run, "--trace", "off", "--json").data["stop"]["reason"]
    assert 0 == converge("replay", run, "--verify").code


@pytest.mark.parametrize("left", [0, 40, 100])
def test_a_full_disk_is_told_and_what_was_recorded_goes_on_when_there_is_room(
    converge: Any, disk: Disk, paused: str, left: int
) -> None:
    """Full from the beginning, or amid the work: what was told to be done is done, the rest can be done again."""
    disk.fill(left)
    outcomes = {
        "run": converge("run", "vendor-selection", "--trace", "off", "--json"),
        "approve": converge("approve", paused, "vendor_commitment", *SAID, "--json"),
        "resume": converge("resume", paused, "--trace", "off", "--json"),
    }
    disk.fill(0)
    outcomes["receipt"] = converge("receipt", paused, "-o", disk.folder / "r.json", "--json")
    # Of a run that died amid its resume there is no receipt until it has come to rest, however much room there is.
    died = outcomes["receipt"].code == 1 and outcomes["receipt"].error["code"] == "RECEIPT_REFUSED"
    for command, ran in outcomes.items():
        if ran.code == 1 and not (command == "receipt" and died):
            assert "full" in ran.error["message"] or "No space left" in ran.error["message"], (command, ran.error)
            assert ran.error["hint"]
    assert left or {1} == {ran.code for ran in outcomes.values()}
    written = ["r.json"] if outcomes["receipt"].code == 0 else []
    assert {"filled", "store", *written} == {path.name for path in disk.folder.iterdir()}
    disk.free()
    status = {row["run_id"]: row["status"] for row in converge("runs", "--json").data["runs"]}[paused]
    assert (status == "stopped") == (outcomes["resume"].code == 0)
    assert died == (status == "running")
    if status != "stopped":
        goes_on(converge, paused)
    assert 0 == converge("doctor").code


def test_a_folder_that_turns_read_only_still_tells_what_was_recorded(converge: Any, disk: Disk, paused: str) -> None:
    """Every writer says so, every reader reads; when it can be written again, the run goes on."""
    disk.remount("ro")
    for words in (
        ("run", "vendor-selection", "--trace", "off"),
        ("approve", paused, "vendor_commitment", *SAID),
        ("resume", paused, "--trace", "off"),
    ):
        ran = converge(*words, "--json")
        assert (1, "STORE_UNAVAILABLE") == (ran.code, ran.error["code"])
        assert "read-only" in ran.error["message"]
        assert "CONVERGE_STORAGE_PATH" in ran.error["hint"]
    assert paused in converge("inbox").out
    assert paused in converge("show", paused).out
    assert 0 == converge("replay", paused, "--verify").code
    disk.remount("rw")
    goes_on(converge, paused)


def test_a_run_that_has_ended_leaves_one_file(converge: Any, project: Any, tmp_path: Path) -> None:
    """Also when a thread of a pack goes on, and the process leaves without waiting for it: the log is folded in."""
    left = "import threading\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    folder = project.execute(f"{left}return Effect([self.note(view)])\n")
    assert 0 == converge("run", "small", "--trace", "off", cwd=folder).code
    assert {"experience.db", "lock", "runs"} == {path.name for path in (tmp_path / "store").iterdir()}


@pytest.mark.parametrize("lost", [("experience.db-wal",), ("experience.db-wal", "experience.db-shm")])
def test_without_its_log_the_database_is_as_it_was_before(converge: Any, tmp_path: Path, lost: tuple[str, ...]) -> None:
    """The log of a killed writer is a part of the database: who removes it has an older one, whole, that goes on."""
    runs = [converge("run", "vendor-selection", "--trace", "off", "--json").data["run_id"]]
    store = folded(tmp_path / "store")
    reader = sqlite3.connect(store / "experience.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM sqlite_schema").fetchall()  # whoever reads keeps the writer from folding the log in
    runs.append(converge("run", "vendor-selection", "--trace", "off", "--json").data["run_id"])
    copied = tmp_path / "copied"
    shutil.copytree(store, copied)
    reader.close()
    assert (copied / "experience.db-wal").stat().st_size
    for name in lost:
        (copied / name).unlink()
    converge.env["CONVERGE_STORAGE_PATH"] = str(copied)
    known = {row["run_id"] for row in converge("runs", "--json").data["runs"]}
    assert known <= set(runs)
    assert runs[0] in known
    for run in set(runs) - known:
        ran = converge("resume", run, "--trace", "off", "--json")
        assert "RUN_NOT_FOUND" == ran.error["code"]
    assert 0 == converge("doctor").code
    goes_on(converge, runs[0])


def test_a_copy_made_while_runs_are_recorded_is_whole_or_says_that_it_is_not(converge: Any, tmp_path: Path) -> None:
    """Files copied one after the other, some without the log: a copy gives how runs begin, or an error with a code."""
    converge("run", "vendor-selection", "--trace", "off")
    folded(tmp_path / "store")
    running = [converge.start("run", "vendor-selection", "--trace", "off") for _ in range(3)]
    copies = []
    while any(process.poll() is None for process in running):
        copy = tmp_path / f"copy{len(copies)}"
        copy.mkdir()
        for name in ("experience.db", "experience.db-wal")[: 1 + len(copies) % 2]:
            if (tmp_path / "store" / name).exists():
                shutil.copyfile(tmp_path / "store" / name, copy / name)
        copies.append(copy)
        time.sleep(0.01)
    for process in running:
        process.communicate()
    whole, error = read_all(tmp_path / "store")
    assert (4, None) == (len(whole), error)
    given = [read_all(copy) for copy in copies]
    for runs, error in given:
        assert error is None or (error.code in {"RECORD_CORRUPT", "STORE_UNAVAILABLE"} and error.hint)
        assert runs == {run: whole[run][: len(events)] for run, events in runs.items()}
    assert 5 < len(given)
    assert len(given) / 2 < sum(bool(runs) for runs, _ in given)


def read_all(folder: Path) -> tuple[dict[str, list[bytes]], ConvergeError | None]:
    """The events of every run, and the error that ended the reading."""
    held, runs = SqliteExperience(folder), {}
    try:
        for row in held.rows():
            runs[row.run] = list(held.read(row.run))
    except ConvergeError as error:
        return runs, error
    finally:
        held.close()
    return runs, None
