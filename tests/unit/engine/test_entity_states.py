"""Entities move as the truth declares, whoever proposes it; what does not is rejected, recorded and replayed."""

import asyncio
from itertools import pairwise

import msgspec
import pytest
from engine_kit import ANN, BOSS, PROMOTE, Bench, Script, at_least, criterion, job, note
from hypothesis import given, settings
from hypothesis import strategies as st

from converge_cli import Passed, ProposedFact
from converge_cli.core.entity_states import EntityStates, Transition
from converge_cli.core.event import ProposalRejected, ProposalWithdrawn
from converge_cli.core.pack_spec import GateSpec
from converge_cli.testing import FixedGate

LETTER = EntityStates(
    kind="note",
    field="text",
    states=("draft", "checked", "sent"),
    initial=("draft",),
    transitions=(
        Transition("draft", "checked", gates=("spelling",)),
        Transition("checked", "draft"),
        Transition("checked", "sent", role="chief"),
    ),
    final=("sent",),
)
# Only a gate that a pack requires can be passed; policy itself is asked about nothing here.
SPELLING = GateSpec(
    pack="",
    on="Competitors:note:*",
    action="validate",
    resource_kind="letter",
    resource_phase="convergence",
    resource_id="text",
    requires=("spelling",),
)
SPELT = ProposedFact("Evaluations", "passed:spelling:l", Passed(gate="spelling", resource="l", reason="read twice"))
WRITTEN = criterion("written", at_least("Strategies"), blocked_by=("boss",))
JOB = job(entity_states=(LETTER,), gates=(SPELLING,), approval_points=(BOSS,), criteria=(WRITTEN,), principal="ben")


def moves(*texts: str, **fields: object) -> Script:
    """A suggestor that proposes one move of the letter a cycle."""
    left = iter(texts)

    def do(view: object) -> list[ProposedFact | None]:
        text = next(left, None)
        if text is None:
            return []
        found = view.get("Strategies", "note:l")
        corrects = None if found is None else found.id
        number = 1 if found is None else int((found.id.partition("@")[2]) or 1) + 1
        fact_id = "note:l" if number == 1 else f"note:l@{number}"
        return [note("Strategies", fact_id, text, corrects=corrects, **fields)]

    return Script("mover", do, reads=("Seeds", "Strategies", "Diagnostic:rejected:*", "Evaluations:passed:*"))


def bench(*texts: str, seeds: tuple[ProposedFact, ...] = (SPELT,), **fields: object) -> tuple[Bench, object]:
    """A run of such moves, with policy that would let everything in."""
    made = Bench(lambda: [moves(*texts, **fields)], JOB, gate=FixedGate(PROMOTE))
    return made, made.run(note("Seeds", "note:draft", "draft"), *seeds)


def stands(result: object) -> str | None:
    """Where the letter stands."""
    found = result.fact("Strategies", "note:l")
    return None if found is None else found.payload.text


def test_an_entity_moves_along_the_declared_transitions() -> None:
    """Each correction is one move."""
    _, result = bench("draft", "checked")

    assert ("checked", []) == (stands(result), list(result.rejections))


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (("sent",), "note:l is new, so it can't be sent; it begins as draft"),
        (("draft", "sent"), "note:l is draft, so it can't become sent; it may become checked"),
        (("lost",), "note:l can't be lost: it may be draft or checked or sent"),
        (("draft", "lost"), "note:l can't be lost: it may be draft or checked or sent"),
    ],
)
def test_an_illegal_move_is_rejected_with_what_was_seen(texts: tuple[str, ...], reason: str) -> None:
    """The code, the reason and the note are recorded; the entity stays where it was."""
    made, result = bench(*texts)
    told = [(event.code, event.reason) for event in made.events("r00000001") if isinstance(event, ProposalRejected)]

    assert [("TRANSITION_ILLEGAL", reason)] == told
    assert ["TRANSITION_ILLEGAL"] == [item.code for item in result.rejections]
    assert ["TRANSITION_ILLEGAL"] == [fact.payload.code for fact in result.facts if fact.kind == "rejected"]
    assert ("draft" if len(texts) > 1 else None) == stands(result)


