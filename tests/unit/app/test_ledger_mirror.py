"""The mirror: copies what was recorded, in order, once; is patient with nobody at the end of a run."""

import threading
import time
from collections.abc import Sequence
from typing import Any, get_args

import msgspec
import pytest

from converge_cli._internal.system import SystemClock
from converge_cli.app.ledger.mirror import Mirror
from converge_cli.app.ledger.mirror_run import mirror_run, mirrored_so_far
from converge_cli.app.ledger.projection import KEYS, entry_of_event, event_sequence
from converge_cli.core.errors import ConvergeError
from converge_cli.core.event import RunEvent
from converge_cli.core.ledger import MAX_PAYLOAD, MIRROR_KEYS, LedgerEntry, LedgerPage, NewEntry
from converge_cli.core.ledger_errors import LedgerUnavailableError, LedgerUnverifiedError
from converge_cli.store.ledger_memory import MemoryLedger
from converge_cli.store.memory import MemoryExperience
from converge_cli.testing.experience_conformance import commit_after, fill, sample_events
from converge_cli.testing.ledger_samples import all_of


@pytest.fixture
def experience() -> MemoryExperience:
    return MemoryExperience()


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger(SystemClock())


def mirrored(ledger: Any, run: str = "run1") -> list[bytes]:
    """The payloads of a context."""
    return [entry.payload for entry in all_of(ledger, run)]


class Misbehaving(MemoryLedger):
    """A ledger whose append can be made to do something else first."""

    def __init__(self, before: Any = None, after: Any = None) -> None:
        super().__init__(SystemClock())
        self.before, self.after = before, after

    def append(self, context: str, entries: Sequence[NewEntry]) -> list[LedgerEntry]:
        if self.before is not None:
            self.before()
        held = super().append(context, entries)
        return held if self.after is None else self.after(held)


def test_every_event_has_a_key():
    """A new type of event has to be given one."""
    assert {kind.__name__ for kind in get_args(RunEvent)} == set(KEYS)
    assert set(MIRROR_KEYS) == set(KEYS.values())


def test_what_was_recorded_is_mirrored_in_order(experience: MemoryExperience, ledger: MemoryLedger):
    """Commit by commit, while they come."""
    mirror, written, row = Mirror(lambda: ledger, experience, "x"), [], None
    for size in (1, 5, 2, 40):
        commit = commit_after(row, "run1", sample_events(len(written) + 1, size))
        experience.append(commit)
        mirror.committed("run1", commit.first_seq, commit.row.seq)
        written, row = written + list(commit.events), commit.row
    assert "current" == mirror.finish().word
    assert written == mirrored(ledger)
    assert [f"event:{number}" for number in range(1, 49)] == [entry.id for entry in all_of(ledger, "run1")]


def test_a_mirror_goes_on_where_another_ended(experience: MemoryExperience, ledger: MemoryLedger):
    """Also when somebody else put entries into the context, at its end or in between."""
    written = fill(experience, "run1", (3, 3))
    assert [3] == list(mirror_run(FirstEvents(experience, 3), ledger, "run1", 0))
    ledger.append("run1", [NewEntry("mine", "notes")])
    mirror = Mirror(lambda: ledger, experience, "x")
    mirror.committed("run1", 4, 6)
    assert "current" == mirror.finish().word
    assert [*written[:3], b"", *written[3:]] == mirrored(ledger)
    assert 6 == mirrored_so_far(ledger, "run1")


class FirstEvents:
    """A record that ends early."""

    def __init__(self, experience: MemoryExperience, count: int) -> None:
        self._experience, self._count = experience, count

    def read(self, run: str, after: int = 0) -> Any:
        return iter(list(self._experience.read(run))[after : self._count])


def test_two_mirrors_of_one_run_do_not_duplicate(experience: MemoryExperience, ledger: MemoryLedger):
    """They know nothing of each other; entries are named after events."""
    written = fill(experience, "run1", (50, 50))
    mirrors = [Mirror(lambda: ledger, experience, "x") for _ in range(4)]
    for mirror in mirrors:
        mirror.committed("run1", 51, 100)
    assert ["current"] * 4 == [mirror.finish().word for mirror in mirrors]
    assert written == mirrored(ledger)


def test_an_event_that_is_too_large_is_represented_by_its_digest(experience: MemoryExperience, ledger: MemoryLedger):
    """And the rest goes on behind it."""
    fill(experience, "run1", (1,))
    experience.append(commit_after(experience.row("run1"), "run1", sample_events(2, 1, "x" * MAX_PAYLOAD)))
    experience.append(commit_after(experience.row("run1"), "run1", sample_events(3, 1)))
    assert [3] == list(mirror_run(experience, ledger, "run1", 0))
    _, large, _ = all_of(ledger, "run1")
    assert (b"", {"type", "omitted", "sha256"}) == (large.payload, set(large.metadata))


