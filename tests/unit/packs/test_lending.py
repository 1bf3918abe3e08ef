"""Loan applications with the real engine, truth, policy and people: edges, gaps, reasons, forgeries."""

from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack_bench import ROOT, load
from shipped_truth import compiled, drive

from converge_cli import ContextView, Effect, Parameters, ProposedFact, RunResult, Suggestor
from converge_cli.core.pack import InvalidParametersError

KEY = "loan-application"
COMPLETE = ("identity", "income_statement", "bank_statement")
MODULES = load("bench_lending", ROOT / "packs" / "lending", "audit", "facts", "parameters", "scoring")


def applied(name: str = "a", **fields: Any) -> ProposedFact:
    """The application that comes to 0.875, with other values where they are given."""
    values = {
        "id": name,
        "applicant": f"K-{name}",
        "amount": "250000",
        "annual_income": "85000",
        "credit_score": 720,
        "age": 35,
        "years_employed": "5",
        "bankruptcy": False,
        "sanctions_match": False,
        "documents": COMPLETE,
    }
    return ProposedFact("Seeds", f"application:{name}", {**values, **fields})


def parsed(parameters: Mapping[str, Any]) -> Parameters:
    """Parameters as a truth may write them."""
    (pack,) = compiled(KEY).packs
    return pack.parse_parameters(parameters)


def run(*seeds: ProposedFact, parameters: Mapping[str, Any] | None = None, **changes: Any) -> RunResult:
    """One run in which nobody decides, as Lena."""
    if parameters is not None:
        changes["parameters"] = {"lending": parsed(parameters)}
    return drive(KEY, seeds, **{"principal": "lena", **changes})


def outcome(result: RunResult, name: str = "a") -> str:
    """What became of an application; empty when nothing has."""
    found = [fact.payload.result for fact in result.current if fact.subject == f"outcome:{name}"]
    return "".join(found)


def score(result: RunResult, factor: str, name: str = "a") -> Decimal:
    """An application on one factor."""
    found: Decimal = result.fact("Evaluations", f"score:{factor}:{name}").payload.score
    return found


def test_the_example_comes_to_its_numbers() -> None:
    """720, 250,000 on 85,000, complete, 35 years old, employed for 5, no bankruptcy."""
    result = run(applied())

    scores = result.fact("Evaluations", "assessment:a").payload.scores
    assert {"documents": 1, "credit": Decimal("0.5"), "compliance": 1, "risk": 1} == dict(scores)
    assert Decimal("0.875") == result.fact("Evaluations", "assessment:a").payload.mean
    assert ("approved", "CriteriaMet") == (outcome(result), result.reason)


@pytest.mark.parametrize(
    ("credit_score", "expected"),
    [(750, "1"), (749, "0.8"), (700, "0.8"), (699, "0.6"), (650, "0.6"), (649, "0.4"), (600, "0.4"), (599, "0.1")],
)
def test_a_credit_score_falls_into_its_band_at_the_very_edge(credit_score: int, expected: str) -> None:
    """With a loan that is easily carried, credit is the mean of 1 and the band."""
    result = run(applied(amount="100", credit_score=credit_score))

    assert (Decimal(expected) + 1) / 2 == score(result, "credit")


@pytest.mark.parametrize(
    ("amount", "income", "expected"),
    [
        ("19999.99", "100000", "1"),
        ("20000", "100000", "0.8"),
        ("29999.99", "100000", "0.8"),
        ("30000", "100000", "0.5"),
        ("39999.99", "100000", "0.5"),
        ("40000", "100000", "0.2"),
        ("0.06", "0.30", "0.8"),
        ("17070.09", "85350.45", "0.8"),
        ("17070.08", "85350.45", "1"),
        ("1", "0", "0.2"),
        ("1", "0.01", "0.2"),
    ],
)
def test_a_loan_is_affordable_by_its_exact_share_of_the_income(amount: str, income: str, expected: str) -> None:
    """0.06 / 0.30 is exactly a fifth, whatever a binary float says; without an income the worst band counts."""
    result = run(applied(amount=amount, annual_income=income, credit_score=750))

    assert (Decimal(expected) + 1) / 2 == score(result, "credit")


