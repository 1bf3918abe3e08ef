"""What must hold of every run, whatever the suggestors do."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine_programs import BAD, KINDS, SEED, Act, Note, Program, approve_all, budgets, engine, programs
from hypothesis import given, settings
from hypothesis import strategies as st

from converge_cli import Budget, ContextView, Effect, Engine, Job, ProposedFact, RunResult, StopReason, Suggestor
from converge_cli._internal.canonical_json import encode
from converge_cli.core import predicate as p
from converge_cli.core.budget import BudgetChange
from converge_cli.core.built_in_kinds import ENGINE_MODELS
from converge_cli.core.criterion import Criterion
from converge_cli.core.event import FactPromoted, SuggestorExecuted, decode_event
from converge_cli.core.port import Commit
from converge_cli.engine.replay import replay
from converge_cli.store.memory import MemoryExperience
from converge_cli.testing import FixedGate, ManualClock, SequenceIds

AMPLE = Budget(cycles=12, facts=200)
ENDINGS = {reason.value for reason in StopReason}


class Keeping(MemoryExperience):
    """A store that also keeps its transactions."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Commit] = []

    def append(self, commit: Commit) -> None:
        super().append(commit)
        self.kept.append(commit)


def run(made: list[Program], budget: Budget = AMPLE, store: Any = None) -> RunResult:
    return asyncio.run(engine(made, budget, store).run([SEED]))


def line(fact: Any) -> tuple[Any, ...]:
    return fact.key, fact.id, fact.content, fact.corrects, fact.suggestor, fact.confidence, fact.evidence


@settings(deadline=None, max_examples=80)
@given(programs, budgets)
def test_no_fact_is_without_promotion_and_no_run_without_an_end(made: list[Program], budget: Budget) -> None:
    """Every fact has its event and its proposal, in order; only the engine writes its own kinds; budgets hold."""
    store = MemoryExperience()
    result = run(made, budget, store)
    events = [decode_event(data) for data in store.read(result.run_id)]
    executed = {event.seq: event for event in events if isinstance(event, SuggestorExecuted)}
    promoted = [event for event in events if isinstance(event, FactPromoted)]

    assert result.reason in ENDINGS
    assert [(e.key, e.id, e.corrects) for e in promoted] == [(f.key, f.id, f.corrects) for f in result.facts]
    for fact, event in zip(result.facts, promoted, strict=True):
        assert fact.promotion.execution == event.execution
        assert (fact.suggestor == "engine") == (fact.kind in ENGINE_MODELS) == (event.execution is None)
        assert fact.content == encode(fact.payload)
        if event.execution is not None:
            proposal = executed[event.execution].proposals[event.position]
            assert (fact.key, fact.id, fact.suggestor) == (
                proposal.key,
                proposal.id,
                executed[event.execution].suggestor,
            )
    assert sum(fact.suggestor != "engine" for fact in result.facts) <= budget.facts
    assert len({event.cycle for event in executed.values() if event.cycle}) <= budget.cycles


@settings(deadline=None, max_examples=60)
@given(programs, st.data())
def test_the_order_in_which_effects_arrive_changes_nothing(made: list[Program], data: st.DataObject) -> None:
    """Async suggestors may finish in any order: same facts in the same order, same rejections, same digest."""
    late = [item._replace(naps=data.draw(st.none() | st.integers(0, 6))) for item in made]
    one, other = run(made), run(late)

    assert [line(fact) for fact in one.facts] == [line(fact) for fact in other.facts]
    assert (one.reason, one.outcome_digest, one.rejections, one.duplicates) == (
        other.reason,
        other.outcome_digest,
        other.rejections,
        other.duplicates,
    )


@settings(deadline=None, max_examples=40)
@given(programs, st.data())
def test_a_crash_at_any_commit_changes_nothing(made: list[Program], data: st.DataObject) -> None:
    """The events up to a commit, resumed elsewhere: the outcome of the undisturbed run."""
    whole = Keeping()
    wanted = run(made, store=whole)
    end = data.draw(st.integers(1, len(whole.kept)))
    if end == len(whole.kept):
        return
    crashed = MemoryExperience()
    for commit in whole.kept[:end]:
        crashed.append(commit)
    result = asyncio.run(engine(made, AMPLE, crashed).resume(wanted.run_id))

    assert (wanted.reason, wanted.outcome_digest) == (result.reason, result.outcome_digest)


