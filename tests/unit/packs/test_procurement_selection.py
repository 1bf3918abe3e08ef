"""All procurement suggestors together, cycle by cycle, on facts made by hand."""

from decimal import Decimal
from typing import Any

from pack_bench import Bench, MakeBench

from converge_cli import ProposedFact

ABC = (
    ("acme", "15000.00", True, "15", "6"),
    ("bolt", "22000.00", True, "8", "4"),
    ("crux", "8000.00", False, "3", "10"),
)


def bid(
    bench: Bench,
    name: str,
    price: str,
    compliant: bool,
    years: str | None,
    weeks: str | None,
    **columns: str,
) -> None:
    """A row of the file becomes a Seed."""
    bench.seed(f"vendor:{name}", row(name, price, compliant, years, weeks, **columns))


def row(name: str, price: str, compliant: bool, years: str | None, weeks: str | None, **columns: str) -> dict[str, Any]:
    """The payload of a vendor."""
    return {
        "id": name,
        "name": name.title(),
        "price": price,
        "compliant": compliant,
        "years_in_business": years,
        "delivery_weeks": weeks,
        "columns": columns,
    }


def abc(bench: Bench) -> Bench:
    """The three documented vendors."""
    for values in ABC:
        bid(bench, *values)
    return bench


class TestTheDocumentedNumbers:
    def test_a_scores_0_875_b_0_85_and_c_0_475(self, selection: MakeBench) -> None:
        """Equal weights over the four criteria, in order, C without a recommendation."""
        bench = abc(selection())
        bench.converge()
        expected = [
            (1, "acme", Decimal("0.875"), True),
            (2, "bolt", Decimal("0.85"), True),
            (3, "crux", Decimal("0.475"), False),
        ]

        rows = bench.current("Evaluations", "ranking:vendors").vendors

        assert expected == [(r.rank, r.vendor, r.score, r.recommended) for r in rows]
        assert [str(r.score) for r in rows] == ["0.875", "0.85", "0.475"]

    def test_the_first_is_committed_with_what_it_rests_on(self, selection: MakeBench) -> None:
        """Ranking, recommendation and both passed gates are its evidence."""
        bench = abc(selection())
        bench.converge()
        expected = (
            "recommendation:acme",
            "ranking:vendors",
            "passed:competitive_review:acme",
            "passed:vendor_due_diligence:acme",
        )

        actual = bench.context.current("Strategies", "commitment:acme")

        assert actual is not None
        assert expected == actual.evidence
        assert (Decimal("15000.00"), Decimal("0.875")) == (actual.payload.price, actual.payload.score)
        assert bench.names("Strategies", "commitment:") == ["commitment:acme"]

    def test_sensitivity_names_the_smallest_change_that_flips_the_first(self, selection: MakeBench) -> None:
        """Risk down by a twelfth, or timeline up by an eighth, puts bolt first; the others can't."""
        bench = abc(selection())
        bench.converge()
        expected = {
            "compliance": (None, None, None),
            "price": (None, None, None),
            "risk": ("bolt", "decrease", Decimal("0.083334")),
            "timeline": ("bolt", "increase", Decimal("0.125")),
        }

        found = {name: bench.current("Evaluations", f"sensitivity:{name}") for name in expected}

        assert expected == {name: (s.flips_to, s.direction, s.change) for name, s in found.items()}

    def test_the_reason_of_a_score_names_value_and_band(self, selection: MakeBench) -> None:
        """So that a person can check it without the code."""
        bench = abc(selection())
        bench.converge()

        assert bench.current("Evaluations", "score:price:acme").reason == "price 15000.00 is below 25000"
        assert bench.current("Evaluations", "score:timeline:crux").reason == "delivery_weeks 10 is at most 12"

    def test_it_takes_four_cycles_and_one_to_find_nothing_new(self, selection: MakeBench) -> None:
        """Scores, ranking, recommendations and reviews, commitment."""
        assert abc(selection()).converge() == 5


