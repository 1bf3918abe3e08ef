"""Random programs for the engine: suggestors made of data, each a pure function of its view."""

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from hypothesis import strategies as st

from converge_cli import Budget, ContextView, Effect, Engine, FactModel, Job, Person, ProposedFact, Suggestor
from converge_cli.core.approval import ApprovalPoint, HitlRule
from converge_cli.core.criterion import Criterion
from converge_cli.core.event import decode_event
from converge_cli.core.invariant import Invariant
from converge_cli.core.port import Experience
from converge_cli.core.predicate import Count, FieldIs, FieldTest, Given, Selection, Then, Value
from converge_cli.engine.decision import Statement, judge_decision, record_decisions
from converge_cli.engine.request_book import requests_of
from converge_cli.testing import ManualClock, SequenceIds

KEYS = ("Signals", "Evaluations", "Strategies")
READS = ("Seeds", "Signals", "Evaluations:note:*", "Signals:note:a", "Diagnostic:rejected:*", "Diagnostic:violation:*")
ANN = Person("ann", "Ann", ("chief",), "supervisory", ("ops",))


class Note(FactModel, frozen=True):
    """The one kind."""

    text: str = ""
    number: Decimal | None = None
    tags: tuple[str, ...] = ()


KINDS = {"note": Note}


class Act(NamedTuple):
    """One thing that a suggestor does whenever it runs."""

    what: str
    key: str
    name: str
    text: str


class Program(NamedTuple):
    """One suggestor as data; `naps` is how often it lets others go first (None: it is sync)."""

    reads: tuple[str, ...]
    acts: tuple[Act, ...]
    naps: int | None = None


class Programmed(Suggestor):
    """Does what its program says."""

    writes = KEYS

    def __init__(self, name: str, program: Program) -> None:
        self.name = name
        self.reads = program.reads
        self._program = program

    def execute(self, view: ContextView) -> Any:
        effect = Effect([done for act in self._program.acts for done in _do(act, view)])
        return effect if self._program.naps is None else _after(self._program.naps, effect)


async def _after(naps: int, effect: Effect) -> Effect:
    for _ in range(naps):
        await asyncio.sleep(0)
    return effect


def _do(act: Act, view: ContextView) -> Iterable[Any]:
    fact_id = f"note:{act.name}"
    if act.what == "propose":
        yield ProposedFact(act.key, fact_id, Note(text=act.text, number=len(act.text)))  # type: ignore[arg-type]
    elif act.what == "revise":
        yield view.revise(act.key, fact_id, {"text": act.text})
    elif act.what in {"count", "flip"}:
        standing = view.get(act.key, fact_id)
        last = standing.payload.text if standing else ""
        yield view.revise(act.key, fact_id, Note(text=f"{last}i" if act.what == "count" else "ab"[last == "a"]))
    elif act.what == "cite":
        yield view.propose(act.key, fact_id, Note(text=act.text), evidence=view.facts("Signals")[:2])
    elif act.what == "unsure":
        yield ProposedFact(act.key, fact_id, Note(text=act.text), 0.5)
    else:
        yield BAD[act.what]


BAD: dict[str, Any] = {
    "nonsense": "no proposal",
    "engine-owned": ProposedFact("Diagnostic", "approval:boss:1", {"x": 1}),
    "version": ProposedFact("Signals", "note:a@2", Note(text="x")),
    "ghost": ProposedFact("Signals", "note:a", Note(text="x"), 1, ("note:ghost",)),
    "surrogate": ProposedFact("Signals", "note:\ud800", Note(text="\ud800")),
    "nan": ProposedFact("Signals", "note:b", Note(text="x"), float("nan")),
}

acts = st.builds(
    Act,
    st.sampled_from(["propose", "propose", "revise", "count", "flip", "cite", "unsure", *BAD]),
    st.sampled_from(KEYS),
    st.sampled_from("abc"),
    st.sampled_from(["x", "x", "x", "yy"]),
)
programs = st.lists(
    st.builds(
        Program,
        st.lists(st.sampled_from(READS), max_size=2, unique=True).map(tuple),
        st.lists(acts, min_size=1, max_size=3).map(tuple),
        st.none() | st.integers(0, 3),
    ),
    min_size=1,
    max_size=5,
)
budgets = st.builds(Budget, cycles=st.integers(0, 8), facts=st.integers(0, 40))


def job(budget: Budget) -> Job:
    """An invariant that may be violated, a rule that parks, a criterion."""
    short = FieldIs(FieldTest("text", "matches", (Value("text", "^.{1,3}$"),)))
    return Job(
        truth="sample",
        title="A sample",
        budget=budget,
        invariants=(
            Invariant("short", "Short", "semantic", (Given("any", Selection("Signals")),), (Then("short", short),)),
        ),
        approval_points=(ApprovalPoint("boss", "chief", Selection("Strategies")),),
        hitl=(HitlRule("boss", key="Strategies", confidence_at_most="0.5"),),
        criteria=(
            Criterion(
                "planned",
                "A plan",
                (Then("a plan", Count("at least", 1, Selection("Strategies"))),),
                blocked_by=("boss",),
            ),
        ),
    )


SEED = ProposedFact("Seeds", "note:seed", Note(text="go"))


def engine(made: list[Program], budget: Budget, store: Experience | None = None, clock: Any = None) -> Engine:
    """An engine over programs."""
    return Engine(
        [Programmed(f"s{number}", program) for number, program in enumerate(made)],
        kinds=KINDS,
        job=job(budget),
        people=[ANN],
        experience=store,
        clock=clock or ManualClock(),
        ids=SequenceIds(),
    )


def approve_all(store: Experience, run: str) -> None:
    """Ann says yes to whatever is pending."""
    row, clock = store.row(run), ManualClock()
    requests = requests_of(decode_event(data) for data in store.read(run))
    asked = requests.values()
    said = Statement("approved", "fine", "interactive")
    yes = [judge_decision(item, ANN, said, row, clock.now()) for item in asked if item.status == "pending"]
    record_decisions(yes, row, requests, store, clock, None)
