"""What became of each contract, when every action on it is decided."""

from collections.abc import Mapping

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Outcome
from .readings import ACTIONS, AGREEMENTS, AUDITS, CONTRACTS, OUTCOMES


class Settle(Suggestor):
    """Writes the outcome of every contract: executed, or where it stands instead and why."""

    name = "settlement"
    reads = (CONTRACTS, ACTIONS, AGREEMENTS, AUDITS)
    writes = (OUTCOMES,)

    def execute(self, view: ContextView) -> Effect:
        """Propose an outcome where what stands says something else."""
        actions: dict[str, list[Fact]] = {fact.payload.id: [] for fact in view.facts(CONTRACTS)}
        for fact in view.facts(ACTIONS):
            actions.setdefault(fact.payload.contract, []).append(fact)
        audits = {fact.name: fact for fact in view.facts(AUDITS)}
        return Effect(_outcome(view, fact, actions[fact.payload.id], audits) for fact in view.facts(CONTRACTS))


def _outcome(view: ContextView, contract: Fact, actions: list[Fact], known: Mapping[str, Fact]) -> ProposedFact | None:
    audits = [known[fact.name] for fact in actions if fact.name in known]
    agreement = view.get("Strategies", f"agreement:{contract.name}")
    if agreement is None or len(audits) < len(actions):
        return None
    executed = agreement.payload.stands == "executed"
    payload = Outcome(
        contract=contract.payload.id,
        result="executed" if executed else "not executed",
        stands=agreement.payload.stands,
        reason=_reason(agreement, audits),
    )
    return view.revise("Evaluations", f"outcome:{contract.name}", payload, evidence=[contract, agreement, *audits])


def _reason(agreement: Fact, audits: list[Fact]) -> str:
    said = [fact.payload for fact in audits]
    stands, after = agreement.payload.stands, agreement.payload.after
    here = next((number for number, audit in enumerate(said) if audit.action == after), -1)
    if stands == "executed":
        return f"executed by {agreement.payload.by}: {said[here].reason}"
    for audit in said[here + 1 :]:
        if audit.result == "refused" and audit.did != "view":
            return f"{audit.did} by {audit.by}: {audit.reason}"
    return "nobody asked for more"
