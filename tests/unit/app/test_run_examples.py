"""Examples as runs: what is given to them, what is checked of them, what they show of the rules of a feature."""

import asyncio
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from converge_cli.app.run_examples import ExampleOutcome, TruthExamples, run_example, run_truth_examples
from converge_cli.app.scripted_suggestor import scripted_suggestors
from converge_cli.app.services import Services
from converge_cli.bootstrap import make_services
from converge_cli.core.context import Context, ContextView
from converge_cli.core.example import Scripted
from converge_cli.core.fact import FactModel, FrozenMap
from converge_cli.core.kind import Kind
from converge_cli.settings import Settings
from converge_cli.store.memory import MemoryExperience
from converge_cli.truth.catalog import TruthLocation, find_truth
from converge_cli.truth.diagnostics import InvalidTruthError

ROOT = Path(__file__).resolve().parents[3]
GREENHOUSE = ROOT / "docs" / "examples" / "custom-agent"
WET = "bed,crop,moisture,area_m2\nmoon,moss,80,1\n"


class Project:
    """A user's own greenhouse, with whatever scenarios a test adds."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(GREENHOUSE, folder)
        self.folder = folder
        self.truth = folder / "truths" / "custom-agent" / "truth.yaml"
        self.feature = folder / "features" / "custom-agent.feature"
        self.services: Services = make_services(folder, settings=Settings("memory", folder / "store", None))

    @property
    def location(self) -> TruthLocation:
        """Where the truth is."""
        return find_truth("custom-agent", self.folder, self.services.shipped)

    def run(self, *scenarios: str) -> TruthExamples:
        """All runs, with these scenarios added."""
        self.feature.write_text(self.feature.read_text() + "".join(f"\n{text}" for text in scenarios))
        return asyncio.run(run_truth_examples(self.services, self.location))

    def example(self, *steps: str) -> ExampleOutcome:
        """What one more example of these steps comes to."""
        lines = "\n".join(f"    {step}" for step in steps)
        return self.run(f"  @e2e\n  Scenario: One more\n{lines}\n").outcomes[-1]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy that a test may change."""
    return Project(tmp_path / "mine")


RUNS = "When the truth runs to convergence"
MET = 'Then the stop reason is "CriteriaMet"'


def details(outcome: ExampleOutcome) -> list[str]:
    """What does not hold, in words."""
    return [check.detail for check in outcome.checks if not check.ok]


def clause(examples: TruthExamples, name: str) -> tuple[str, str]:
    """Verdict and detail of a rule."""
    return next((item.verdict, item.detail) for item in examples.clauses if item.id == name)


@pytest.mark.parametrize("key", ["hello-convergence", "vendor-selection", "custom-agent"])
def test_every_example_of_a_shipped_truth_holds_and_every_rule_is_exercised(key: str) -> None:
    """Real engine, packs and policy; nothing is skipped."""
    folder = GREENHOUSE if key == "custom-agent" else ROOT
    services = make_services(folder, settings=Settings("memory", folder / "store", None))
    examples = asyncio.run(run_truth_examples(services, find_truth(key, folder, services.shipped)))

    assert [] == [(item.example.title, item.error, details(item)) for item in examples.outcomes if not item.ok]
    assert {"held"} == {item.verdict for item in examples.clauses}
    assert (True, 0, 0) == (examples.ok, examples.counts.failed, examples.counts.not_exercised)


def test_runs_are_recorded_where_the_caller_says(project: Project) -> None:
    """One run on the truth's own inputs, one per example, all in the given store, none in another."""
    kept = MemoryExperience()
    services = replace(project.services, experience=kept)
    examples = asyncio.run(run_truth_examples(services, project.location))

    assert 1 + len(examples.outcomes) == len(list(kept.rows()))
    assert [] == list(project.services.experience.rows())
    assert not (project.folder / "store").exists()


