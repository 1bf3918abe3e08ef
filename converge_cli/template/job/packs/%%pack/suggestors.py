"""Who decides. A suggestor proposes; whether a proposal becomes a fact is the engine's decision."""

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Decision, Request, TriageParameters


class Triage(Suggestor):
    """Decides on each request that has no decision yet, however late it comes in."""

    name = "triage"
    reads = ("Seeds:request:*",)
    writes = ("Evaluations:decision:*",)

    def __init__(self, parameters: TriageParameters) -> None:
        self._parameters = parameters

    def execute(self, view: ContextView) -> Effect:
        """One decision per undecided request, with the request as its evidence."""
        undecided = view.missing(each="Seeds:request:*", output="Evaluations:decision:{name}")
        return Effect(self._decide(view, request) for request in undecided)

    def _decide(self, view: ContextView, fact: Fact) -> ProposedFact:
        request: Request = fact.payload
        limit = self._parameters.urgent_after
        urgent = request.days_waiting > limit
        side = "more than" if urgent else "not more than"
        decision = Decision(
            request=request.id,
            urgent=urgent,
            reason=f"{request.days_waiting} days of waiting are {side} {limit}",
        )
        return view.propose("Evaluations", f"decision:{fact.name}", decision, evidence=[fact])