def sending(*, gates: tuple[str, ...] = ()) -> EntityStates:
    """A letter that a chief lets go, and that nothing but these gates keeps."""
    move = Transition("draft", "sent", gates=gates, role="chief")
    return EntityStates("note", "text", ("draft", "sent"), ("draft",), (move,), ("sent",))


def test_a_move_with_a_role_waits_where_nothing_else_in_the_truth_asks_anybody() -> None:
    """Neither a gate of a pack nor a required approval is needed for that."""
    asks = job(entity_states=(sending(),), approval_points=(BOSS,), criteria=(WRITTEN,), principal="ben")
    made = Bench(lambda: [moves("draft", "sent")], asks)
    paused = made.run(note("Seeds", "note:draft", "draft"))
    made.decide("approved", ANN)

    assert ("HumanInterventionRequired", "draft", "sent") == (paused.reason, stands(paused), stands(made.resume()))


def test_a_move_whose_gate_lapses_while_it_waits_is_withdrawn() -> None:
    """What the chief was asked no longer stands: nobody can let a letter go that has to be read again."""
    lapsed = Passed(gate="spelling", resource="l", reason="a page was missing", holds=False)
    unsays = Script(
        "unsays",
        lambda _view: [ProposedFact("Evaluations", "passed:spelling:l@2", lapsed, corrects="passed:spelling:l")],
        reads=("Strategies:note:*",),
    )
    asks = msgspec.structs.replace(JOB, entity_states=(sending(gates=("spelling",)),))
    made = Bench(lambda: [moves("draft", "sent"), unsays], asks, gate=FixedGate(PROMOTE))
    result = made.run(note("Seeds", "note:draft", "draft"), SPELT)
    told = [event.reason for event in made.events() if isinstance(event, ProposalWithdrawn)]

    assert ("CriteriaMet", "draft", ()) == (result.reason, stands(result), result.pending)
    assert ["TRANSITION_GATE_MISSING: note:l, from draft to sent: gate spelling is not passed"] == told


def test_a_move_before_its_gate_is_rejected_and_may_be_proposed_again() -> None:
    """What was lacking may have come: then the same proposal is judged anew, and the note says so."""
    passing = Script(
        "speller",
        lambda view: [SPELT] if view.facts("Diagnostic:rejected:*") else [],
        reads=("Diagnostic:rejected:*",),
        writes=("Evaluations:passed:spelling:*",),
    )
    made = Bench(lambda: [moves("draft", "checked", "checked", "checked"), passing], JOB, gate=FixedGate(PROMOTE))
    result = made.run(note("Seeds", "note:draft", "draft"))

    assert ["TRANSITION_GATE_MISSING"] == [item.code for item in result.rejections]
    assert "note:l, from draft to checked: gate spelling is not passed" == result.rejections[0].reason
    assert "checked" == stands(result)
    assert ["RESOLVED"] == [fact.payload.code for fact in result.current if fact.kind == "rejected"]


def test_a_gate_that_is_passed_no_longer_stops_the_move() -> None:
    """Whoever passed it says so in a correction."""
    gone = Passed(gate="spelling", resource="l", reason="a page is missing", holds=False)
    withdrawing = Script(
        "speller",
        lambda view: [ProposedFact("Evaluations", "passed:spelling:l@2", gone, corrects="passed:spelling:l")],
        reads=("Strategies:note:l",),
        writes=("Evaluations:passed:spelling:*",),
    )
    late = iter([[], [note("Strategies", "note:l@2", "checked", corrects="note:l")]])
    mover = Script("late", lambda view: next(late, []), reads=("Strategies:note:l", "Evaluations:passed:*"))
    made = Bench(lambda: [moves("draft"), withdrawing, mover], JOB, gate=FixedGate(PROMOTE))
    result = made.run(note("Seeds", "note:draft", "draft"), SPELT)

    assert ["TRANSITION_GATE_MISSING"] == [item.code for item in result.rejections]
    assert "draft" == stands(result)