def test_one_example_can_run_alone(project: Project) -> None:
    """As data that the compiler made, without the others."""
    example = project.run().outcomes[0].example
    outcome = asyncio.run(run_example(project.services, project.location, example))

    assert (example, True, len(example.then)) == (outcome.example, outcome.ok, len(outcome.checks))


def test_a_truth_that_does_not_compile_raises_with_its_findings(project: Project) -> None:
    """Nothing runs."""
    with pytest.raises(InvalidTruthError) as caught:
        project.example("When the truth runs to convergense", MET)
    assert ["unknown-step"] == [item.name for item in caught.value.diagnostics if item.name == "unknown-step"]


# What is given


def test_a_doc_string_is_read_as_the_file_of_the_input_would_be(project: Project) -> None:
    """The declared file is a CSV."""
    text = ['"""', *WET.split(), '"""']
    outcome = project.example('Given input "readings" is:', *text, RUNS, MET, _litres("moon", 0))
    assert [] == details(outcome)


def _litres(bed: str, litres: int) -> str:
    return f'And fact "watering:{bed}" under key "Strategies" has field "litres" {litres}'


@pytest.mark.parametrize("place", ["features", "truths/custom-agent"])
@pytest.mark.parametrize(("file", "path"), [("wet/readings.csv", "wet"), ("wet/readings.csv", "wet/readings.csv")])
def test_inputs_come_from_a_folder_or_file_beside_the_feature_or_the_truth(
    project: Project, place: str, file: str, path: str
) -> None:
    """Named like the declared file."""
    target = project.folder / place / file
    target.parent.mkdir()
    target.write_text(WET)
    outcome = project.example(f'Given the inputs from "{path}"', RUNS, MET, _litres("moon", 0))
    assert (None, []) == (outcome.error, details(outcome))


def test_a_file_may_have_the_name_of_the_input_and_another_ending(project: Project) -> None:
    """A JSON file for an input that is declared as CSV."""
    (project.folder / "features" / "readings.json").write_text(
        '[{"bed": "moon", "crop": "moss", "moisture": 80, "area_m2": 1}]'
    )
    outcome = project.example('Given the inputs from "readings.json"', RUNS, MET, _litres("moon", 0))
    assert (None, []) == (outcome.error, details(outcome))


def test_a_table_wins_over_a_file(project: Project) -> None:
    """Whichever stands first: the closer one is meant."""
    wet = project.folder / "features" / "readings.csv"
    wet.write_text(WET)
    table = ["| bed | crop | moisture | area_m2 |", "| mars | moss | 80 | 1 |"]
    outcome = project.example(
        'Given input "readings" is:', *table, 'And the inputs from "readings.csv"', RUNS, MET, _litres("mars", 0)
    )
    assert (None, []) == (outcome.error, details(outcome))


TABLE = ['input "readings" is:', "| bed | crop | moisture | area_m2 |", "| mars | moss | {moisture} | 1 |"]


ONE_FIELD = ["| field | value |", "| bed | x |"]


@pytest.mark.parametrize(
    ("steps", "code", "said"),
    [
        (['Given the inputs from "nowhere"'], "EXAMPLE_INPUT_INVALID", "there is no 'nowhere'"),
        (['Given the inputs from "/etc"'], "EXAMPLE_INPUT_INVALID", "'/etc' is an absolute path"),
        (['Given the inputs from "steps"'], "EXAMPLE_INPUT_INVALID", "is named like an input"),
        (['Given the inputs from "both"'], "EXAMPLE_INPUT_INVALID", "readings.json and readings.yaml both fit"),
        ([f"Given {TABLE[0]}", *TABLE[1:], f"And {TABLE[0]}", *TABLE[1:]], "EXAMPLE_INPUT_INVALID", "given twice"),
        ([f"Given {TABLE[0]}", *TABLE[1:]], "INPUT_INVALID", "row 2, column moisture"),
        (
            [
                'Given suggestor "watering-advisor" proposes "reading:x" under key "Seeds":',
                "| field | value |",
                "| bed | x |",
            ],
            "JOB_INVALID",
            "two suggestors are named watering-advisor",
        ),
    ],
)
def test_an_example_that_cannot_run_says_why_and_fails(
    project: Project, steps: list[str], code: str, said: str
) -> None:
    """It never passes for want of a run."""
    both = project.folder / "features" / "both"
    both.mkdir()
    for ending in ("json", "yaml"):
        (both / f"readings.{ending}").write_text("[]")
    outcome = project.example(*(step.replace("{moisture}", "wet") for step in steps), RUNS, MET)

    assert outcome.error is not None
    assert (False, None, code, True) == (outcome.ok, outcome.result, outcome.error.code, said in str(outcome.error))


