"""A pack's sentence stands for sentences of the catalogue, and nothing of the pack runs later."""

from decimal import Decimal
from typing import Any

import pytest

from converge_cli._internal.canonical_json import encode
from converge_cli.core.pack import Pack
from converge_cli.core.pack_step import step
from converge_cli.truth.compiler import Compilation, compile_truth
from converge_cli.truth.source import Source

TRUTH = """truth: v1
key: priced
kind: job
title: Every offer has a price
packs: [shop, speech]
success_criteria:
  - {id: offered, description: An offer exists, then: ['%s']}
"""
COUNT = 'the Context key "Strategies" contains at least 1 fact with id "offer:*"'
FEATURE = """Feature: Offers
  @invariant @structural
  Scenario: An offer has a price
    Given any fact under key "Strategies" with id "offer:*"
    Then %s
"""


@step("the price of {vendor:text} is within {limit:number}")
def price_is_within(vendor: str, limit: Decimal) -> str:
    return f'no fact under key "Strategies" with id "offer:{vendor}" where field "price" is greater than {limit} exists'


@step("an offer names a {what:vendor|price} and lasts {days:count} days")
def offer_names(what: str, days: int) -> list[str]:
    return [f'field "{what}" must not be "nobody"' if what == "vendor" else 'field "price" must be at least 0',
            f'field "terms.days" must be at least {days}']  # fmt: skip


@step("field {name:field} is kept at {worth:value}")
def kept(name: str, worth: str) -> str:
    return f'field "{name}" must be {worth}'


@step("some offer is there")
def some_offer() -> str:
    return COUNT


@step("all offers of the shop")
def all_offers() -> str:
    return 'any fact under key "Strategies" with id "offer:*"'


@step("nothing is said")
def nothing() -> list[str]:
    return []


@step("nonsense is said")
def nonsense() -> str:
    return "all is well"


@step("something breaks")
def breaks() -> str:
    raise KeyError("gone")


@step("field {name:field} must be {worth:value}")
def clash(name: str, worth: str) -> str:
    return f'field "{name}" must be {worth}'


SPEECH = Pack(
    "speech",
    kinds={},
    factories=[],
    steps=[price_is_within, offer_names, kept, some_offer, all_offers, nothing, nonsense, breaks],
)


@pytest.fixture
def compile_said(shop: Any) -> Any:
    """Compiles a Then and a criterion with the packs shop and speech."""

    def compile_it(then: str, criterion: str = COUNT, *more: Any) -> Compilation:
        speech = SPEECH if not more else Pack("speech", kinds={}, factories=[], steps=[*SPEECH.steps, *more])

        class Shelf(shop.Shelf):  # type: ignore[misc,name-defined]
            def find(self, name: str) -> Pack | None:
                return speech if name == "speech" else super().find(name)

        feature = Source("f.feature", (FEATURE % then).encode())
        return compile_truth(Source("t.truth.yaml", (TRUTH % criterion).encode()), [feature], Shelf())

    return compile_it


def _then(compiled: Compilation) -> list[str]:
    assert compiled.job is not None, compiled.diagnostics
    return [then.text for item in compiled.job.invariants for then in item.then]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (
            'the price of "acme" is within 5.50',
            ['no fact under key "Strategies" with id "offer:acme" where field "price" is greater than 5.50 exists'],
        ),
        (
            "an offer names a price and lasts 3 days",
            ['field "price" must be at least 0', 'field "terms.days" must be at least 3'],
        ),
        (r'field "vendor" is kept at "a \"b\" c"', [r'field "vendor" must be "a \"b\" c"']),
    ],
)
def test_a_step_compiles_to_what_it_stands_for(compile_said: Any, said: str, meant: list[str]) -> None:
    """The job is the same as if the catalogue's sentences had been written."""
    compiled = compile_said(said)
    plain = compile_said("\n    And ".join(meant))

    assert meant == _then(compiled)
    assert [then.check for item in plain.job.invariants for then in item.then] == [
        then.check for item in compiled.job.invariants for then in item.then
    ]
    assert b"is within" not in encode(compiled.job)


def test_a_contract_and_a_selection_may_say_it_too(compile_said: Any) -> None:
    """One language for features and truth.yaml."""
    compiled = compile_said('field "price" must be at least 1', "some offer is there")

    assert [COUNT] == [then.text for then in compiled.job.criteria[0].then]
    assert {("speech", "some offer is there")} == compiled.said


@pytest.mark.parametrize(
    ("said", "name", "message"),
    [
        ("nothing is said", "broken-pack", "it stands for no sentence"),
        ("nonsense is said", "broken-pack", "it stands for 'all is well', which is no sentence of the catalogue"),
        ("something breaks", "broken-pack", "it raised KeyError: 'gone'"),
        ('field "price" must be 5', "ambiguous-step", "the step matches"),
        ('the price of "acme" is withn 5', "unknown-step", "no pattern of the step catalogue or the packs matches"),
        ('field "a..b" is kept at 5', "invalid-value", "is not a field path"),
        ("all offers of the shop", "misplaced-step", "is a Given step, not a Then step"),
        ('field "nothing" is kept at 5', "unknown-field", "has no field 'nothing'"),
        ('the price of "acme" is within 5:\n      | a |', "step-argument", "takes no table"),
    ],
)
def test_what_a_step_can_not_stand_for_is_a_finding(compile_said: Any, said: str, name: str, message: str) -> None:
    """Never a traceback, never a step that is passed over; the finding stands where the sentence does."""
    compiled = compile_said(said.replace("5:\n", "5\n"), COUNT, *([clash] if name == "ambiguous-step" else []))

    assert None is compiled.job
    assert [(name, 5)] == [(item.name, item.line) for item in compiled.diagnostics]
    assert message in compiled.diagnostics[0].message


def test_a_misspelt_sentence_of_a_pack_is_told_by_its_pack(compile_said: Any) -> None:
    """The catalogue's nearest sentence would lead astray."""
    assert 'did you mean: the price of "vendor" is within X (pack speech)' == (
        compile_said('the prise of "acme" is within 5').diagnostics[0].fix
    )