@pytest.mark.parametrize(
    ("fields", "mean", "expected"),
    [
        ({"credit_score": 600}, "0.825", "approved"),
        ({"credit_score": 599}, "0.7875", "in_review"),
        ({"credit_score": 700, "amount": "33000", "years_employed": "0.5"}, "0.7625", "in_review"),
        ({"credit_score": 600, "amount": "33000", "documents": (), "years_employed": "1"}, "0.5375", "declined"),
    ],
)
def test_what_it_comes_to_decides(fields: dict[str, Any], mean: str, expected: str) -> None:
    """From 0.8 on it is approved, from 0.6 on a person is asked."""
    result = run(applied(**fields))

    assert Decimal(mean) == result.fact("Evaluations", "assessment:a").payload.mean
    assert expected == outcome(result)


@pytest.mark.parametrize(
    ("approve", "review", "expected"),
    [
        ("0.875", "0.6", "approved"),
        ("0.8751", "0.6", "in_review"),
        ("0.8751", "0.875", "in_review"),
        ("0.9", "0.8751", "declined"),
        ("0.875", "0.875", "approved"),
    ],
)
def test_a_mean_that_is_exactly_the_limit_has_reached_it(approve: str, review: str, expected: str) -> None:
    """The application of 0.875 against limits around it."""
    result = run(applied(), parameters={"approve": approve, "review": review})

    assert expected == outcome(result)


@pytest.mark.parametrize(
    ("weights", "mean"),
    [
        ({"documents": 1, "credit": 2}, "0.666666"),
        ({"documents": "0.1", "credit": "0.2", "compliance": "0.3", "risk": "0.4"}, "0.9"),
        ({"credit": 4, "risk": 1}, "0.6"),
        ({"credit": 2, "risk": 3}, "0.8"),
    ],
)
def test_a_mean_is_rounded_down_and_never_up_to_a_limit(weights: dict[str, Any], mean: str) -> None:
    """Two thirds are 0.666666; 0.6 and 0.8 come out exactly, whoever changes the arithmetic of decimals."""
    with localcontext(prec=2):
        result = run(applied(), parameters={"weights": weights})

    assert Decimal(mean) == result.fact("Evaluations", "assessment:a").payload.mean
    assert ("approved" if Decimal(mean) >= Decimal("0.8") else "in_review") == outcome(result)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"age": 17}, "age 17 is below 18"),
        ({"sanctions_match": True}, "the applicant is on a sanctions list"),
        ({"age": 17, "sanctions_match": True}, "age 17 is below 18; the applicant is on a sanctions list"),
    ],
)
@pytest.mark.parametrize("weight", [0, 1, 0.001])
def test_without_compliance_it_is_declined_and_that_is_the_first_reason(
    fields: dict[str, Any], words: str, weight: float
) -> None:
    """Whatever compliance weighs, and however good the rest is."""
    weights = {"documents": 1, "credit": 1, "compliance": str(weight), "risk": 1}
    result = run(applied(amount="100", **fields), parameters={"weights": weights})

    said = result.fact("Evaluations", "outcome:a").payload
    assert ("declined", "compliance", words) == (said.result, said.reasons[0].factor, said.reasons[0].words)
    assert [] == [fact.id for fact in result.current if fact.kind in {"passed", "loan", "breach"}]


def test_a_majority_begins_on_the_birthday() -> None:
    """18 is enough."""
    assert "approved" == outcome(run(applied(age=18)))


@pytest.mark.parametrize(
    ("years", "bankrupt", "expected"),
    [("2", False, "1"), ("1.99", False, "0.7"), ("1", False, "0.7"), ("0.99", False, "0.4"), ("40", True, "0")],
)
def test_risk_is_its_weaker_part(years: str, bankrupt: bool, expected: str) -> None:
    """A long employment does not make good a bankruptcy."""
    assert Decimal(expected) == score(run(applied(years_employed=years, bankruptcy=bankrupt)), "risk")


@pytest.mark.parametrize("documents", [(), ("identity",), ("identity", "bank_statement", "passport")])
def test_missing_documents_are_named_and_keep_a_case_from_being_clear(documents: tuple[str, ...]) -> None:
    """The best of applicants, without a document: a person decides."""
    result = run(applied(amount="100", credit_score=800, documents=documents))

    said = result.fact("Evaluations", "assessment:a").payload
    missing = tuple(name for name in COMPLETE if name not in documents)
    assert ("in_review", missing) == (outcome(result), said.missing_documents)
    assert f"missing {len(missing)} of 3 required documents: {', '.join(missing)}" == said.reasons[0].words