class Plan(FactModel, frozen=True):
    """A model with every form that a scripted value may have."""

    name: str
    price: Decimal | None = None
    days: int = 0
    sure: bool = False
    steps: tuple[str, ...] = ()
    notes: FrozenMap[str, Decimal] = FrozenMap()


def _proposed(*fields: tuple[str, str], name: str = "plan:a") -> Any:
    (suggestor,) = scripted_suggestors([Scripted("bob", "Strategies", name, fields)], {"plan": Kind("plan", Plan)})
    return suggestor.execute(ContextView("bob", (), Context(), {})).proposals[0].payload


def test_scripted_values_are_typed_by_the_model_of_their_kind() -> None:
    """Numbers, booleans, empty optionals; lists and maps as JSON; text that looks like a number stays text."""
    fields = (
        ("name", "007"),
        ("price", "1.50"),
        ("days", "3"),
        ("sure", "true"),
        ("steps", '["a", "b"]'),
        ("notes", '{"x": 0.5}'),
    )
    payload = _proposed(*fields)

    assert {
        "name": "007",
        "price": Decimal("1.50"),
        "days": 3,
        "sure": True,
        "steps": ["a", "b"],
        "notes": {"x": Decimal("0.5")},
    } == payload
    plan = Plan(
        name="007",
        price=Decimal("1.50"),
        days=3,
        sure=True,
        steps=("a", "b"),
        notes=FrozenMap({"x": Decimal("0.5")}),
    )
    assert plan == Kind("plan", Plan).parse(payload)[0]
    assert {"price": None} == _proposed(("price", ""))


@pytest.mark.parametrize(
    ("field", "value"), [("days", "many"), ("sure", "maybe"), ("steps", "[broken"), ("colour", "red"), ("name", "")]
)
def test_what_does_not_fit_stays_text_for_the_gate_to_reject(field: str, value: str) -> None:
    """A bad proposal is what such an example is about."""
    assert {field: value} == _proposed((field, value))
    assert {field: value} == _proposed((field, value), name="unheard-of:a")


def test_lines_with_one_name_are_one_suggestor(project: Project) -> None:
    """Two proposals of the same neighbour, both promoted."""
    lines = [
        line
        for bed in ("mars", "moon")
        for line in (
            f'Given suggestor "neighbour" proposes "reading:{bed}" under key "Seeds":',
            "| field | value |",
            f"| bed | {bed} |",
            "| crop | moss |",
            "| moisture | 90 |",
            "| area_m2 | 1 |",
        )
    ]
    outcome = project.example(*lines, RUNS, MET, _litres("mars", 0), _litres("moon", 0))
    assert (None, []) == (outcome.error, details(outcome))


POINT = """
authority: {actor: anna, requires_approval: [water]}
approval_points:
  - {id: water, role: gardener, approves: 'any proposal under key "Strategies" with id "watering:*"', modes: MODES}
"""
PEOPLE = """people:
  - {id: anna, name: Anna, roles: [gardener], authority: supervisory, domains: [garden]}
  - {id: bert, name: Bert, roles: [guest], authority: advisory, domains: [garden]}
"""


