"""How a run ends whose suggestor holds the process in C code: recorded at once, by whoever can still act."""

from converge_cli.core.event import RunPaused, SuggestorFailed
from converge_cli.core.stop_reason import Stop, StopReason
from converge_cli.engine.engine_notes import note_failure
from converge_cli.engine.outcome import outcome_digest
from converge_cli.engine.run import Run

_TOLD = "did not return in time and could not be stopped"


def record_stuck(run: Run, name: str) -> None:
    """Record that a suggestor did not come back, and pause the run."""
    run.log.add(
        SuggestorFailed,
        cycle=run.cycle,
        suggestor=name,
        view=len(run.context.facts),
        code="STUCK",
        detail=_TOLD,
    )
    run.failures[name] = "STUCK"
    run.failed_words[name] = _TOLD
    note_failure(run, name, "STUCK")
    stop = Stop(StopReason.SUGGESTOR_FAILED, cycle=run.cycle, names=(name,), detail=f"{name} is stuck")
    run.ended = stop
    run.log.add(
        RunPaused,
        stop=stop,
        active_ms=int(run.meter.active * 1000),
        outcome=outcome_digest(run, StopReason.SUGGESTOR_FAILED),
    )
    run.log.commit(lambda head: run.row(head, "paused", StopReason.SUGGESTOR_FAILED.value))
