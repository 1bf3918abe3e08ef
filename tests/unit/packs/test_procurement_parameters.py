"""Procurement's parameters: what fits, and what is said about what does not."""

from decimal import Decimal
from typing import Any

import pytest

from converge_cli.core.pack import InvalidParametersError, Pack

Modules = dict[str, Any]


@pytest.fixture
def pack(procurement: Modules) -> Pack:
    """Procurement's parameters model in a pack without suggestors."""
    return Pack("procurement", kinds={}, factories=[], parameters=procurement["facts"].SelectionParameters)


class TestWhatFits:
    def test_without_any_parameters_four_criteria_weigh_the_same(self, pack: Pack) -> None:
        """The defaults are the documented ones."""
        expected = {"compliance": "0.25", "price": "0.25", "risk": "0.25", "timeline": "0.25"}

        actual = pack.parse_parameters({})

        assert expected == {name: str(weight) for name, weight in actual.weights.items()}  # type: ignore[union-attr]

    def test_a_new_criterion_needs_a_weight_and_bands_only(self, pack: Pack) -> None:
        """Whole numbers and decimals are both accepted, and the default bands stay in force for the others."""
        values = {
            "weights": {"price": 1, "quality": Decimal("0.5")},
            "bands": {
                "quality": {
                    "column": "quality_score",
                    "steps": [{"at_least": 9, "score": 1}],
                    "otherwise": Decimal("0.2"),
                }
            },
        }

        actual: Any = pack.parse_parameters(values)

        assert (actual.bands_of("quality").column, actual.bands_of("price").column) == ("quality_score", "price")


class TestWhatDoesNotFit:
    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({"weights": {"price": 0}}, "weights must be more than 0 in sum"),
            ({"weights": {}}, "weights must be more than 0 in sum"),
            ({"weights": {"price": -1}}, "weight of price is a number from 0"),
            ({"weights": {"price": Decimal("NaN")}}, "weight of price is a number from 0"),
            ({"weights": {"price": Decimal("Infinity")}}, "weight of price is a number from 0"),
            ({"weights": {"price": Decimal("0.0000000001")}}, "at most 9 decimals"),
            ({"weights": {"quality": 1}}, "weight of quality has no bands; add bands: {quality:"),
            ({"weights": {"Price:x": 1}}, "is not a name of small letters"),
            (
                {"bands": {"quality": {"column": "q", "when_true": 1, "when_false": 0}}},
                "quality would count for nothing",
            ),
            ({"bands": {"price": {"column": "price"}}}, "either steps and otherwise"),
            ({"bands": {"price": {"column": " ", "when_true": 1, "when_false": 0}}}, "name the column"),
            (
                {"bands": {"price": {"column": "p", "steps": [{"below": 1, "score": 2}], "otherwise": 0}}},
                "a score is a number from 0 to 1",
            ),
            (
                {"bands": {"price": {"column": "p", "steps": [{"below": 1, "above": 0, "score": 1}], "otherwise": 0}}},
                "exactly one of below, at_most, above, at_least",
            ),
            (
                {"bands": {"price": {"column": "p", "steps": [{"score": 1}], "otherwise": 0}}},
                "exactly one of below, at_most, above, at_least",
            ),
            ({"bands": {"price": {"column": "p", "steps": [{"below": 1, "score": 1}]}}}, "either steps and otherwise"),
            ({"bands": {"price": {"column": "p", "when_true": 1}}}, "either steps and otherwise"),
            ({"shortlist": 0}, "shortlist and minimum_bids are at least 1"),
            ({"minimum_bids": 0}, "shortlist and minimum_bids are at least 1"),
            ({"minimum_years": -1}, "minimum_years is a number of years"),
            ({"wieghts": {"price": 1}}, "wieghts"),
        ],
    )
    def test_the_reason_is_said_in_words(self, pack: Pack, values: dict[str, Any], said: str) -> None:
        """Each mistake has its own sentence."""
        with pytest.raises(InvalidParametersError) as caught:
            pack.parse_parameters(values)

        assert said in caught.value.message
