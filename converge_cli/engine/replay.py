"""Replays a recorded run: the engine's own loop, answered from the record, must write the same events again.

What came from outside is taken as it stands there: what suggestors said, what people decided, time, cancellation,
what was charged. Everything that the rules make of it is computed anew: promotions, rejections, gate verdicts,
requests, whether a decision counts, invariants, criteria, stops. No network, no clock, no code of a pack.
"""

import base64
import binascii
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli._internal.hashing import digest_bytes
from converge_cli.core import event as e
from converge_cli.core.errors import RecordCorruptError
from converge_cli.core.person import Person
from converge_cli.core.port import RunRow
from converge_cli.core.recorded import PackRecord
from converge_cli.core.stop_reason import Stop
from converge_cli.engine.decision import Statement, judge_decision
from converge_cli.engine.keeping import keep_people
from converge_cli.engine.loop import Loop
from converge_cli.engine.rebuild import Rebuilder
from converge_cli.engine.replay_answers import RecordedConditions, RecordedExecutor, RecordedGate
from converge_cli.engine.replay_log import DivergedError, Divergence, RecordEndsError, ReplayLog, compare
from converge_cli.engine.replay_record import Record
from converge_cli.engine.replay_setting import Blobs, GateMaker, Settings
from converge_cli.engine.request_book import note, requests_of
from converge_cli.engine.run import Asked, Run
from converge_cli.engine.timers import fire_timers


class Replayed(msgspec.Struct, frozen=True):
    """What a replay came to.

    Attributes:
        events: how many events came out as they are recorded.
        head: the hash over them, hex: the recorded one when there is no divergence.
        outcome: outcome digest of the last stop, "" for a run that never stopped.
        recorded_gates: whether policy's answers were taken from the record, because an embedding program gave them.
    """

    run: str
    events: int
    head: str
    outcome: str
    divergence: Divergence | None = None
    recorded_gates: bool = False


def replay(run: str, data: Sequence[bytes], blobs: Blobs, make_gate: GateMaker) -> Replayed:
    """Compute a recorded run anew, up to its end or the first event that comes out otherwise.

    Args:
        run: its id.
        data: canonical bytes of its events, in order.
        blobs: bytes by digest, as they are kept beside the events.
        make_gate: the authorizer of policies.

    Raises:
        RecordCorruptError: the record can't be read.
        NotReplayableError: it was written by a version that kept too little.
    """
    return _Replay(Record(run, data), blobs, make_gate).result()


