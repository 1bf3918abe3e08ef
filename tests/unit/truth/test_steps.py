"""The step language: each sentence has exactly one meaning."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from converge_cli.core import example as e
from converge_cli.core import predicate as p
from converge_cli.truth.step_catalogue import CATALOGUE, NamedEvidence, OnlyUnderKeys, Pattern, SuggestorExecutes
from converge_cli.truth.step_grammar import StepProblem
from converge_cli.truth.step_parser import matching, nearest, parse_step

_OFFERS = p.Selection("Strategies", "offer:*")


def _number(text: str) -> p.Value:
    return p.Value("number", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('any fact under key "Strategies" with id "offer:*"', p.Given("any", _OFFERS)),
        ('any proposals under key "Seeds"', p.Given("proposal", p.Selection("Seeds"))),
        ('any approval for "buying"', p.Given("approval", point="buying")),
        ('the Context contains facts under key "Seeds"', p.Given("contains", p.Selection("Seeds"))),
        ("the engine reaches its fixed point", p.Given("fixed point")),
        (
            'the Context key "Strategies" contains exactly 2 facts with id "offer:*"',
            p.Count("exactly", 2, _OFFERS),
        ),
        ("at most 3 facts exist", p.Count("at most", 3)),
        ("at least 1 fact exists", p.Count("at least", 1)),
        (
            'field "a.b" must be at most 5.50',
            p.FieldIs(p.FieldTest("a.b", "is at most", (_number("5.50"),))),
        ),
        ('field "a" must not be "x"', p.FieldIs(p.FieldTest("a", "is", (p.Value("text", "x"),)), negated=True)),
        ('field "a" must be true', p.FieldIs(p.FieldTest("a", "is", (p.Value("boolean", "true"),)))),
        (
            'field "a" must be greater than 2030-01-31',
            p.FieldIs(p.FieldTest("a", "is greater than", (p.Value("date", "2030-01-31"),))),
        ),
        ('field "a" must be unique', p.FieldUnique("a")),
        (
            'field "a" must not equal field "b" of fact "x:y" under key "Seeds"',
            p.FieldEquals("a", p.FieldOf("b", "x:y", "Seeds"), negated=True),
        ),
        ('the sum of field "a" must not exceed 9', p.SumIs("a", "not exceed", value=_number("9"))),
        (
            'the sum of field "a" must equal field "b" of fact "x:y" under key "Seeds"',
            p.SumIs("a", "equal", other=p.FieldOf("b", "x:y", "Seeds")),
        ),
        (
            'for each "Strategies" fact with id "offer:*" there exists an "Evaluations" fact referencing it',
            p.Paired(_OFFERS, p.Selection("Evaluations")),
        ),
        (
            'for each "Strategies" fact with id "offer:*" there exists a "Seeds" fact '
            'whose field "a" equals its field "b"',
            p.Paired(_OFFERS, p.Selection("Seeds"), "a", "b"),
        ),
        ('no facts under key "Strategies" with id "offer:*" exist', p.Absent(_OFFERS)),
        ('an approval for "buying" by role "cfo" exists', p.Approved("buying", "cfo")),
        ('an approval for "buying" exists', p.Approved("buying")),
        ('evidence "prices" exists', NamedEvidence("prices")),
        ("its confidence must be at least 0.5", p.ConfidenceAtLeast(_number("0.5"))),
        ('suggestor "x" executes', SuggestorExecutes("x")),
        ('it proposes facts only under key "Seeds", "Signals"', OnlyUnderKeys(("Seeds", "Signals"))),
        ('the inputs from "a/b"', e.InputsFrom("a/b")),
        ('"buying" is rejected by "mona"', e.PointDecided("buying", "rejected", "mona")),
        ('the stop reason is "NoProgress"', e.StopIs("NoProgress")),
        ('criterion "a" is indeterminate', e.CriterionIs("a", "indeterminate")),
        ('invariant "a" is violated', e.InvariantIs("a", "violated")),
        ('gate "commit" answers "REJECT" for "x:y"', e.GateAnswers("commit", "REJECT", "x:y")),
        ("all invariants hold", e.AllInvariantsHold()),
        ("no invariant is unexercised", e.NoneUnexercised()),
    ],
)
def test_a_sentence_compiles_to_its_value(text: str, expected: object) -> None:
    """The whole catalogue without tables, singular and plural."""
    assert expected == parse_step(text).value


@pytest.mark.parametrize(
    ("words", "comparison", "values"),
    [
        ("exists", "exists", ()),
        ("is 3", "is", (_number("3"),)),
        ('is not "x"', "is not", (p.Value("text", "x"),)),
        ("is greater than -1.5", "is greater than", (_number("-1.5"),)),
        ("is less than 2", "is less than", (_number("2"),)),
        ("is at least 2", "is at least", (_number("2"),)),
        ("is at most 2", "is at most", (_number("2"),)),
        ('is one of "a", "b",3', "is one of", (p.Value("text", "a"), p.Value("text", "b"), _number("3"))),
        (r"matches /a\/b[0-9]+/", "matches", (p.Value("text", "a/b[0-9]+"),)),
        (r'is "say \"x\" \\"', "is", (p.Value("text", 'say "x" \\'),)),
    ],
)
def test_every_comparison_of_a_selection_is_understood(
    words: str, comparison: str, values: tuple[p.Value, ...]
) -> None:
    """`where field` takes each comparison of the grammar."""
    given = parse_step(f'any fact under key "Seeds" where field "a" {words}').value
    assert p.FieldTest("a", comparison, values) == given.selection.where


_SAMPLES = {
    "key": '"Seeds"',
    "keys": '"Seeds", "Signals"',
    "field": '"a.b"',
    "text": '"x"',
    "id": '"a:b"',
    "number": "1",
    "share": "0.5",
    "count": "2",
    "sel": 'with id "a:*" where field "b" is one of 1, "x"',
}


def _sentences(template: str) -> Iterator[str]:
    """Sentences of a template: each value kind, each phrase, with and without what may be left out."""
    for optional in (r"\1", ""):
        text = re.sub(r"\[([^\]]*)\]", optional, template)
        for value in ('"x"', "-1.5", "2030-01-31", "true"):
            for phrase in (0, -1):
                words = re.sub(
                    r"\{\w+:([^}]+)\}",
                    lambda match, value=value, phrase=phrase: {**_SAMPLES, "value": value}.get(
                        match[1], match[1].split("|")[phrase]
                    ),
                    text,
                )
                for form in (0, -1):
                    yield " ".join(word if word[0] == '"' else word.split("/")[form] for word in words.split())


@pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.template.shown)
def test_a_sentence_made_from_a_pattern_matches_that_pattern_alone(pattern: Pattern) -> None:
    """Every form of every sentence has one meaning."""
    assert {pattern.template.shown} == {shown for text in _sentences(pattern.template.text) for shown in matching(text)}
    assert [] == [text for text in _sentences(pattern.template.text) if len(matching(text)) != 1]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ('any  fact\tunder key "Seeds"', 'any fact under key "Seeds"'),
        ('it proposes facts only under key "Seeds" ,"Signals"', 'it proposes facts only under key "Seeds", "Signals"'),
    ],
)
def test_how_wide_the_gaps_are_changes_nothing(text: str, same: str) -> None:
    """Blanks and tabs only part the words."""
    assert parse_step(same).value == parse_step(text).value


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        'any fact under key "Seeds',
        'any fact under key "Seeds"with id "a:*"',
        'any fact under key "Seeds", "Signals"',
        'any fact under key "Seeds" where field "a"',
        'any fact under key "Seeds" where field "a" is one of',
        'any fact under key "Seeds" where field "a" is one of 1,',
        'any fact under key "Seeds" where field "a" matches "x"',
        'any fact under key "Seeds" where field "a" exists 1',
        'field "a" must be',
        'field "a" must be at least',
        "at least x facts exist",
        "its confidence must be at least .5",
        'any fact under\u00a0key "Seeds"',
        'any fact under key "Seeds"\u2028',
        'fact "a:b" under key "Seeds" has field "a" 1 2',
    ],
)
def test_what_is_almost_a_sentence_is_none(text: str) -> None:
    """A sentence fits whole, or not at all."""
    assert [] == matching(text)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("it must be rather nice", "did you mean: it must include: (table)"),
        ('any facts undr key "Seeds"', 'did you mean: any fact under key "K" SEL'),
        ('the stop reason was "CriteriaMet"', 'did you mean: the stop reason is "reason"'),
        ("qwertz", "write a sentence of the step catalogue"),
    ],
)
def test_an_unknown_step_names_the_nearest_pattern(text: str, advice: str) -> None:
    """A sentence that nobody understands is never passed over."""
    with pytest.raises(StepProblem) as caught:
        parse_step(text)
    assert ("unknown-step", advice) == (caught.value.name, caught.value.fix)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('any fact under key "Sedes"', "unknown-context-key"),
        ('any fact under key "Seeds" with id "ven dor:*"', "malformed-pattern"),
        ('any fact under key "Seeds" where field "a" matches /(/', "invalid-value"),
        ('any fact under key "Seeds" where field "a" is at least "x"', "contradictory-check"),
        ('any fact under key "Seeds" where field "a..b" exists', "invalid-value"),
        ('field "a" must be at least true', "contradictory-check"),
        ('field "a" must be 2030-02-31', "invalid-value"),
        ('field "a" must equal field "b" of fact "x:*" under key "Seeds"', "malformed-pattern"),
        ("its confidence must be at least 2", "contradictory-check"),
        ("at least 1.5 facts exist", "invalid-value"),
        ("at most 12345678901 facts exist", "invalid-value"),
        ('the stop reason is "Criteriamet"', "invalid-value"),
        ('gate "a" answers "PASS" for "x:y"', "invalid-value"),
        ("it must include:", "step-argument"),
    ],
)
def test_a_value_that_can_not_be_right_is_refused(text: str, name: str) -> None:
    """Whatever needs no pack to be known wrong is said at once."""
    with pytest.raises(StepProblem) as caught:
        parse_step(text)
    assert name == caught.value.name


def test_a_literal_has_its_python_value() -> None:
    """Numbers are Decimal, so that money stays exact."""
    given = parse_step('any fact under key "Seeds" where field "a" is 1.10').value
    assert Decimal("1.10") == given.selection.where.values[0].plain()


def test_a_very_long_step_is_answered_quickly() -> None:
    """Advice looks at the beginning only."""
    assert nearest("it must include " + "x" * 1_000_000, cutoff=0.99) is None
