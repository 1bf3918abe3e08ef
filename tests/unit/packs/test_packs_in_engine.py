"""The shipped truths, compiled and run by the real engine with the real policy, on inputs made here."""

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pack_bench import ROOT

from converge_cli import ContextView, Effect, Engine, Person, ProposedFact, RunResult, Suggestor
from converge_cli.pack.registry import PackRegistry
from converge_cli.policy.cedar import CedarAuthorizer
from converge_cli.truth.compiler import Compilation, compile_truth
from converge_cli.truth.source import Source

PETRA = Person("petra", "Petra", ("procurement_lead",), "supervisory", ("procurement",))
PROJECTS = {
    "hello-convergence": ROOT,
    "vendor-selection": ROOT,
    "custom-agent": ROOT / "docs" / "examples" / "custom-agent",
}
COLUMNS = ("id", "price", "compliant", "years_in_business", "delivery_weeks")


def compiled(key: str, edit: tuple[str, str] = ("", "")) -> Compilation:
    """A shipped truth with its feature; `edit` replaces one text of the contract by another."""
    project: Path = PROJECTS[key]
    truth = (project / "truths" / key / "truth.yaml").read_text().replace(*edit)
    feature = (project / "features" / f"{key}.feature").read_bytes()
    sources = [Source(f"{key}.feature", feature)]
    return compile_truth(Source("truth.yaml", truth.encode()), sources, PackRegistry([project / "packs"]))


def bids(*rows: tuple[Any, ...], **columns: str) -> list[ProposedFact]:
    """Seeds of vendors."""
    made = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return [ProposedFact("Seeds", f"vendor:{r['id']}", {**r, "name": r["id"], "columns": columns}) for r in made]


ABC = bids(
    ("acme", "15000.00", True, "15", "6"), ("bolt", "22000.00", True, "8", "4"), ("crux", "8000.00", False, "3", "10")
)


def run(compilation: Compilation, seeds: Iterable[ProposedFact], *more: Suggestor) -> RunResult:
    """One run with Petra as principal."""
    assert compilation.job is not None, compilation.diagnostics
    policies = {pack.name: pack.policy for pack in compilation.packs if pack.policy is not None}
    engine = Engine(
        more,
        job=compilation.job,
        packs=compilation.packs,
        parameters=compilation.parameters,
        people=[PETRA],
        gate=CedarAuthorizer(policies),
    )
    return asyncio.run(engine.run(list(seeds)))


class Latecomer(Suggestor):
    """Makes a bid as soon as the ranking stands."""

    name = "latecomer"
    reads = ("Evaluations:ranking:vendors",)
    writes = ("Seeds:vendor:dune",)

    def __init__(self, price: str) -> None:
        self._price = price

    def execute(self, view: ContextView) -> Effect:
        """Propose the bid, once."""
        ranked = view.get("Evaluations", "ranking:vendors")
        if ranked is None or any(line.vendor == "dune" for line in ranked.payload.vendors):
            return Effect()
        return Effect(bids(("dune", self._price, True, "12", "3")))


class Meddler(Suggestor):
    """Says something else of a fact than stands, once it is there."""

    name = "meddler"

    def __init__(self, key: str, subject: str, **says: Any) -> None:
        self.reads = self.writes = (f"{key}:{subject}",)
        self._key, self._subject = key, subject
        self._says = says

    def execute(self, view: ContextView) -> Effect:
        """Correct the first version of the fact."""
        standing = view.get(self._key, self._subject)
        if standing is None or standing.id != self._subject:
            return Effect()
        said = {name: getattr(standing.payload, name) for name in standing.payload.__struct_fields__}
        return Effect([view.revise(self._key, self._subject, {**said, **self._says})])


@pytest.mark.parametrize("key", PROJECTS)
def test_a_shipped_truth_compiles_without_a_finding(key: str) -> None:
    """No error, no warning, nothing deferred."""
    compilation = compiled(key)

    assert compilation.job is not None
    assert (compilation.diagnostics, [c.id for c in compilation.job.clauses if c.deferred]) == ((), [])


def test_every_invariant_is_violated_by_some_example_and_held_by_another() -> None:
    """An invariant that no example breaks could be empty without anybody noticing."""
    for key in PROJECTS:
        compilation = compiled(key)
        assert compilation.job is not None
        texts = [outcome.text for example in compilation.examples for outcome in example.then]
        authored = {item.id for item in compilation.job.invariants if not item.id.startswith("required_")}

        assert set() == {name for name in authored if not any(f'"{name}" is violated' in text for text in texts)}
        assert any(text == "no invariant is unexercised" for text in texts)


def test_hello_takes_three_cycles() -> None:
    """Greeting, echo, nothing."""
    result = run(compiled("hello-convergence"), [])

    assert (result.reason, result.cycles) == ("CriteriaMet", 3)


def test_the_documented_vendors_wait_for_approval_without_any_rejection() -> None:
    """Nothing of what the pack proposes is ever refused by the gate's checks."""
    result = run(compiled("vendor-selection"), ABC)

    assert (result.reason, result.rejections) == ("HumanInterventionRequired", ())
    assert [request.fact for request in result.pending] == ["commitment:acme"]
    assert [line["vendor"] for line in result.outputs["ranking"]["vendors"]] == ["acme", "bolt", "crux"]
    assert [line["score"] for line in result.outputs["ranking"]["vendors"]] == ["0.875", "0.85", "0.475"]


