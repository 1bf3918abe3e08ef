"""What the crash tests run in another process: append, race or drive, telling each thing that was acknowledged."""

import os
import sys
import time
from pathlib import Path

from converge_cli.core.errors import ConcurrentAppendError, RunBusyError
from converge_cli.store.sqlite import SqliteExperience
from converge_cli.testing.experience_conformance import commit_after, sample_events


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def append_until_killed(store: SqliteExperience, run: str) -> None:
    row = None
    while True:
        first = 1 if row is None else row.seq + 1
        commit = commit_after(row, run, sample_events(first, 1 + first % 40, "x" * 200))
        store.append(commit)
        row = commit.row
        say(str(row.seq))


def append_and_wait(store: SqliteExperience, run: str) -> None:
    row = None
    for size in (2, 3, 4, 5):
        commit = commit_after(row, run, sample_events(1 if row is None else row.seq + 1, size))
        store.append(commit)
        row = commit.row
    say("written")
    time.sleep(60)


def race(store: SqliteExperience, run: str) -> None:
    say("ready")
    sys.stdin.readline()
    for number in range(20):
        try:
            row = store.row(run)
            store.append(commit_after(row, run, sample_events(row.seq + 1, 1, f"{os.getpid()}-{number}")))
            say("won")
        except ConcurrentAppendError:
            say("lost")


def drive(store: SqliteExperience, run: str) -> None:
    try:
        with store.driving(run):
            say("driving")
            time.sleep(60)
    except RunBusyError:
        say("refused")


if __name__ == "__main__":
    verbs = {"append": append_until_killed, "wait": append_and_wait, "race": race, "drive": drive}
    verbs[sys.argv[1]](SqliteExperience(Path(sys.argv[2])), sys.argv[3])
