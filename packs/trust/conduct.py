"""Acting on contracts: who may, and where it brings them. Which moves are legal is for the truth to say."""

from collections.abc import Iterator, Mapping

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import BINDING, Action, Agreement, Contract, Permission, Stands
from .log import undecided
from .readings import ACTIONS, AGREEMENTS, AUDITS, CHECKS, CONTRACTS, PERMISSIONS

LEADS_TO: Mapping[str, Stands] = {
    "amend": "drafted",
    "review": "reviewed",
    "sign": "signed",
    "execute": "executed",
}
"""Where an action brings its contract; to view it brings it nowhere."""


class Permit(Suggestor):
    """Asks for each action whether that person may act on that contract; policy answers."""

    name = "permission"
    reads = (ACTIONS, CONTRACTS)
    writes = (PERMISSIONS,)

    def execute(self, view: ContextView) -> Effect:
        """Propose a permission for each action on a contract that is registered."""
        contracts = {fact.payload.id: fact for fact in view.facts(CONTRACTS)}
        return Effect(
            _permission(view, fact, contracts[fact.payload.contract])
            for fact in view.facts(ACTIONS)
            if fact.payload.contract in contracts
        )


class Advance(Suggestor):
    """Proposes, of each contract, the move that the first undecided action asks for: one at a time, in their order.

    It does not know which moves are legal. The promotion gate does, and what it refuses is recorded by whom.
    """

    name = "advance"
    reads = (CONTRACTS, ACTIONS, PERMISSIONS, CHECKS, AGREEMENTS, AUDITS)
    writes = (AGREEMENTS,)

    def execute(self, view: ContextView) -> Effect:
        """Propose a new agreement for each contract, and each agreement's next move."""
        waiting: dict[str, Fact] = {}
        for fact in undecided(view):
            if fact.payload.action in LEADS_TO:
                waiting.setdefault(fact.payload.contract, fact)
        return Effect(item for fact in view.facts(CONTRACTS) for item in self._advance(view, fact, waiting))

    def _advance(self, view: ContextView, fact: Fact, waiting: Mapping[str, Fact]) -> Iterator[ProposedFact | None]:
        contract: Contract = fact.payload
        subject = f"agreement:{fact.name}"
        if view.get("Strategies", subject) is None:
            yield view.propose("Strategies", subject, _agreement(contract, "drafted", None), evidence=[fact])
            return
        asked, check = waiting.get(contract.id), view.get("Evaluations", f"check:{fact.name}")
        permission = None if asked is None else view.get("Evaluations", f"permission:{asked.name}")
        if asked is not None and permission is not None and check is not None and _is_for(check, asked.payload):
            payload = _agreement(contract, LEADS_TO[asked.payload.action], asked.payload)
            yield view.revise("Strategies", subject, payload, evidence=[fact, permission, check])


def _is_for(check: Fact, asked: Action) -> bool:
    """Whether a check looked at the signatures as they are on the day of the action, where that matters."""
    return asked.action not in BINDING or check.payload.on == asked.on


def _permission(view: ContextView, fact: Fact, contract: Fact) -> ProposedFact | None:
    asked: Action = fact.payload
    payload = Permission(
        action=asked.id, contract=asked.contract, by=asked.by, did=asked.action, value=contract.payload.value
    )
    return view.revise("Evaluations", f"permission:{fact.name}", payload, evidence=[fact, contract])


def _agreement(contract: Contract, stands: Stands, asked: Action | None) -> Agreement:
    return Agreement(
        contract=contract.id,
        title=contract.title,
        value=contract.value,
        stands=stands,
        after=None if asked is None else asked.id,
        by=None if asked is None else asked.by,
    )