def test_reasons_stand_in_the_order_of_what_they_take() -> None:
    """Then by name; what takes nothing is not named."""
    result = run(applied(credit_score=560, bankruptcy=True, documents=()))

    said = result.fact("Evaluations", "outcome:a").payload
    assert [("documents", "0.25"), ("risk", "0.25"), ("credit", "0.2125")] == [
        (reason.factor, str(reason.points)) for reason in said.reasons
    ]
    assert "declined by documents, mean 0.2875" == said.reason
    assert [
        "credit score 560 is below 600",
        "a loan of 250000 on an annual income of 85000 is a ratio of 2.9411, at least 0.4",
    ] == said.reasons[2].words.split("; ")


def test_what_has_no_credit_history_leaves_the_others_alone() -> None:
    """It stays undecided, and says why; the run ends unmet, not violated."""
    result = run(applied("a"), applied("b", credit_score=None))

    assert ("approved", "", "CriteriaUnmet") == (outcome(result, "a"), outcome(result, "b"), result.reason)
    assert "there is no credit score" == result.fact("Diagnostic", "unscored:credit:b").payload.reason


class Branch(Suggestor):
    """Brings an application once another one has its outcome."""

    name = "branch"
    reads = ("Evaluations:outcome:*",)
    writes = ("Seeds:application:*",)

    def execute(self, view: ContextView) -> Effect:
        """The late application."""
        return Effect([applied("late", age=17)] if view.facts("Evaluations:outcome:*") else [])


def test_an_application_that_comes_late_is_decided_like_the_others() -> None:
    """And nothing that was decided before changes."""
    result = run(applied(), more=(Branch(),))

    assert ("approved", "declined", "CriteriaMet") == (outcome(result), outcome(result, "late"), result.reason)
    assert 2 == len([fact for fact in result.facts if fact.kind == "outcome"])


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("lena", "HumanInterventionRequired"),
        ("leo", "HumanInterventionRequired"),
        ("anna", "PolicyDenied"),
        ("nobody", "PolicyDenied"),
    ],
)
def test_a_borderline_case_waits_for_a_person_and_policys_no_declines_nobody(principal: str, expected: str) -> None:
    """Not even the sovereign lends without an underwriter; whoever is of another domain lends to nobody."""
    result = run(applied("a", credit_score=599), applied("b"), principal=principal)

    assert (expected, "in_review") == (result.reason, outcome(result))
    why = "policy says no: loan.commit" if expected == "PolicyDenied" else "a person decides"
    assert f"{why}, mean 0.7875" == result.fact("Evaluations", "outcome:a").payload.reason
    assert ("" if expected == "PolicyDenied" else "approved") == outcome(result, "b")


class Scribe(Suggestor):
    """Proposes one thing in the first cycle."""

    name = "scribe"
    writes = ("Strategies:loan:*", "Evaluations:outcome:*", "Evaluations:assessment:*", "Seeds:application:*")

    def __init__(self, proposal: ProposedFact) -> None:
        self._proposal = proposal

    def execute(self, view: ContextView) -> Effect:
        """The proposal."""
        return Effect([self._proposal])


@pytest.mark.parametrize("basis", ["clear", "underwritten"])
def test_a_forged_assessment_opens_no_gate(basis: str) -> None:
    """Gates are passed by the application alone, so a loan to a minor is denied whatever somebody wrote about it."""
    loan = {"application": "a", "applicant": "K-a", "amount": "250000", "mean": "1", "basis": basis}
    result = run(applied(age=17), more=(Scribe(ProposedFact("Strategies", "loan:a", loan)),))

    assert [] == [fact.id for fact in result.facts if fact.kind == "loan"]
    assert "declined" == outcome(result)


def test_a_forged_verdict_is_corrected_before_anybody_is_declined_by_it() -> None:
    """The outcome would rest on an assessment that no longer stands, so it is rejected and written anew."""
    said = {"application": "a", "applicant": "K-a", "amount": "250000", "verdict": "decline", "mean": "0.875"}
    why = [{"factor": "risk", "points": "0.5", "words": "a bad feeling"}]
    forged = ProposedFact("Evaluations", "assessment:a", {**said, "scores": {}, "reasons": why})
    result = run(applied(), more=(Scribe(forged),))

    assert ("CriteriaMet", ["approved"]) == (
        result.reason,
        [fact.payload.result for fact in result.facts if fact.kind == "outcome"],
    )
    assert [("outcome:a", "EVIDENCE_SUPERSEDED")] == [(item.id, item.code) for item in result.rejections]


