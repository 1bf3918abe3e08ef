"""Works on a ledger's file under faults of the disk, each case in a process forked from this one.

    python ledger_child.py FOLDER KIND STEP

Takes every STEP-th write point of the work: appends of one entry and of many, each appended again as a retry, then the
load of a snapshot of many entries. Prints `{"at", "of", "folder", "ended", "told"}` for each; `told` is what was
acknowledged.
"""

import json
import os
import signal
import sys
from pathlib import Path

from converge_cli._internal.system import SystemClock
from converge_cli.core.errors import ConvergeError
from converge_cli.core.ledger import NewEntry
from converge_cli.store.ledger_memory import MemoryLedger
from converge_cli.store.ledger_sqlite import SqliteLedger
from converge_cli.testing.fault_disk import Fault, FaultDisk

APPENDS = [[NewEntry(f"e{first + number}", "facts", b"x") for number in range(size)] for first, size in
           ((0, 1), (1, 40), (41, 1), (42, 90), (132, 1))]  # fmt: skip
LOADED = 1100
"""Entries of the snapshot: more than are written in one go."""


def snapshot() -> bytes:
    """A context of another ledger."""
    other = MemoryLedger(SystemClock())
    for first in range(0, LOADED, 550):
        other.append("copied", [NewEntry(f"c{first + number}", "evals", b"y") for number in range(550)])
    return b"".join(other.snapshot("copied"))


def work(folder: Path, copied: bytes, said: int) -> None:
    """Append, retry, load, each acknowledged by a line."""
    ledger = SqliteLedger(folder / "ledger.db", SystemClock())
    for entries in APPENDS:
        for _ in range(2):
            os.write(said, f"{ledger.append('own', entries)[-1].sequence}\n".encode())
    os.write(said, f"{ledger.load([copied]).count}\n".encode())
    ledger.close()


def case(folder: Path, fault: Fault, copied: bytes) -> tuple[str, list[int], int]:
    """How a process ended that worked under a fault, what it was told, and how many points it came to."""
    folder.mkdir()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        disk = FaultDisk(fault)
        disk.install()
        ended = "none"
        try:
            work(folder, copied, writing)
        except ConvergeError as error:
            ended = error.code
        os.write(writing, f"{ended} {disk.points}\n".encode())
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as stream:
        lines = stream.read().splitlines()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name, list(map(int, lines)), 0
    ended, points = lines[-1].split()
    return ended, list(map(int, lines[:-1])), int(points)


def main() -> None:
    folder, kind, step, copied = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), snapshot()
    (folder / "snapshot").write_bytes(copied)
    points = case(folder / "undisturbed", Fault(), copied)[2]
    for at in range(1, points + 1, step):
        ended, told, _ = case(folder / f"{at}", Fault(at, kind), copied)  # type: ignore[arg-type]
        done = {"at": at, "of": points, "folder": str(folder / f"{at}"), "ended": ended, "told": told}
        sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main()