@settings(deadline=None, max_examples=40)
@given(programs, st.integers(1, 4), st.integers(1, 6))
def test_a_run_in_small_portions_comes_to_the_same(made: list[Program], cycles: int, facts: int) -> None:
    """Paused by its budgets again and again, each time in a new engine, approved in between."""
    whole, parts = MemoryExperience(), MemoryExperience()
    wanted = run(made, store=whole)
    while wanted.reason == "HumanInterventionRequired":
        approve_all(whole, wanted.run_id)
        wanted = asyncio.run(engine(made, AMPLE, whole).resume(wanted.run_id))
    if wanted.reason.endswith("BudgetExhausted"):
        return
    small = Budget(cycles=cycles, facts=facts)
    result = run(made, small, parts)
    for _ in range(300):
        if result.reason == "HumanInterventionRequired":
            approve_all(parts, result.run_id)
        elif not result.reason.endswith("BudgetExhausted"):
            break
        more = BudgetChange(cycles=1, facts=1)
        result = asyncio.run(engine(made, small, parts).resume(result.run_id, added=more))

    assert (wanted.reason, wanted.outcome_digest) == (result.reason, result.outcome_digest)


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(["count", "flip", "endless", "rubbish"]), st.integers(0, 20), st.integers(0, 60))
def test_budgets_end_what_would_never_end(what: str, cycles: int, facts: int) -> None:
    """Revising for ever, proposing without end, being rejected for ever; never over the limit."""

    class Endless(Suggestor):
        name = "endless"
        reads = ("Seeds", "Signals", "Diagnostic")
        writes = ("Signals",)

        def execute(self, view: ContextView) -> Effect:
            seen = len(view.facts("Signals")) + len(view.facts("Diagnostic"))
            if what == "endless":
                return Effect(ProposedFact("Signals", f"note:{seen}-{n}", Note(text="x")) for n in range(7))
            if what == "rubbish":
                return Effect([ProposedFact("Signals", f"ghost:{seen}", {})])
            standing = view.get("Signals", "note:n")
            last = standing.payload.text if standing else "a"
            return Effect(
                [view.revise("Signals", "note:n", Note(text=f"{last}i" if what == "count" else "ab"[last == "a"]))]
            )

    job = Job(truth="t", title="T", budget=Budget(cycles=cycles, facts=facts))
    made = Engine([Endless()], kinds=KINDS, job=job, clock=ManualClock(), ids=SequenceIds())
    result = asyncio.run(made.run([SEED]))

    assert result.reason in {"CycleBudgetExhausted", "FactBudgetExhausted", "NoProgress"}
    assert sum(fact.suggestor != "engine" for fact in result.facts) <= facts


def test_the_same_inputs_have_the_same_outcome_in_other_processes_and_folders(tmp_path: Path) -> None:
    """Whatever the hash seed and the working folder."""
    here = Path(__file__).resolve().parent
    said = set()
    for seed, folder in (("0", here), ("1", tmp_path), ("77", Path("/"))):
        path = os.pathsep.join([str(here), str(here.parents[1])])
        child = [sys.executable, str(here / "engine_child.py")]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        done = subprocess.run(child, capture_output=True, text=True, check=True, cwd=folder, env=environment)
        said.add(done.stdout)

    (only,) = said
    assert only.split()[0] in ENDINGS
    assert int(only.split()[1]) > 5


class Hostile(Suggestor):
    """Does whatever it can to what it is given and to what it gave."""

    name = "hostile"
    reads = ("Seeds", "Signals")
    writes = ("Signals", "Evaluations")

    def __init__(self, attacks: list[int]) -> None:
        self._attacks = attacks
        self.kept: list[Any] = []

    def execute(self, view: ContextView) -> Effect:
        self.kept.append(view)
        facts = view.facts("Seeds") + view.facts("Signals")
        payload: dict[str, Any] = {"text": "mine", "tags": ["a"]}
        self.kept.append(payload)
        for attack in self._attacks:
            try:
                self._attack(attack, facts, view)
            except Exception:  # noqa: BLE001, S112  it goes on to the next attack
                continue
        return Effect([ProposedFact("Evaluations", "note:mine", payload), *BAD.values()])

    def _attack(self, attack: int, facts: tuple[Any, ...], view: ContextView) -> None:
        fact = facts[0]
        old = [kept for kept in self.kept if kept is not view]
        ATTACKS[attack](fact, facts, [kept for kept in old[:-1] if kept])


def _clear(_fact: Any, _facts: Any, kept: list[Any]) -> None:
    for item in kept:
        if isinstance(item, dict):
            item.clear()


def _look(_fact: Any, _facts: Any, kept: list[Any]) -> None:
    for item in kept:
        if isinstance(item, ContextView):
            item.facts("Signals")


ATTACKS: list[Callable[[Any, Any, list[Any]], Any]] = [
    lambda fact, _facts, _kept: setattr(fact.payload, "text", "changed"),
    lambda fact, _facts, _kept: setattr(fact, "content", b"{}"),
    lambda fact, _facts, _kept: fact.payload.tags.append("changed"),
    _clear,
    _look,
    lambda fact, _facts, _kept: delattr(fact, "payload"),
    lambda fact, facts, _kept: facts.append(fact),
    lambda fact, _facts, _kept: setattr(fact.promotion, "approvals", ("forged",)),
]


