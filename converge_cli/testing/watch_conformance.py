"""What watching every ledger must do; part of `LedgerConformance`."""

from collections.abc import Callable
from itertools import islice

from converge_cli.core.ledger import (
    Heartbeat,
    LedgerEntry,
)
from converge_cli.core.ledger_errors import (
    SlowWatcherError,
)
from converge_cli.core.port import Ledger
from converge_cli.testing.experience_conformance import expect, expect_error
from converge_cli.testing.ledger_samples import MAX_LAG, SOON, all_of, closed, entries_in, fill, in_threads, some


class WatchConformance:
    """The part of the suite on watches."""

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
