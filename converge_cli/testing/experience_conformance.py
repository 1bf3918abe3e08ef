"""What every adapter of the Experience port must do. Subclass it with a fixture `experience`; change nothing else.

    class TestMine(ExperienceConformance):
        @pytest.fixture
        def experience(self):
            store = MyExperience(...)
            yield store
            store.close()

The fixture gives a new, empty store each time. Must never know an adapter.
"""

import threading
from collections.abc import Callable
from typing import Any

import msgspec

from converge_cli._internal.hashing import GENESIS, chain_link, digest_bytes
from converge_cli.core.call import KeptCall
from converge_cli.core.errors import (
    ConcurrentAppendError,
    ConvergeError,
    RecordCorruptError,
    RunBusyError,
    RunNotFoundError,
)
from converge_cli.core.port import Commit, Experience, RunFilter, RunRow


def expect(expected: Any, actual: Any) -> None:
    """Fail unless both are equal."""
    if expected != actual:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


def expect_error(kind: type[ConvergeError], call: Callable[[], object]) -> ConvergeError:
    """Fail unless the call raises that error; returns it."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"expected {kind.__name__}, nothing was raised")


def sample_events(first_seq: int, count: int, text: str = "") -> tuple[bytes, ...]:
    """Canonical bytes as an adapter gets them: one line each, not parsed by it."""
    return tuple(
        f'{{"at":"2026-11-21T14:03:00.000000Z","seq":{seq},"text":"{text}","type":"Sample"}}'.encode()
        for seq in range(first_seq, first_seq + count)
    )


def commit_after(row: RunRow | None, run: str, events: tuple[bytes, ...], **changes: Any) -> Commit:
    """A commit that follows a row (None: the run's first)."""
    seq, previous = (0, GENESIS.hex()) if row is None else (row.seq, row.head)
    head = bytes.fromhex(previous)
    for event in events:
        head = chain_link(head, event)
    values: dict[str, Any] = {
        "truth": "sample",
        "title": "A sample: åäö",
        "status": "running",
        "reason": "",
        "started_at": "2026-11-21T14:03:00.000000Z",
        "updated_at": "2026-11-21T14:03:01.000000Z",
        "cycles": 1,
        "facts": 2,
        "pending": 0,
        "location": "",
    }
    new = RunRow(run=run, seq=seq + len(events), head=head.hex(), **(values | changes))
    return Commit(row=new, first_seq=seq + 1, events=events, previous_head=previous)


def fill(experience: Experience, run: str, sizes: tuple[int, ...], **changes: Any) -> list[bytes]:
    """Append commits of these sizes to a new run; returns all of its events."""
    row: RunRow | None = None
    written: list[bytes] = []
    for size in sizes:
        commit = commit_after(row, run, sample_events(len(written) + 1, size), **changes)
        experience.append(commit)
        row = commit.row
        written += commit.events
    return written


class ExperienceConformance:
    """The suite, as pytest collects it."""

    def test_events_come_back_in_order_with_the_same_bytes(self, experience: Experience) -> None:
        """Several commits, read from the beginning."""
        written = fill(experience, "run1", (3, 1, 40))
        expect(written, list(experience.read("run1")))

    def test_reading_after_a_sequence_gives_only_what_is_above_it(self, experience: Experience) -> None:
        """Every cut, inside commits and between them, below the first and above the last."""
        written = fill(experience, "run1", (3, 1, 4))
        for after in range(10):
            expect(written[after:], list(experience.read("run1", after)))

    def test_a_big_commit_comes_back_unchanged(self, experience: Experience) -> None:
        """A megabyte of text that isn't ASCII, in one commit."""
        commit = commit_after(None, "run1", sample_events(1, 1000, "å" * 500))
        experience.append(commit)
        expect(list(commit.events), list(experience.read("run1")))

    def test_the_row_is_the_one_of_the_last_commit(self, experience: Experience) -> None:
        """Index and events change together."""
        first = commit_after(None, "run1", sample_events(1, 2))
        second = commit_after(first.row, "run1", sample_events(3, 1), status="paused", pending=1, location="t.yaml")
        experience.append(first)
        expect(first.row, experience.row("run1"))
        experience.append(second)
        expect(second.row, experience.row("run1"))

    def test_an_unknown_run_is_not_found(self, experience: Experience) -> None:
        """In an empty store and beside other runs, with the nearest id as a hint."""
        expect_error(RunNotFoundError, lambda: experience.row("run1"))
        expect_error(RunNotFoundError, lambda: list(experience.read("run1")))
        fill(experience, "run1", (1,))
        expect("did you mean run1?", expect_error(RunNotFoundError, lambda: experience.row("run2")).hint)
        expect_error(RunNotFoundError, lambda: list(experience.read("../run1")))
        expect((None, experience.row("run1")), (experience.find("run2"), experience.find("run1")))

    def test_a_run_id_that_leads_elsewhere_is_refused(self, experience: Experience) -> None:
        """Nothing is written for it, and it can't be driven."""
        for run in ("", ".", "../up", "a/b", "a.b", "a b", "a\n", "-a", "x" * 65, "å"):
            commit = commit_after(None, run, sample_events(1, 1))
            expect_error(ConvergeError, lambda commit=commit: experience.append(commit))  # type: ignore[misc]
            expect_error(ConvergeError, lambda run=run: experience.driving(run).__enter__())  # type: ignore[misc]
        expect([], list(experience.rows()))

    def test_a_commit_for_another_past_is_refused(self, experience: Experience) -> None:
        """The second of two writers that knew the same head writes nothing."""
        first = commit_after(None, "run1", sample_events(1, 2))
        mine = commit_after(first.row, "run1", sample_events(3, 1, "mine"))
        other = commit_after(first.row, "run1", sample_events(3, 2, "other"))
        experience.append(first)
        experience.append(mine)
        expect_error(ConcurrentAppendError, lambda: experience.append(other))
        expect_error(ConcurrentAppendError, lambda: experience.append(first))
        expect([*first.events, *mine.events], list(experience.read("run1")))
        expect(mine.row, experience.row("run1"))

    def test_a_commit_that_is_delivered_again_changes_nothing(self, experience: Experience) -> None:
        """By a network: byte for byte the same and the newest of its run. With any difference it is refused."""
        first = msgspec.structs.replace(commit_after(None, "run1", sample_events(1, 2)), blobs=(b"one",))
        second = commit_after(first.row, "run1", sample_events(3, 2))
        for commit in (first, first, second, second, second):
            experience.append(commit)
        paused = msgspec.structs.replace(second.row, status="paused", reason="Cancelled")
        for other in (
            msgspec.structs.replace(second, row=paused),
            msgspec.structs.replace(second, blobs=(b"never kept",)),
            first,
        ):
            expect_error(ConcurrentAppendError, lambda other=other: experience.append(other))  # type: ignore[misc]
        expect([*first.events, *second.events], list(experience.read("run1")))
        expect(second.row, experience.row("run1"))

    def test_a_first_commit_that_is_not_first_is_refused(self, experience: Experience) -> None:
        """Sequences begin at 1."""
        first = commit_after(None, "run1", sample_events(1, 2))
        second = commit_after(first.row, "run1", sample_events(3, 1))
        expect_error(ConcurrentAppendError, lambda: experience.append(second))
        expect([], list(experience.rows()))

    def test_a_commit_that_contradicts_itself_is_refused(self, experience: Experience) -> None:
        """No events, a row for another sequence, a head that the events don't hash to."""
        good = commit_after(None, "run1", sample_events(1, 2))
        other = commit_after(None, "run1", sample_events(1, 2, "other"))
        for bad in (
            Commit(good.row, 1, (), good.previous_head),
            Commit(good.row, 1, good.events[:1], good.previous_head),
            Commit(other.row, 1, good.events, good.previous_head),
            Commit(good.row, 1, good.events, "no hex"),
        ):
            expect_error(ConvergeError, lambda bad=bad: experience.append(bad))  # type: ignore[misc]
        expect([], list(experience.rows()))

    def test_runs_are_listed_newest_first_and_filtered(self, experience: Experience) -> None:
        """By truth, by status, by both, up to a limit."""
        fill(experience, "run1", (1,), truth="one", status="stopped")
        fill(experience, "run2", (1, 1), truth="two", status="paused")
        fill(experience, "run3", (1,), truth="one", status="paused")

        def listed(**query: Any) -> list[str]:
            return [row.run for row in experience.rows(**query)]

        expect(["run3", "run2", "run1"], listed())
        expect(["run3", "run1"], listed(truth="one"))
        expect(["run3", "run2"], listed(status="paused"))
        expect(["run3"], listed(truth="one", status="paused"))
        expect(["run3", "run2"], listed(limit=2))
        expect([], listed(limit=0))
        expect([], listed(truth="none"))

    def test_a_query_means_runs_for_which_everything_given_holds(self, experience: Experience) -> None:
        """Truth, status, reason, and times: an event at or after `since`, begun before `until`."""
        days = [f"2026-11-2{day}T00:00:00.000000Z" for day in range(1, 5)]
        fill(experience, "run1", (1,), truth="one", reason="CriteriaMet", started_at=days[0], updated_at=days[1])
        fill(experience, "run2", (1,), truth="two", reason="CriteriaMet", started_at=days[1], updated_at=days[2])
        fill(experience, "run3", (1,), truth="two", status="paused", started_at=days[3], updated_at=days[3])

        def found(**wanted: Any) -> list[str]:
            return [row.run for row in experience.query(RunFilter(**wanted))]

        expect(["run3", "run2", "run1"], found())
        expect(["run2", "run1"], found(reason="CriteriaMet"))
        expect(["run2"], found(reason="CriteriaMet", truth="two"))
        expect(["run3"], found(status="paused", truth="two"))
        expect(["run3", "run2"], found(since=days[2]))
        expect(["run1"], found(until=days[1]))
        expect(["run2"], found(since=days[2], until=days[2]))
        expect([], found(since=days[3], until=days[0]))

    def test_a_query_is_paged_by_the_last_run_of_the_page_before(self, experience: Experience) -> None:
        """No run twice, none left out, though runs come in between; an unknown place is an error."""
        for number in range(7):
            fill(experience, f"run{number}", (1,), truth=("odd", "even")[number % 2])
        pages: list[list[str]] = [[row.run for row in experience.query(RunFilter(), 3)]]
        fill(experience, "late", (1,))
        while pages[-1]:
            pages.append([row.run for row in experience.query(RunFilter(before=pages[-1][-1]), 3)])
        expect([["run6", "run5", "run4"], ["run3", "run2", "run1"], ["run0"], []], pages)
        expect(["run2", "run0"], [row.run for row in experience.query(RunFilter(truth="odd", before="run4"))])
        expect_error(RunNotFoundError, lambda: list(experience.query(RunFilter(before="never"))))

    def test_a_commit_keeps_the_bytes_that_it_brings_along(self, experience: Experience) -> None:
        """In the same transaction: with the events or, when the commit is refused, not at all."""
        first = commit_after(None, "run1", sample_events(1, 1))
        experience.append(msgspec.structs.replace(first, blobs=(b"one", b"two")))
        expect([b"one", b"two"], [experience.get_blob(digest_bytes(data)) for data in (b"one", b"two")])
        refused = msgspec.structs.replace(first, blobs=(b"three",))
        expect_error(ConcurrentAppendError, lambda: experience.append(refused))
        expect_error(RecordCorruptError, lambda: experience.get_blob(digest_bytes(b"three")))

    def test_runs_do_not_see_each_other(self, experience: Experience) -> None:
        """Commits of two runs, interleaved."""
        rows: dict[str, RunRow | None] = {"run1": None, "run2": None}
        written: dict[str, list[bytes]] = {"run1": [], "run2": []}
        for number in range(10):
            run = ("run1", "run2")[number % 2]
            commit = commit_after(rows[run], run, sample_events(len(written[run]) + 1, 1 + number % 3, run))
            experience.append(commit)
            rows[run] = commit.row
            written[run] += commit.events
        for run, events in written.items():
            expect(events, list(experience.read(run)))

    def test_a_reader_sees_what_was_there_when_it_began(self, experience: Experience) -> None:
        """A commit between two events of a reading changes nothing for it."""
        written = fill(experience, "run1", (2, 2))
        reading = experience.read("run1")
        seen = [next(reading)]
        experience.append(commit_after(experience.row("run1"), "run1", sample_events(5, 1)))
        expect(written, seen + list(reading))

    def test_blobs_are_kept_under_their_digest(self, experience: Experience) -> None:
        """Empty, binary, large and text; keeping the same bytes again changes nothing."""
        for data in (b"", bytes(range(256)), b"x" * 200_000, "å".encode()):
            expect(digest_bytes(data), experience.put_blob(data))
            expect(digest_bytes(data), experience.put_blob(data))
            expect(data, experience.get_blob(digest_bytes(data)))

    def test_a_blob_that_is_not_there_is_an_error(self, experience: Experience) -> None:
        """In an empty store, and for text that is no digest."""
        expect_error(RecordCorruptError, lambda: experience.get_blob(digest_bytes(b"never")))
        experience.put_blob(b"something")
        expect_error(RecordCorruptError, lambda: experience.get_blob("../experience"))

    def test_a_run_is_driven_by_one_at_a_time(self, experience: Experience) -> None:
        """The second is refused, another run is free, and after the first has gone it may."""
        with experience.driving("run1"):
            expect_error(RunBusyError, lambda: experience.driving("run1").__enter__())
            with experience.driving("run2"):
                pass
        with experience.driving("run1"):
            pass

    def test_a_run_is_let_go_when_its_driver_fails(self, experience: Experience) -> None:
        """An exception passes through and the run is free."""

        def fail() -> None:
            with experience.driving("run1"):
                raise ConvergeError("on purpose")

        expect("on purpose", expect_error(ConvergeError, fail).message)
        with experience.driving("run1"):
            pass

    def test_threads_may_append_and_read_at_the_same_time(self, experience: Experience) -> None:
        """Four writers of their own runs, each reading back what it wrote."""
        failures: list[BaseException] = []

        def work(run: str) -> None:
            try:
                expect(fill(experience, run, (1,) * 25), list(experience.read(run)))
            except BaseException as error:  # noqa: BLE001  handed to the test's own thread
                failures.append(error)

        threads = [threading.Thread(target=work, args=(f"run{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect([], failures)
        expect(4, len(list(experience.rows())))

    def test_of_many_writers_to_one_run_exactly_one_wins_each_turn(self, experience: Experience) -> None:
        """Threads that race for the same sequence: one append, the others refused, nothing lost."""
        wins: list[bytes] = []
        barrier = threading.Barrier(4)

        def race(name: str) -> None:
            commit = commit_after(None, "run1", sample_events(1, 1, name))
            barrier.wait()
            try:
                experience.append(commit)
            except ConcurrentAppendError:
                return
            wins.append(commit.events[0])

        threads = [threading.Thread(target=race, args=(str(number),)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(1, len(wins))
        expect(wins, list(experience.read("run1")))

    def test_a_kept_call_comes_back_with_the_bytes_of_request_and_answer(self, experience: Experience) -> None:
        """Calls of several runs, and the same one kept twice."""
        fill(experience, "run1", (1,))
        answers = (b"", b"yes" * 1000, b"\xff\x00")
        calls = [
            KeptCall("asker", since, digest_bytes(b'"q"'), occurrence, digest_bytes(answer))
            for since, occurrence, answer in zip((0, 0, 7), (0, 1, 0), answers, strict=True)
        ]
        for call, answer in zip(calls, answers, strict=True):
            experience.put_call("run1", call, b'"q"', answer)
        experience.put_call("run2", calls[0], b'"q"', answers[0])
        experience.put_call("run1", calls[0], b'"q"', answers[0])
        expect(set(calls), set(experience.calls("run1")))
        expect(3, len(list(experience.calls("run1"))))
        expect([calls[0]], list(experience.calls("run2")))
        expect(answers, tuple(experience.get_blob(call.answer) for call in calls))
        expect(b'"q"', experience.get_blob(calls[0].request))

    def test_keeping_a_call_changes_nothing_of_the_run(self, experience: Experience) -> None:
        """It is no event: row, events and head stay as they are, and an unknown run has no calls."""
        written = fill(experience, "run1", (2,))
        row = experience.row("run1")
        experience.put_call("run1", KeptCall("a", 0, digest_bytes(b"1"), 0, digest_bytes(b"2")), b"1", b"2")
        expect((row, written), (experience.row("run1"), list(experience.read("run1"))))
        expect([], list(experience.calls("run9")))
