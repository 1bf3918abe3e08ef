"""Touching a recorded run for a moment: held, so that nobody else changes it, with its timers fired."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple

from converge_cli.app.record.recorded_run import events_of
from converge_cli.app.services import Services
from converge_cli.core.errors import ConvergeError, RunBusyError
from converge_cli.core.port import RunRow
from converge_cli.engine.decision import record_timers
from converge_cli.engine.request_book import requests_of
from converge_cli.engine.run import Asked
from converge_cli.engine.timers import overdue

_PAUSE = 0.03
_LOOKS = 100
"""Two people who decide at the same moment follow each other: another decision takes far less than these looks."""


class TouchedRun(NamedTuple):
    """A run that nobody else can change just now."""

    row: RunRow
    requests: dict[str, Asked]


@contextmanager
def touched_run(services: Services, run: str, looks: int = _LOOKS) -> Iterator[TouchedRun]:
    """A run, while nobody else can change it; what nobody decided in time is settled first.

    Args:
        looks: how often it is tried to hold the run, 30 ms apart.

    Raises:
        RunBusyError: it is being driven by somebody, and not only touched.
    """
    with ExitStack() as held:
        _hold(services, run, held, looks)
        row = services.experience.row(run)
        held.callback(_mirror, services, row)
        requests = requests_of(events_of(services, run))
        if row.status == "paused" and overdue(requests, services.clock.now()):
            row = record_timers(requests, row, services.experience, services.clock)
        yield TouchedRun(row, requests)


def _mirror(services: Services, before: RunRow) -> None:
    """Tell the mirror what was recorded meanwhile: timers that fired, decisions."""
    with suppress(ConvergeError):
        if services.mirror is not None and (last := services.experience.row(before.run).seq) > before.seq:
            services.mirror.committed(before.run, before.seq + 1, last)


def _hold(services: Services, run: str, held: ExitStack, looks: int) -> None:
    for look in range(looks):
        try:
            held.enter_context(services.experience.driving(run))
        except RunBusyError:
            if look == looks - 1:
                raise
            time.sleep(_PAUSE)
        else:
            return