def test_a_move_with_a_role_waits_for_it_and_then_is_final() -> None:
    """The approval is spent on the move; nothing of a final entity changes any more."""
    made, paused = bench("draft", "checked", "sent", "draft")
    made.decide("approved", ANN)
    ended = asyncio.run(made.engine().resume("r00000001"))
    sent = ended.fact("Strategies", "note:l")

    assert (["boss"], "checked") == ([request.point for request in paused.pending], stands(paused))
    assert ("sent", 1) == (sent.payload.text, len(sent.promotion.approvals))
    assert {"note:l is sent, and that is final"} == {item.reason for item in ended.rejections}


def test_what_does_not_move_changes_freely_until_the_entity_is_final() -> None:
    """Another field of the kind is no move."""
    left = iter(["a", "b"])
    made = Bench(
        lambda: [
            Script(
                "editor",
                lambda view: (
                    [
                        note(
                            "Strategies",
                            "note:l@2",
                            "draft",
                            owner=next(left),
                            corrects="note:l",
                        )
                    ]
                    if [fact.id for fact in view.facts("Strategies")] == ["note:l"]
                    else []
                ),
                reads=("Strategies",),
            ),
            moves("draft"),
        ],
        JOB,
        gate=FixedGate(PROMOTE),
    )
    result = made.run(note("Seeds", "note:draft", "draft"))

    assert ("a", []) == (result.fact("Strategies", "note:l").payload.owner, list(result.rejections))


def test_a_move_that_no_point_approves_is_never_made() -> None:
    """A point may leave out what its field test excludes: then nobody could say yes."""
    strict = msgspec.structs.replace(JOB, approval_points=(msgspec.structs.replace(BOSS, role="other"),))
    made = Bench(lambda: [moves("draft", "checked", "sent")], strict, gate=FixedGate(PROMOTE))
    result = made.run(note("Seeds", "note:draft", "draft"), SPELT)

    assert ["note:l, from checked to sent: no approval point of role chief approves it"] == [
        item.reason for item in result.rejections
    ]


def test_seeds_are_entities_too() -> None:
    """An input can't bring what stands further on."""
    made = Bench(lambda: [moves()], JOB, gate=FixedGate(PROMOTE))
    result = made.run(note("Seeds", "note:s", "sent"))

    assert ["TRANSITION_ILLEGAL"] == [item.code for item in result.rejections]


PLACES = ("a", "b", "c", "d")


@st.composite
def machines(draw: st.DrawFn) -> EntityStates:
    """Any machine of four places."""
    final = tuple(draw(st.lists(st.sampled_from(PLACES), unique=True, max_size=2)))
    left = [place for place in PLACES if place not in final]
    pairs = st.tuples(st.sampled_from(left), st.sampled_from(PLACES)).filter(lambda pair: pair[0] != pair[1])
    moves = draw(st.lists(pairs, unique=True, max_size=8))
    initial = tuple(draw(st.lists(st.sampled_from(PLACES), unique=True, min_size=1, max_size=2)))
    return EntityStates("note", "text", PLACES, initial, tuple(Transition(*move) for move in moves), final)


@settings(deadline=None, max_examples=80)
@given(machine=machines(), texts=st.lists(st.sampled_from((*PLACES, "elsewhere")), min_size=1, max_size=10))
def test_whatever_is_proposed_an_entity_only_ever_went_where_it_may(machine: EntityStates, texts: list[str]) -> None:
    """Every fact of it is a declared step from the one before, and what was refused is on record with its code."""
    made = Bench(lambda: [moves(*texts)], job(entity_states=(machine,)))
    result = made.run(note("Seeds", "note:draft", machine.initial[0]))
    way = [fact.payload.text for fact in result.facts if fact.key == "Strategies"]
    steps = {(move.source, move.target) for move in machine.transitions}

    assert all(place in machine.initial for place in way[:1])
    assert all(pair in steps for pair in pairwise(way) if pair[0] != pair[1])
    assert not any(place in machine.final for place in way[:-1])
    assert {"TRANSITION_ILLEGAL"} >= {item.code for item in result.rejections}
