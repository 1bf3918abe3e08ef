"""Whatever the engine's tests record must come out again, byte for byte, when it is replayed."""

from collections.abc import Iterator

import pytest
from engine_kit import BENCHES, no_policy

from converge_cli.engine.replay import replay


@pytest.fixture(autouse=True)
def what_was_recorded_comes_out_again() -> Iterator[None]:
    """Replay every run of the test; a bench that forges its record says so."""
    BENCHES.clear()
    yield
    for bench in BENCHES:
        for row in () if bench.forged else bench.store.rows(limit=1_000):
            done = replay(row.run, tuple(bench.store.read(row.run)), bench.store.get_blob, no_policy)
            assert (None, row.head) == (done.divergence, done.head)
