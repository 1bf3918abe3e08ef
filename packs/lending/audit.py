"""Decides every application once more, by the file alone: it shares no code with what decided."""

from collections.abc import Iterator, Mapping, Set
from decimal import Decimal
from math import lcm
from typing import NamedTuple

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor, slug

from .facts import Application, Breach
from .parameters import Bands, LendingParameters
from .readings import APPLICATIONS, BREACHES, DENIALS, LOANS, OUTCOMES

_FINE = 20_000
"""Scores have at most four decimals, and one is the mean of two: in this unit all are whole numbers."""

_MILLION = 1_000_000


class Expected(NamedTuple):
    """What an application comes to.

    Attributes:
        verdict: empty when the application can't be judged.
        mean: in millionths, rounded down.
        factors: those that speak against it, in order.
    """

    verdict: str
    mean: int
    factors: tuple[str, ...]


class Audit(Suggestor):
    """Names every loan and outcome that does not follow from its application; the truth forbids that one stays so."""

    name = "audit"
    reads = (APPLICATIONS, LOANS, OUTCOMES, DENIALS)
    writes = (BREACHES,)

    def __init__(self, parameters: LendingParameters) -> None:
        self._parameters = parameters

    def execute(self, view: ContextView) -> Effect:
        """Propose a breach for each such decision, and close those that no longer hold."""
        applications: dict[str, Application] = {
            fact.payload.id: fact.payload
            for fact in view.facts(APPLICATIONS)
            if fact.subject == f"application:{slug(fact.payload.id)}"
        }
        refused = {
            fact.payload.subject.partition("@")[0] for fact in view.facts(DENIALS) if fact.payload.cause == "rejected"
        }
        found: dict[str, list[Fact]] = {}
        for fact in (*view.facts(LOANS), *view.facts(OUTCOMES)):
            found.setdefault(fact.name, []).append(fact)
        return Effect(self._look(view, facts, applications, refused) for facts in found.values())

    def _look(
        self, view: ContextView, facts: list[Fact], applications: Mapping[str, Application], refused: Set[str]
    ) -> ProposedFact | None:
        name, about = facts[0].name, facts[0].payload.application
        said = applications.get(about)
        if said is None:
            reasons = ["nobody applied for it"]
        else:
            expected = _expect(said, self._parameters)
            rejected = f"loan:{name}" in refused
            reasons = [reason for fact in facts for reason in _wrong(fact, said, expected, rejected)]
        subject = f"breach:{name}"
        if not reasons and view.get("Diagnostic", subject) is None:
            return None
        payload = Breach(application=about, reason="; ".join(reasons) or "mended", open=bool(reasons))
        return view.revise("Diagnostic", subject, payload, evidence=facts)


def _wrong(fact: Fact, said: Application, expected: Expected, rejected: bool) -> Iterator[str]:
    decision = fact.payload
    if decision.application != said.id or decision.applicant != said.applicant:
        yield "it is not of whoever applied"
    if int(decision.mean * _MILLION) != expected.mean:
        yield f"mean {decision.mean:f} is not what the application comes to"
    if fact.kind == "loan":
        if decision.amount != said.amount:
            yield f"{decision.amount:f} is lent, {said.amount:f} was applied for"
        if {"clear": "approve", "underwritten": "review"}[decision.basis] != expected.verdict:
            yield f"lent as {decision.basis}, but the application comes to {expected.verdict or 'nothing yet'}"
        return
    fits = {
        "approved": expected.verdict in {"approve", "review"},
        "in_review": expected.verdict == "review",
        "declined": expected.verdict == "decline" or (rejected and expected.verdict != ""),
    }
    if not fits[decision.result]:
        yield f"{decision.result}, but the application comes to {expected.verdict or 'nothing yet'}"
    elif decision.result == "declined":
        given = tuple(reason.factor for reason in decision.reasons)
        if given != (("underwriting", *expected.factors) if rejected else expected.factors):
            yield "its reasons are not those that the application gives"


def _expect(said: Application, rules: LendingParameters) -> Expected:
    if said.credit_score is None:
        return Expected("", -1, ())
    held = sum(name in said.documents for name in rules.required_documents)
    employed = _score(rules.bands_of("years_employed"), *said.years_employed.as_integer_ratio())
    scores = {
        "compliance": 0 if said.age < rules.minimum_age or said.sanctions_match else _FINE,
        "credit": (_score(rules.bands_of("credit_score"), said.credit_score, 1) + _afford(said, rules)) // 2,
        "documents": _score(rules.bands_of("documents"), held, len(rules.required_documents)),
        "risk": min(employed, _whole(rules.bankruptcy_score, _FINE)) if said.bankruptcy else employed,
    }
    unit = lcm(*(weight.as_integer_ratio()[1] for weight in rules.weights.values()))
    weights = {name: _whole(rules.weights.get(name, Decimal(0)), unit) for name in scores}
    got = sum(weights[name] * scores[name] for name in scores)
    mean = got * _MILLION // (sum(weights.values()) * _FINE)
    barred = scores["compliance"] == 0
    lost = {name: weights[name] * (_FINE - scores[name]) for name in scores}
    order = sorted(scores, key=lambda name: (not (barred and name == "compliance"), -lost[name], name))
    factors = tuple(name for name in order if lost[name] or (barred and name == "compliance"))
    if barred or mean < _whole(rules.review, _MILLION):
        return Expected("decline", mean, factors)
    return Expected("approve" if mean >= _whole(rules.approve, _MILLION) else "review", mean, factors)


def _afford(said: Application, rules: LendingParameters) -> int:
    bands = rules.bands_of("loan_to_income")
    if not said.annual_income:
        return _whole(bands.otherwise, _FINE)
    (amount, hundred), (income, other) = said.amount.as_integer_ratio(), said.annual_income.as_integer_ratio()
    return _score(bands, amount * other, hundred * income)


def _score(bands: Bands, top: int, bottom: int) -> int:
    """The score of top / bottom, compared without dividing."""
    for step in bands.steps:
        edge, parts = step.limit.as_integer_ratio()
        under = top * parts < edge * bottom
        if under == (step.at_least is None):
            return _whole(step.score, _FINE)
    return _whole(bands.otherwise, _FINE)


def _whole(number: Decimal, unit: int) -> int:
    top, bottom = number.as_integer_ratio()
    return top * unit // bottom
