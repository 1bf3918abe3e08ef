"""Verifies a context of a ledger, by its entries alone, and against the record when it is that of a run known here."""

from collections.abc import Iterator

import msgspec

from converge_cli.app.ledger.projection import entry_of_event, event_sequence
from converge_cli.core.errors import ConvergeError, RunNotFoundError
from converge_cli.core.ledger import MAX_ENTRIES, LedgerEntry
from converge_cli.core.ledger_errors import ContextUnknownError, LedgerUnverifiedError
from converge_cli.core.ledger_proof import ChainCheck, InclusionProof, merkle_root, prove
from converge_cli.core.port import Experience, Ledger


class VerifiedContext(msgspec.Struct, frozen=True):
    """What a context came to.

    Attributes:
        head: hash of the last entry, hex.
        root: RFC 6962 root over the hashes of all entries, hex.
        record: `none` (no such run here), `current`, or `lagging` behind the record.
        mirrored: how many of the run's events the ledger holds.
        recorded: how many there are.
        authenticated: whether the head was compared with one that was given, or the entries with the record.
        proof: that the entry which was asked for is under the root.
    """

    context: str
    entries: int
    head: str
    root: str
    record: str
    mirrored: int
    recorded: int
    authenticated: bool
    proof: InclusionProof | None = None


def read_entries(ledger: Ledger, context: str) -> Iterator[LedgerEntry]:
    """Every entry of a context, page by page.

    Raises:
        LedgerUnverifiedError: the ledger's pages do not go on.
    """
    after = 0
    while True:
        page = ledger.get(context, after=after, limit=MAX_ENTRIES)
        yield from page.entries
        if not page.more:
            return
        if page.next_after() <= after:
            raise LedgerUnverifiedError(context, after + 1, "its pages do not go on")
        after = page.next_after()


def verify_ledger(
    ledger: Ledger, experience: Experience, context: str, *, head: str | None = None, entry: str | None = None
) -> VerifiedContext:
    """Verify every entry.

    Args:
        head: what the hash of the last entry must be, hex.
        entry: id of an entry to prove.

    Raises:
        ContextUnknownError: the context has no entries.
        LedgerUnverifiedError: the chain is broken, the head is another, or the entries are not those of the record.
        ConvergeError: no such entry.
    """
    check, record, place = ChainCheck(context), _Record(experience, context), 0
    for held in read_entries(ledger, context):
        check.take(held)
        record.compare(held)
        if held.id == entry:
            place = held.sequence
    reached = check.head()
    if not reached.count:
        raise ContextUnknownError(context)
    if head is not None and head.lower() != reached.head:
        raise LedgerUnverifiedError(context, reached.count, f"its head is {reached.head}, not {head[:80]}")
    if entry is not None and not place:
        raise ConvergeError(f"context {context} has no entry {entry[:80]!r}", hint=f"converge ledger get {context}")
    lagging = record.mirrored < record.recorded
    return VerifiedContext(
        context,
        reached.count,
        reached.head,
        merkle_root(check.leaves),
        "none" if not record.recorded else "lagging" if lagging else "current",
        record.mirrored,
        record.recorded,
        authenticated=head is not None or bool(record.recorded),
        proof=prove(check.leaves, place) if place else None,
    )


class _Record:
    """Compares entries with the events of a run, in step."""

    def __init__(self, experience: Experience, run: str) -> None:
        self.mirrored = 0
        try:
            self.recorded = experience.row(run).seq
            self._events = experience.read(run)
        except RunNotFoundError:
            self.recorded = 0

    def compare(self, held: LedgerEntry) -> None:
        """Refuse an entry that claims to be an event and is not the next one."""
        if not self.recorded or event_sequence(held.id) is None:
            return
        data = next(self._events, None)
        if data is None:
            raise LedgerUnverifiedError(held.context, held.sequence, f"the record has no {held.id}")
        new = entry_of_event(data)
        if (held.id, held.key, held.payload, held.metadata) != (new.id, new.key, new.payload, new.metadata):
            raise LedgerUnverifiedError(held.context, held.sequence, f"it is not {new.id} of the record")
        self.mirrored += 1
