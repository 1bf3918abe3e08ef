"""Thens: each is judged, and says what is so instead."""

import pytest
from greenhouse_project import RUNS, Project, details


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ('the stop reason is "PolicyDenied"', "the stop reason is CriteriaMet (decided)"),
        ('criterion "decided" is blocked', "criterion decided is met"),
        ('invariant "no_bed_drowns" is violated', "invariant no_bed_drowns: holds"),
        ('invariant "no_bed_drowns" is not exercised', "invariant no_bed_drowns: holds"),
        (
            'proposal "watering:north" is rejected with "CONSTRAINT"',
            "proposal watering:north was not rejected with CONSTRAINT, and it is a fact; rejected: nothing",
        ),
        (
            'fact "watering:mars" under key "Strategies" has field "litres" 1',
            "there is no fact watering:mars under Strategies; there: watering:north, watering:south, watering:east",
        ),
        ('fact "watering:north" under key "Strategies" has field "litres" 1', "field litres of watering:north is 12.0"),
        (
            'fact "watering:north" under key "Strategies" has field "bed" "south"',
            "field bed of watering:north is 'north'",
        ),
    ],
)
def test_a_then_that_does_not_hold_says_what_is_so_instead(project: Project, then: str, said: str) -> None:
    """And hides no other: the one after it is judged as well."""
    outcome = project.example(RUNS, f"Then {then}", 'And the stop reason is "CriteriaMet"')
    assert [(False, said), (True, "")] == [(check.ok, check.detail) for check in outcome.checks]


def test_all_invariants_and_none_unexercised_name_those_at_fault(project: Project) -> None:
    """A bed that is too large: structural stops before the plan is looked at."""
    table = ["| bed | crop | moisture | area_m2 |", "| north | moss | 10 | 6 |"]
    outcome = project.example(
        'Given input "readings" is:',
        *table,
        RUNS,
        "Then all invariants hold",
        "And no invariant is unexercised",
        'And invariant "no_bed_drowns" is violated',
        'And invariant "tank_lasts" is not exercised',
    )
    broken, unexercised = details(outcome)
    assert "violated: no_bed_drowns; field litres must be at most 20 (watering:north)" == broken
    assert unexercised.startswith("not exercised: ")
    assert "tank_lasts" in unexercised