def test_many_large_events_go_in_several_batches(experience: MemoryExperience, ledger: MemoryLedger):
    """Each small enough for a ledger."""
    row = None
    for number in range(1, 8):
        commit = commit_after(row, "run1", sample_events(number, 1, "x" * (MAX_PAYLOAD - 200)))
        experience.append(commit)
        row = commit.row
    assert [3, 6, 7] == list(mirror_run(experience, ledger, "run1", 0))


def test_decisions_that_the_engine_did_not_tell_of_are_mirrored_at_the_end(
    experience: MemoryExperience, ledger: MemoryLedger
):
    """Recorded by somebody else while the run waited."""
    fill(experience, "run1", (2,))
    mirror = Mirror(lambda: ledger, experience, "x")
    mirror.committed("run1", 1, 2)
    experience.append(commit_after(experience.row("run1"), "run1", sample_events(3, 1)))
    assert "current" == mirror.finish().word
    assert 3 == len(mirrored(ledger))


def test_telling_the_mirror_takes_no_time_whatever_the_ledger_does(experience: MemoryExperience):
    """The engine's thread is never held; the end of the run waits as long as it was told."""
    release = threading.Event()
    ledger = Misbehaving(before=lambda: release.wait(30))
    mirror = Mirror(lambda: ledger, experience, "x")
    fill(experience, "run1", (1,) * 50)
    begun = time.perf_counter()
    for number in range(1, 51):
        mirror.committed("run1", number, number)
    told = time.perf_counter() - begun
    report = mirror.finish(0.2)
    ended = time.perf_counter() - begun
    release.set()

    assert (True, "run1", "it took longer than 0.2 s") == (report.lagging, report.run, report.reason)
    assert told < 0.1
    assert 0.2 <= ended < 2


def test_a_ledger_that_comes_back_is_caught_up_with(experience: MemoryExperience):
    """Down while the run went on, there at its end."""
    down = threading.Event()
    down.set()
    failed = threading.Event()

    def fail() -> None:
        if down.is_set():
            failed.set()
            raise LedgerUnavailableError("x", "it is down")

    ledger = Misbehaving(before=fail)
    mirror = Mirror(lambda: ledger, experience, "x")
    written = fill(experience, "run1", (3,))
    mirror.committed("run1", 1, 3)
    assert failed.wait(10)
    down.clear()
    assert "current" == mirror.finish(10).word
    assert written == mirrored(ledger)


@pytest.mark.parametrize(
    "lie",
    [
        lambda held: held[1:],
        lambda held: [*held, held[-1]],
        lambda held: [msgspec.structs.replace(entry, payload=b"forged") for entry in held],
        lambda held: [msgspec.structs.replace(entry, hash="00" * 32) for entry in held],
        lambda held: [msgspec.structs.replace(entry, previous="no hex") for entry in held],
        lambda held: 1 / 0,
    ],
)
def test_a_ledger_that_lies_or_breaks_is_said_to_lag(lie: Any, experience: MemoryExperience):
    """With words; and nothing is raised where a run could hear it."""
    fill(experience, "run1", (3,))
    mirror = Mirror(lambda: Misbehaving(after=lie), experience, "x")
    mirror.committed("run1", 1, 3)
    report = mirror.finish(5)
    assert report.lagging
    assert report.reason


def test_a_ledger_that_claims_what_never_happened_is_said_to_lag(experience: MemoryExperience):
    """More events than were recorded; and pages without end do not keep the end of a run waiting."""

    class Claiming(MemoryLedger):
        def get(self, context: str, *, key: str | None = None, after: int = 0, limit: int = 100) -> LedgerPage:
            entry = LedgerEntry(context, self.entry, "facts", b"", {}, after + 1, "", "", "")
            return LedgerPage((entry,), 10**12, more=True)

    fill(experience, "run1", (3,))
    for entry in ("event:999", "something"):
        claiming = Claiming(SystemClock())
        claiming.entry = entry
        mirror = Mirror(lambda claiming=claiming: claiming, experience, "x")
        mirror.committed("run1", 2, 3)
        begun = time.perf_counter()
        assert mirror.finish(0.3).lagging
        assert time.perf_counter() - begun < 2
        claiming.entry = "event:999"


def test_what_a_mirror_copies_is_checked_by_the_one_who_copies(experience: MemoryExperience):
    """Directly, with the error."""
    fill(experience, "run1", (3,))
    with pytest.raises(LedgerUnverifiedError):
        list(mirror_run(experience, Misbehaving(after=lambda held: held[1:]), "run1", 0))


@pytest.mark.parametrize(
    ("entry", "sequence"),
    [("event:1", 1), ("event:", None), ("event:x", None), ("1", None), ("event:²", None), ("event:" + "9" * 30, None)],
)
def test_only_entries_named_after_events_count(entry: str, sequence: int | None):
    """Others may use any id."""
    assert sequence == event_sequence(entry)


def test_bytes_that_are_no_event_are_an_error():
    """They can't be named."""
    with pytest.raises(msgspec.MsgspecError):
        entry_of_event(b"{}")
    assert issubclass(LedgerUnverifiedError, ConvergeError)
