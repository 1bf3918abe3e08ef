"""Clauses that look right and check nothing are findings (law 5)."""

from typing import Any, ClassVar

import pytest

from converge_cli import FactModel, Pack
from converge_cli.truth.vocabulary import Vocabulary

_POINT = "approval_points: [{id: pay, role: boss, approves: 'any proposal under key \"%s\"'}]\n"
_FEATURE = """Feature: x
  @invariant @structural
  Scenario: Nobody makes no offer
    %s
    Given any fact under key "Strategies" with id "offer:*"
    Then field "vendor" must not be "nobody"
"""


def test_a_point_that_only_blocked_by_names_is_unused(compile_text: Any) -> None:
    """`blocked_by` explains a wait; it makes nobody ask, so nothing would ever wait for the approval."""
    text = """truth: v1
key: plain
kind: job
title: Every vendor is scored
packs: [shop]
success_criteria:
  - id: scored
    description: A score exists
    blocked_by: [pay]
    then: ['the Context key "Evaluations" contains at least 1 fact']
"""
    compiled = compile_text(contract=text, more=_POINT % "Evaluations")
    assert ["unused-approval-point"] == [item.name for item in compiled.diagnostics]


def test_a_required_point_that_approves_what_nobody_writes_is_unused(compile_text: Any) -> None:
    """A wrong key in `approves` would leave the spend without its approval, and the point silent."""
    compiled = compile_text(more=_POINT % "Competitors" + "authority: {actor: ann, requires_approval: [pay]}\n")
    assert [("unused-approval-point", "no suggestor may write Competitors, which pay approves")] == [
        (item.name, item.message) for item in compiled.diagnostics
    ]


def test_a_required_point_that_approves_what_somebody_writes_is_used(compile_text: Any) -> None:
    """The finding is about points that can't be asked for, no others."""
    compiled = compile_text(more=_POINT % "Evaluations" + "authority: {actor: ann, requires_approval: [pay]}\n")
    assert () == compiled.diagnostics


_SCORES = 'any fact under key "Evaluations" with id "score:*" where field "vendor" is 5'


@pytest.mark.parametrize(
    "more",
    [
        f"outputs: {{scores: '{_SCORES}'}}\n",
        f"evidence: {{requires: [{{id: shown, satisfied_by: '{_SCORES}'}}]}}\n",
        "authority: {actor: ann, requires_approval: [pay]}\n"
        f"approval_points: [{{id: pay, role: boss, approves: '{_SCORES.replace('fact', 'proposal')}'}}]\n",
        'outputs: {scores: \'any fact under key "Signals" with id "score:*"\'}\n',
        "authority: {actor: ann, requires_approval: [pay]}\n"
        "approval_points: [{id: pay, role: boss, not_by: [value], "
        'approves: \'any proposal under key "Evaluations" with id "score:*"\'}]\n',
    ],
)
def test_what_can_never_select_or_bar_anything_is_contradictory(compile_text: Any, more: str) -> None:
    """A field of another type, a key under which nobody writes, people looked for in an amount."""
    assert ["contradictory-check"] == [item.name for item in compile_text(more=more).diagnostics]


@pytest.mark.parametrize(
    ("criterion", "inert"),
    [
        ("then: ['the Context key \"Seeds\" contains at least 1 fact']", True),
        ('given: \'any fact under key "Seeds" with id "vendor:*"\', then: [\'field "id" must be unique\']', True),
        ('given: \'any fact under key "Evaluations"\', then: [\'field "vendor" must not be "nobody"\']', False),
    ],
)
def test_a_criterion_that_looks_only_at_inputs_is_decided_before_the_run(
    compile_text: Any, criterion: str, inert: bool
) -> None:
    """Whatever the sentence: nothing that a suggestor does can change it."""
    more = 'inputs: {vendors: {file: vendors.csv, kind: vendor, id: "vendor:{id}", as: rows}}\n'
    start = "truth: v1\nkey: plain\nkind: job\ntitle: Every vendor is scored\npacks: [shop]\nsuccess_criteria:\n"
    compiled = compile_text(
        contract=f"{start}  - {{id: early, description: Vendors are there, {criterion}}}\n", more=more
    )
    assert (["vacuous-check"] if inert else []) == [item.name for item in compiled.diagnostics]


def test_turned_writing_in_a_truth_is_refused(compile_text: Any) -> None:
    """A reader would see another value than the one that counts."""
    compiled = compile_text(more='intent: {outcome: "All \u202eis well"}\n')
    assert [("yaml-refused", 8, 24)] == [(item.name, item.line, item.column) for item in compiled.diagnostics]


def test_a_keyword_without_its_space_swallows_no_step(compile_text: Any) -> None:
    """`Thenfield ...` reads like a step to everybody but Gherkin."""
    compiled = compile_text(_FEATURE % 'Thenfield "vendor" must be unique')
    assert [("swallowed-line", "write a space after Then")] == [(item.name, item.fix) for item in compiled.diagnostics]


