"""What every adapter of the Ledger port must do. Subclass it with two fixtures; change nothing else.

    class TestMine(LedgerConformance):
        @pytest.fixture
        def ledger(self):
            yield MyLedger(..., max_lag=MAX_LAG)

        @pytest.fixture
        def other(self):
            yield MyLedger(...)

Both give a new, empty ledger each time, apart from each other. Must never know an adapter.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from itertools import islice
from typing import Any

import zstandard

from converge_cli.core.errors import ConvergeError
from converge_cli.core.ledger import (
    GENESIS_HASH,
    MAX_ENTRIES,
    MAX_METADATA,
    MAX_PAYLOAD,
    MAX_WEIGHT,
    Heartbeat,
    LedgerEntry,
    NewEntry,
    weight,
)
from converge_cli.core.ledger_errors import (
    ContextNotEmptyError,
    ContextUnknownError,
    EntryConflictError,
    EntryTooLargeError,
    LedgerRequestError,
    SlowWatcherError,
    SnapshotInvalidError,
)
from converge_cli.core.ledger_proof import check_chain, merkle_root, prove, proves
from converge_cli.core.port import Ledger
from converge_cli.testing.experience_conformance import expect, expect_error

MAX_LAG = 200
"""How far behind a watcher of `ledger` may fall; set it where the adapter is made."""

SOON = 0.05
"""Seconds between heartbeats, so that a watcher that waits for nothing gives control back."""


def some(count: int, first: int = 1, key: str = "facts", payload: bytes = b"") -> list[NewEntry]:
    """Entries with ids `e1`, `e2` ... that differ in everything."""
    return [
        NewEntry(f"e{number}", key, payload or f"payload {number}".encode(), {"number": str(number)})
        for number in range(first, first + count)
    ]


def fill(ledger: Ledger, context: str, count: int, **changes: Any) -> list[LedgerEntry]:
    """Append entries to a new context, a hundred at a time; returns them as they are held."""
    new, held = some(count, **changes), []
    for start in range(0, count, 100):
        held += ledger.append(context, new[start : start + 100])
    return held


def all_of(ledger: Ledger, context: str, *, limit: int = 100, **query: Any) -> Iterator[LedgerEntry]:
    """Every entry of a context, page by page."""
    after = query.pop("after", 0)
    while True:
        page = ledger.get(context, after=after, limit=limit, **query)
        yield from page.entries
        if not page.more:
            return
        after = page.next_after()


def entries_in(seen: Iterable[LedgerEntry | Heartbeat]) -> Iterator[LedgerEntry]:
    """What a watcher was given, without heartbeats."""
    return (item for item in seen if isinstance(item, LedgerEntry))


def repacked(snapshot: bytes, change: Callable[[list[bytes]], list[bytes]]) -> list[bytes]:
    """A snapshot whose lines somebody changed, packed and sealed again."""
    packed = zstandard.ZstdCompressor().compress(b"".join(change(lines_of(snapshot))))
    return [packed, bytes.fromhex("502a4d1820000000"), sha256(packed).digest()]


def lines_of(snapshot: bytes) -> list[bytes]:
    """What any zstd tool makes of a snapshot, line by line."""
    with zstandard.ZstdDecompressor().stream_reader(snapshot, read_across_frames=True) as reader:
        return reader.read().splitlines(keepends=True)


class LedgerConformance:
    """The suite, as pytest collects it."""

    def test_entries_are_held_as_they_came_and_form_a_chain(self, ledger: Ledger) -> None:
        """Sequences from 1, each hash over the one before, the answer equal to what is read."""
        held = ledger.append("run1", some(3)) + ledger.append("run1", some(2, 4, "evals"))
        expect([1, 2, 3, 4, 5], [entry.sequence for entry in held])
        expect([GENESIS_HASH, *(entry.hash for entry in held[:-1])], [entry.previous for entry in held])
        expect(held, list(all_of(ledger, "run1")))
        expect((5, held[-1].hash), (len(check_chain("run1", held).leaves), check_chain("run1", held).head().head))
        new = [NewEntry(entry.id, entry.key, entry.payload, entry.metadata) for entry in held]
        expect(some(3) + some(2, 4, "evals"), new)

    def test_any_bytes_and_texts_come_back_unchanged(self, ledger: Ledger) -> None:
        """Nothing at all, every byte, a full payload, text of many scripts in the metadata, the caller's own key."""
        new = [
            NewEntry("empty", "facts"),
            NewEntry("every", "mine", bytes(range(256)) * 3, {"name": "å日本\U0001f600\x00\n\"'"}),
            NewEntry("full", "facts", b"\xff" * MAX_PAYLOAD),
            NewEntry("many", "facts", b"x", {f"name{number}": "v" * 512 for number in range(MAX_METADATA)}),
        ]
        held = ledger.append("run1", new)
        expect(new, [NewEntry(entry.id, entry.key, entry.payload, entry.metadata) for entry in held])
        expect(held, list(all_of(ledger, "run1")))
        check_chain("run1", held)

    def test_a_retried_append_does_not_duplicate(self, ledger: Ledger) -> None:
        """The whole batch, a part of it, one with something new behind it, the same id twice in one batch."""
        held = ledger.append("run1", some(3))
        expect(held, ledger.append("run1", some(3)))
        expect(held[1:2], ledger.append("run1", some(1, 2)))
        longer = ledger.append("run1", some(5))
        expect(held, longer[:3])
        twice = ledger.append("run1", some(1, 6) * 2)
        expect(twice[0], twice[1])
        expect([f"e{number}" for number in range(1, 7)], [entry.id for entry in all_of(ledger, "run1")])

    def test_an_id_is_taken_for_ever(self, ledger: Ledger) -> None:
        """Other payload, key or metadata under a known id: refused, and nothing of the batch is written."""
        held = ledger.append("run1", some(2))
        for other in (
            NewEntry("e2", "facts", b"other", {"number": "2"}),
            NewEntry("e2", "evals", b"payload 2", {"number": "2"}),
            NewEntry("e2", "facts", b"payload 2"),
        ):
            batch = [NewEntry("e3", "facts"), other]
            error = expect_error(EntryConflictError, lambda batch=batch: ledger.append("run1", batch))  # type: ignore[misc]
            expect(("LEDGER_ENTRY_CONFLICT", "e2"), (error.code, error.where))
        expect_error(EntryConflictError, lambda: ledger.append("run1", [NewEntry("x", "a"), NewEntry("x", "b")]))
        expect(held, list(all_of(ledger, "run1")))

    def test_an_id_is_of_its_context(self, ledger: Ledger) -> None:
        """The same id in another context is another entry, with a sequence of its own."""
        ledger.append("run1", some(2))
        expect([1], [entry.sequence for entry in ledger.append("run2", some(1))])

    def test_what_is_too_large_is_refused_with_its_size(self, ledger: Ledger) -> None:
        """A payload, and a batch whose entries are each small enough."""
        big = [NewEntry("big", "facts", bytes(MAX_PAYLOAD + 1))]
        error = expect_error(EntryTooLargeError, lambda: ledger.append("run1", big))
        expect(True, str(MAX_PAYLOAD) in error.message and str(MAX_PAYLOAD + 1) in error.message)
        batch = some(5, payload=bytes(MAX_PAYLOAD - 1))
        expect_error(EntryTooLargeError, lambda: ledger.append("run1", batch))
        expect((), ledger.get("run1").entries)

    def test_what_means_nothing_is_refused(self, ledger: Ledger) -> None:
        """Names, numbers, metadata, an append of nothing or of too much."""
        bad_names = ("", " ", "a b", "a\n", "å", ".a", "x" * 129, "a\x00")
        for name in bad_names:
            for new in (NewEntry(name, "facts"), NewEntry("e1", name), NewEntry("e1", "facts", b"", {name: ""})):
                expect_error(LedgerRequestError, lambda new=new: ledger.append("run1", [new]))  # type: ignore[misc]
            expect_error(LedgerRequestError, lambda name=name: ledger.append(name, some(1)))  # type: ignore[misc]
            expect_error(LedgerRequestError, lambda name=name: ledger.get(name))  # type: ignore[misc]
            expect_error(LedgerRequestError, lambda name=name: ledger.get("run1", key=name))  # type: ignore[misc]
            expect_error(LedgerRequestError, lambda name=name: list(ledger.snapshot(name)))  # type: ignore[misc]
            expect_error(LedgerRequestError, lambda name=name: next(ledger.watch(name)))  # type: ignore[misc]
        many = {f"n{number}": "" for number in range(MAX_METADATA + 1)}
        for metadata in (many, {"n": "v" * 513}, {"n": "\ud800"}):
            entries = [NewEntry("e1", "facts", b"", metadata)]
            expect_error(LedgerRequestError, lambda entries=entries: ledger.append("run1", entries))  # type: ignore[misc]
        for entries in ([], some(MAX_ENTRIES + 1)):
            expect_error(LedgerRequestError, lambda entries=entries: ledger.append("run1", entries))  # type: ignore[misc]
        for query in ({"after": -1}, {"after": 1 << 63}, {"limit": 0}, {"limit": MAX_ENTRIES + 1}):
            expect_error(LedgerRequestError, lambda query=query: ledger.get("run1", **query))  # type: ignore[misc]
        expect_error(LedgerRequestError, lambda: next(ledger.watch("run1", heartbeat=0)))
        expect((), ledger.get("run1").entries)

    def test_pages_follow_each_other_without_gap_or_overlap(self, ledger: Ledger) -> None:
        """Several sizes, from the beginning, from the middle, from behind the end."""
        held = fill(ledger, "run1", 25)
        for limit in (1, 2, 24, 25, 26, 1000):
            expect(held, list(all_of(ledger, "run1", limit=limit)))
        expect(held[10:], list(all_of(ledger, "run1", after=10, limit=4)))
        for after in (25, 26, 1 << 33, (1 << 63) - 1):
            page = ledger.get("run1", after=after)
            expect(((), 25, False), (page.entries, page.last, page.more))

    def test_a_context_without_entries_has_an_empty_page(self, ledger: Ledger) -> None:
        """In an empty ledger, and beside another context."""
        for _ in range(2):
            page = ledger.get("run1")
            expect(((), 0, False), (page.entries, page.last, page.more))
            ledger.append("run2", some(1))

    def test_a_key_selects(self, ledger: Ledger) -> None:
        """Pages of one key, while others lie in between; an unknown key has none; `last` is the context's."""
        for number in range(1, 31):
            ledger.append("run1", some(1, number, ("facts", "traces", "evals")[number % 3]))
        ledger.append("run2", some(5, 100, "traces"))
        expect([f"e{number}" for number in range(1, 31, 3)], [e.id for e in all_of(ledger, "run1", key="traces")])
        page = ledger.get("run1", key="traces", after=4, limit=2)
        expect(([7, 10], 30, True), ([entry.sequence for entry in page.entries], page.last, page.more))
        expect(((), 30, False), (ledger.get("run1", key="none").entries, ledger.get("run1", key="none").last, False))
        expect(30, ledger.get("run1", key="none").next_after())

    def test_a_page_of_large_entries_ends_early(self, ledger: Ledger) -> None:
        """It says that more follows, and going on gives all."""
        for number in range(1, 8):
            ledger.append("run1", some(1, number, payload=bytes([number]) * (MAX_PAYLOAD - number)))
        page = ledger.get("run1", limit=100)
        expect((True, True), (page.more, sum(map(weight, page.entries)) <= MAX_WEIGHT))
        expect(list(range(1, 8)), [entry.sequence for entry in all_of(ledger, "run1")])

    def test_contexts_do_not_see_each_other(self, ledger: Ledger) -> None:
        """Interleaved appends; each has its own chain."""
        for number in range(1, 21):
            ledger.append(f"run{number % 3}", some(1, number))
        for name in ("run0", "run1", "run2"):
            check_chain(name, all_of(ledger, name))
        expect([2, 5, 8, 11, 14, 17, 20], [int(entry.metadata["number"]) for entry in all_of(ledger, "run2")])

    def test_many_writers_lose_nothing(self, ledger: Ledger) -> None:
        """Threads that append to one context: one chain, every entry once, and each retries as it likes."""

        def write(name: int) -> None:
            for number in range(25):
                new = some(2, name * 1000 + number * 2)
                expect(ledger.append("run1", new), ledger.append("run1", new))

        in_threads([lambda name=name: write(name) for name in range(4)])  # type: ignore[misc]
        held = check_chain("run1", all_of(ledger, "run1"))
        expect(200, len(held.leaves))

    def test_a_reader_can_prove_what_the_ledger_holds(self, ledger: Ledger) -> None:
        """Root and inclusion proofs over what Get gave; another entry or another root is not proved."""
        held = fill(ledger, "run1", 13)
        leaves = check_chain("run1", all_of(ledger, "run1")).leaves
        root = merkle_root(leaves)
        for entry in held:
            expect(True, proves(prove(leaves, entry.sequence), entry, root))
        expect(False, proves(prove(leaves, 3), held[3], root))
        expect(False, proves(prove(leaves, 3), held[2], merkle_root(leaves[:12])))

    def test_a_snapshot_loads_into_another_ledger(self, ledger: Ledger, other: Ledger) -> None:
        """Everything is as it was, the times too, and appends go on behind it."""
        held = fill(ledger, "run1", 250)
        ledger.append("run2", some(3))
        head = other.load(ledger.snapshot("run1"))
        expect(("run1", 250, held[-1].hash), (head.context, head.count, head.head))
        expect(held, list(all_of(other, "run1")))
        expect(held[:2], other.append("run1", some(2)))
        [after] = other.append("run1", some(1, 251))
        expect((251, held[-1].hash), (after.sequence, after.previous))
        expect(True, after.time >= held[-1].time)
        expect(0, other.get("run2").last)

    def test_a_snapshot_is_lines_that_any_language_can_read(self, ledger: Ledger) -> None:
        """A header with version, context, count and head; then every entry, canonical, in order."""
        held = fill(ledger, "run1", 3)
        header, *lines = b"".join(lines_of(b"".join(ledger.snapshot("run1")))).decode().splitlines()
        expect(
            f'{{"context":"run1","count":3,"head":"{held[-1].hash}","version":"converge.ledger.snapshot/1"}}', header
        )
        expect(
            f'{{"context":"run1","hash":"{held[0].hash}","id":"e1","key":"facts","metadata":{{"number":"1"}},'
            f'"payload":"cGF5bG9hZCAx","previous":"{GENESIS_HASH}","sequence":1,"time":"{held[0].time}"}}',
            lines[0],
        )
        expect(3, len(lines))

    def test_a_snapshot_of_nothing_is_an_error(self, ledger: Ledger) -> None:
        """Nobody should keep one and believe that it holds something."""
        expect_error(ContextUnknownError, lambda: list(ledger.snapshot("run1")))

    def test_a_snapshot_is_of_one_moment(self, ledger: Ledger, other: Ledger) -> None:
        """What is appended while it is taken is not in it, and it is whole."""
        fill(ledger, "run1", 2000, payload=bytes(range(256)) * 4)
        chunks = ledger.snapshot("run1")
        first = next(chunks)
        ledger.append("run1", some(5, 5000))
        expect(2000, other.load([first, *chunks]).count)

    def test_nothing_is_loaded_into_a_context_that_has_entries(self, ledger: Ledger, other: Ledger) -> None:
        """Not twice, not over others' entries, not into its own ledger."""
        fill(ledger, "run1", 3)
        packed = list(ledger.snapshot("run1"))
        other.load(packed)
        for target in (other, ledger):
            error = expect_error(ContextNotEmptyError, lambda target=target: target.load(packed))  # type: ignore[misc]
            expect("run1", error.where)
        expect(3, other.get("run1").last)

    def test_a_snapshot_with_any_byte_changed_is_refused(self, ledger: Ledger, other: Ledger) -> None:
        """One bit anywhere, cut anywhere, anything behind it; nothing of it is written."""
        fill(ledger, "run1", 20)
        packed = b"".join(ledger.snapshot("run1"))
        places = [*range(32), *range(32, len(packed), 17), *range(len(packed) - 48, len(packed))]
        spoilt = [packed[:place] + bytes([packed[place] ^ 1 << place % 8]) + packed[place + 1 :] for place in places]
        spoilt += [packed[:place] for place in places]
        spoilt += [packed[:-1], packed + b"\x00", packed + packed, b"", b"not a snapshot"]
        for data in spoilt:
            expect_error(SnapshotInvalidError, lambda data=data: other.load([data]))  # type: ignore[misc]
        expect(0, other.get("run1").last)
        expect(20, other.load([packed]).count)

    def test_a_snapshot_that_was_rewritten_is_refused(self, ledger: Ledger, other: Ledger) -> None:
        """Entries dropped, reordered, doubled, changed, of another context; another header; lines in another form."""
        fill(ledger, "run1", 5)
        ledger.append("run2", some(5))
        packed, foreign = (b"".join(ledger.snapshot(name)) for name in ("run1", "run2"))
        taken = lines_of(foreign)[1]
        changes: list[Callable[[list[bytes]], list[bytes]]] = [
            lambda lines: lines[:-1],
            lambda lines: lines[1:],
            lambda lines: lines[:1],
            lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
            lambda lines: [*lines, lines[-1]],
            lambda lines: [lines[0], taken, *lines[2:]],
            lambda lines: [*lines[:2], lines[2].replace(b'"key":"facts"', b'"key":"evals"'), *lines[3:]],
            lambda lines: [*lines[:2], lines[2].replace(b'{"context"', b'{ "context"'), *lines[3:]],
            lambda lines: [*lines[:2], lines[2].replace(b'{"context"', b'{"a":1,"context"'), *lines[3:]],
            lambda lines: [lines[0].replace(b'"count":5', b'"count":6'), *lines[1:]],
            lambda lines: [lines[0].replace(b"snapshot/1", b"snapshot/2"), *lines[1:]],
            lambda lines: [lines[0].replace(b'"run1"', b'"run3"'), *lines[1:]],
            lambda lines: [*lines[:-1], lines[-1].rstrip(b"\n")],
            lambda lines: [*lines, b"x" * 3_000_000],
        ]
        for change in changes:
            data = repacked(packed, change)
            expect_error(SnapshotInvalidError, lambda data=data: other.load(data))  # type: ignore[misc]
        expect([0, 0, 0], [other.get(name).last for name in ("run1", "run2", "run3")])
        expect(5, other.load(repacked(packed, list)).count)

    def test_a_watcher_is_given_history_and_then_what_comes(self, ledger: Ledger) -> None:
        """From the beginning and from a cursor; before the context has its first entry; one key of several."""
        with closed(ledger.watch("run1", heartbeat=SOON)) as early:
            expect(Heartbeat(0), next(early))
            held = fill(ledger, "run1", 5)
            with closed(ledger.watch("run1", after=3, heartbeat=SOON)) as late:
                expect(held[3:], list(islice(entries_in(late), 2)))
                held += ledger.append("run1", some(1, 6, "evals"))
                expect(held, list(islice(entries_in(early), 6)))
                expect(held[5:], list(islice(entries_in(late), 1)))
        with closed(ledger.watch("run1", key="evals", heartbeat=SOON)) as of_key:
            expect([held[5], Heartbeat(6)], list(islice(of_key, 2)))

    def test_a_watcher_that_has_seen_all_gets_heartbeats(self, ledger: Ledger) -> None:
        """Again and again, with the last sequence that it was given; a cursor ahead of the ledger stays there."""
        fill(ledger, "run1", 2)
        with closed(ledger.watch("run1", heartbeat=SOON)) as seen:
            expect([1, 2, 2, 2], [item.sequence for item in islice(seen, 4)])
        with closed(ledger.watch("run1", after=4, heartbeat=SOON)) as ahead:
            expect(Heartbeat(4), next(ahead))
            ledger.append("run1", some(3, 3))
            expect("e5", next(entries_in(ahead)).id)

    def test_watchers_see_each_entry_once_and_in_order_while_others_append(self, ledger: Ledger) -> None:
        """Two watchers, three writers, single entries and batches."""
        seen: list[list[LedgerEntry]] = [[], []]

        def write(name: int) -> None:
            for number in range(20):
                ledger.append("run1", some(1 + number % 2, name * 1000 + number * 2))

        def read(into: list[LedgerEntry]) -> None:
            with closed(ledger.watch("run1", heartbeat=SOON)) as watching:
                into += islice(entries_in(watching), 90)

        writers: list[Callable[[], None]] = [lambda name=name: write(name) for name in range(3)]  # type: ignore[misc]
        readers: list[Callable[[], None]] = [lambda into=into: read(into) for into in seen]  # type: ignore[misc]
        in_threads(writers + readers)
        held = list(all_of(ledger, "run1"))
        expect([held, held], seen)
        expect(90, len(held))

    def test_a_watcher_that_is_too_slow_is_let_go_and_can_come_back(self, ledger: Ledger) -> None:
        """The error says up to where it was given everything; from there on nothing is missing."""
        with closed(ledger.watch("run1", heartbeat=SOON)) as watching:
            expect(Heartbeat(0), next(watching))
            held = []
            # More than any transport keeps on its way, so that the watcher is really behind.
            for number in range(1, 6001, 200):
                held += ledger.append("run1", some(200, number, payload=bytes(6000)))
            seen: list[LedgerEntry] = []
            error = expect_error(SlowWatcherError, lambda: seen.extend(entries_in(watching)))
        assert isinstance(error, SlowWatcherError)  # noqa: S101  told to the type checker
        expect(len(seen), error.last)
        expect(held[: len(seen)], seen)
        with closed(ledger.watch("run1", after=error.last, heartbeat=SOON)) as again:
            expect([e.hash for e in held], [e.hash for e in [*seen, *islice(entries_in(again), 6000 - len(seen))]])

    def test_a_watcher_far_behind_from_the_start_is_not_slow(self, ledger: Ledger) -> None:
        """History may be longer than any lag that is allowed at its end."""
        held = fill(ledger, "run1", 5 * MAX_LAG)
        with closed(ledger.watch("run1", heartbeat=SOON)) as watching:
            expect(held, list(islice(entries_in(watching), len(held))))

    def test_many_contexts_are_no_burden(self, ledger: Ledger) -> None:
        """Five hundred of them, each found again."""
        for number in range(500):
            ledger.append(f"run{number}", some(1, number))
        expect(["e499"], [entry.id for entry in ledger.get("run499").entries])

    def test_an_error_is_one_of_ours(self, ledger: Ledger) -> None:
        """With a code and words, whatever the adapter is made of."""
        error = expect_error(ConvergeError, lambda: ledger.load([b"nothing"]))
        expect("LEDGER_SNAPSHOT_INVALID", error.code)
        expect(True, "nothing was loaded" in error.message)


def closed(watching: Iterator[LedgerEntry | Heartbeat]) -> "closing[Any]":
    """Ends a watch at the end of the block."""
    return closing(watching)


def in_threads(calls: list[Callable[[], None]]) -> None:
    """Do all at the same time; the first error is raised."""
    failures: list[BaseException] = []

    def work(call: Callable[[], None]) -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001  handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(call,), daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if failures:
        raise failures[0]
    if any(thread.is_alive() for thread in threads):
        raise AssertionError("a thread did not end in a minute")
