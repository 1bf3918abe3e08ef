"""Copies what a run's record has, and the ledger has not, into the ledger. Can be repeated: ids are the events'.

Reads the experience store and writes the ledger, never the other way round.
"""

from collections.abc import Iterable, Iterator, Sequence

from converge_cli.app.ledger.projection import entry_of_event, event_sequence
from converge_cli.core.ledger import MAX_ENTRIES, MAX_WEIGHT, LedgerEntry, NewEntry, entry_hash, weight
from converge_cli.core.ledger_errors import LedgerUnverifiedError
from converge_cli.core.port import Experience, Ledger


def mirror_run(experience: Experience, ledger: Ledger, run: str, after: int) -> Iterator[int]:
    """Append the events above a sequence, batch by batch; yields the sequence that has been reached after each.

    Raises:
        ConvergeError: the ledger fails, or the record can't be read.
        LedgerUnverifiedError: what the ledger answers is not what it was given.
    """
    for batch in _batches(map(entry_of_event, experience.read(run, after))):
        _check_answer(run, batch, ledger.append(run, batch))
        yield event_sequence(batch[-1].id) or 0


def mirrored_so_far(ledger: Ledger, run: str) -> int:
    """The sequence of the last event that the ledger has of a run; entries of others in its context do not count."""
    last = ledger.get(run, limit=1).last
    if not last:
        return 0
    newest = ledger.get(run, after=last - 1, limit=1).entries
    found = event_sequence(newest[-1].id) if newest else None
    return _highest(ledger, run) if found is None else found


def _highest(ledger: Ledger, run: str) -> int:
    highest = after = 0
    while True:
        page = ledger.get(run, after=after, limit=MAX_ENTRIES)
        highest = max([highest, *(event_sequence(entry.id) or 0 for entry in page.entries)])
        if not page.more or page.next_after() <= after:
            return highest
        after = page.next_after()


def _batches(entries: Iterable[NewEntry]) -> Iterator[list[NewEntry]]:
    batch: list[NewEntry] = []
    total = 0
    for entry in entries:
        if batch and (len(batch) == MAX_ENTRIES or total + weight(entry) > MAX_WEIGHT):
            yield batch
            batch, total = [], 0
        batch.append(entry)
        total += weight(entry)
    if batch:
        yield batch


def _check_answer(run: str, sent: Sequence[NewEntry], held: Sequence[LedgerEntry]) -> None:
    # A ledger that holds something else than it was given is of no use, and its owner should know.
    if len(sent) != len(held):
        raise LedgerUnverifiedError(run, 1, f"it answers {len(held)} entries to {len(sent)}")
    for new, entry in zip(sent, held, strict=True):
        same = (run, new.id, new.key, new.payload, new.metadata) == (
            entry.context,
            entry.id,
            entry.key,
            entry.payload,
            entry.metadata,
        )
        if not same or not _hashes(entry):
            raise LedgerUnverifiedError(run, entry.sequence, f"it answers another entry than {new.id}")


def _hashes(entry: LedgerEntry) -> bool:
    try:
        return entry_hash(entry).hex() == entry.hash
    except ValueError:
        return False
