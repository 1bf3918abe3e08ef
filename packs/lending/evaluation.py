"""Judging applications: a score per factor, the gates that they pass, and what it all comes to."""

from collections.abc import Iterator

from converge_cli import ContextView, Effect, Fact, Passed, ProposedFact, Suggestor, slug

from .facts import Application, Assessment, Score, Unscored
from .parameters import FACTORS, LendingParameters
from .readings import APPLICATIONS, ASSESSMENTS, CLEAR, COMPLIANCE, SCORES, STANDARD
from .scoring import judge, missing_documents, plain, reasons_of, verdict_on, weighted


def evaluators(parameters: LendingParameters) -> tuple[Suggestor, ...]:
    """One evaluator per factor."""
    return tuple(FactorEvaluator(factor, parameters) for factor in FACTORS)


class FactorEvaluator(Suggestor):
    """Scores every application on one factor; what can't be judged is named, never guessed."""

    reads = (APPLICATIONS,)

    def __init__(self, factor: str, parameters: LendingParameters) -> None:
        self._factor = factor
        self._parameters = parameters
        self.name = f"{factor}-evaluator"
        self.writes = (f"Evaluations:score:{factor}:*", f"Diagnostic:unscored:{factor}:*")

    def execute(self, view: ContextView) -> Effect:
        """Propose a score, or the reason why there is none, where what stands says something else."""
        return Effect(self._judge(view, fact) for fact in view.facts(APPLICATIONS))

    def _judge(self, view: ContextView, fact: Fact) -> ProposedFact | None:
        said: Application = fact.payload
        score, parts, gap = judge(self._factor, said, self._parameters)
        if not _is_itself(fact):
            score, gap = None, f"it says that it is {said.id}, which is another application"
        name = f"{self._factor}:{fact.name}"
        if score is None:
            payload = Unscored(application=said.id, factor=self._factor, reason=gap)
            return view.revise("Diagnostic", f"unscored:{name}", payload, evidence=[fact])
        found = Score(application=said.id, factor=self._factor, score=score, parts=parts)
        return view.revise("Evaluations", f"score:{name}", found, evidence=[fact])


class PassGates(Suggestor):
    """Passes the gates of every application that may pass them, by the application alone.

    It looks at nobody's scores: a gate must not open because somebody else wrote a better one.
    """

    name = "gatekeeping"
    reads = (APPLICATIONS,)
    writes = tuple(f"Evaluations:passed:{gate}:*" for gate in (COMPLIANCE, STANDARD, CLEAR))

    def __init__(self, parameters: LendingParameters) -> None:
        self._parameters = parameters

    def execute(self, view: ContextView) -> Effect:
        """Propose each gate as passed where it is."""
        return Effect(item for fact in view.facts(APPLICATIONS) for item in self._pass(view, fact))

    def _pass(self, view: ContextView, fact: Fact) -> Iterator[ProposedFact | None]:
        said: Application = fact.payload
        judged = {factor: judge(factor, said, self._parameters) for factor in FACTORS}
        compliance = judged["compliance"]
        if not compliance.score or not _is_itself(fact):
            return
        words = "; ".join(part.reason for part in compliance.parts)
        yield _passed(view, COMPLIANCE, fact, words)
        scores = {factor: item.score for factor, item in judged.items() if item.score is not None}
        if len(scores) < len(FACTORS):
            return
        mean = weighted(scores, self._parameters.weights)
        for gate, limit in ((STANDARD, self._parameters.review), (CLEAR, self._parameters.approve)):
            if mean >= limit:
                yield _passed(view, gate, fact, f"mean {plain(mean)} is at least {plain(limit)}")


class Assess(Suggestor):
    """Says of every application with all its scores what they come to, and what speaks against it."""

    name = "assessment"
    reads = (APPLICATIONS, SCORES)
    writes = (ASSESSMENTS,)

    def __init__(self, parameters: LendingParameters) -> None:
        self._parameters = parameters

    def execute(self, view: ContextView) -> Effect:
        """Propose an assessment where what stands says something else."""
        return Effect(self._assess(view, fact) for fact in view.facts(APPLICATIONS))

    def _assess(self, view: ContextView, fact: Fact) -> ProposedFact | None:
        found = {factor: view.get("Evaluations", f"score:{factor}:{fact.name}") for factor in FACTORS}
        standing = {factor: score for factor, score in found.items() if score is not None}
        if len(standing) < len(FACTORS):
            return None
        said: Application = fact.payload
        scores = {factor: score.payload.score for factor, score in standing.items()}
        parts = {factor: score.payload.parts for factor, score in standing.items()}
        mean = weighted(scores, self._parameters.weights)
        payload = Assessment(
            application=said.id,
            applicant=said.applicant,
            amount=said.amount,
            verdict=verdict_on(mean, scores["compliance"], self._parameters),
            mean=mean,
            scores=scores,
            reasons=reasons_of(scores, parts, self._parameters.weights),
            missing_documents=missing_documents(said, self._parameters),
        )
        return view.revise("Evaluations", f"assessment:{fact.name}", payload, evidence=[fact, *standing.values()])


def _is_itself(fact: Fact) -> bool:
    """Whether an application goes by its own id: nobody gets a loan on the papers of another one."""
    return slug(fact.payload.id) == fact.name


def _passed(view: ContextView, gate: str, fact: Fact, reason: str) -> ProposedFact | None:
    payload = Passed(gate=gate, resource=fact.payload.id, reason=reason)
    return view.revise("Evaluations", f"passed:{gate}:{fact.name}", payload, evidence=[fact])