def _with_people(project: Project, modes: str = "[interactive]") -> None:
    project.truth.write_text(project.truth.read_text() + POINT.replace("MODES", modes))
    (project.folder / "truths" / "people.yaml").write_text(PEOPLE)
    # Every example of the greenhouse would wait for people now.
    project.feature.write_text(project.feature.read_text().split("  @e2e")[0])


@pytest.mark.parametrize("modes", ["[interactive]", "[ci]", "[delegated, ci]"])
def test_without_for_a_decision_is_about_all_that_the_point_asks(project: Project, modes: str) -> None:
    """Three beds are asked for at once; whichever way the point allows is used."""
    _with_people(project, modes)
    outcome = project.example('Given "water" is approved by "anna"', RUNS, MET, _litres("north", 12))
    assert (None, [], ()) == (outcome.error, details(outcome), outcome.refusals)


def test_for_narrows_a_decision_to_one_proposal(project: Project) -> None:
    """One bed is approved, one rejected, one still waits."""
    _with_people(project)
    outcome = project.example(
        'Given "water" is approved by "anna" for "watering:north"',
        'And "water" is rejected by "anna" for "watering:south"',
        RUNS,
        'Then the stop reason is "HumanInterventionRequired"',
        _litres("north", 12),
    )
    assert outcome.result is not None
    assert [] == details(outcome)
    assert ["watering:east"] == [request.fact for request in outcome.result.pending]
    assert ["approved", "rejected"] == [asked.approvals[0].decision for asked in outcome.result.decided]


def test_a_decision_that_does_not_count_is_told_with_what_fails(project: Project) -> None:
    """The engine refuses it, and the Then that relied on it says so."""
    _with_people(project)
    outcome = project.example('Given "water" is approved by "bert"', RUNS, MET)

    assert not outcome.ok
    assert "bert's decision did not count: needs role gardener (ROLE_MISSING)" in outcome.explain(outcome.checks[0])


def test_a_person_whom_nobody_knows_is_a_fault_of_the_example(project: Project) -> None:
    """Known before anything runs."""
    _with_people(project)
    outcome = project.example('Given "water" is approved by "carl"', RUNS, MET)

    assert outcome.error is not None
    assert "PERSON_UNKNOWN" == outcome.error.code


# What is checked


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
        (
            'fact "watering:north" under key "Strategies" has field "buckets" 1',
            "fact watering:north has no field buckets; it has bed, reading, litres, reason",
        ),
        ('fact "watering:north" under key "Strategies" has field "litres" 1', "field litres of watering:north is 12.0"),
        ('fact "watering:north" under key "Strategies" has field "bed" 12', "field bed of watering:north is 'north'"),
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


# What runs show of rules

LARGE = [
    'Given input "readings" is:',
    "| bed | crop | moisture | area_m2 |",
    "| north | moss | 10 | 6 |",
    RUNS,
]


@pytest.mark.parametrize(
    ("thens", "verdict"),
    [
        (['Then invariant "no_bed_drowns" is violated'], "held"),
        (['Then the stop reason is "InvariantViolated"'], "held"),
        (['Then the stop reason is "InvariantViolated"', 'And invariant "no_bed_drowns" is violated'], "held"),
        (['Then fact "watering:north" under key "Strategies" has field "litres" 24'], "failed"),
        (['Then the stop reason is "CriteriaMet"'], "failed"),
        (['Then invariant "tank_lasts" is violated'], "failed"),
    ],
)
def test_a_rule_fails_when_a_run_breaks_it_that_does_not_expect_to(
    project: Project, thens: list[str], verdict: str
) -> None:
    """Expected when a Then names it as violated, or says no more than that the run stops so."""
    project.example(*LARGE, *thens)
    examples = asyncio.run(run_truth_examples(project.services, project.location))
    detail = "example 'One more' violates it (watering:north)" if verdict == "failed" else ""

    assert (verdict, detail) == clause(examples, "no_bed_drowns")
    assert (verdict == "held") == examples.ok


