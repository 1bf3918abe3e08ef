"""Runs a truth: inputs in, to convergence, with the approvals that were given along."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from converge_cli.app.decide_approval import GivenApproval, apply_given, require_point
from converge_cli.app.load_truth import LoadedTruth, load_truth, require_person
from converge_cli.app.make_engine import make_engine
from converge_cli.app.read_inputs import read_inputs
from converge_cli.app.services import Services
from converge_cli.app.templates.deployed import deployed_job, wiring_of
from converge_cli.core.person import Person
from converge_cli.core.port import EventSink
from converge_cli.core.stop_reason import StopReason
from converge_cli.core.suggestor import Suggestor
from converge_cli.engine.decision import Decided
from converge_cli.engine.engine import Engine
from converge_cli.engine.result import RunResult
from converge_cli.truth.inputs import read_seed
from converge_cli.truth.source import Source


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run, and how.

    Attributes:
        inputs: name -> file (or its bytes) that replaces a declared one.
        parameters: pack -> path -> value, over what the truth says.
        seeds: `Key:id=content`, facts to begin with.
        approvals: decisions given along, applied when the run would pause.
        principal: person id for whom gates are asked, instead of the truth's.
        budget: field -> value, over what the truth says.
        scripted: suggestors registered last (examples use them).
        wiring: file that says what the deployment needs, instead of the one beside the truth.
    """

    truth: str
    inputs: Mapping[str, Path | Source] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[tuple[str, ...], Any]] = field(default_factory=dict)
    seeds: tuple[str, ...] = ()
    approvals: tuple[GivenApproval, ...] = ()
    principal: str | None = None
    strict: bool = False
    budget: Mapping[str, Any] = field(default_factory=dict)
    scripted: tuple[Suggestor, ...] = ()
    wiring: Path | None = None


@dataclass(frozen=True, slots=True)
class RunAnswer:
    """How a run ended.

    Attributes:
        result: what it came to.
        refusals: given approvals that were not accepted.
        ledger: `current` or `lagging`; None for a run that is not mirrored.
        people_changed: how the people differ from those whom a resumed run was driven with before.
    """

    result: RunResult
    refusals: tuple[Decided, ...] = ()
    ledger: str | None = None
    people_changed: tuple[str, ...] = ()


class RunJob:
    """One run of a truth, prepared so that it can be cancelled while it runs."""

    people_changed: tuple[str, ...] = ()

    def __init__(
        self,
        services: Services,
        request: RunRequest,
        sink: EventSink | None = None,
        *,
        truth: LoadedTruth | None = None,
    ) -> None:
        """Load everything that can be wrong before anything runs.

        Args:
            truth: when it has been loaded already; then its examples are judged, and no wiring counts.

        Raises:
            ConvergeError: the truth, a pack, an input, a seed, a parameter or a person is at fault, or the deployment
                lacks what the wiring asks for.
        """
        self._services = services
        self._request = request
        self._sink = sink
        self.truth: LoadedTruth = truth or load_truth(services, request.truth, request.parameters)
        wiring = wiring_of(services, self.truth, request.wiring) if truth is None else None
        self._job = deployed_job(services, self.truth, wiring, request.budget)
        named = [request.principal] if request.principal is not None else []
        for person in (*named, *(given.who for given in request.approvals)):
            require_person(self.truth.people, person)
        for given in request.approvals:
            require_point(self._job, given.point)
        self._seeds = [read_seed(text) for text in request.seeds]
        packs = self.truth.compilation.packs
        self._given = read_inputs(self._job, packs, self.truth.location.file.parent, request.inputs)

    @cached_property
    def engine(self) -> Engine:
        """What drives it, made when it is wanted: whoever only asks whether a run can be prepared needs none.

        Raises:
            ConvergeError: a pack's suggestors or its policy are at fault.
        """
        return make_engine(
            self._services,
            self._job,
            self.truth.compilation.packs,
            self.truth.compilation.parameters,
            self.truth.people,
            principal=self._request.principal,
            strict=self._request.strict,
            sink=self._sink,
            scripted=self._request.scripted,
        )

    async def run(self) -> RunAnswer:
        """Run; apply the given approvals whenever the run would pause for them."""
        result = await self.engine.run(
            self._seeds,
            feeds=self._given.feeds,
            inputs=self._given.records,
            missing_inputs=self._given.missing,
            location=str(self.truth.location.file),
            sources=self.truth.compilation.texts,
        )
        given = self._request.approvals
        return await with_approvals(self._services, self.engine, result, given, self.truth.people, self._sink)


async def with_approvals(
    services: Services,
    engine: Engine,
    result: RunResult,
    given: Sequence[GivenApproval],
    people: tuple[Person, ...],
    sink: EventSink | None,
) -> RunAnswer:
    """Apply decisions that were given along whenever the run has paused for them, and go on, as far as they carry."""
    waiting = list(given)
    refusals: list[Decided] = []
    while waiting and result.stop.reason is StopReason.HUMAN_INTERVENTION_REQUIRED:
        applied = apply_given(services, result.run_id, waiting, people, sink)
        refusals += applied.refused
        waiting = applied.unused
        if not applied.accepted:
            break
        result = await engine.resume(result.run_id)
    if result.stop.reason is StopReason.HUMAN_INTERVENTION_REQUIRED:
        refusals += [item.unmatched(result.run_id) for item in waiting]
    return RunAnswer(engine.recorded(result.run_id) if refusals else result, tuple(refusals))