@settings(deadline=None, max_examples=50)
@given(programs, st.lists(st.integers(0, 7), max_size=8))
def test_what_was_promoted_is_never_changed_by_a_hostile_suggestor(made: list[Program], attacks: list[int]) -> None:
    """Facts of a run with it are those of a run with one that proposes the same and does nothing else."""

    def outcome(chosen: list[int]) -> tuple[list[Any], str]:
        from engine_programs import Programmed, job

        others = [Programmed(f"s{n}", item) for n, item in enumerate(made)]
        made_engine = Engine(
            [Hostile(chosen), *others], kinds=KINDS, job=job(AMPLE), clock=ManualClock(), ids=SequenceIds()
        )
        result = asyncio.run(made_engine.run([SEED]))
        return [line(fact) for fact in result.facts], result.outcome_digest

    assert outcome(attacks) == outcome([])


notes = st.lists(
    st.builds(
        lambda key, name, text, number: ProposedFact(key, f"note:{name}", Note(text=text, number=number)),
        st.sampled_from(["Signals", "Evaluations"]),
        st.sampled_from("abcd"),
        st.sampled_from(["a", "b", "note:a"]),
        st.none() | st.sampled_from([Decimal(1), Decimal(2)]),
    ),
    max_size=6,
    unique_by=lambda item: (item.key, item.id),
)
selections = st.builds(
    p.Selection,
    st.sampled_from(["Signals", "Evaluations"]),
    st.none() | st.sampled_from(["note:*", "note:a"]),
    st.none() | st.just(p.FieldTest("number", "is", (p.Value("number", "1"),))),
)
checks = st.one_of(
    st.builds(p.Count, st.sampled_from(["at least", "at most", "exactly"]), st.integers(0, 3), st.none() | selections),
    st.builds(p.FieldIs, st.just(p.FieldTest("number", "is at most", (p.Value("number", "1"),))), st.booleans()),
    st.just(p.FieldUnique("text")),
    st.builds(p.FieldEquals, st.just("text"), st.just(p.FieldOf("text", "note:a", "Signals")), st.booleans()),
    st.builds(p.SumIs, st.just("number"), st.just("not exceed"), st.just(p.Value("number", "3"))),
    st.builds(p.Paired, selections, selections, st.just("text"), st.just("text")),
    st.builds(p.Paired, selections, selections),
    st.builds(p.Absent, selections),
    st.builds(p.EvidenceExists, st.just("e"), selections),
    st.builds(p.Includes, st.just((p.FieldRule("text", p.Rule("non-empty string")),))),
)
criteria = st.builds(
    lambda found, given_: Criterion("c", "C", tuple(p.Then("t", item) for item in found), given_),
    st.lists(checks, min_size=1, max_size=3),
    st.just(()) | selections.map(lambda chosen: (p.Given("any", chosen),)),
)


@settings(deadline=None, max_examples=300)
@given(criteria, notes)
def test_a_criterion_without_its_evidence_is_no_longer_met(criterion: Criterion, facts: list[ProposedFact]) -> None:
    """Met needs evidence: take all of it away, and it is not Met; the evidence is in id order and stands."""
    job = Job(truth="t", title="T", criteria=(criterion,))

    def judged(seeds: list[ProposedFact]) -> Any:
        result = asyncio.run(Engine(kinds=KINDS, job=job, clock=ManualClock(), ids=SequenceIds()).run(seeds))
        return result.criteria[0]

    whole = judged(facts)
    if whole.result != "met":
        assert whole.evidence == ()
        return
    assert list(whole.evidence) == sorted(whole.evidence)
    assert whole.evidence
    assert set(whole.evidence) <= {fact.id for fact in facts}
    rest = [fact for fact in facts if fact.id not in whole.evidence]

    assert "met" != judged(rest).result


def test_the_random_programs_reach_every_part_of_the_engine() -> None:
    """Else the properties above would say little: what these programs do is promoted, parked, rejected, corrected."""
    made = [
        Program(("Seeds",), (Act("propose", "Signals", "a", "x"), Act("flip", "Evaluations", "b", "")), 1),
        Program(("Seeds",), (Act("unsure", "Strategies", "a", "x"), Act("ghost", "", "", "")), 0),
        Program(("Seeds", "Signals"), (Act("revise", "Signals", "b", "yyyy"), Act("nonsense", "", "", ""))),
    ]
    store = MemoryExperience()
    result = run(made, store=store)
    seen = {type(decode_event(data)).__name__ for data in store.read(result.run_id)}

    assert {"FactPromoted", "ProposalParked", "ProposalRejected", "ApprovalRequested", "InvariantChecked"} <= seen


@settings(deadline=None, max_examples=100)
@given(programs, budgets)
def test_what_was_recorded_comes_out_again_when_it_is_replayed(made: list[Program], budget: Budget) -> None:
    """Whatever suggestors do, with decisions and resumes; nothing but the record is asked."""
    store = MemoryExperience()
    result = asyncio.run(engine(made, budget, store).run([SEED]))
    approve_all(store, result.run_id)
    if store.row(result.run_id).status == "paused":
        more = BudgetChange(cycles=3, facts=20)
        asyncio.run(engine(made, budget, store).resume(result.run_id, added=more))
    done = replay(result.run_id, tuple(store.read(result.run_id)), store.get_blob, lambda _: FixedGate())
    assert (None, store.row(result.run_id).head) == (done.divergence, done.head)
