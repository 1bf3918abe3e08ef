"""The promotion gate: each check has a code; duplicates, repetitions and corrections."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from engine_kit import (
    GATE,
    PROMOTE,
    Bench,
    Note,
    Script,
    criterion,
    each,
    ids,
    job,
    note,
    number_at_most,
    number_is,
    revises,
    run,
    says,
)

from converge_cli import Effect, FrozenMap, Passed, ProposedFact
from converge_cli.core.errors import InvalidJobError
from converge_cli.core.event import ProposalRejected
from converge_cli.core.invariant import Validation
from converge_cli.core.predicate import Given, ProposesOnly, Selection, Then
from converge_cli.engine.proposal_checks import MAX_CONTENT
from converge_cli.testing import FixedGate

SMALL = Validation("small", "Small", (Given("proposal", Selection("Signals")),), (number_at_most("5"),))
HARD = msgspec.structs.replace(SMALL, id="hard", code="CONSTRAINT")
CONTRACT = Validation(
    "contract", "Contract", (), (Then("only", ProposesOnly("s", ("Evaluations",))),), code="CONTRACT", suggestor="s"
)
SEEN = note("Seeds", "note:seed")


class Unencodable:
    """Has no canonical form."""


def deep() -> Any:
    value: Any = []
    for _ in range(100_000):
        value = [value]
    return value


CASES: list[tuple[str, Any, str]] = [
    ("no fact at all", "hello", "PAYLOAD_INVALID"),
    ("unknown key", note("Nowhere", "note:a"), "ID_MALFORMED"),
    ("key is a list", note([], "note:a"), "ID_MALFORMED"),  # type: ignore[arg-type]
    ("id without name", note("Signals", "note"), "ID_MALFORMED"),
    ("id with a space", note("Signals", "note:a b"), "ID_MALFORMED"),
    ("id with a lone surrogate", note("Signals", "note:\ud800"), "ID_MALFORMED"),
    ("id is a number", note("Signals", 5), "ID_MALFORMED"),  # type: ignore[arg-type]
    ("id is huge", note("Signals", "note:" + "a" * 10_000_000), "ID_MALFORMED"),
    ("version nought", note("Signals", "note:a@0", corrects="note:a"), "ID_MALFORMED"),
    ("version one", note("Signals", "note:a@1", corrects="note:a"), "ID_MALFORMED"),
    ("two versions", note("Signals", "note:a@2@3", corrects="note:a"), "ID_MALFORMED"),
    ("approval", ProposedFact("Diagnostic", "approval:boss:1", {"x": 1}), "ENGINE_OWNED"),
    ("violation", ProposedFact("Signals", "violation:x", {"x": 1}), "ENGINE_OWNED"),
    ("failure", ProposedFact("Diagnostic", "failure:s", {"x": 1}), "ENGINE_OWNED"),
    ("kind of nobody", ProposedFact("Signals", "ghost:a", {"x": 1}), "KIND_UNKNOWN"),
    ("undeclared write", note("Constraints", "note:a"), "WRITE_UNDECLARED"),
    ("gate of another pack", ProposedFact("Evaluations", "passed:g:r", {}), "GATE_RESERVED"),
    ("unknown field", ProposedFact("Signals", "note:a", {"nope": 1}), "PAYLOAD_INVALID"),
    ("wrong type", ProposedFact("Signals", "note:a", {"text": 1}), "PAYLOAD_INVALID"),
    ("not encodable", ProposedFact("Signals", "note:a", Unencodable()), "PAYLOAD_INVALID"),
    ("surrogate text", note("Signals", "note:a", "\ud800"), "PAYLOAD_INVALID"),
    ("too deep", ProposedFact("Signals", "note:a", deep()), "PAYLOAD_INVALID"),
    ("empty", note("Signals", "note:a", ""), "CONTENT_EMPTY"),
    ("nan confidence", note("Signals", "note:a", confidence=float("nan")), "CONFIDENCE_INVALID"),
    ("infinite confidence", note("Signals", "note:a", confidence=float("inf")), "CONFIDENCE_INVALID"),
    ("confidence above one", note("Signals", "note:a", confidence=1.1), "CONFIDENCE_INVALID"),
    ("negative confidence", note("Signals", "note:a", confidence=-0.1), "CONFIDENCE_INVALID"),
    ("confidence true", note("Signals", "note:a", confidence=True), "CONFIDENCE_INVALID"),
    ("confidence in words", note("Signals", "note:a", confidence="high"), "CONFIDENCE_INVALID"),
    ("unknown evidence", note("Signals", "note:a", evidence=("note:ghost",)), "EVIDENCE_UNKNOWN"),
    ("evidence in a list", note("Signals", "note:a", evidence=["note:seed"]), "EVIDENCE_UNKNOWN"),
    ("evidence is a number", note("Signals", "note:a", evidence=(5,)), "EVIDENCE_UNKNOWN"),
    ("corrects nothing", note("Signals", "note:a@2", corrects="note:a"), "CORRECTION_INVALID"),
    ("version without corrects", note("Signals", "note:a@2"), "CORRECTION_INVALID"),
    ("corrects a number", note("Signals", "note:a@2", corrects=5), "CORRECTION_INVALID"),
    ("too large", note("Signals", "note:a", "x" * MAX_CONTENT), "TOO_LARGE"),
]


@pytest.mark.parametrize(("proposal", "code"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_bad_proposal_is_rejected_with_its_code(proposal: Any, code: str) -> None:
    """The rejection is an event and a Diagnostic fact; the rest of the effect goes on, and the run ends well."""
    good = note("Signals", "note:good")
    bad = Script("s", lambda _view: Effect([proposal, good]))
    bench = Bench(lambda: [bad])
    result = bench.run(SEEN)

    assert [code] == [item.code for item in result.rejections]
    assert ("Converged", ["note:good"]) == (result.reason, ids(result, "Signals"))
    assert [code] == [fact.payload.code for fact in result.facts if fact.kind == "rejected"]
    assert [code] == [event.code for event in bench.events() if isinstance(event, ProposalRejected)]


@pytest.mark.parametrize(("validation", "code"), [(SMALL, "VALIDATION"), (HARD, "CONSTRAINT"), (CONTRACT, "CONTRACT")])
def test_what_the_truth_forbids_is_rejected_before_promotion(validation: Validation, code: str) -> None:
    """Validations, hard constraints and contracts have codes of their own; an unclear field fails closed."""
    proposals = [note("Signals", "note:big", number=Decimal(6)), note("Signals", "note:unclear")]
    result = run(says("s", *proposals, note("Evaluations", "note:e")), the_job=job(validations=(validation,)))

    assert [code, code] == [item.code for item in result.rejections]
    assert ["note:e"] == ids(result, "Evaluations")


def test_a_contract_binds_only_its_own_suggestor() -> None:
    """Another suggestor may propose what this one may not."""
    result = run(says("t", note("Signals", "note:a")), the_job=job(validations=(CONTRACT,)))

    assert ((), ["note:a"]) == (result.rejections, ids(result, "Signals"))


def test_inputs_may_be_larger_than_what_suggestors_propose() -> None:
    """The limit is on suggestors; a table comes in as one Seed."""
    result = run(seeds=[note("Seeds", "note:table", "x" * MAX_CONTENT)])

    assert ["note:table"] == ids(result, "Seeds")


def test_passed_is_reserved_to_the_pack_whose_gate_requires_it() -> None:
    """The embedding program is pack "" here, as its gate is."""
    gate = msgspec.structs.replace(GATE, requires=("review",))
    mine = ProposedFact("Evaluations", "passed:review:r", Passed(gate="review", resource="r", reason="seen"))
    other = ProposedFact("Evaluations", "passed:audit:r", Passed(gate="audit", resource="r", reason="seen"))
    result = run(says("s", mine, other), the_job=job(gates=(gate,)), gate=FixedGate(PROMOTE))

    assert ["passed:review:r"] == ids(result, "Evaluations")
    assert ["GATE_RESERVED"] == [item.code for item in result.rejections]


def test_the_same_fact_again_is_ignored_and_counted() -> None:
    """From two suggestors in one cycle, spelt as a model or as a mapping, with an int for a Decimal or a default left
    out.
    """
    one = says("one", ProposedFact("Signals", "note:a", Note(text="x", number=Decimal(1))))
    two = says("two", ProposedFact("Signals", "note:a", {"text": "x", "number": 1}))
    three = says("three", ProposedFact("Signals", "note:a", Note(text="x", number=1)))  # type: ignore[arg-type]
    result = run(one, two, three)

    assert (["note:a"], 2, "Converged") == (ids(result, "Signals"), result.duplicates, result.reason)


def test_an_identical_rejected_proposal_is_not_judged_again() -> None:
    """One event, one note, however often it is said."""
    rude = Script("rude", lambda _view: [note("Constraints", "note:a")], reads=("Seeds", "Signals"))
    ticking = revises("ticking", "Signals", "note:t", "abc")
    bench = Bench(lambda: [rude, ticking])
    result = bench.run(SEEN)

    assert 4 == rude.calls
    assert (1, 3) == (len(result.rejections), result.duplicates)


def test_a_rejection_of_one_suggestor_does_not_silence_another() -> None:
    """The same proposal by somebody who may make it is judged on its own."""
    thief = says("thief", note("Signals", "note:a"), writes=("Evaluations",))
    owner = says("owner", note("Signals", "note:a"))
    result = run(thief, owner)

    assert (["WRITE_UNDECLARED"], ["note:a"]) == ([r.code for r in result.rejections], ids(result, "Signals"))


def test_a_proposal_with_better_confidence_is_another_proposal() -> None:
    """Rejected for its form, it may be made well."""
    said = iter([float("nan"), 0.9])
    again = Script(
        "s", lambda _view: [note("Signals", "note:a", confidence=next(said))], reads=("Seeds", "Diagnostic:rejected:*")
    )

    assert ["note:a"] == ids(run(again, seeds=[SEEN]), "Signals")


def test_rejected_for_its_evidence_it_is_judged_again_when_the_evidence_is_there() -> None:
    """Only proposals whose evidence is current are remembered."""
    eager = Script(
        "eager", lambda _view: [note("Signals", "note:a", evidence=("note:b",))], reads=("Seeds", "Evaluations")
    )
    late = says("late", note("Evaluations", "note:b"), reads=("Seeds",))
    result = run(eager, late, seeds=[SEEN])

    assert ["EVIDENCE_UNKNOWN"] == [item.code for item in result.rejections]
    assert ["note:a"] == ids(result, "Signals")


def test_evidence_that_was_corrected_no_longer_supports_anything() -> None:
    """The code tells it from evidence that never was."""
    fixer = revises("fixer", "Signals", "note:a", "yz")
    late = Script(
        "late",
        lambda view: (
            [note("Strategies", "note:s", evidence=("note:a",))] if view.facts("Signals")[0].id == "note:a@2" else []
        ),
        reads=("Signals",),
    )
    result = run(fixer, late, seeds=[SEEN])

    assert {"EVIDENCE_SUPERSEDED"} == {item.code for item in result.rejections}


def test_a_revision_is_a_new_fact_that_names_what_it_corrects() -> None:
    """History stays; what stands is the last version; an equal revision is nothing."""
    result = run(revises("s", "Signals", "note:a", "xyyy"), seeds=[SEEN])

    assert [("note:a", None), ("note:a@2", "note:a")] == [
        (fact.id, fact.corrects) for fact in result.facts if fact.key == "Signals"
    ]
    assert ["note:a@2"] == [fact.id for fact in result.current if fact.key == "Signals"]
    standing = result.fact("Signals", "note:a")
    assert standing is not None
    assert "y" == standing.payload.text


def test_two_revisers_who_disagree_are_a_conflict() -> None:
    """An honest system does not let the first one win."""

    def reviser(name: str, text: str) -> Script:
        return Script(name, lambda view: [view.revise("Signals", "note:a", Note(text=text))], reads=("Signals",))

    seeds = [note("Signals", "note:a", "old")]
    result = run(reviser("one", "new"), reviser("two", "newer"), seeds=seeds)

    assert ("FactConflict", ("one", "two"), ("note:a@2",)) == (
        result.reason,
        result.stop.names,
        result.stop.facts,
    )


def test_two_revisers_who_agree_are_a_duplicate() -> None:
    """The second one is ignored and counted."""

    def reviser(name: str) -> Script:
        return Script(name, lambda view: [view.revise("Signals", "note:a", Note(text="new"))], reads=("Signals",))

    result = run(reviser("one"), reviser("two"), seeds=[note("Signals", "note:a", "old")])

    assert ("Converged", ["note:a", "note:a@2"], 1) == (result.reason, ids(result, "Signals"), result.duplicates)


@pytest.mark.parametrize(
    ("key", "fact_id", "corrects"),
    [
        ("Signals", "note:a@3", "note:a"),
        ("Signals", "note:a@2", "note:b"),
        ("Signals", "note:b@2", "note:a"),
        ("Seeds", "note:seed@2", "note:seed"),
    ],
    ids=["skips a version", "names nothing", "names another", "a seed"],
)
def test_a_correction_corrects_what_stands_for_its_subject(key: str, fact_id: str, corrects: str) -> None:
    """Never Seeds, never another subject, never out of order."""
    wrong = says("s", note(key, fact_id, corrects=corrects), writes=("Signals", "Seeds"))
    result = run(wrong, seeds=[SEEN, note("Signals", "note:a")])

    assert ["CORRECTION_INVALID"] == [item.code for item in result.rejections]


def test_invariants_and_criteria_see_only_what_stands() -> None:
    """A semantic violation repaired by a correction is resolved, and its note says so."""
    from engine_kit import at_least, invariant

    small = invariant("small", "semantic", number_at_most("5"), given=each("Signals"))

    def repair(view: Any) -> list[Any]:
        return [view.revise("Signals", "note:a", Note(text="x", number=Decimal(5)))]

    fixer = Script("fixer", repair, reads=("Diagnostic:violation:*",), writes=("Signals:note:a",))
    bad = says("bad", note("Signals", "note:a", number=Decimal(6)))
    right = criterion("right", at_least("Signals", where=number_is("is at most", "5")))
    result = run(bad, fixer, the_job=job(invariants=(small,), criteria=(right,)))

    assert "CriteriaMet" == result.reason
    assert ("note:a@2",) == result.criteria[0].evidence
    codes = [fact.payload.code for fact in result.facts if fact.kind == "violation"]
    assert ["VIOLATED", "RESOLVED"] == codes


def test_the_record_of_a_proposal_is_what_is_judged() -> None:
    """Whoever changes a list or a dict after proposing it changes nothing."""
    payload: dict[str, Any] = {"text": "first", "tags": ["a"]}

    def do(_view: Any) -> list[ProposedFact]:
        return [ProposedFact("Signals", "note:a", payload)]

    def change(_view: Any) -> list[ProposedFact]:
        payload["text"] = "second"
        payload["tags"].append("b")
        return []

    result = run(Script("one", do), Script("two", change))

    assert [("first", ("a",))] == [(f.payload.text, f.payload.tags) for f in result.facts if f.kind == "note"]


def test_nobody_can_change_what_others_read() -> None:
    """Facts, payloads, maps and tuples raise."""
    (fact,) = run(says("s", note("Signals", "note:a", tags=("t",)))).facts
    for attempt in (
        lambda: setattr(fact, "content", b"{}"),
        lambda: setattr(fact.payload, "text", "y"),
        lambda: fact.payload.tags.append("u"),
        lambda: FrozenMap({"a": 1}).__setitem__("a", 2),  # type: ignore[attr-defined]
        lambda: setattr(FrozenMap({"a": 1}), "_items", {}),
    ):
        with pytest.raises((AttributeError, TypeError)):
            attempt()


def test_of_two_faults_the_earlier_check_is_named() -> None:
    """The order of the checks is a promise: confidence and evidence come before the size."""
    large = "x" * MAX_CONTENT
    result = run(
        says("doubtful", note("Signals", "note:a", large, confidence=2)),
        says("unfounded", note("Signals", "note:b", large, evidence=("note:none",))),
    )

    assert ["CONFIDENCE_INVALID", "EVIDENCE_UNKNOWN"] == [item.code for item in result.rejections]


@pytest.mark.parametrize("name", ["engine", "seed"])
def test_nobody_is_named_like_the_engine_or_the_seeds(name: str) -> None:
    """Who proposed a fact is part of its provenance: a suggestor can't pass itself off as somebody else."""
    with pytest.raises(InvalidJobError, match=name):
        run(says(name, note("Signals", "note:a")))