@pytest.mark.parametrize(("price", "asked"), [("9500.00", "commitment:dune"), ("60000.00", "commitment:acme")])
def test_a_bid_after_the_ranking_revises_it_and_one_request_is_pending(price: str, asked: str) -> None:
    """Whether the late bid wins or not, nobody is left with a request on a ranking that no longer stands."""
    result = run(compiled("vendor-selection"), ABC, Latecomer(price))
    ranking = result.fact("Evaluations", "ranking:vendors")

    assert ranking is not None
    assert (ranking.id, result.rejections) == ("ranking:vendors@2", ())
    assert [asked] == [request.fact for request in result.pending]
    assert "ranking:vendors@2" in result.pending[0].evidence


def test_a_recommendation_that_somebody_changed_says_what_was_found_again() -> None:
    """Also when nothing else has changed since."""
    result = run(
        compiled("vendor-selection"), ABC, Meddler("Strategies", "recommendation:bolt", rank=1, score=Decimal("0.99"))
    )
    recommendations = [fact.payload for fact in result.facts if fact.subject == "recommendation:bolt"]

    assert [Decimal("0.85"), Decimal("0.99"), Decimal("0.85")] == [said.score for said in recommendations]
    assert ["commitment:acme"] == [request.fact for request in result.pending]


def test_a_vendor_taken_off_the_shortlist_comes_back_only_by_the_procurement_manager() -> None:
    """Acme passed its reviews: the ranking still has it first, and a person decides whether it stands there again."""
    result = run(
        compiled("vendor-selection"), ABC, Meddler("Strategies", "recommendation:acme", status="withdrawn", rank=0)
    )
    (request,) = result.pending

    assert ("HumanInterventionRequired", ()) == (result.reason, result.rejections)
    assert ("recommendation:acme@3", "reinstatement", "procurement_manager") == (
        request.fact,
        request.point,
        request.role,
    )
    assert {"ranked", "committed"} == {item.id for item in result.criteria if item.result == "blocked"}


def test_a_vendor_without_its_reviews_does_not_come_back_at_all() -> None:
    """Four years in business are too few for due diligence: nobody is asked."""
    young = bids(("acme", "15000.00", True, "15", "6"), ("bolt", "22000.00", True, "4", "4"))
    result = run(compiled("vendor-selection"), young, Meddler("Strategies", "recommendation:bolt", status="withdrawn"))
    bolt = result.fact("Strategies", "recommendation:bolt")

    assert bolt is not None
    assert ("withdrawn", "recommendation:bolt@2") == (bolt.payload.status, bolt.id)
    assert [("recommendation:bolt@3", "TRANSITION_GATE_MISSING")] == [
        (item.id, item.code) for item in result.rejections
    ]
    assert ["commitment:acme"] == [request.fact for request in result.pending]


@pytest.mark.parametrize(
    ("subject", "says", "reason"),
    [
        (
            "score:price:bolt",
            {"score": Decimal(1)},
            "bolt has 0.85 points by its bid, not 0.925; acme is first, not bolt",
        ),
        ("ranking:vendors", {"first": "bolt"}, "acme is first, not bolt"),
        ("ranking:vendors", {"vendors": (), "unranked": ("acme", "bolt", "crux")}, "acme can be ranked"),
        ("eligibility:crux", {"eligible": True, "failed": ()}, "crux does not meet the requirements"),
        ("eligibility:acme", {"eligible": False, "failed": ("compliant",)}, "acme meets the requirements"),
    ],
)
def test_what_does_not_follow_from_the_bids_is_found_out(subject: str, says: dict[str, Any], reason: str) -> None:
    """Whoever said so, and whatever it was that he changed: no commitment comes of it."""
    result = run(compiled("vendor-selection"), ABC, Meddler("Evaluations", subject, **says))
    breach = result.fact("Diagnostic", "breach:ranking:vendors")

    assert "InvariantViolated" == result.reason
    assert breach is not None
    assert reason in breach.payload.reason
    assert [] == [fact for fact in result.current if fact.kind == "commitment"]


def test_a_new_column_is_scored_by_the_contract_alone() -> None:
    """Weight and bands in truth.yaml, nothing else."""
    weights = (
        "timeline: 0.25}\n    bands:",
        "timeline: 0.25, quality: 1}\n    bands:\n      quality: {column: q, steps: "
        "[{at_least: 9, score: 1}], otherwise: 0}",
    )
    result = run(compiled("vendor-selection", weights), bids(("acme", "15000.00", True, "15", "6"), q="9.5"))

    score = result.fact("Evaluations", "score:quality:acme")
    recommendation = result.fact("Strategies", "recommendation:acme")

    assert score is not None
    assert recommendation is not None
    assert (Decimal(1), Decimal("0.9375")) == (score.payload.score, recommendation.payload.score)


def test_two_thousand_bids_are_decided_in_one_run() -> None:
    """Thirteen columns, ties included; the content of the ranking stays within the size limit."""
    columns = dict.fromkeys("abcdefg", "x")
    rows = [(f"v{n:04}", f"{5000 + n % 700 * 60}.00", n % 3 != 0, str(n % 20), str(n % 14)) for n in range(2000)]
    result = run(compiled("vendor-selection"), bids(*rows, **columns))
    lines = result.outputs["ranking"]["vendors"]

    assert (result.reason, result.rejections, len(lines)) == ("HumanInterventionRequired", (), 2000)
    assert sorted(lines, key=lambda line: (-Decimal(line["score"]), line["vendor"])) == lines
