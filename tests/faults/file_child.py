"""Lets a file be written by processes that die on the way, one process for each place at which one can die.

    python file_child.py VERB FOLDER RECEIPT

VERB is `receipt` or `identity`; RECEIPT is a file with the bytes to write. For each case it forks a process that works
in a folder of its own below FOLDER, and prints `{"case", "ended", "folder"}`.
"""

import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from converge_cli.app.identity import new_identity
from converge_cli.app.record.write_receipt import write_file
from converge_cli.core.errors import ConvergeError

VERB, FOLDER, RECEIPT = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]).read_bytes()
OURS = ("whole_file.py", "write_receipt.py", "identity.py")


def work(folder: Path) -> None:
    if VERB == "receipt":
        write_file(folder / "r.json", RECEIPT)
    else:
        new_identity(folder / "keys", "mona")


def kill_at_line(number: int) -> None:
    """Die by SIGKILL before the n-th line of ours."""
    seen = 0

    def traced(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.endswith(OURS):
            return None
        if event == "line":
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)
        return traced

    sys.settrace(traced)


def kill_at_byte(number: int) -> None:
    """The system kills the process when it writes more than so many bytes; those stay written."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (number, number))


def fail_at_byte(number: int) -> None:
    """The system writes so many bytes of a file and refuses the next."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (number, number))


def ended(folder: Path, prepare: Callable[[int], None], number: int) -> str:
    """How a process ended that works under such a fault: a signal, the code of an error, or `done`."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            prepare(number)
            work(folder)
            sys.settrace(None)
            told = "done"
        except ConvergeError as error:
            told = error.code
        os.write(writing, told.encode())
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as stream:
        told = stream.read()
    _, status = os.waitpid(child, 0)
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else told


def case(name: str, prepare: Callable[[int], None], number: int, old: bytes | None) -> str:
    folder = FOLDER / name
    (folder / "keys").mkdir(parents=True)
    if old is not None:
        (folder / "r.json").write_bytes(old)
    how = ended(folder, prepare, number)
    sys.stdout.write(json.dumps({"case": name, "ended": how, "folder": str(folder)}) + "\n")
    sys.stdout.flush()
    return how


def main() -> None:
    work(Path(shutil.copytree(FOLDER, FOLDER / "rehearsal")))  # everything is imported before the first fork
    for old in (b"an older receipt", None) if VERB == "receipt" else (None,):
        number, how = 0, ""
        while how != "done":
            number += 1
            how = case(f"line-{number}-{old is None}", kill_at_line, number, old)
        for number in (0, 1, 50, len(RECEIPT) // 2, len(RECEIPT) - 1):
            case(f"killed-byte-{number}-{old is None}", kill_at_byte, number, old)
            case(f"failed-byte-{number}-{old is None}", fail_at_byte, number, old)


if __name__ == "__main__":
    main()
