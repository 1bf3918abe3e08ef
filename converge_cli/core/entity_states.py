"""Entity states: where the things of one kind may stand, and how they may move. Data only; must never judge.

An entity is a subject of the kind; where it stands is what one field of its current fact says; it moves when a
correction says something else in that field.
"""

import msgspec

ENTITY_STATES = "entity_states"
"""The parameter under which a truth declares them, for a kind of whatever pack; no pack's model may have it."""


class Transition(msgspec.Struct, frozen=True, omit_defaults=True):
    """One declared move.

    Attributes:
        source, target: where the entity stands before and after.
        gates: what must be passed for the entity, as `passed:<gate>:<name of the entity>` under Evaluations.
        role: somebody who holds it must approve the move; None when nobody is asked for it.
    """

    source: str
    target: str
    gates: tuple[str, ...] = ()
    role: str | None = None


class EntityStates(msgspec.Struct, frozen=True, omit_defaults=True):
    """The machine of one kind.

    Attributes:
        field: the text field that says where an entity stands.
        states: all places where it may stand.
        initial: where an entity may stand when it is new.
        final: where nothing of it changes any more.
    """

    kind: str
    field: str
    states: tuple[str, ...]
    initial: tuple[str, ...]
    transitions: tuple[Transition, ...] = ()
    final: tuple[str, ...] = ()

    def transition(self, source: str, target: str) -> Transition | None:
        """The declared move from one place to another."""
        return next((item for item in self.transitions if (item.source, item.target) == (source, target)), None)

    def after(self, source: str) -> tuple[str, ...]:
        """Where an entity may go from a place, in the order of the declaration."""
        return tuple(item.target for item in self.transitions if item.source == source)
