"""Law 9: with the clock and the ids given, two runs of the same inputs have the same bytes, their head included."""

import time
from typing import Any

from engine_kit import Bench, Script, note

from converge_cli import ProposedFact


def test_two_runs_with_one_clock_and_one_source_of_ids_have_the_same_head() -> None:
    """However long the machine took: what is recorded of time comes from the injected clock alone."""
    pauses = iter((0.0, 0.003))

    def run() -> tuple[Any, ...]:
        pause = next(pauses)

        def slow(_view: Any) -> list[ProposedFact]:
            time.sleep(pause)
            return [note("Signals", "note:s")]

        result = Bench(lambda: [Script("slow", slow)]).run()
        return result.outcome_digest, result.head

    assert run() == run()
