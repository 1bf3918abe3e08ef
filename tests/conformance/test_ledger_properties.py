"""Random bytes and random histories, over gRPC, against the simplest ledger there could be."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from served_ledger import served

from converge_cli._internal.system import SystemClock
from converge_cli.core.ledger import MAX_METADATA_VALUE, NewEntry
from converge_cli.core.ledger_errors import EntryConflictError
from converge_cli.core.ledger_proof import check_chain
from converge_cli.store.ledger_memory import MemoryLedger
from converge_cli.testing.ledger_samples import all_of

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,20}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=MAX_METADATA_VALUE // 8)
ENTRIES = st.builds(
    NewEntry, id=st.sampled_from("abcdefgh"), key=NAMES, payload=st.binary(max_size=400),
    metadata=st.dictionaries(NAMES, TEXTS, max_size=3),
)  # fmt: skip
HISTORIES = st.lists(st.lists(ENTRIES, min_size=1, max_size=4), max_size=8)


def test_any_history_of_appends_reads_back_as_it_was_accepted():
    """Retries, conflicts and batches as they come; then through a snapshot into another ledger, byte for byte."""
    contexts = iter(range(10**9))

    @settings(max_examples=60, deadline=None)
    @given(history=HISTORIES)
    def accepted(history: Any) -> None:
        context, expected = f"c{next(contexts)}", {}
        for batch in history:
            wanted = dict(expected)
            fits = all(wanted.setdefault(new.id, new) == new for new in batch)
            try:
                ledger.append(context, batch)
            except EntryConflictError:
                assert not fits
            else:
                assert fits
                expected = wanted
        held = list(all_of(ledger, context, limit=3))
        check_chain(context, held)
        assert list(expected.values()) == [NewEntry(e.id, e.key, e.payload, e.metadata) for e in held]
        if held:
            other = MemoryLedger(SystemClock())
            other.load(ledger.snapshot(context))
            assert held == list(all_of(other, context))

    with served(MemoryLedger(SystemClock())) as ledger:
        accepted()
