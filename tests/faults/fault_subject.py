"""What is driven through faults, from whatever is recorded to the final stop, and what it was promised on the way."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from witness import left

from converge_cli._internal.hashing import GENESIS, chain_link
from converge_cli.app.decide_approval import decide_approval
from converge_cli.app.load_truth import LoadedTruth
from converge_cli.app.record.recorded_run import events_of
from converge_cli.app.record.replay_run import replay_run
from converge_cli.app.resume_run import ResumeRun
from converge_cli.app.run_job import RunJob, RunRequest
from converge_cli.app.services import Services
from converge_cli.core import event as e
from converge_cli.core.approval import Decision
from converge_cli.core.budget import BudgetChange
from converge_cli.engine.decision import Statement
from converge_cli.engine.request_book import requests_of

DECIDERS = {"vendor_commitment": "mona"}
SEEDS = {"fifty": ("Seeds:text:begin=go",)}
SAID = Statement("approved", "three bids compared", "interactive")


class Diary:
    """Tells, in a file that outlives the process, what was acknowledged to it; an EventSink.

    Attributes:
        head: the hash over the events that it knows.
        seq: how many these are.
        place: how far the run has come: without the events of going on after a death, so the same in every process.
    """

    def __init__(self, file: Path, told: Callable[[int], object]) -> None:
        self._descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.head, self.seq, self.place = GENESIS, 0, 0
        self._goes_on = False
        self._told = told

    def know(self, event: e.RunEvent, data: bytes) -> None:
        """Take in the next event."""
        self.head, self.seq = chain_link(self.head, data), event.seq
        if isinstance(event, e.RunResumed):
            self._goes_on = event.added == BudgetChange()
        elif isinstance(event, e.CycleStarted):
            self._goes_on = False
        self.place += not self._goes_on

    def note(self, **words: Any) -> None:
        """Write a line, whole."""
        os.write(self._descriptor, json.dumps(words).encode() + b"\n")

    def events(self, run: str, committed: Sequence[e.RunEvent]) -> None:
        """What was committed: from now on it may never be gone."""
        for event in committed:
            if event.seq == self.seq + 1:
                self.know(event, e.encode_event(event))
        self.note(what="acknowledged", run=run, seq=self.seq, head=self.head.hex())
        self._told(self.place)

    def running(self, beginning: e.SuggestorRunning) -> None:
        """A suggestor is about to work; what it does is counted where it does it."""


class ClockAhead:
    """The real clock, so many seconds ahead (or behind, when negative)."""

    def __init__(self, clock: Any, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds
        self.monotonic = clock.monotonic

    def now(self) -> str:
        """UTC now, shifted."""
        moment = datetime.fromisoformat(self._clock.now()) + timedelta(seconds=self._seconds)
        return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def drive(
    services: Services,
    truth: LoadedTruth,
    diary_file: Path,
    clock: float = 0,
    *,
    decision: Decision | None = None,
    deciding: Callable[[], object] = lambda: None,
    told: Callable[[int], object] = lambda _place: None,
) -> None:
    """Go from whatever is recorded to the final stop, as a person with a terminal would.

    Args:
        clock: how many seconds the clock is ahead.
        decision: what is said to every request; None for yes.
        deciding: called before each decision.
        told: called with the place that the run came to, after each commit, and where it is found at rest.
    """
    services = replace(services, clock=ClockAhead(services.clock, clock)) if clock else services
    store = services.experience
    rows = list(store.rows())
    diary = found(services, rows[0].run if rows else None, diary_file, told)
    if not rows:
        request = RunRequest(truth.job.truth, seeds=SEEDS.get(truth.job.truth, ()))
        asyncio.run(RunJob(services, request, diary, truth=truth).run())
    elif rows[0].status != "running":
        told(diary.place)
    while (row := next(iter(store.rows()))).status != "stopped":
        for asked in list(requests_of(events_of(services, row.run)).values()) if row.pending else ():
            if asked.status == "pending":
                deciding()
                said = SAID._replace(decision=decision or "approved")
                decide_approval(services, row.run, asked.request.id, DECIDERS[asked.request.point], said, sink=diary)
        added = BudgetChange(cycles=30) if row.reason == "CycleBudgetExhausted" else None
        asyncio.run(ResumeRun(services, row.run, added=added, sink=diary).run())
    store.close()


def found(services: Services, run: str | None, diary_file: Path, told: Callable[[int], object]) -> Diary:
    """Begin the diary of a process with what it finds recorded."""
    diary = Diary(diary_file, told)
    calls = []
    if run is not None:
        for data in services.experience.read(run):
            diary.know(e.decode_event(data), data)
        calls = [services.experience.get_blob(call.request).decode() for call in services.experience.calls(run)]
    diary.note(what="found", run=run, seq=diary.seq, head=diary.head.hex(), process=os.getpid(), calls=calls)
    return diary


@dataclass
class Verdict:
    """What a case came to.

    Attributes:
        outcome: the outcome digest in RunStopped.
        problems: every promise that was not kept.
        calls: for each process, the requests whose answers were kept when it began: it may not pay for them.
        executed: how often each suggestor's execution was recorded.
    """

    outcome: str = ""
    problems: list[str] = field(default_factory=list)
    calls: list[list[str]] = field(default_factory=list)
    executed: dict[str, int] = field(default_factory=dict)


def judge(services: Services, diary_file: Path, effects: Path, *, replayed: bool = False) -> Verdict:
    """Hold the final record, and what was really done, against everything that was promised on the way.

    Args:
        replayed: whether the record must replay, too.
    """
    verdict = Verdict()
    row = next(iter(services.experience.rows()))
    recorded = list(services.experience.read(row.run))
    heads = [GENESIS]
    for data in recorded:
        heads.append(chain_link(heads[-1], data))
    notes = [json.loads(line) for line in diary_file.read_text().splitlines()]
    verdict.problems += [
        f"what was {note['what']} at {note['seq']} is gone or changed"
        for note in notes
        if not _stands(note, row.run, heads)
    ]
    found = [note for note in notes if note["what"] == "found"]
    verdict.calls = [note["calls"] for note in found]
    events = [e.decode_event(data) for data in recorded]
    _judge_events(verdict, events)
    _judge_effects(verdict, events, found, left(effects))
    if replayed:
        replay_run(services, row.run)  # raises if it does not come to the same
    return verdict


def _judge_effects(
    verdict: Verdict, events: list[e.RunEvent], found: list[dict[str, Any]], done: list[tuple[int, str]]
) -> None:
    """Each recorded execution happened once; a process that died may have begun what it could not record any more."""
    verdict.executed = dict(Counter(_executed(events)))
    begun = [note["seq"] for note in found]
    for note, (first, last) in zip(found, pairwise([*begun, len(events)]), strict=True):
        really = Counter(name for process, name in done if process == note["process"])
        recorded = Counter(_executed(events[first:last]))
        lost = 0 if note is found[-1] else 1
        for name in really | recorded:
            if not 0 <= really[name] - recorded[name] <= lost:
                verdict.problems.append(f"{name} ran {really[name]} times after {first}, recorded {recorded[name]}")


def _executed(events: Sequence[e.RunEvent]) -> list[str]:
    """The suggestors that were executed; seeds and inputs come before the first cycle, and from nobody's code."""
    ended = [event for event in events if isinstance(event, e.SuggestorExecuted | e.SuggestorFailed)]
    return [event.suggestor for event in ended if event.cycle]


def _stands(note: dict[str, Any], run: str, heads: list[bytes]) -> bool:
    """Whether the record still begins with what a process found, or was told to be safe."""
    if note.get("run") is None:
        return True
    return note["run"] == run and note["seq"] < len(heads) and heads[note["seq"]].hex() == note["head"]


def _judge_events(verdict: Verdict, events: list[e.RunEvent]) -> None:
    stopped = events[-1]
    assert isinstance(stopped, e.RunStopped)
    verdict.outcome = stopped.outcome
    verdict.problems += [f"refused: {event.code}" for event in events if isinstance(event, e.DecisionRefused)]
    once = {
        "approval spent": [name for event in events if isinstance(event, e.ApprovalSpent) for name in event.requests],
        "decision": [(x.approval.request, x.approval.by) for x in events if isinstance(x, e.ApprovalDecided)],
        "request": [event.request.id for event in events if isinstance(event, e.ApprovalRequested)],
        "fact": [(event.key, event.id) for event in events if isinstance(event, e.FactPromoted)],
        "start": [event.run for event in events if isinstance(event, e.RunStarted)],
    }
    for what, names in once.items():
        verdict.problems += [f"{what} {name} twice" for name in sorted({n for n in names if names.count(n) > 1})]
