"""How far the log of actions is decided, by the record alone. Must never decide anything."""

from converge_cli import ContextView, Fact

from .readings import ACTIONS, AUDITS, RECORD


def decided(view: ContextView) -> dict[str, str]:
    """Action -> id of what decided it, by the record; that of the action itself where its contract was not there."""
    return {fact.payload.action: fact.payload.decided for fact in view.facts(AUDITS) if fact.suggestor == RECORD}


def undecided(view: ContextView) -> list[Fact]:
    """The actions without a record, and those refused for want of their contract alone, in their order."""
    known = decided(view)
    return [fact for fact in view.facts(ACTIONS) if known.get(fact.payload.id, fact.id) == fact.id]
