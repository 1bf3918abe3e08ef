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

from converge_cli.core.errors import ConvergeError
from converge_cli.core.ledger import (
    GENESIS_HASH,
    MAX_ENTRIES,
    MAX_METADATA,
    MAX_PAYLOAD,
    MAX_WEIGHT,
    NewEntry,
    weight,
)
from converge_cli.core.ledger_errors import (
    EntryConflictError,
    EntryTooLargeError,
    LedgerRequestError,
)
from converge_cli.core.ledger_proof import check_chain, merkle_root, prove, proves
from converge_cli.core.port import Ledger
from converge_cli.testing.experience_conformance import expect, expect_error
from converge_cli.testing.ledger_samples import MAX_LAG, all_of, fill, in_threads, some
from converge_cli.testing.snapshot_conformance import SnapshotConformance
from converge_cli.testing.watch_conformance import WatchConformance

__all__ = ["MAX_LAG", "LedgerConformance"]


class LedgerConformance(SnapshotConformance, WatchConformance):
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
