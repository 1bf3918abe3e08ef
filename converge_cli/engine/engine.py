"""The engine, as programs embed it: give it suggestors or a job with packs, run it, read the result."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from converge_cli import __version__
from converge_cli._internal.canonical_json import encode
from converge_cli._internal.hashing import digest_bytes
from converge_cli._internal.system import RandomIds, SystemClock
from converge_cli.core.budget import BudgetChange
from converge_cli.core.built_in_kinds import RESERVED_KINDS, reserved_kinds
from converge_cli.core.errors import InvalidJobError, RecordCorruptError, RunNotResumableError
from converge_cli.core.event import SCHEMA, RunResumed, RunStarted, decode_event
from converge_cli.core.fact import FactModel, ProposedFact
from converge_cli.core.job import EMPTY_JOB, Job
from converge_cli.core.kind import Kind
from converge_cli.core.pack import Pack, Parameters
from converge_cli.core.person import Person
from converge_cli.core.port import Clock, EventSink, Experience, FlowGate, IdSource, Meter
from converge_cli.core.recorded import InputRecord
from converge_cli.core.registry import SourceText
from converge_cli.core.stop_reason import Stop, StopReason
from converge_cli.core.suggestor import Suggestor
from converge_cli.engine.cancellation import Cancellation
from converge_cli.engine.conditions import LiveConditions
from converge_cli.engine.event_log import EventLog
from converge_cli.engine.execution import Executor
from converge_cli.engine.keeping import keep_pack, keep_people, keep_registry, keep_source
from converge_cli.engine.loop import Loop
from converge_cli.engine.merge import Feed
from converge_cli.engine.model_meter import ModelMeter
from converge_cli.engine.patience import PATIENT, Patience
from converge_cli.engine.rebuild import Rebuilder
from converge_cli.engine.recording import private_kinds, record_proposals
from converge_cli.engine.registration import SEED
from converge_cli.engine.result import RunResult
from converge_cli.engine.run import Run, Setting
from converge_cli.engine.stuck import record_stuck
from converge_cli.engine.watchdog import Watchdog

Feeds = Sequence[tuple[str, Sequence[ProposedFact]]]


class Engine:
    """Runs suggestors over one shared context until nothing changes.

    Args:
        suggestors: in registration order, after those of the packs.
        kinds: fact models of these suggestors, by kind name.
        job: a compiled truth; without one the run has no criteria and ends Converged.
        packs: loaded packs, in the order of the truth, with their parameters by name.
        people: who may act and decide.
        gate: policy for the job's gates; without one every gate refuses.
        principal: person id for whom gates are asked; default is the job's.
        experience: where the run is recorded; without one it is kept in memory.
        sink: sees what happens.
        on_stuck: called with a suggestor's name when it holds the process in C code; the run is recorded by then.
        patience: how long it waits for code that does not end.

    Attributes:
        meter: what suggestors that call models are charged through.

    Raises:
        InvalidJobError: two packs with one kind, a reserved kind, an approval point that the job does not declare.
    """

    def __init__(
        self,
        suggestors: Iterable[Suggestor] = (),
        *,
        kinds: Mapping[str, type[FactModel]] | None = None,
        job: Job = EMPTY_JOB,
        packs: Sequence[Pack] = (),
        parameters: Mapping[str, Parameters | None] | None = None,
        people: Iterable[Person] = (),
        gate: FlowGate | None = None,
        principal: str | None = None,
        strict: bool = False,
        experience: Experience | None = None,
        sink: EventSink | None = None,
        clock: Clock | None = None,
        ids: IdSource | None = None,
        on_stuck: Callable[[str], None] | None = None,
        patience: Patience = PATIENT,
    ) -> None:
        _check_points(job)
        given = parameters or {}
        self._packs = tuple(packs)
        self._setting = Setting(
            job=job,
            suggestors=[
                *((pack.name, item) for pack in packs for item in pack.suggestors(given.get(pack.name))),
                *(("", item) for item in suggestors),
            ],
            kinds=_all_kinds(packs, kinds or {}),
            people={person.id: person for person in people},
            gate=gate,
            principal=principal or job.principal,
            strict=strict,
        )
        self._experience = experience
        self._sink = sink
        self._clock = clock or SystemClock()
        self._ids = ids or RandomIds()
        self._on_stuck = on_stuck
        self._patience = patience
        self._cancelled = Cancellation()
        self._meter = ModelMeter()
        self.meter: Meter = self._meter

    def cancel(self) -> None:
        """Ask the run to stop between cycles; from any thread."""
        self._cancelled.request()

    async def run(
        self,
        seeds: Sequence[ProposedFact] = (),
        *,
        feeds: Feeds = (),
        inputs: tuple[InputRecord, ...] = (),
        missing_inputs: tuple[str, ...] = (),
        location: str = "",
        sources: Sequence[SourceText] = (),
    ) -> RunResult:
        """Run to a fixed point, a budget or a person.

        Args:
            seeds: facts to begin with, proposed by `seed`.
            feeds: (who, proposals) from outside, such as one per input.
            inputs, missing_inputs: what is recorded of the inputs.
            location: where the truth stands, kept in the index of runs.
            sources: the texts that the job was compiled from, kept with the record.
        """
        log = EventLog(self._ids.run_id(), self._clock, self._experience, self._sink)
        run = self._new_run(log)
        run.location = location
        run.inputs = list(inputs)
        run.missing_inputs = dict.fromkeys(missing_inputs, log.at)
        job = run.job
        log.add(
            RunStarted,
            schema=SCHEMA,
            engine=__version__,
            run=run.id,
            truth=job.truth,
            title=job.title,
            job=log.keep(encode(job)),
            budget=job.budget,
            principal=self._setting.principal,
            strict=self._setting.strict,
            inputs=inputs,
            missing_inputs=missing_inputs,
            packs=tuple(keep_pack(log, pack) for pack in self._packs),
            suggestors=tuple(item.name for item in run.registrations),
            sources=tuple(keep_source(log, text) for text in sources),
            people=keep_people(log, self._setting.people.values()),
            registry=keep_registry(log, self._setting, run.registrations),
        )
        all_feeds = [*feeds, (SEED, seeds)] if seeds else list(feeds)
        return await self._drive(run, lambda loop: loop.begin(self._recorded(all_feeds)))

    async def resume(
        self,
        run_id: str,
        *,
        feeds: Feeds = (),
        inputs: tuple[InputRecord, ...] = (),
        added: BudgetChange | None = None,
    ) -> RunResult:
        """Go on with a recorded run that is not final.

        Args:
            feeds, inputs: inputs that were missing.
            added: more budget.

        Raises:
            RunNotResumableError: the run has ended for good.
            RunBusyError: another process drives it.
        """
        store = self._required_store()
        with store.driving(run_id):
            run, rebuilder = self._rebuilt(run_id)
            if rebuilder.final:
                reason = rebuilder.stop.reason.value if rebuilder.stop is not None else ""
                raise RunNotResumableError(
                    f"run {run_id} has ended for good: {reason}",
                    hint=f"converge show {run_id} tells how; to begin anew: converge run {run.job.truth or 'TRUTH'}",
                    where=run_id,
                )
            run.log.tick()
            first = self._first(run_id)
            self._require_same_job(first)
            resumed = self._resumed(run, first, added or BudgetChange(), inputs)
            run.log.put(resumed)
            rebuilder.resume(resumed)
            return await self._drive(run, lambda loop: loop.resume(self._recorded(feeds)), held=True)

    def recorded(self, run_id: str) -> RunResult:
        """What a recorded run has come to so far, without going on."""
        run, rebuilder = self._rebuilt(run_id)
        return RunResult(run, rebuilder.stop or Stop(StopReason.CANCELLED, cycle=run.cycle, detail="still running"))

    def missing_inputs(self, run_id: str) -> tuple[str, ...]:
        """The declared inputs that a recorded run still waits for."""
        return tuple(self._rebuilt(run_id)[0].missing_inputs)

    async def _drive(self, run: Run, begin: Callable[[Loop], Any], *, held: bool = False) -> RunResult:
        watchdog = Watchdog(lambda name: self._stuck(run, name), self._patience)
        if self._experience is not None:
            run.calls.restore(self._experience)
        self._cancelled.attach()
        self._meter.attach(run)
        executor = Executor(run, self._clock, watchdog, self._cancelled, self._patience)
        loop = Loop(run, executor, LiveConditions(run, self._clock, self._cancelled))
        try:
            if self._experience is None or held:
                stop = await begin(loop)
            else:
                with self._experience.driving(run.id):
                    stop = await begin(loop)
        finally:
            watchdog.close()
            self._meter.attach(None)
        if stop.reason is StopReason.CANCELLED:
            self._cancelled.use_up()
        return RunResult(run, stop)

    def _stuck(self, run: Run, name: str) -> None:
        """Called from the watchdog's thread while the engine's own is lost in somebody's C code."""
        run.log.tick()
        record_stuck(run, name)
        if self._on_stuck is not None:
            self._on_stuck(name)

    def _new_run(self, log: EventLog) -> Run:
        return Run(log.run, self._setting, log, self._setting.job.budget)

    def _rebuilt(self, run_id: str) -> tuple[Run, Rebuilder]:
        store = self._required_store()
        row = store.row(run_id)
        log = EventLog(run_id, self._clock, store, self._sink)
        run = self._new_run(log)
        run.location = row.location
        rebuilder = Rebuilder(run)
        rebuilder.fold(decode_event(data) for data in store.read(run_id))
        log.restore(row)
        return run, rebuilder

    def _required_store(self) -> Experience:
        if self._experience is None:
            raise InvalidJobError("this engine has no store", hint="give it experience=...")
        return self._experience

    def _first(self, run_id: str) -> RunStarted:
        recorded = next(iter(self._required_store().read(run_id)), None)
        first = None if recorded is None else decode_event(recorded)
        if not isinstance(first, RunStarted):
            raise RecordCorruptError(f"run {run_id} does not begin with RunStarted", where=run_id)
        return first

    def _require_same_job(self, first: RunStarted) -> None:
        if first.job != digest_bytes(encode(self._setting.job)):
            raise RunNotResumableError(
                f"run {first.run} was started with another job than this engine has",
                hint="give the engine the job that the run began with",
                where=first.run,
            )

    def _recorded(self, feeds: Feeds) -> list[Feed]:
        private = private_kinds(self._setting.kinds)
        return [(name, record_proposals(given, private)) for name, given in feeds]

    def _resumed(self, run: Run, first: RunStarted, added: BudgetChange, inputs: tuple[InputRecord, ...]) -> RunResumed:
        """The event of a resume: packs, people and registry stand in it when they have changed."""
        log = run.log
        packs = tuple(keep_pack(log, pack) for pack in self._packs)
        people = keep_people(log, self._setting.people.values())
        registry = keep_registry(log, self._setting, run.registrations)
        return RunResumed(
            seq=log.seq + 1,
            at=log.at,
            added=added,
            inputs=inputs,
            packs=() if packs == first.packs else packs,
            people=None if people == first.people else people,
            registry=None if registry == first.registry else registry,
        )


def _check_points(job: Job) -> None:
    """A claim on a point that nobody declared would never be asked for: fail closed, at once."""
    declared = {point.id for point in job.approval_points}
    for point in (*job.required_approvals, *(rule.point for rule in job.hitl)):
        if point not in declared:
            raise InvalidJobError(
                f"approval point {point} is not declared", hint="declare it under approval_points", where=job.truth
            )


def _all_kinds(packs: Sequence[Pack], kinds: Mapping[str, type[FactModel]]) -> dict[str, Kind]:
    """Every kind by name; declared by exactly one pack."""
    found = dict(reserved_kinds())
    owners: dict[str, str] = {}
    embedded = {name: Kind(name, model) for name, model in kinds.items()}
    for owner, declared in [*((pack.name, pack.kinds) for pack in packs), ("this engine", embedded)]:
        for name, kind in declared.items():
            if name in RESERVED_KINDS:
                told = f"kind {name} is built in; {owner} may not declare it"
                raise InvalidJobError(told, hint="rename it", where=owner)
            if name in owners:
                told = f"kind {name} is declared by {owners[name]} and by {owner}"
                raise InvalidJobError(told, hint="rename one of them", where=owner)
            owners[name] = owner
            found[name] = kind
    return found