class TestLateAndCorrected:
    def test_a_better_late_bid_takes_the_first_place(self, selection: MakeBench) -> None:
        """The ranking is corrected, the recommendations follow, nothing is said twice."""
        bench = abc(selection())
        for _ in range(3):
            bench.cycle()
        bid(bench, "dune", "9500.00", True, "12", "3")
        bench.converge()

        assert bench.context.current("Evaluations", "ranking:vendors").id == "ranking:vendors@2"  # type: ignore[union-attr]
        assert bench.names("Strategies", "commitment:") == ["commitment:dune"]
        ranks = {name: bench.current("Strategies", f"recommendation:{name}").rank for name in ("acme", "bolt", "dune")}
        assert ranks == {"dune": 1, "acme": 2, "bolt": 3}

    def test_a_parked_commitment_is_asked_anew_on_the_corrected_ranking(self, selection: MakeBench) -> None:
        """While people are asked, a worse late bid still changes what they were shown."""
        bench = abc(selection())
        commit = bench.suggestors.pop()
        bench.converge()
        before = bench.propose(commit)
        bid(bench, "dune", "49000.00", True, "6", "9")
        lagging = bench.propose(commit)
        bench.converge()
        after = bench.propose(commit)

        assert [tuple(p.id for p in lagging), tuple(p.id for p in after)] == [(), ("commitment:acme",)]
        assert (before[0].evidence[1], after[0].evidence[1]) == ("ranking:vendors", "ranking:vendors@2")
        assert before[0].evidence[0] == after[0].evidence[0] == "recommendation:acme"

    def test_a_vendor_pushed_off_the_shortlist_is_withdrawn(self, selection: MakeBench) -> None:
        """Its recommendation says so, with its new rank."""
        bench = abc(selection(shortlist=1))
        bench.suggestors.pop()
        bench.converge()
        bid(bench, "dune", "9500.00", True, "12", "3")
        bench.converge()

        actual = bench.current("Strategies", "recommendation:acme")

        assert (actual.status, actual.rank) == ("withdrawn", 2)
        assert (
            bench.current("Strategies", "recommendation:dune").status,
            bench.current("Strategies", "recommendation:dune").rank,
        ) == ("recommended", 1)

    def test_a_price_correction_changes_the_commitment(self, selection: MakeBench) -> None:
        """Same vendor, same score, other price: recommendation and commitment name the new one."""
        bench = abc(selection())
        commit = bench.suggestors.pop()
        bench.converge()
        _correct(bench, "vendor:acme", row("acme", "16000.00", True, "15", "6"))
        stale = bench.propose(commit)
        bench.converge()
        (proposal,) = bench.propose(commit)

        assert Decimal("15000.00") == stale[0].payload.price
        assert Decimal("16000.00") == proposal.payload.price
        assert "ranking:vendors@2" in proposal.evidence
        assert "recommendation:acme@2" in proposal.evidence

    def test_a_vendor_that_turns_out_non_compliant_loses_its_recommendation(self, selection: MakeBench) -> None:
        """Nothing recommended stays recommended against the facts."""
        bench = abc(selection())
        bench.suggestors.pop()
        bench.converge()
        _correct(bench, "vendor:acme", row("acme", "15000.00", False, "15", "6"))
        bench.converge()

        assert (
            bench.current("Strategies", "recommendation:acme").status,
            bench.current("Strategies", "recommendation:acme").rank,
        ) == ("withdrawn", 0)
        assert bench.current("Evaluations", "ranking:vendors").first == "bolt"

    def test_a_forged_score_is_corrected(self, selection: MakeBench) -> None:
        """An evaluator looks at what stands, not only at whether something does."""
        bench = selection()
        score = {"vendor": "acme", "about": "vendor:acme", "criterion": "price", "score": "1", "reason": "trust me"}
        bench.seed("vendor:acme", row(*ABC[0]))
        bench.promote("forger", _proposal("Evaluations", "score:price:acme", score))
        bench.cycle()

        assert Decimal("0.7") == bench.current("Evaluations", "score:price:acme").score

    def test_the_spend_is_not_proposed_to_a_second_vendor(self, selection: MakeBench) -> None:
        """Once committed, a later winner is for people to sort out."""
        bench = abc(selection())
        bench.converge()
        bid(bench, "dune", "9500.00", True, "12", "3")
        bench.converge()

        assert bench.current("Evaluations", "ranking:vendors").first == "dune"
        assert bench.names("Strategies", "commitment:") == ["commitment:acme"]


