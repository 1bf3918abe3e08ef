"""Violations that do not count yet, because people are still asked, are not shown as if they did."""

from pathlib import Path

import pytest

from converge_cli.core.event import ApprovalRequested, InvariantChecked, RunEvent, RunPaused, decode_event
from converge_cli.core.invariant import InvariantResult, Violation
from converge_cli.trace.explain_tree import explain_tree
from converge_cli.trace.fold import fold_all
from converge_cli.trace.screen import screen
from converge_cli.trace.sentence import sentence

SAMPLE = Path(__file__).parents[2] / "golden" / "trace" / "vendor-selection.jsonl"


def recorded() -> tuple[list[RunEvent], int]:
    """The events of the sample, and the place of its pause."""
    events = [decode_event(line) for line in SAMPLE.read_bytes().splitlines()]
    return events, next(number for number, event in enumerate(events) if isinstance(event, RunPaused))


def checked(beside: RunEvent, when: str) -> InvariantChecked:
    """An invariant of that class is violated, at the time of another event."""
    violation = Violation(invariant="all_told", check="each has one", facts=("vendor:acme",), detail="acme has none")
    result = InvariantResult(id="all_told", when=when, verdict="violated", violations=(violation,))
    return InvariantChecked(seq=beside.seq, at=beside.at, cycle=3, result=result)


def shown(when: str, *, paused: bool) -> str:
    """The screen of a run in which an invariant of that class is violated, at its pause or just before."""
    events, pause = recorded()
    state = fold_all([*events[:pause], checked(events[pause], when), *([events[pause]] if paused else [])])
    return "\n".join(line.plain for line in screen(state, width=140))


@pytest.mark.parametrize(
    ("when", "paused", "said"),
    [
        ("acceptance", True, "all_told  not yet due"),
        ("semantic", True, "all_told  not yet due"),
        ("structural", True, "✗ all_told  violated"),
        ("acceptance", False, "✗ all_told  violated"),
    ],
)
def test_at_a_pause_only_a_structural_violation_is_shown_as_one(when: str, *, paused: bool, said: str) -> None:
    """What people decide may still make the others hold; the verdict says the same."""
    assert said in shown(when, paused=paused)


@pytest.mark.parametrize(
    ("when", "asked", "said"),
    [
        ("acceptance", True, "· invariant   all_told (acceptance) violated so far: each has one: acme has none"),
        ("structural", True, "✗ invariant   all_told (structural) violated: each has one: acme has none"),
        ("acceptance", False, "✗ invariant   all_told (acceptance) violated: each has one: acme has none"),
    ],
)
def test_a_line_says_that_a_violation_may_pass_while_people_are_asked(when: str, *, asked: bool, said: str) -> None:
    """A log is read line by line: the word must be right before the pause is written."""
    events, pause = recorded()
    requested = next(number for number, event in enumerate(events) if isinstance(event, ApprovalRequested))
    state = fold_all(events[: pause if asked else requested])
    assert said in sentence(state, checked(events[pause], when))


@pytest.mark.parametrize(
    ("reason", "when", "said"),
    [
        ("HumanInterventionRequired", "acceptance", "not yet due  vendor:acme"),
        ("HumanInterventionRequired", "structural", "violated  vendor:acme"),
        ("InvariantViolated", "acceptance", "violated  vendor:acme"),
    ],
)
def test_an_explained_run_says_so_too(reason: str, when: str, said: str) -> None:
    """`explain` and `show` tell one story of a paused run."""
    violations = [{"check": "each has one", "facts": ["vendor:acme"], "detail": "acme has none"}]
    told = {"id": "all_told", "when": when, "verdict": "violated", "violations": violations}
    empty = dict.fromkeys(("criteria", "gates", "requests", "refused", "failures"), ())
    run = {"what": "run", "run_id": "r", "truth": "t", "title": "T", "status": "paused", "stop": {"reason": reason}}
    tree = explain_tree({**run, **empty, "invariants": [told]})
    assert [said] == [branch.text for branch in tree.below if branch.label == "invariant all_told"]


def test_what_is_not_yet_due_is_counted_by_itself() -> None:
    """The title of the panel does not call it violated."""
    title = next(line for line in shown("acceptance", paused=True).splitlines() if "invariants  " in line)
    assert (True, False) == ("1 not yet due" in title, "violated" in title)