class _Replay:
    def __init__(self, record: Record, blobs: Blobs, make_gate: GateMaker) -> None:
        self._record = record
        self._log = ReplayLog(record)
        self._gate = RecordedGate(record, self._log)
        self._settings = Settings(record, blobs, make_gate, self._gate)
        self._run: Run | None = None

    def result(self) -> Replayed:
        divergence = None
        try:
            self._start()
            while self._log.seq < len(self._record.events):
                self._go_on()
        except DivergedError as diverged:
            divergence = diverged.divergence
        run = self._run
        return Replayed(
            self._record.run,
            self._log.seq,
            self._log.head(),
            "" if run is None else run.outcome,
            divergence,
            run is not None and run.setting.gate is self._gate,
        )

    def _start(self) -> None:
        first = self._record.started
        run = self._new_run(first.packs, first.people, first.registry)
        run.inputs = list(first.inputs)
        run.missing_inputs = dict.fromkeys(first.missing_inputs, first.at)
        job = run.job
        self._log.put(
            msgspec.structs.replace(
                first,
                run=self._record.run,
                truth=job.truth,
                title=job.title,
                job=digest_bytes(encode(job)),
                budget=job.budget,
                people=keep_people(self._log, run.setting.people.values()),
                registry=digest_bytes(encode(self._settings.registered(first.registry))),
                suggestors=tuple(item.name for item in run.registrations),
            )
        )
        self._drive(run, lambda loop: loop.begin(self._record.feeds(self._log.seq)))

    def _go_on(self) -> None:
        """Take what came from outside between two stretches."""
        event = self._record.events[self._log.seq]
        if isinstance(event, e.RunResumed):
            self._resume(event)
        elif isinstance(event, e.ApprovalDecided | e.DecisionRefused | e.TimerFired):
            self._take_decisions()
        else:
            raise DivergedError(compare(event, None, event.seq))

    def _resume(self, event: e.RunResumed) -> None:
        first = self._record.started
        run = self._new_run(
            event.packs or first.packs,
            first.people if event.people is None else event.people,
            first.registry if event.registry is None else event.registry,
        )
        rebuilder = Rebuilder(run)
        rebuilder.fold(self._record.events[: self._log.seq])
        if rebuilder.final:
            detail = "the run had ended for good, and it goes on"
            raise DivergedError(Divergence(event.seq, "RunResumed", "(nothing)", detail=detail))
        self._log.tick()
        self._log.put(event)
        rebuilder.resume(event)
        self._drive(run, lambda loop: loop.resume(self._record.feeds(self._log.seq)))

    def _take_decisions(self) -> None:
        """Judge anew what people decided, and what became of requests whose time was up."""
        requests = requests_of(self._record.events[: self._log.seq])
        while isinstance(event := self._record.at(self._log.seq), e.ApprovalDecided | e.DecisionRefused | e.TimerFired):
            self._log.tick()
            if isinstance(event, e.TimerFired):
                if not fire_timers(requests, self._log):
                    raise DivergedError(compare(event, None, event.seq))
            else:
                self._log.put(self._judged(event, requests))
                note(requests, event)

    def _judged(
        self, event: e.ApprovalDecided | e.DecisionRefused, requests: dict[str, Asked]
    ) -> e.ApprovalDecided | e.DecisionRefused:
        said, asked = event.approval, requests.get(event.approval.request)
        person = self._person(event)
        if asked is None or person is None:
            raise DivergedError(compare(event, None, event.seq))
        signature = _bytes_of(getattr(said, "signature", None))
        statement = Statement(said.decision, said.reason, said.mode, None if signature is None else lambda _: signature)
        decided = judge_decision(asked, person, statement, self._row(), said.decided_at or event.at)
        approval = decided.approval if said.decided_at else msgspec.structs.replace(decided.approval, decided_at="")
        common: dict[str, Any] = {"seq": event.seq, "at": event.at, "approval": approval, "people": event.people}
        if decided.code is None:
            return e.ApprovalDecided(**common)
        return e.DecisionRefused(**common, code=decided.code, detail=decided.detail)

    def _person(self, event: e.ApprovalDecided | e.DecisionRefused) -> Person | None:
        digest = self._record.started.people if event.people is None else event.people
        return next((item for item in self._settings.people(digest) if item.id == event.approval.by), None)

    def _row(self) -> RunRow:
        """The index row that a decision was judged on: whether the run had ended, and why."""
        ended = None
        for event in self._record.events[: self._log.seq]:
            if isinstance(event, e.RunStopped):
                ended = event.stop
        assert self._run is not None  # noqa: S101  something was driven before anybody could decide
        reason = "" if ended is None else ended.reason.value
        return self._run.row(self._log.head(), "paused" if ended is None else "stopped", reason)

    def _new_run(self, packs: Sequence[PackRecord], people: str, registry: str) -> Run:
        setting = self._settings.setting(packs, people, registry)
        self._run = Run(self._record.run, setting, self._log, setting.job.budget)
        return self._run

    def _drive(self, run: Run, begin: Callable[[Loop], Coroutine[Any, Any, Stop]]) -> None:
        executor = RecordedExecutor(run, self._record, self._log)
        conditions = RecordedConditions(run, self._record, self._log)
        try:
            begin(Loop(run, executor, conditions)).send(None)
        except (StopIteration, RecordEndsError):
            return
        raise RecordCorruptError(f"run {run.id} waits for something in a replay", where=run.id)


def _bytes_of(signature: str | None) -> bytes | None:
    try:
        return None if signature is None else base64.b64decode(signature, validate=True)
    except binascii.Error:
        return b""