class TestHonestOutcomes:
    def test_no_vendors_means_no_ranking(self, selection: MakeBench) -> None:
        """Nothing in, nothing out."""
        bench = selection()

        assert bench.converge() == 1
        assert bench.context.facts == []

    def test_when_nobody_is_compliant_all_are_ranked_and_none_recommended(self, selection: MakeBench) -> None:
        """The ranking says who and why."""
        bench = selection()
        bid(bench, "lima", "9000", False, "14", "3")
        bid(bench, "mike", "9000", False, "14", "3")
        bench.converge()
        ranking = bench.current("Evaluations", "ranking:vendors")

        assert (ranking.first, [r.vendor for r in ranking.vendors]) == (None, ["lima", "mike"])
        assert ranking.vendors[0].reason == "not eligible: compliant not met"
        assert bench.names("Strategies", "") == []
        assert bench.names("Evaluations", "passed:") == []

    def test_a_single_bid_does_not_pass_the_competitive_review(self, selection: MakeBench) -> None:
        """Due diligence it does."""
        bench = selection()
        bid(bench, "kilo", "9000", True, "14", "3")
        bench.converge()

        assert bench.names("Evaluations", "passed:") == ["passed:vendor_due_diligence:kilo"]

    def test_a_young_vendor_does_not_pass_due_diligence(self, selection: MakeBench) -> None:
        """Four years are too few, five are enough."""
        bench = selection()
        bid(bench, "four", "9000", True, "4", "3")
        bid(bench, "five", "9000", True, "5", "3")
        bench.converge()

        assert bench.names("Evaluations", "passed:vendor_due_diligence") == ["passed:vendor_due_diligence:five"]

    def test_a_vendor_without_a_value_is_named_and_nothing_is_committed(self, selection: MakeBench) -> None:
        """The others are ranked; the spend waits until the gap is closed."""
        bench = selection()
        bid(bench, "nova", "9000", True, "14", None)
        bid(bench, "opal", "12000", True, "9", "5")
        bench.converge()
        gap = bench.current("Diagnostic", "unscored:timeline:nova")

        assert (gap.open, gap.reason) == (True, "no value in column delivery_weeks")
        assert (
            bench.current("Evaluations", "ranking:vendors").unranked,
            bench.current("Evaluations", "ranking:vendors").first,
        ) == (("nova",), "opal")
        assert bench.names("Strategies", "commitment:") == []

    def test_a_closed_gap_lets_the_commitment_through(self, selection: MakeBench) -> None:
        """The vendor states its delivery time after all."""
        bench = selection()
        bid(bench, "nova", "9000", True, "14", None)
        bid(bench, "opal", "12000", True, "9", "5")
        bench.converge()
        _correct(bench, "vendor:nova", row("nova", "9000", True, "14", "2"))
        bench.converge()

        assert not bench.current("Diagnostic", "unscored:timeline:nova").open
        assert bench.names("Strategies", "commitment:") == ["commitment:nova"]


class TestParametersAlone:
    def test_a_new_scored_column_changes_the_ranking(self, selection: MakeBench) -> None:
        """No code: a weight and bands."""
        steps = [{"at_least": 9, "score": 1}, {"at_least": 7, "score": Decimal("0.6")}]
        bench = selection(
            weights={"price": Decimal("0.2"), "quality": Decimal("0.8")},
            bands={"quality": {"column": "quality_score", "steps": steps, "otherwise": 0}},
        )
        bid(bench, "good", "20000", True, "9", "9", quality_score="9.5")
        bid(bench, "cheap", "5000", True, "9", "9", quality_score="7")
        bench.converge()
        rows = bench.current("Evaluations", "ranking:vendors").vendors

        assert [("good", Decimal("0.94")), ("cheap", Decimal("0.68"))] == [(r.vendor, r.score) for r in rows]
        assert bench.names("Evaluations", "score:") == [
            "score:price:cheap",
            "score:price:good",
            "score:quality:cheap",
            "score:quality:good",
        ]

    def test_a_further_hard_requirement_excludes(self, selection: MakeBench) -> None:
        """A text column of yes and no serves; an empty cell is not a yes."""
        bench = selection(requirements=["compliant", "iso27001"])
        bid(bench, "yes", "20000", True, "9", "9", iso27001="yes")
        bid(bench, "no", "5000", True, "9", "9", iso27001="no")
        bid(bench, "none", "5000", True, "9", "9")
        bench.converge()

        assert bench.current("Evaluations", "eligibility:no").failed == ("iso27001",)
        assert bench.current("Evaluations", "eligibility:none").failed == ("iso27001",)
        assert bench.names("Strategies", "recommendation:") == ["recommendation:yes"]

    def test_ties_are_broken_by_id_and_a_zero_change_flips(self, selection: MakeBench) -> None:
        """Equal bids that differ in kind: any change of the weight decides."""
        bench = selection(weights={"price": 1, "timeline": 1})
        bid(bench, "zeta", "9000", True, "9", "8")
        bid(bench, "alfa", "9000", True, "9", "8")
        bid(bench, "beta", "9000", True, "9", "8")
        bench.converge()

        assert [r.vendor for r in bench.current("Evaluations", "ranking:vendors").vendors] == ["alfa", "beta", "zeta"]
        assert bench.current("Evaluations", "sensitivity:price").flips_to is None


def test_two_thousand_vendors_are_ranked_in_one_pass(selection: MakeBench) -> None:
    """As many bids as a large tender has; the order is the defined one."""
    bench = selection()
    for number in range(2000):
        bid(bench, f"v{number:04}", str(5000 + number * 31), number % 3 != 0, str(number % 20), str(number % 14))

    assert bench.converge() == 5
    rows = bench.current("Evaluations", "ranking:vendors").vendors
    assert sorted(rows, key=lambda r: (-r.score, r.vendor)) == list(rows)
    assert len(rows) == 2000
    assert sum(r.recommended for r in rows) == 3


def _proposal(key: str, fact_id: str, payload: Any, corrects: str | None = None) -> Any:
    return ProposedFact(key, fact_id, payload, corrects=corrects)


def _correct(bench: Bench, subject: str, payload: Any) -> None:
    """A second version of a vendor, as a source of bids might give one."""
    bench.promote("source", _proposal("Seeds", f"{subject}@2", payload, subject))
