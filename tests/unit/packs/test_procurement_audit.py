"""The audit of a selection reckons by itself: on whatever bids and bands it comes to what the evaluators come to."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pack_bench import ROOT, MakeBench, load

MODULES = load(
    "bench_procurement", ROOT / "packs" / "procurement", "audit", "evaluation", "facts", "parameters", "scoring"
)
FACTS, PARAMETERS, SCORING = MODULES["facts"], MODULES["parameters"], MODULES["scoring"]

SCORES = st.decimals(0, 1, places=3)
NUMBERS = st.sampled_from(["0", "2", "4", "5", "5.0", "7", "8", "10", "10.001", "12", "9999.99", "10000", "50000"])
CELLS = st.one_of(NUMBERS, st.sampled_from(["", " 5 ", "1e1", "NaN", "-3", "+8", "yes", "No ", "TRUE", "1", "many"]))
LIMITS = st.tuples(st.sampled_from(["below", "at_most", "above", "at_least"]), NUMBERS.map(Decimal))
STEPS = st.builds(lambda limit, score: PARAMETERS.Step(**{limit[0]: limit[1]}, score=score), LIMITS, SCORES)
BANDS = st.one_of(
    st.builds(lambda steps, rest: {"steps": tuple(steps), "otherwise": rest}, st.lists(STEPS, min_size=1), SCORES),
    st.builds(lambda yes, no: {"when_true": yes, "when_false": no}, SCORES, SCORES),
)
BIDS = st.builds(
    lambda price, compliant, years, weeks, cell: FACTS.Vendor(
        id="v",
        name="V",
        price=Decimal(price),
        compliant=compliant,
        years_in_business=years,
        delivery_weeks=weeks,
        columns=FACTS.Columns({"quality": cell}),
    ),
    NUMBERS.filter(lambda number: number != "10.001"),
    st.booleans(),
    st.none() | NUMBERS.map(Decimal),
    NUMBERS.map(Decimal),
    CELLS,
)


@given(BIDS, BANDS, st.sampled_from(["quality", "price", "compliant", "years_in_business"]), SCORES)
def test_two_ways_to_reckon_agree_on_whatever_bid(
    bid: Any, bands: dict[str, Any], column: str, weight: Decimal
) -> None:
    """The same points to the sixth decimal, and the same bids without any."""
    parameters = PARAMETERS.SelectionParameters(
        weights={**PARAMETERS.EQUAL_WEIGHTS, "quality": weight},
        bands={"quality": PARAMETERS.Bands(column=column, **bands)},
    )
    scores = {name: SCORING.judge(parameters.bands_of(name), bid).score for name in parameters.weights}
    expected = None if None in scores.values() else SCORING.weighted(scores, parameters.weights)

    assert expected == MODULES["audit"].Audit(parameters)._points(bid)


@given(BIDS, st.lists(st.sampled_from(["compliant", "quality", "years_in_business"]), unique=True))
def test_two_ways_to_look_at_the_requirements_agree(bid: Any, columns: list[str]) -> None:
    """Yes is yes, and everything else is not met."""
    expected = all(SCORING.flag(bid, column) is True for column in columns)
    parameters = PARAMETERS.SelectionParameters(requirements=tuple(columns))

    assert expected == MODULES["audit"].Audit(parameters)._is_eligible(bid)


def test_of_equal_bids_the_audit_has_the_same_first(selection: MakeBench) -> None:
    """By the name in ids, as the ranking says; nothing is found wrong."""
    bench = selection()
    for name in ("zeta", "Alfa", "alfa"):
        bid = {"id": f"id of {name}", "name": name, "price": "12000.00", "compliant": True}
        bench.seed(f"vendor:{name}", {**bid, "years_in_business": "8", "delivery_weeks": "5"})
    bench.converge()

    assert ["commitment:Alfa"] == bench.names("Strategies", "commitment:")
    assert [] == bench.names("Diagnostic", "breach:")
