"""Drives a subject through faults, each process of a case forked from this one, which has imported everything.

    python fault_driver.py PROJECT TRUTH FOLDER SERVER

Reads a case a line from stdin, `{"case", "faults", "clock", "decision"}`: for each fault a process that drives until
the fault ends it, then one that drives to the end and judges. A fault is `[at, kind]`, of the disk or of the port;
milliseconds, after which the process is killed; or `{"each": n}`: process after process, so that every transaction has
one that is killed at its n-th write point, until one comes to the end. `decision` is what is said to every request,
instead of yes. Prints a verdict a line.
"""

import gc
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from fault_subject import drive, judge
from witness import FILE, WitnessedServices

from converge_cli.app.load_truth import load_truth
from converge_cli.bootstrap import make_services
from converge_cli.core.errors import ConvergeError
from converge_cli.settings import Settings
from converge_cli.testing.fault_disk import Fault, FaultDisk
from converge_cli.testing.faulty_experience import PORT_KINDS, FaultyExperience, PortFault

PROJECT, TRUTH, FOLDER, SERVER = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4]
LIMIT = 60
MOST = 300
"""Processes of one run; no run is to need more."""


def services_of(folder: Path) -> Any:
    return WitnessedServices.of(make_services(PROJECT, settings=Settings("sqlite", folder / "store", None)))


LOADED = load_truth(services_of(FOLDER / "never"), TRUTH, {})


def in_child(work: Callable[[], dict[str, Any]], told: Path) -> int:
    """Fork; the child works and leaves its answer in a file. Its process id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        signal.alarm(LIMIT)
        told.write_text(json.dumps(work()))
        code = 0
    except BaseException as error:  # noqa: BLE001  whatever it is, it is told, and the child never goes on as its parent
        told.write_text(json.dumps({"error": f"{getattr(error, 'code', type(error).__name__)}: {error}"}))
        code = 3 if isinstance(error, ConvergeError) else 1
    finally:
        os._exit(code)


def disturbed(folder: Path, fault: Any, case: dict[str, Any]) -> str:
    """One process that is to end before its time; how it ended."""

    def work() -> dict[str, Any]:
        services = services_of(folder)
        if isinstance(fault, dict):
            death = Death(fault["each"], folder / "deaths")
            drive(services, LOADED, folder / "diary", told=death.meet)
            death.escaped()
            return {"error": "none"}
        if isinstance(fault, list) and fault[1] in PORT_KINDS:
            services = replace(services, experience=FaultyExperience(services.experience, PortFault(*fault)))
        elif isinstance(fault, list):
            FaultDisk(Fault(*fault)).install()
        drive(services, LOADED, folder / "diary", decision=case.get("decision"))
        return {"error": "none"}

    child = in_child(work, folder / "told")
    if isinstance(fault, float | int):
        time.sleep(fault / 1000)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return str(json.loads((folder / "told").read_text())["error"]).partition(":")[0]


class Death:
    """Waits for its process at the n-th write point behind each place of a run, once for each place.

    So whoever goes on after it commits what was under way, and the run comes to its end. What keeps its appointment is
    dead; whoever comes to the next place before has escaped, and how many points that took is noted.
    """

    def __init__(self, points: int, file: Path) -> None:
        self._points = points
        self._file = file
        self._disk = FaultDisk()
        self._disk.install()
        self._since: int | None = None
        self.meet(0)

    def meet(self, place: int) -> None:
        """Called when the run has come to a place: wait behind it, unless another process has died there."""
        if place > self.last_place():
            self.escaped()
            self._note(f"place {place}")
            self._since = self._disk.points
            self._disk.arm(self._points)

    def escaped(self) -> None:
        """The process has come through what was waited for, if anything was."""
        if self._since is not None:
            self._note(f"escaped {self._disk.points - self._since}")
            self._since = None

    def last_place(self) -> int:
        """The last place at which it has waited, in this process or an earlier one."""
        return max(noted(self._file, "place"), default=-1)

    def _note(self, line: str) -> None:
        with self._file.open("a") as out:
            out.write(f"{line}\n")


def noted(file: Path, what: str) -> list[int]:
    """The numbers of one sort that a Death has noted."""
    lines = file.read_text().splitlines() if file.exists() else []
    return [int(number) for word, number in map(str.split, lines) if word == what]


def each_disturbed(folder: Path, fault: Any, case: dict[str, Any]) -> list[str]:
    """How every process of a fault ended."""
    ended = [disturbed(folder, fault, case)]
    while isinstance(fault, dict) and ended[-1] == "SIGKILL" and len(ended) < MOST:
        ended.append(disturbed(folder, fault, case))
    return ended


def finished(folder: Path, case: dict[str, Any]) -> dict[str, Any]:
    """The last process: to the end, then judged."""

    def work() -> dict[str, Any]:
        disk = FaultDisk()
        disk.install()
        services = services_of(folder)
        counted = FaultyExperience(services.experience, PortFault())
        began, decided, commits = time.monotonic(), [], [0]
        drive(
            replace(services, experience=counted),
            LOADED,
            folder / "diary",
            case.get("clock", 0),
            decision=case.get("decision"),
            deciding=lambda: decided.append(disk.points),
            told=lambda _place: commits.append(disk.points),
        )
        spans = [last - first for first, last in pairwise(commits)]
        counts = {"points": disk.points, "spans": spans, "decided": decided, "writes": counted.writes}
        seconds = time.monotonic() - began
        verdict = judge(services_of(folder), folder / "diary", folder / "effects", replayed="clock" in case)
        return {**vars(verdict), **counts, "seconds": seconds}

    os.waitpid(in_child(work, folder / "told"), 0)
    return dict(json.loads((folder / "told").read_text()))


def main() -> None:
    os.environ["FAULT_SERVER"] = f"{SERVER}/rehearsal"
    os.environ[FILE] = str(FOLDER / f"effects-{os.getpid()}")
    in_memory = make_services(PROJECT, settings=Settings("memory", FOLDER, None))
    drive(in_memory, LOADED, FOLDER / f"rehearsal-{os.getpid()}")  # everything is imported before the first fork
    gc.freeze()  # what was imported is left alone, so that forks share its memory
    for line in sys.stdin:
        case = json.loads(line)
        folder = FOLDER / str(case["case"])
        folder.mkdir(parents=True)
        os.environ["FAULT_SERVER"] = f"{SERVER}/{case['case']}"
        os.environ[FILE] = str(folder / "effects")
        ended = list(chain.from_iterable(each_disturbed(folder, fault, case) for fault in case["faults"]))
        escaped = noted(folder / "deaths", "escaped")
        verdict = {"case": case["case"], "ended": ended, "escaped": escaped, **finished(folder, case)}
        shutil.rmtree(folder)
        sys.stdout.write(json.dumps(verdict) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
