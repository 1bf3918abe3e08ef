"""Met needs evidence (law 6): exactly the facts that the checks of a criterion counted, paired or judged."""

from typing import Any

import pytest
from engine_kit import at_least, at_most, criterion, each, job, note, number_at_most, run, text_is, then

from converge_cli.core.predicate import Absent, Paired, Selection, Then

NO_STRATEGY = then(Absent(Selection("Strategies")))
EACH_STRATEGY_IS_SUPPORTED = then(Paired(Selection("Strategies"), Selection("Signals")))
FACTS = (
    note("Signals", "note:b", "note:plan"),
    note("Signals", "note:a"),
    note("Evaluations", "note:c"),
)
PLAN = note("Strategies", "note:plan")


def judged(*checks: Then, facts: tuple[Any, ...] = FACTS, **options: Any) -> tuple[str, str, tuple[str, ...]]:
    """Stop reason, result and evidence of a run that is given facts and has one criterion."""
    result = run(the_job=job(criteria=(criterion("c", *checks, **options),)), seeds=facts)
    return result.reason, result.criteria[0].result, result.criteria[0].evidence


@pytest.mark.parametrize(
    "checks",
    [
        (NO_STRATEGY,),
        (at_most("Strategies", number=3),),
        (at_least("Strategies", number=0),),
        (NO_STRATEGY, at_most("Strategies")),
    ],
    ids=["none", "at most", "at least none", "none, twice"],
)
def test_what_holds_because_nothing_is_there_is_not_met(checks: tuple[Then, ...]) -> None:
    """An empty context must never look like success; truths can't say so, an embedding program can."""
    assert ("CriteriaUnmet", "unmet", ()) == judged(*checks)


@pytest.mark.parametrize(
    ("checks", "options"),
    [
        ((at_least("Signals"), EACH_STRATEGY_IS_SUPPORTED), {}),
        ((EACH_STRATEGY_IS_SUPPORTED, at_least("Signals")), {}),
        ((number_at_most("5"),), {"given": each("Strategies")}),
    ],
    ids=["last", "first", "given"],
)
def test_a_check_that_selected_nothing_keeps_its_criterion_from_being_met(
    checks: tuple[Then, ...], options: dict[str, Any]
) -> None:
    """Though nothing contradicts it, and whatever the others found."""
    assert ("CriteriaUnmet", "unmet", ()) == judged(*checks, **options)


@pytest.mark.parametrize(
    ("checks", "facts", "evidence"),
    [
        ((at_least("Signals"),), FACTS, ("note:a", "note:b")),
        ((at_least("Evaluations"), at_least("Signals", "note:a")), FACTS, ("note:a", "note:c")),
        ((at_least("Signals", where=text_is("x")),), FACTS, ("note:a",)),
        ((at_least("Signals", "note:a"), NO_STRATEGY), FACTS, ("note:a",)),
        ((EACH_STRATEGY_IS_SUPPORTED,), (*FACTS, PLAN), ("note:b", "note:plan")),
    ],
    ids=["of one check", "of two", "of those tested", "beside an absence", "of pairs"],
)
def test_the_evidence_is_what_the_checks_counted_and_nothing_else(
    checks: tuple[Then, ...], facts: tuple[Any, ...], evidence: tuple[str, ...]
) -> None:
    """In id order, of every check; facts that no check looked at prove nothing."""
    assert ("CriteriaMet", "met", evidence) == judged(*checks, facts=facts)