_BOUNDS = ("0.2", "0.3", "0.4", "0.19999", "2.5")
_applications = st.builds(
    lambda income, ratio, extra, **fields: {
        "id": "a",
        "applicant": "A",
        "annual_income": income,
        "amount": max(Decimal("0.01"), (Decimal(ratio) * income).quantize(Decimal("0.01")) + Decimal(extra) / 100),
        **fields,
    },
    income=st.decimals(0, 10_000_000, places=2),
    ratio=st.sampled_from(_BOUNDS),
    extra=st.integers(-1, 1),
    credit_score=st.one_of(st.integers(0, 1000), st.sampled_from([599, 600, 649, 650, 699, 700, 749, 750])),
    age=st.integers(16, 20),
    years_employed=st.one_of(st.decimals(0, 4, places=2), st.sampled_from([Decimal(1), Decimal(2)])),
    bankruptcy=st.booleans(),
    sanctions_match=st.sampled_from([False, False, True]),
    documents=st.lists(st.sampled_from([*COMPLETE, "passport"]), max_size=4).map(tuple),
)
_weights = st.dictionaries(
    st.sampled_from(MODULES["parameters"].FACTORS), st.decimals(0, 100, places=5), min_size=1
).filter(lambda weights: any(weights.values()))
_limits = st.tuples(st.decimals(0, 1, places=4), st.decimals(0, 1, places=4)).map(sorted)


@settings(max_examples=400, deadline=None)
@given(_applications, _weights, _limits)
def test_the_audit_comes_to_the_same_by_other_arithmetic(
    fields: dict[str, Any], weights: dict[str, Decimal], limits: list[Decimal]
) -> None:
    """Mean, verdict and the order of the reasons, with fractions here and whole numbers there."""
    scoring, facts, parameters = MODULES["scoring"], MODULES["facts"], MODULES["parameters"]
    said = facts.Application(**fields)
    rules = parameters.LendingParameters(weights=weights, review=limits[0], approve=limits[1])
    judged = {factor: scoring.judge(factor, said, rules) for factor in parameters.FACTORS}
    scores = {factor: item.score for factor, item in judged.items()}
    mean = scoring.weighted(scores, rules.weights)
    reasons = scoring.reasons_of(scores, {factor: item.parts for factor, item in judged.items()}, rules.weights)

    verdict = scoring.verdict_on(mean, scores["compliance"], rules)
    assert (verdict, mean * 1_000_000, tuple(reason.factor for reason in reasons)) == MODULES["audit"]._expect(
        said, rules
    )


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"weights": {"charm": 1}}, "weight of charm: there is no such thing"),
        ({"weights": {"credit": -1}}, "weight of credit is a number from 0"),
        ({"weights": {"credit": 0}}, "weights must be more than 0 in sum"),
        ({"bands": {"shoe_size": {"steps": [{"below": 1, "score": 1}], "otherwise": 0}}}, "bands of shoe_size"),
        ({"bands": {"credit_score": {"steps": [], "otherwise": 0}}}, "at least one step"),
        ({"bands": {"credit_score": {"steps": [{"score": 1}], "otherwise": 0}}}, "exactly one of at_least, below"),
        ({"bands": {"credit_score": {"steps": [{"below": 1, "score": 2}], "otherwise": 0}}}, "from 0 to 1"),
        ({"approve": "0.5", "review": "0.6"}, "review .0.6. is at most approve"),
        ({"approve": "0.80001"}, "at most 4 decimals"),
        ({"minimum_age": -1}, "minimum_age is a number from 0 to 130"),
        ({"required_documents": []}, "at least one document"),
        ({"required_documents": ["identity", "identity"]}, "none twice"),
        ({"aprove": 1}, "there is no aprove"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(parameters: dict[str, Any], said: str) -> None:
    """With the reason, before anything runs."""
    with pytest.raises(InvalidParametersError, match=said):
        parsed(parameters)


def test_two_hundred_applications_in_one_run_have_each_a_decision_of_their_own() -> None:
    """A third clear, a third declined, a third for a person; the cycles do not grow with them."""
    kinds: tuple[dict[str, Any], ...] = ({}, {"age": 17}, {"credit_score": 599})
    result = run(*(applied(f"a{number:03}", **kinds[number % 3]) for number in range(201)))

    found = {fact.subject: fact.payload.result for fact in result.current if fact.kind == "outcome"}
    assert ["approved", "declined", "in_review"] * 67 == [found[subject] for subject in sorted(found)]
    assert (67, 5) == (len(result.pending), result.cycles)
