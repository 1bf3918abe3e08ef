"""The public test kit: what it promises to those who test packs with it."""

import subprocess
import sys

import pytest

import converge_cli.testing as kit
from converge_cli import ContextView, Effect, FactModel, ProposedFact, Suggestor
from converge_cli.core.errors import ClosedViewError, InvalidJobError, UndeclaredReadError
from converge_cli.core.flow_gate import FlowGateDecision, FlowGateInput, FlowQuestion, Principal, Resource


class Word(FactModel, frozen=True):
    """A word."""

    text: str


class Shout(Suggestor):
    """Proposes each word in capitals."""

    name = "shout"
    reads = ("Seeds:word:*",)
    writes = ("Signals:word:*",)

    def accepts(self, view: ContextView) -> bool:
        return bool(view.facts("Seeds:word:*"))

    def execute(self, view: ContextView) -> Effect:
        return Effect(
            view.revise("Signals", fact.id, Word(text=fact.payload.text.upper()), evidence=[fact])
            for fact in view.facts("Seeds:word:*")
        )


class Later(Shout):
    """The same, asynchronously."""

    async def execute(self, view: ContextView) -> Effect:  # type: ignore[override]
        return Shout.execute(self, view)


class Careless(Shout):
    """Writes what it does not declare."""

    writes = ()

    def execute(self, view: ContextView) -> Effect:
        return Effect([ProposedFact("Signals", "word:a", Word(text="A"))])


class Forgetful(Shout):
    """Returns nothing."""

    def execute(self, view: ContextView) -> Effect:
        return None  # type: ignore[return-value]


WORD = ProposedFact("Seeds", "word:a", Word(text="a"))
KINDS = {"word": Word}
QUESTION = FlowQuestion(
    "p", FlowGateInput(Principal("ann", "advisory", ()), Resource("r", "k", "intent", ()), "commit", {}), (), {}
)


def test_importing_the_kit_imports_neither_pytest_nor_the_engine() -> None:
    """Names are fetched on first use."""
    code = "import sys, converge_cli.testing; print([n for n in ('pytest', 'msgspec', 'asyncio') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]\n" == done.stdout


def test_every_public_name_is_there_and_no_other() -> None:
    """The list is pinned."""
    expected = [
        "CollectingSink",
        "ExperienceConformance",
        "FaultyExperience",
        "FixedGate",
        "FlowGateConformance",
        "LedgerConformance",
        "ManualClock",
        "PortFault",
        "ScriptedGate",
        "SequenceIds",
        "run_suggestor",
        "view_of",
    ]

    assert expected == kit.__all__
    assert [] == [name for name in kit.__all__ if getattr(kit, name) is None]
    with pytest.raises(AttributeError, match="nothing"):
        _ = kit.nothing


@pytest.mark.parametrize("suggestor", [Shout(), Later()])
def test_a_suggestor_runs_on_facts_without_an_engine(suggestor: Suggestor) -> None:
    """Sync or async; what it proposes comes back as it was made."""
    (proposal,) = kit.run_suggestor(suggestor, [WORD], KINDS)

    assert ("Signals", "word:a", Word(text="A"), ("word:a",)) == (
        proposal.key,
        proposal.id,
        proposal.payload,
        proposal.evidence,
    )


def test_a_suggestor_that_does_not_accept_proposes_nothing() -> None:
    """As in a run."""
    assert () == kit.run_suggestor(Shout(), [], KINDS)


def test_what_stands_already_is_revised_or_left() -> None:
    """Corrections among the facts count."""
    old = ProposedFact("Signals", "word:a", Word(text="B"))
    new = ProposedFact("Signals", "word:a@2", Word(text="A"), corrects="word:a")

    (revision,) = kit.run_suggestor(Shout(), [WORD, old], KINDS)
    assert ("word:a@2", "word:a") == (revision.id, revision.corrects)
    assert () == kit.run_suggestor(Shout(), [WORD, old, new], KINDS)


@pytest.mark.parametrize(("suggestor", "said"), [(Careless(), "does not declare"), (Forgetful(), "not an Effect")])
def test_a_suggestor_that_breaks_its_contract_fails_the_test(suggestor: Suggestor, said: str) -> None:
    """The engine would reject or record it; a test should not pass."""
    with pytest.raises(AssertionError, match=said):
        kit.run_suggestor(suggestor, [WORD], KINDS)


def test_a_view_is_as_narrow_as_in_a_run() -> None:
    """And may be closed."""
    view = kit.view_of([WORD], Shout(), KINDS)
    assert ["word:a"] == [fact.id for fact in view.facts("Seeds:word:*")]
    with pytest.raises(UndeclaredReadError):
        view.facts("Evaluations")
    view.close()
    with pytest.raises(ClosedViewError):
        view.facts("Seeds:word:*")
    with pytest.raises(InvalidJobError, match="word"):
        kit.view_of([WORD], Shout(), {})


def test_the_clock_stands_until_it_is_told_to_go_on() -> None:
    """Both times go on together, never back."""
    clock = kit.ManualClock("2026-12-31T23:59:59.500000Z")
    clock.advance(0.75)

    assert ("2027-01-01T00:00:00.250000Z", 0.75) == (clock.now(), clock.monotonic())
    with pytest.raises(ValueError, match="forwards"):
        clock.advance(-1)


def test_ids_can_be_told_in_advance() -> None:
    """Nine characters, as real ones."""
    ids = kit.SequenceIds("t")

    assert ["t00000001", "t00000002"] == [ids.run_id(), ids.run_id()]


def test_a_fixed_gate_says_the_same_and_a_scripted_one_goes_on() -> None:
    """The last answer is repeated; what is not in the script is refused."""
    yes, no = FlowGateDecision(outcome="PROMOTE"), FlowGateDecision(outcome="REJECT")
    fixed, scripted, empty = kit.FixedGate(yes), kit.ScriptedGate({"r": [no, yes]}), kit.ScriptedGate({})

    assert [yes, yes] == [fixed.decide(QUESTION), fixed.decide(QUESTION)]
    assert [no, yes, yes] == [scripted.decide(QUESTION) for _ in range(3)]
    assert ("REJECT", "error") == (empty.decide(QUESTION).outcome, empty.decide(QUESTION).source)
    assert [QUESTION] * 3 == scripted.questions


def test_a_sink_keeps_commits_and_beginnings() -> None:
    """In order."""
    import asyncio

    from converge_cli import Engine

    sink = kit.CollectingSink()
    engine = Engine([Shout()], kinds=KINDS, sink=sink, clock=kit.ManualClock(), ids=kit.SequenceIds())
    asyncio.run(engine.run([WORD]))

    assert ["shout"] == [item.suggestor for item in sink.beginnings]
    assert ("RunStarted", "RunStopped") == (sink.names()[0], sink.names()[-1])
    assert list(range(1, len(sink.seen) + 1)) == [event.seq for event in sink.seen]
    assert 3 == len(sink.commits)