_AROUND = """Feature: Vendors are real
{feature}
  Rule: No offer comes from nobody
{rule}
    @invariant @structural
    Scenario Outline: {name} makes no offer
      Given any fact under key "Strategies" with id "offer:*"
      Then field "vendor" must not be "<who>"

      Examples:
{examples}
        | who    |
        | nobody |
"""


@pytest.mark.parametrize("where", ["feature", "rule", "examples"])
def test_a_scenario_without_its_heading_is_no_description(compile_text: Any, where: str) -> None:
    """Given, When and Then below each other are steps to every reader, whatever they say."""
    texts = dict.fromkeys(("feature", "rule", "examples"), "") | {"name": "Who"}
    steps = "  Given a bid\n  When it is late\n  Then it is refused"
    compiled = compile_text(_AROUND.format(**texts | {where: steps}))
    assert ["swallowed-line"] * 3 == [item.name for item in compiled.diagnostics if item.severity == "error"]
    prose = "  When bids are late, nobody reads them.\n  Then again, few are."
    compiled = compile_text(_AROUND.format(**texts | {where: prose}))
    assert [] == [item.name for item in compiled.diagnostics if item.severity == "error"]


def test_a_blank_reason_is_none(compile_text: Any) -> None:
    """`deferred: ' '` says as little as no reason at all."""
    compiled = compile_text(
        more="job: {actor: A, functional: B, so_that: C, failure_modes: [{id: late, text: Late, deferred: ' '}]}\n"
    )
    assert ["job.failure_modes.0.deferred must not be empty"] == [item.message for item in compiled.diagnostics]


@pytest.mark.parametrize(
    "line",
    [
        '- Then field "vendor" must be "acme"',
        '+ Then field "vendor" must be "acme"',
        '1. Then field "vendor" must be "acme"',
        '> Then field "vendor" must be "acme"',
        "Scenario y is kept",
        "Scenario Outline y",
    ],
)
def test_a_bullet_or_a_heading_without_colon_swallows_nothing(compile_text: Any, line: str) -> None:
    """Gherkin takes these lines for description, so what they say would be checked by nobody."""
    compiled = compile_text(_FEATURE % line)
    assert ["swallowed-line"] == [item.name for item in compiled.diagnostics]


@pytest.mark.parametrize(
    "line", ["- cheap bids come first", "Rules of thumb are not checks.", "This scenario is about offers."]
)
def test_prose_stays_prose(compile_text: Any, line: str) -> None:
    """A description may have bullets and may talk of rules and scenarios."""
    assert () == compile_text(_FEATURE % line).diagnostics


@pytest.mark.parametrize("reason", ["", "-", "..."])
def test_a_suppression_without_a_reason_in_words_suppresses_nothing(compile_text: Any, reason: str) -> None:
    """A dash is no reason."""
    feature = _FEATURE.replace("no offer", "perhaps no offer") % ""
    title = "  Scenario: Nobody makes"
    found = compile_text(feature.replace(title, f"  # converge: ignore CV041 -- {reason}\n{title}")).diagnostics
    assert [("hedging-word", None)] == [(item.name, item.suppressed) for item in found]


def test_what_gherkin_reads_as_text_suppresses_nothing(compile_text: Any) -> None:
    """Behind a title there is no comment, so the words would stand in the title and in each report."""
    feature = _FEATURE.replace("no offer", "perhaps no offer # converge: ignore CV041 -- their words") % ""
    found = compile_text(feature).diagnostics
    assert [("hedging-word", None)] == [(item.name, item.suppressed) for item in found]


@pytest.mark.parametrize(
    ("where", "must"),
    [
        ("is 101", "be at most 100"),
        ("is greater than 100", "be at most 100"),
        ("is at least 7", "be less than 7"),
        ("is not 7", "be 7"),
    ],
)
def test_a_criterion_on_what_a_hard_rule_refuses_is_a_contradiction(compile_text: Any, where: str, must: str) -> None:
    """Whether the criterion names one value or a range, no offer could ever meet it."""
    text = f"""truth: v1
key: plain
kind: job
title: An offer exists
packs: [shop]
constraints:
  - {{id: kept, severity: hard, given: 'any proposal under key "Strategies"', then: ['field "price" must {must}']}}
success_criteria:
  - id: offered
    description: An offer exists
    then: ['the Context key "Strategies" contains at least 1 fact with id "offer:*" where field "price" {where}']
"""
    assert ["contradictory-check"] == [item.name for item in compile_text(contract=text).diagnostics]


class _Card(FactModel, frozen=True):
    """Whom it is of, by id and by name, which nobody keeps; a nickname only where it is no secret."""

    __private__: ClassVar = {"name": True, "nickname": "secret"}
    owner: str
    name: str
    nickname: str
    secret: bool


@pytest.mark.parametrize(("field", "may"), [("owner", True), ("nickname", True), ("name", False), ("secret", False)])
def test_a_text_that_is_never_kept_bars_nobody(field: str, may: bool) -> None:
    """Where `not_by` would read `[redacted]` in every proposal, it is told before the first run."""
    vocabulary = Vocabulary([Pack("cards", kinds={"card": _Card}, factories=[])], [], [])
    assert may == vocabulary.may_name_people(field, frozenset({"card"}))