def test_the_truths_own_run_expects_no_violation(project: Project) -> None:
    """Its file holds a bed that is too large."""
    (project.truth.parent / "readings.csv").write_text("bed,crop,moisture,area_m2\nnorth,moss,10,6\n")
    detail = "the run on the truth's own inputs violates it (watering:north)"
    found = clause(project.run(), "no_bed_drowns")

    assert ("failed", True) == (found[0], detail in found[1])


def test_a_rule_that_no_run_exercises_is_neither_held_nor_failed(project: Project) -> None:
    """Counted, so that nobody takes it for held; no failure either."""
    # The truth's first example says that nothing is unexercised.
    project.feature.write_text(project.feature.read_text().replace("    And no invariant is unexercised\n", ""))
    given = '    Given any fact under key "Hypotheses" with id "watering:*"\n'
    examples = project.run(
        f'  @invariant @semantic @id:idle\n  Scenario: A\n{given}    Then field "litres" must be at most 1\n',
        f"  @validation @id:idle_check\n  Scenario: B\n{given.replace('fact', 'proposal')}"
        '    Then field "litres" must be at most 1\n',
        "  @manual @id:gap\n  Scenario: C\n    Given somebody looks\n",
    )
    assert ["not exercised"] * 2 == [clause(examples, name)[0] for name in ("idle", "idle_check")]
    assert (True, (9, 0, 2, 1), ("gap",)) == (examples.ok, examples.counts, examples.manual)


VALIDATION = """  @validation @id:modest
  Scenario: Modest
    Given any proposal under key "Strategies" with id "watering:*"
    Then field "litres" must be at most {most}
"""
DROWNED = [
    'Given suggestor "flood" proposes "watering:south" under key "Strategies":',
    "| field | value |",
    "| bed | south |",
    "| reading | reading:south |",
    "| litres | 19 |",
    "| reason | why not |",
]


def test_a_validation_holds_when_a_run_passed_it_or_was_rejected_as_it_expects(project: Project) -> None:
    """Rejecting is its work."""
    project.feature.write_text(project.feature.read_text().split("  @e2e")[0] + VALIDATION.format(most=12))
    outcome = project.example(
        *DROWNED, RUNS, 'Then proposal "watering:south" is rejected with "VALIDATION"', f"And {MET[5:]}"
    )
    assert (None, []) == (outcome.error, details(outcome))
    assert ("held", "") == clause(project.run(), "modest")


def test_a_validation_fails_when_a_run_is_rejected_that_does_not_expect_it(project: Project) -> None:
    """The truth's own suggestor proposes what the truth does not allow: one of them is wrong."""
    verdict, detail = clause(project.run(VALIDATION.format(most=10)), "modest")

    assert "failed" == verdict
    assert "the run on the truth's own inputs: " in detail
    assert "proposes watering:north, which is rejected: modest" in detail


@pytest.mark.parametrize(("key", "verdict"), [("Strategies", "held"), ("Signals", "failed")])
def test_a_contract_on_a_suggestor_is_judged_on_what_it_proposes(project: Project, key: str, verdict: str) -> None:
    """Held by what became a fact, broken by what was rejected for it."""
    name = next(item.suggestor for item in project.run().own.facts if item.kind == "watering")  # type: ignore[union-attr]
    contract = (
        f'  @suggestor @id:contract\n  Scenario: Contract\n    When suggestor "{name}" executes\n'
        f'    Then it proposes facts only under key "{key}"\n'
    )
    assert verdict == clause(project.run(contract), "contract")[0]


def test_a_truth_that_cannot_run_on_its_own_inputs_says_so(project: Project) -> None:
    """The examples with inputs of their own still run."""
    (project.truth.parent / "readings.csv").unlink()
    examples = project.run()

    assert examples.own_error is not None
    assert (None, "INPUT_UNREADABLE", False) == (examples.own, examples.own_error.code, examples.ok)
    assert {True, False} == {item.ok for item in examples.outcomes}
