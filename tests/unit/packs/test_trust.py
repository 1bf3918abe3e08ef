"""Contracts with the real engine, truth, policy and people: gates, moves, the record, and what is found out."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
import pytest
from pack_bench import ROOT, load
from shipped_truth import compiled, drive, job_of

from converge_cli import ContextView, Effect, Pack, Passed, ProposedFact, RunResult, Suggestor
from converge_cli.core.entity_states import EntityStates
from converge_cli.core.flow_gate import FlowGateDecision
from converge_cli.core.job import Job
from converge_cli.testing import FixedGate, run_suggestor

KEY = "contract-execution"
MODULES = load("bench_trust", ROOT / "packs" / "trust", "facts", "oversight")
FACTS = MODULES["facts"]
MODELS = {
    name: getattr(FACTS, name.capitalize())
    for name in ("contract", "document", "action", "permission", "agreement", "audit", "breach")
}
RECORD = 3
"""Where the record stands among the suggestors of the pack."""


def moving_by(*machines: EntityStates) -> Job:
    """The job as shipped, but for how agreements move."""
    return msgspec.structs.replace(job_of(KEY), entity_states=machines)


def contract(name: str = "K-1", **fields: Any) -> ProposedFact:
    """A contract that nothing keeps from being executed, with other values where they are given."""
    values = {
        "id": name,
        "title": f"Towing {name}",
        "version": 1,
        "parties": [{"id": "tugs", "name": "Skerry Tugs Oy", "side": "counterparty"}],
        "documents": [{"file": "tow.txt", "sha256": "01aa"}],
        "reviews": [{"by": "liv", "version": 1, "cleared": True}],
        "signatures": [{"party": "tugs", "version": 1, "signed_on": "2026-04-01", "valid_until": "2026-04-30"}],
    }
    return ProposedFact("Seeds", f"contract:{name}", {**values, **fields})


def paper(name: str = "tow.txt", sha256: str = "01aa") -> ProposedFact:
    """A file of the folder."""
    return ProposedFact("Seeds", f"document:{name}", {"name": name, "size": 31, "sha256": sha256})


def asked(name: str, did: str, by: str = "sofia", of: str = "K-1", on: str = "2026-04-10") -> ProposedFact:
    """An action."""
    values = {"id": name, "contract": of, "by": by, "action": did, "on": on}
    return ProposedFact("Seeds", f"action:{name}", values)


THREE = (asked("a1", "review"), asked("a2", "sign"), asked("a3", "execute"))


def run(*seeds: ProposedFact, more: Sequence[Suggestor] = (), **changes: Any) -> RunResult:
    """One run in which nobody decides."""
    return drive(KEY, seeds, more, **changes)


def audits(result: RunResult) -> dict[str, tuple[str, str]]:
    """Action -> (result, reason)."""
    found = [fact.payload for fact in result.current if fact.kind == "audit"]
    return {item.action: (item.result, item.reason) for item in found}


def stands(result: RunResult, name: str = "K-1") -> str:
    """Where a contract stands."""
    return result.fact("Strategies", f"agreement:{name}").payload.stands


def violated(result: RunResult) -> set[str]:
    """The invariants that do not hold."""
    return {item.id for item in result.invariants if item.verdict == "violated"}


def test_the_sovereign_executes_what_is_reviewed_and_signed_and_nobody_is_asked() -> None:
    """Each move by its own action, each action with its record."""
    result = run(contract(), paper(), *THREE)

    assert ("executed", "CriteriaMet") == (stands(result), result.reason)
    assert {"a1", "a2", "a3"} == set(audits(result))
    assert {"done"} == {said for said, _ in audits(result).values()}


def test_a_role_of_the_move_asks_the_sovereign_too() -> None:
    """The truth may be stricter than policy, by one word of its parameters."""
    (machine,) = job_of(KEY).entity_states
    moves = [
        msgspec.structs.replace(move, role="legal_counsel") if move.target == "executed" else move
        for move in machine.transitions
    ]
    stricter = msgspec.structs.replace(machine, transitions=tuple(moves))
    result = run(contract(), paper(), *THREE, job=moving_by(stricter))

    assert [("agreement:K-1@4", "execution")] == [(request.fact, request.point) for request in result.pending]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"reviews": []}, "nobody reviewed version 1"),
        ({"version": 2}, "nobody reviewed version 2"),
        (
            {"reviews": [{"by": "liv", "version": 1, "cleared": True, "points": [{"id": "r1", "text": "?"}]}]},
            "review point r1 is open",
        ),
        (
            {"reviews": [{"by": who, "version": 1, "cleared": who == "liv"} for who in ("liv", "lars")]},
            "lars did not clear version 1",
        ),
        ({"documents": [{"file": "other.txt", "sha256": "01aa"}]}, "document other.txt is not in the folder"),
    ],
)
def test_a_contract_that_is_not_reviewed_stays_drafted(fields: dict[str, Any], reason: str) -> None:
    """And each action on it is refused, for the reason that holds."""
    result = run(contract(**fields), paper(), *THREE)

    assert ("drafted", "CriteriaMet") == (stands(result), result.reason)
    assert {
        "a1": ("refused", reason),
        "a2": ("refused", "it is drafted, so it can't become signed"),
        "a3": ("refused", "it is drafted, so it can't become executed"),
    } == audits(result)


@pytest.mark.parametrize(
    ("on", "stood"),
    [("2026-04-01", "executed"), ("2026-04-30", "executed"), ("2026-03-31", "reviewed"), ("2026-05-01", "reviewed")],
)
def test_a_signature_binds_from_its_day_to_its_last_one(on: str, stood: str) -> None:
    """Both days count; the day is that of the log, never that of the machine."""
    log = [asked(item.id.partition(":")[2], item.payload["action"], on=on) for item in THREE]

    assert stood == stands(run(contract(), paper(), *log))


def test_a_signature_that_comes_between_two_attempts_binds_for_the_second_alone() -> None:
    """Each action is judged by its own day, so the log says the same whenever it is looked at."""
    late = {"signatures": [{"party": "tugs", "version": 1, "signed_on": "2026-04-05"}]}
    log = [asked("a1", "review", on="2026-04-01"), asked("a2", "sign", on="2026-04-02")]
    result = run(contract(**late), paper(), *log, asked("a3", "sign"), asked("a4", "execute", "ines"))

    assert "tugs: signed on 2026-04-05, after 2026-04-02" == audits(result)["a2"][1]
    assert ("signed", ["agreement:K-1@4"]) == (stands(result), [request.fact for request in result.pending])
    assert [] == [fact.payload.reason for fact in result.facts if fact.kind == "breach"]


def test_a_signature_that_expires_after_the_signing_executes_nothing() -> None:
    """It bound when the contract was signed, and binds no longer."""
    log = [*THREE[:2], asked("a3", "execute", on="2026-05-01"), asked("a4", "execute", on="2026-04-30")]
    result = run(contract(), paper(), *log)

    assert ("refused", "tugs: the signature expired on 2026-04-30") == audits(result)["a3"]
    assert ("executed", "done") == (stands(result), audits(result)["a4"][0])


def test_every_counterparty_signs() -> None:
    """One signature of two is none."""
    parties = [{"id": name, "name": name, "side": "counterparty"} for name in ("tugs", "barges")]
    result = run(contract(parties=parties), paper(), *THREE)

    assert ("refused", "barges has not signed") == audits(result)["a2"]


class Late(Suggestor):
    """Brings what was missing once everything has been decided without it."""

    name = "late"
    reads = ("Evaluations:audit:*",)
    writes = ("Seeds:*", "Evaluations:audit:*")

    def __init__(self, *brings: ProposedFact) -> None:
        self._brings = brings

    def execute(self, view: ContextView) -> Effect:
        """It comes when the first record is there."""
        return Effect(self._brings if view.facts("Evaluations:audit:*") else ())


def test_a_contract_that_is_registered_late_takes_the_actions_that_waited_for_it() -> None:
    """What was refused for want of the contract alone is decided anew, in order."""
    result = run(paper(), *THREE, more=(Late(contract()),))

    assert ("executed", {"done"}) == (stands(result), {said for said, _ in audits(result).values()})


def test_an_action_that_comes_late_is_recorded_like_the_others() -> None:
    """After what was decided before it."""
    result = run(contract(), paper(), *THREE, more=(Late(asked("a4", "amend", "ines")),))

    assert ("refused", "it is executed, so it can't become drafted") == audits(result)["a4"]
    assert 4 == result.fact("Evaluations", "audit:a4").payload.number


REFUSED = {
    "a1": ("refused", "document tow.txt is not in the folder"),
    "a2": ("refused", "it is drafted, so it can't become signed"),
    "a3": ("refused", "it is drafted, so it can't become executed"),
}
"""The records of the three actions while the document is missing."""


def test_what_was_refused_for_want_of_a_paper_stays_refused_when_the_paper_comes() -> None:
    """Nobody is bound by an attempt that failed: to execute takes somebody who asks for it now."""
    result = run(contract(), *THREE, more=(Late(paper()),))

    assert ("drafted", "CriteriaMet", REFUSED) == (stands(result), result.reason, audits(result))
    assert () == result.fact("Evaluations", "check:K-1").payload.review_lacks


def test_who_asks_again_when_the_paper_is_there_succeeds_and_the_first_record_stays() -> None:
    """One record for each attempt."""
    again = (asked("b1", "review"), asked("b2", "sign"), asked("b3", "execute"))
    result = run(contract(), *THREE, more=(Late(paper(), *again),))

    assert ("executed", "CriteriaMet") == (stands(result), result.reason)
    assert REFUSED == {name: said for name, said in audits(result).items() if name in REFUSED}
    assert ["done"] * 3 == [audits(result)[name][0] for name in ("b1", "b2", "b3")]


class Usurper(Suggestor):
    """Executes a signed contract in the name of the sovereign, who need ask nobody: the planted wrong decision."""

    name = "usurper"
    reads = ("Strategies:agreement:*",)
    writes = ("Strategies:agreement:*",)

    def execute(self, view: ContextView) -> Effect:
        """The execution that Ines asks for, as if Sofia had."""
        found = view.get("Strategies", "agreement:K-1")
        if found is None or found.payload.stands != "signed":
            return Effect()
        said = msgspec.structs.replace(found.payload, stands="executed", after="a3", by="sofia")
        return Effect([view.revise("Strategies", "agreement:K-1", said)])


def test_an_execution_in_the_name_of_somebody_who_did_not_ask_is_found_out() -> None:
    """Gates, moves and policy let it in, since all that they look at is in order; oversight reads the log."""
    log = (*THREE[:2], asked("a3", "execute", "ines"))
    result = run(contract(), paper(), *log, more=(Usurper(),))

    assert ("executed", "sofia") == (stands(result), result.fact("Strategies", "agreement:K-1").payload.by)
    assert ("InvariantViolated", {"nothing_slips_through"}) == (result.reason, violated(result))
    assert "ines asked for it, not sofia" == result.fact("Diagnostic", "breach:agreement:K-1").payload.reason


class Lax(Suggestor):
    """An examination that finds nothing wrong with anything: the planted mistake."""

    name = "examination"
    reads = ("Seeds:contract:*",)
    writes = ("Evaluations:check:*", "Evaluations:passed:*")

    def execute(self, view: ContextView) -> Effect:
        """Pass both gates of every contract."""
        made = []
        for fact in view.facts("Seeds:contract:*"):
            check = {"contract": fact.payload.id, "version": fact.payload.version, "on": date(2026, 4, 10)}
            made.append(view.revise("Evaluations", f"check:{fact.name}", check))
            for gate in ("legal_review", "counterparty_signed"):
                said = Passed(gate=gate, resource=fact.payload.id, reason="fine")
                made.append(view.revise("Evaluations", f"passed:{gate}:{fact.name}", said))
        return Effect(made)


def changed(pack: Pack, factories: Sequence[Any]) -> Pack:
    """The pack with other suggestors."""
    models = {name: kind.model for name, kind in pack.kinds.items()}
    return Pack(pack.name, kinds=models, factories=factories, gates=pack.gates, policy=pack.policy)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"signatures": []}, "not bound on 2026-04-10: tugs"),
        ({"signatures": [{"party": "tugs", "version": 1}]}, "not bound on 2026-04-10: tugs"),
        (
            {"signatures": [{"party": "tugs", "version": 1, "signed_on": "2026-04-01", "valid_until": "2026-04-09"}]},
            "not bound on 2026-04-10: tugs",
        ),
        (
            {"signatures": [{"party": "twin", "version": 1, "signed_on": "2026-04-01"}]},
            "not bound on 2026-04-10: tugs",
        ),
        ({"reviews": []}, "its legal review is not done"),
        (
            {"reviews": [{"by": "liv", "version": 1, "cleared": True, "points": [{"id": "r1", "text": "?"}]}]},
            "its legal review is not done",
        ),
        (
            {"documents": [{"file": "tow.txt", "sha256": "02bb"}]},
            "its documents are not those that were registered",
        ),
    ],
)
def test_an_examination_that_lets_everything_pass_is_found_out(fields: dict[str, Any], reason: str) -> None:
    """Oversight has code of its own, and the run ends InvariantViolated."""
    (pack,) = compiled(KEY).packs
    lax = changed(pack, [lambda _: Lax(), *pack.factories[1:]])
    result = run(contract(**fields), paper(), *THREE, packs=[lax])

    assert ("InvariantViolated", {"nothing_slips_through"}) == (result.reason, violated(result))
    assert reason == result.fact("Diagnostic", "breach:agreement:K-1").payload.reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"signatures": []}, "not bound on 2026-04-10: tugs"),
        ({"reviews": []}, "its legal review is not done"),
    ],
)
def test_without_machine_and_policy_an_execution_without_its_gate_stops_the_run(
    fields: dict[str, Any], reason: str
) -> None:
    """Oversight stands behind both."""
    gate = FixedGate(FlowGateDecision(outcome="PROMOTE"))
    result = run(contract(**fields), paper(), asked("a1", "execute"), job=moving_by(), gate=gate)

    assert ("InvariantViolated", {"nothing_slips_through"}) == (result.reason, violated(result))
    assert reason in result.fact("Diagnostic", "breach:agreement:K-1").payload.reason


def test_without_its_record_an_execution_does_not_end_well() -> None:
    """An action that nobody recorded violates what is claimed of the record."""
    (pack,) = compiled(KEY).packs
    silent = changed(pack, [item for number, item in enumerate(pack.factories) if number != RECORD])
    result = run(contract(), paper(), asked("a1", "execute"), packs=[silent], job=moving_by())

    assert {"every_action_audited"} == violated(result)


def agreement(**fields: Any) -> ProposedFact:
    """An agreement on the contract."""
    values = {
        "contract": "K-1",
        "title": "Towing K-1",
        "value": "0",
        "stands": "executed",
        "after": "a3",
        "by": "sofia",
    }
    return ProposedFact("Strategies", "agreement:K-1", {**values, **fields})


def audit(**fields: Any) -> ProposedFact:
    """The record of the execution."""
    values = {"action": "a3", "contract": "K-1", "number": 3, "by": "sofia", "did": "execute", "on": date(2026, 4, 10)}
    told = {"result": "done", "reason": "fine", "decided": "agreement:K-1@4"}
    return ProposedFact("Evaluations", "audit:a3", {**values, **told, **fields})


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (agreement(), None),
        (agreement(by="ines"), "sofia asked for it, not ines"),
        (agreement(after="a1"), "nobody asked that it be executed"),
        (agreement(after="a9"), "nobody asked that it be executed"),
        (agreement(after=None, by=None), "it moved, and nobody asked for it"),
        (agreement(title="Towing for free"), "title or value is not as it is registered"),
        (agreement(value="1"), "title or value is not as it is registered"),
        (audit(), None),
        (audit(by="ines"), "sofia asked to execute K-1 on 2026-04-10, which is not what it says"),
        (audit(did="view"), "sofia asked to execute K-1 on 2026-04-10, which is not what it says"),
        (audit(number=2), "it was number 3 on K-1"),
        (audit(action="a9"), "nobody did this"),
    ],
)
def test_oversight_compares_what_stands_with_the_files(wrong: ProposedFact, reason: str | None) -> None:
    """Who, what, when, in which order, at what value."""
    said = run_suggestor(MODULES["oversight"].Oversee(None), [contract(), paper(), *THREE, wrong], MODELS)

    assert ([] if reason is None else [reason]) == [item.payload.reason for item in said]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"value": "-1"}, "value is an amount from 0"),
        ({"value": "1.001"}, "at most 2 decimals"),
        ({"version": 0}, "version counts from 1"),
        ({"parties": [{"id": "us", "name": "we", "side": "ours"}]}, "no counterparty"),
        ({"parties": [{"id": "a", "name": "a", "side": "counterparty"}] * 2}, "two parties have one id"),
        ({"documents": []}, "nobody knows what is signed"),
    ],
)
def test_a_contract_that_can_not_be_meant_is_refused(fields: dict[str, Any], said: str) -> None:
    """With the reason, by the model that reads the register."""
    with pytest.raises(msgspec.ValidationError, match=said):
        compiled(KEY).packs[0].kinds["contract"].parse(contract(**fields).payload)


def test_three_hundred_contracts_in_one_run_have_each_an_outcome() -> None:
    """A third of them lacks a review, a third a signature."""
    lacks = ({}, {"reviews": []}, {"signatures": []})
    names = [f"K-{number}" for number in range(300)]
    seeds = [contract(name, **lacks[number % 3]) for number, name in enumerate(names)]
    log = [asked(f"{name}.{did}", did, of=name) for did in ("review", "sign", "execute") for name in names]
    result = run(*seeds, paper(), *log)

    assert ["executed", "drafted", "reviewed"] * 100 == [stands(result, name) for name in names]
    assert (900, "CriteriaMet") == (len(audits(result)), result.reason)
