"""Goes on with a recorded run: after decisions, with more budget, with an input that was missing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from converge_cli.app.changed_packs import require_same_packs
from converge_cli.app.changed_people import people_changes
from converge_cli.app.decide_approval import GivenApproval
from converge_cli.app.list_folder import InputFileError
from converge_cli.app.open_run import open_run
from converge_cli.app.read_inputs import Given, read_inputs
from converge_cli.app.run_job import RunAnswer, with_approvals
from converge_cli.app.services import Services
from converge_cli.core.budget import BudgetChange
from converge_cli.core.port import EventSink
from converge_cli.truth.source import Source


class ResumeRun:
    """One resume, prepared so that it can be cancelled while it runs."""

    def __init__(
        self,
        services: Services,
        run: str,
        *,
        inputs: Mapping[str, Path | Source] | None = None,
        added: BudgetChange | None = None,
        sink: EventSink | None = None,
        accept_changes: bool = False,
        approvals: Sequence[GivenApproval] = (),
    ) -> None:
        """Open the run and read the inputs that it was missing.

        `people_changed` then tells how its people differ from those whom it was driven with last.

        Args:
            accept_changes: go on although a pack or its policy is no longer as it was.
            approvals: decisions given along; see `RunRequest`.

        Raises:
            PacksChangedError: a pack is no longer as it was, and that was not accepted.
            ConvergeError: no such run, a pack or file is missing, or an input was given before.
        """
        self._services = services
        self._sink = sink
        self._added = added
        self._approvals = approvals
        opened = open_run(services, run, sink)
        self._people = opened.people
        self.run_id = opened.row.run
        if not accept_changes and opened.row.status != "stopped":
            require_same_packs(services, self.run_id, opened.packs)
        self.engine = opened.engine
        self.people_changed = people_changes(services, self.run_id, opened.people)
        self._given = read_inputs(opened.job, opened.packs, opened.folder, inputs or {}, only=True)
        if inputs and opened.row.status != "stopped":
            self._refuse_settled(self.engine.missing_inputs(self.run_id), opened.row.truth)

    async def run(self) -> RunAnswer:
        """Go on to the next stop.

        Raises:
            RunNotResumableError: the run has ended for good.
            RunBusyError: another process drives it.
        """
        given: Given = self._given
        result = await self.engine.resume(self.run_id, feeds=given.feeds, inputs=given.records, added=self._added)
        answer = await with_approvals(self._services, self.engine, result, self._approvals, self._people, self._sink)
        return replace(answer, people_changed=self.people_changed)

    def _refuse_settled(self, missing: tuple[str, ...], truth: str) -> None:
        for name in (record.name for record in self._given.records):
            if name not in missing:
                raise InputFileError(
                    f"run {self.run_id} waits for no input {name}; what it was given, or began without, stays as it is",
                    hint=f"go on as it is: converge resume {self.run_id}; "
                    f"or anew: converge run {truth} --input {name}=PATH",
                    where=self.run_id,
                )
