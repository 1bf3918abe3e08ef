"""Which suggestors are due. Only those that a new fact woke are looked at, so a chain of N costs O(N)."""

from converge_cli.engine.execution import Executes, Execution
from converge_cli.engine.registration import Registration
from converge_cli.engine.run import Run


class Eligibility:
    """Keeps the set of suggestors that are due and have not declined what they see now."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._ready = {item.number for item in run.registrations if item.due}

    def eligible(self, executor: Executes) -> tuple[list[Registration], list[Execution]]:
        """The suggestors that run in this cycle, in registration order, and those whose `accepts` failed."""
        self._wake()
        chosen, failed = [], []
        for number in sorted(self._ready):
            registration = self._run.registrations[number]
            if registration.suggestor.accepts_everything:
                chosen.append(registration)
                continue
            accepted, failure = executor.accepts(registration)
            if accepted:
                chosen.append(registration)
            elif failure is not None:
                failed.append(failure)
            else:
                self._ready.discard(number)
        return chosen, failed

    def executed(self, execution: Execution) -> None:
        """Its view is recorded: it is due again only when something that it reads is newer."""
        registration = execution.registration
        registration.last_view = execution.view
        registration.due = False
        self._ready.discard(registration.number)

    def _wake(self) -> None:
        woken = self._run.context.woken
        if not woken:
            return
        for number in woken:
            registration = self._run.registrations[number]
            registration.wake()
            if registration.due:
                self._ready.add(number)
        woken.clear()
