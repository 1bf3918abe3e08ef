"""What the engine's tests are written with: one kind, scripted suggestors, jobs and people in a line each."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from converge_cli import ContextView, Effect, Engine, FactModel, Job, Person, ProposedFact, RunResult, Suggestor
from converge_cli.core.approval import ApprovalPoint
from converge_cli.core.criterion import Criterion
from converge_cli.core.event import RunEvent, decode_event
from converge_cli.core.flow_gate import FlowGateDecision, Grant
from converge_cli.core.invariant import Invariant
from converge_cli.core.pack import PolicyFiles
from converge_cli.core.pack_spec import GateSpec
from converge_cli.core.port import FlowGate
from converge_cli.core.predicate import Check, Count, FieldIs, FieldTest, Given, Selection, Then, Value
from converge_cli.engine.decision import Decided, Statement, judge_decision, record_decisions
from converge_cli.engine.patience import Patience
from converge_cli.engine.request_book import requests_of
from converge_cli.store.memory import MemoryExperience
from converge_cli.testing import ManualClock, SequenceIds

QUICK = Patience(poll=0.005, grace=0.1, step=0.1, last_words=0.05)
PROMOTE = FlowGateDecision(outcome="PROMOTE")
REJECT = FlowGateDecision(outcome="REJECT", rules=("never",))
ESCALATE = FlowGateDecision(outcome="ESCALATE", approvals=("boss",), rules=("needs_boss",))
BOSS = ApprovalPoint("boss", "chief", Selection("Strategies", "note:*"))
ANN = Person("ann", "Ann", ("chief",), "supervisory", ("ops",))
BEN = Person("ben", "Ben", ("chief", "deputy"), "sovereign", ("ops",))
CAT = Person("cat", "Cat", ("clerk",), "advisory", ("ops",))
GATE = GateSpec(
    pack="",
    on="Strategies:note:*",
    action="commit",
    resource_kind="note",
    resource_phase="commitment",
    resource_id="text",
    approvals={"boss": Grant()},
)


class Inner(FactModel, frozen=True):
    """A model inside a model."""

    depth: int = 0


class Note(FactModel, frozen=True):
    """The one kind of most tests."""

    text: str = ""
    number: Decimal | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    sure: bool | None = None
    inner: Inner | None = None


KINDS = {"note": Note}

Proposals = Iterable[ProposedFact | None]


class Script(Suggestor):
    """A suggestor that does what it is given.

    Attributes:
        calls: how often it was executed.
        asked: how often `accepts` was called.
    """

    def __init__(
        self,
        name: str,
        do: Callable[[ContextView], Any],
        *,
        reads: tuple[str, ...] = (),
        writes: tuple[str, ...] = ("Signals", "Evaluations", "Strategies"),
        accepts: Callable[[ContextView], bool] = lambda view: True,
        timeout: float = 5.0,
    ) -> None:
        self.name = name
        self.reads = reads
        self.writes = writes
        self.timeout = timeout
        self.calls = 0
        self.asked = 0
        self._do = do
        self._accepts = accepts

    def accepts(self, view: ContextView) -> bool:
        self.asked += 1
        return self._accepts(view)

    def execute(self, view: ContextView) -> Any:
        self.calls += 1
        answer = self._do(view)
        return Effect(answer) if isinstance(answer, list | tuple) else answer


def says(name: str, *proposals: ProposedFact, **options: Any) -> Script:
    """A suggestor that proposes the same whenever it runs."""
    return Script(name, lambda _view: list(proposals), **options)


def fails(name: str, error: BaseException, **options: Any) -> Script:
    """A suggestor that raises."""

    def do(_view: ContextView) -> Any:
        raise error

    return Script(name, do, **options)


def revises(name: str, key: str, subject: str, texts: Iterable[str], **options: Any) -> Script:
    """A suggestor that reads what it wrote, and says the next text each time."""
    left = iter(texts)
    return Script(
        name,
        lambda view: [view.revise(key, subject, Note(text=next(left)))],
        reads=("Seeds", f"{key}:{subject}"),
        **options,
    )


def note(key: str, fact_id: str, text: str = "x", **options: Any) -> ProposedFact:
    """A proposal of kind note; options of ProposedFact, the rest are fields."""
    about = {name: options.pop(name) for name in ("confidence", "evidence", "corrects") if name in options}
    return ProposedFact(key, fact_id, Note(text=text, **options), **about)


def then(check: Check, text: str = "") -> Then:
    """A check with a sentence."""
    return Then(text or type(check).__name__, check)


def at_least(key: str, glob: str | None = None, number: int = 1, where: FieldTest | None = None) -> Then:
    """`the Context key contains at least N facts`."""
    return then(Count("at least", number, Selection(key, glob, where)))


def at_most(key: str, glob: str | None = None, number: int = 0) -> Then:
    """`the Context key contains at most N facts`."""
    return then(Count("at most", number, Selection(key, glob)))


def text_is(text: str) -> FieldTest:
    """`where field "text" is`."""
    return FieldTest("text", "is", (Value("text", text),))


def number_is(comparison: Any, number: str) -> FieldTest:
    """`where field "number" <cmp>`."""
    return FieldTest("number", comparison, (Value("number", number),))


def criterion(name: str, *checks: Then, **options: Any) -> Criterion:
    """A success criterion."""
    return Criterion(name, name, checks, **options)


def invariant(name: str, when: Any, *checks: Then, given: tuple[Given, ...] = (), soft: bool = False) -> Invariant:
    """An invariant."""
    return Invariant(name, name, when, given, checks, soft=soft)


def each(key: str, glob: str | None = None, where: FieldTest | None = None) -> tuple[Given, ...]:
    """`Given any fact under key`."""
    return (Given("any", Selection(key, glob, where)),)


def number_at_most(limit: str) -> Then:
    """`field "number" must be at most`."""
    return then(FieldIs(number_is("is at most", limit)))


def job(**changes: Any) -> Job:
    """A job."""
    return Job(truth="sample", title="A sample", **changes)


BENCHES: "list[Bench]" = []
"""Those of the test at hand: what they recorded is replayed when it ends."""


class Bench:
    """An engine with its store and its clock; each `engine` is a fresh one on the same store.

    Attributes:
        forged: set by a test that writes a record which no run could have written.
    """

    def __init__(self, make: Callable[[], Iterable[Suggestor]], the_job: Job | None = None, **options: Any) -> None:
        self.store = options.pop("experience", None) or MemoryExperience()
        self.clock = options.pop("clock", None) or ManualClock()
        self.ids = SequenceIds()
        self.forged = False
        self.people = options.pop("people", (ANN, BEN, CAT))
        self._make = make
        self._options = {"kinds": KINDS, "patience": QUICK, **options}
        self._job = the_job if the_job is not None else job()
        BENCHES.append(self)

    def engine(self, **changes: Any) -> Engine:
        """A fresh engine."""
        return Engine(
            self._make(),
            job=self._job,
            people=self.people,
            experience=self.store,
            clock=self.clock,
            ids=self.ids,
            **{**self._options, **changes},
        )

    def run(self, *seeds: ProposedFact, **options: Any) -> RunResult:
        """Run on a fresh engine."""
        return asyncio.run(self.engine().run(seeds, **options))

    def resume(self, run: str = "r00000001", **options: Any) -> RunResult:
        """Resume on a fresh engine."""
        return asyncio.run(self.engine().resume(run, **options))

    def events(self, run: str = "r00000001") -> list[RunEvent]:
        """What was recorded."""
        return [decode_event(data) for data in self.store.read(run)]

    def decide(
        self, decision: Any, person: Person = ANN, *, point: str = "boss", mode: Any = "interactive", run: str = ""
    ) -> list[Decided]:
        """A person decides every pending request of a point, as the human path does."""
        known = (*self.people, person)
        row = self.store.row(run or "r00000001")
        said = Statement(decision, "because", mode)
        requests = requests_of(self.events(row.run))
        asked = requests.values()
        decided = [
            judge_decision(item, person, said, row, self.clock.now()) for item in asked if item.request.point == point
        ]
        decided = [item for item in decided if item.code is None] or decided
        record_decisions(
            decided, row, requests, self.store, self.clock, None, {item.id: item for item in known}.values()
        )
        return decided


def run(*suggestors: Suggestor, the_job: Job | None = None, seeds: Iterable[ProposedFact] = (), **o: Any) -> RunResult:
    """One run of these suggestors."""
    return Bench(lambda: suggestors, the_job, **o).run(*seeds)


def ids(result: RunResult, key: str) -> list[str]:
    """Ids of every fact under a key, in order of promotion."""
    return [fact.id for fact in result.facts if fact.key == key]


def no_policy(policies: Mapping[str, PolicyFiles]) -> FlowGate:
    """What a replay asks for policy: no pack of these tests has one."""
    raise AssertionError(f"there is a policy of {', '.join(policies)}")
