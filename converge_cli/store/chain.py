"""The chain over a run's events: checking a commit before it is written, and recorded bytes when they are read.

Pure; must never repair anything: what does not hash to its head is refused.
"""

import re
from collections.abc import Iterable

from converge_cli._internal.hashing import GENESIS, chain_link
from converge_cli.core.errors import ConcurrentAppendError, ConvergeError, RecordCorruptError
from converge_cli.core.port import Commit, RunRow

GENESIS_HEAD = GENESIS.hex()
"""`previous_head` of a run's first commit."""

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class MalformedCommitError(ConvergeError):
    """A commit contradicts itself: no events, a row that is not the one after them, or a wrong head."""

    code = "COMMIT_MALFORMED"

    def __init__(self, run: str, why: str) -> None:
        super().__init__(f"commit to run {run!r} is refused: {why}", hint="nothing was written", where=run)


class MalformedRunIdError(ConvergeError):
    """A run id that could lead out of the store, or that could not be typed."""

    code = "RUN_ID_MALFORMED"

    def __init__(self, run: str) -> None:
        super().__init__(
            f"{run[:80]!r} is not a run id",
            hint="a run id is 1 to 64 letters, digits, - or _, and starts with a letter or digit",
        )


def check_run_id(run: str) -> str:
    """Return a run id that is safe as a file name.

    Raises:
        MalformedRunIdError: it has a separator, a dot, white space, or more than 64 characters.
    """
    if _RUN_ID.fullmatch(run) is None:
        raise MalformedRunIdError(run)
    return run


def extend(head: bytes, events: Iterable[bytes]) -> bytes:
    """The head after events, from the head before them; 32 bytes."""
    for event in events:
        head = chain_link(head, event)
    return head


def check_commit(commit: Commit) -> bytes:
    """Return the head that the events of a commit lead to, after checking the commit against itself.

    A store that took a wrong head would only find out when somebody needs the record.

    Raises:
        MalformedRunIdError: the run id can't be stored.
        MalformedCommitError: no events, a row for another sequence, a raw newline, or a head that is not the events'.
    """
    run = check_run_id(commit.row.run)
    if not commit.events:
        raise MalformedCommitError(run, "it has no events")
    if commit.row.seq != commit.first_seq + len(commit.events) - 1:
        raise MalformedCommitError(run, f"its row says sequence {commit.row.seq}, its events end elsewhere")
    try:
        head = extend(bytes.fromhex(commit.previous_head), commit.events)
    except ValueError:
        raise MalformedCommitError(run, "previous_head is not hex") from None
    if head.hex() != commit.row.head:
        raise MalformedCommitError(run, "its events do not hash to its head")
    return head


def check_follows(commit: Commit, standing: RunRow | None) -> None:
    """Refuse a commit that was made for another past than the recorded one.

    Raises:
        ConcurrentAppendError: somebody appended since, or the run does not begin at sequence 1.
    """
    seq, head = (0, GENESIS_HEAD) if standing is None else (standing.seq, standing.head)
    if commit.first_seq != seq + 1 or commit.previous_head != head:
        raise ConcurrentAppendError(
            f"run {commit.row.run} is at sequence {seq}; this commit was made for sequence {commit.first_seq - 1}",
            hint=f"another process went on with it; see converge show {commit.row.run}",
            where=commit.row.run,
        )


def is_repeated(commit: Commit, standing: RunRow | None) -> bool:
    """Whether the newest commit of its run is this very one, delivered again: its head stands for all of its events."""
    return standing == commit.row


def corrupt(run: str, seq: int, why: str) -> RecordCorruptError:
    """The error for a record that can't be trusted from a sequence on."""
    return RecordCorruptError(
        f"the record of run {run} is damaged at sequence {seq}: {why}",
        hint="restore the store from a backup; nothing after this sequence may be relied on",
        where=f"{run}:{seq}",
    )


def check_segment(run: str, first_seq: int, last_seq: int, events: list[bytes], heads: tuple[bytes, bytes]) -> None:
    """Check the events of one recorded commit against the heads before and after them.

    Raises:
        RecordCorruptError: naming run and sequence.
    """
    if len(events) != last_seq - first_seq + 1:
        raise corrupt(run, first_seq, f"{last_seq - first_seq + 1} events were recorded, {len(events)} are there")
    before, after = heads
    if extend(before, events) != after:
        raise corrupt(run, first_seq, f"events {first_seq} to {last_seq} do not hash to their head")
