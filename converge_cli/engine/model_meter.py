"""The meter that suggestors which call models are charged through: asked before the spend, recorded as an event."""

import threading
from decimal import Decimal

from converge_cli.core.errors import InvalidJobError
from converge_cli.core.event import BudgetCharged
from converge_cli.engine.halt import Halt
from converge_cli.engine.run import Run


class ModelMeter:
    """The Meter port over the run that its engine drives now; calls may come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._run: Run | None = None

    def attach(self, run: Run | None) -> None:
        """Charge this run from now on; None: no run is being driven."""
        with self._lock:
            self._run = run

    def charge(self, suggestor: str, tokens: int, cost_usd: Decimal) -> None:
        """Charge a model call before it is made; see `Meter.charge`."""
        if tokens < 0 or not cost_usd.is_finite() or cost_usd < 0:
            raise ValueError(f"a charge is never negative: {tokens} tokens, {cost_usd} USD")
        with self._lock:
            run = self._run
            if run is None or all(item.name != suggestor for item in run.registrations):
                raise InvalidJobError(
                    f"there is no suggestor {suggestor} running that could be charged",
                    hint="charge inside execute(), under the suggestor's own name",
                    where=suggestor,
                )
            since = next(item.since for item in run.registrations if item.name == suggestor)
            due = run.charges.due(suggestor, tokens, cost_usd, kept=run.calls.has_kept(suggestor, since))
            try:
                run.meter.charge_model(run.cycle, *due)
            except Halt as halt:
                # Kept, so that the run ends for it even if the suggestor swallows what is raised.
                run.crossings[suggestor] = halt
                raise
            run.charges.ask(suggestor, tokens, cost_usd)
            if any(due) or not (tokens or cost_usd):
                run.charges.pay(suggestor, *due)
                run.log.add(BudgetCharged, suggestor=suggestor, tokens=due[0], cost_usd=str(due[1]))
