"""Entity states of a contract, to parts of a job: `parameters: {<pack>: {entity_states: {<kind>: ...}}}`.

Every place can be reached, is final or can be left, and every gate and role that a move needs can be had. Knows the
packs by what they declare; must never judge a proposal.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, inspect

from converge_cli.core.approval import ApprovalPoint
from converge_cli.core.entity_states import ENTITY_STATES, EntityStates, Transition
from converge_cli.core.errors import did_you_mean
from converge_cli.core.pack import Pack
from converge_cli.core.passing import passed_selector
from converge_cli.core.selector import selector
from converge_cli.truth.contract import Contract
from converge_cli.truth.findings import Findings
from converge_cli.truth.model_reader import read_model
from converge_cli.truth.vocabulary import Vocabulary
from converge_cli.truth.yaml_source import Node
from converge_cli.truth.yaml_types import ClauseId, Name, Section, Text

_Names = Annotated[tuple[ClauseId, ...], Meta(min_length=1)]


class TransitionItem(Section, frozen=True, kw_only=True):
    """A move of an entity.

    Attributes:
        source: where it stands before.
        target: where it stands after.
        gates: what must be passed for the entity.
        role: somebody who holds it must approve the move.
    """

    source: ClauseId = msgspec.field(name="from")
    target: ClauseId = msgspec.field(name="to")
    gates: tuple[Text, ...] = ()
    role: Name | None = None


class MachineSection(Section, frozen=True, kw_only=True):
    """Where the entities of one kind may stand, and how they may move.

    Attributes:
        field: the text field of the kind that says where an entity stands.
        states: every place where one may stand.
        initial: where a new one may stand.
        final: where nothing of it changes any more.
        transitions: the moves that are allowed.
    """

    field: Text
    states: _Names
    initial: _Names
    final: tuple[ClauseId, ...] = ()
    transitions: tuple[TransitionItem, ...] = ()


class EntityStatesCompiler:
    """Compiles the entity states of one contract; `root` gives the places."""

    def __init__(
        self,
        root: Node,
        packs: Sequence[Pack],
        points: Sequence[ApprovalPoint],
        *,
        vocabulary: Vocabulary,
        findings: Findings,
    ) -> None:
        self._root = root
        self._packs = {pack.name: pack for pack in packs}
        self._points = points
        self._vocabulary = vocabulary
        self._findings = findings

    def compile(self, contract: Contract) -> tuple[EntityStates, ...]:
        """The machines, in the order of the contract."""
        return tuple(machine for name in contract.parameters for machine in self._of_pack(name))

    def _of_pack(self, name: str) -> Iterator[EntityStates]:
        node = self._root.at("parameters", name, ENTITY_STATES)
        if node is None:
            return
        if not isinstance(node.value, dict):
            self._findings.add("invalid-value", node.place, "entity_states must be a mapping of kinds", "write kind:")
            return
        for kind, inner in node.value.items():
            section = read_model(inner, MachineSection, self._findings)
            if section is not None and self._knows_kind(name, kind, node):
                machine = _machine(kind, section)
                _Check(self, machine, inner).all()
                yield machine

    def _knows_kind(self, pack: str, kind: str, node: Node) -> bool:
        known = self._packs[pack].kinds if pack in self._packs else ()
        if kind not in known and self._vocabulary.complete:
            fix = did_you_mean(kind, known) or f"its kinds are {', '.join(known) or 'none'}"
            self._findings.add("unknown-kind", node.keys[kind], f"pack {pack} declares no kind {kind!r}", fix)
        return kind in known

    @property
    def vocabulary(self) -> Vocabulary:
        """Kinds, people and writers of the job."""
        return self._vocabulary

    @property
    def findings(self) -> Findings:
        """Where findings are added."""
        return self._findings

    def gates(self) -> list[str]:
        """Every gate that a pack of the job requires somewhere: nobody may say that another is passed."""
        return sorted({name for pack in self._packs.values() for gate in pack.gates for name in gate.requires})

    def asked_by(self, role: str, kind: str) -> bool:
        """Whether an approval point of the role may approve proposals of a kind."""
        chosen = ((point.role, (point.approves.id or "*").partition(":")[0]) for point in self._points)
        return any(holder == role and ("*" in head or head == kind) for holder, head in chosen)


def _machine(kind: str, section: MachineSection) -> EntityStates:
    moves = tuple(Transition(item.source, item.target, item.gates, item.role) for item in section.transitions)
    return EntityStates(kind, section.field, section.states, section.initial, moves, section.final)


class _Check:
    """Checks one machine."""

    def __init__(self, home: EntityStatesCompiler, machine: EntityStates, node: Node) -> None:
        self._home = home
        self._findings = home.findings
        self._machine = machine
        self._node = node

    def all(self) -> None:
        """Add a finding for everything that does not fit."""
        self._check_field()
        before = self._check_names()
        self._check_moves()
        if before:
            self._check_ways()

    def _check_field(self) -> None:
        machine, vocabulary = self._machine, self._home.vocabulary
        kinds, field = frozenset({machine.kind}), machine.field
        vocabulary.check_field(field, kinds, self._node.nearest("field").place, self._findings)
        found = vocabulary.fields(machine.kind).get(field)
        if found is None:
            return
        if not isinstance(found, inspect.StrType | inspect.LiteralType):
            self._add("invalid-value", ("field",), f"field {field} of {machine.kind} is no required text", "name one")
            return
        allowed = None if isinstance(found, inspect.StrType) else [str(value) for value in found.values]
        for number, name in enumerate(machine.states):
            if allowed is not None and name not in allowed:
                fix = did_you_mean(name, allowed) or f"it may be {', '.join(allowed)}"
                message = f"field {field} of {machine.kind} can't be {name!r}"
                self._add("unknown-entity-state", ("states", number), message, fix)

    def _check_names(self) -> bool:
        """Whether every name that is used is declared, once."""
        machine = self._machine
        used: list[tuple[tuple[str | int, ...], str]] = []
        for part in ("initial", "final"):
            used += [((part, number), name) for number, name in self._listed(part)]
        for number, move in enumerate(machine.transitions):
            used += [(("transitions", number, "from"), move.source), (("transitions", number, "to"), move.target)]
        strangers = [(path, name) for path, name in used if name not in machine.states]
        for path, name in strangers:
            fix = did_you_mean(name, machine.states) or f"the declared are {', '.join(machine.states)}"
            self._add("unknown-entity-state", path, f"{name!r} is not among the states of {machine.kind}", fix)
        for part in ("states", "initial", "final"):
            seen: set[str] = set()
            for number, name in self._listed(part):
                if name in seen:
                    self._add("duplicate-id", (part, number), f"{name} is listed twice", "keep one of them")
                seen.add(name)
        return not strangers

    def _listed(self, part: str) -> Iterator[tuple[int, str]]:
        names: tuple[str, ...] = getattr(self._machine, part)
        yield from enumerate(names)

    def _check_moves(self) -> None:
        machine, seen = self._machine, set()
        for number, move in enumerate(machine.transitions):
            here = ("transitions", number)
            if (move.source, move.target) in seen:
                self._add("duplicate-id", here, f"{move.source} to {move.target} is declared twice", "keep one of them")
            seen.add((move.source, move.target))
            if move.source == move.target:
                self._add("contradictory-check", here, "to stay is no move, and always allowed", "remove it")
            elif move.source in machine.final:
                message = f"{move.source} is final, so it is never left"
                self._add("contradictory-check", (*here, "from"), message, "remove the move, or take it out of final")
            self._check_gates(number, move)
            self._check_role(number, move)

    def _check_gates(self, number: int, move: Transition) -> None:
        vocabulary, known = self._home.vocabulary, self._home.gates()
        for at, gate in enumerate(move.gates if vocabulary.complete else ()):
            path = ("transitions", number, "gates", at)
            which = passed_selector(gate)
            if gate not in known:
                fix = did_you_mean(gate, known) or f"the gates are {', '.join(known) or 'none'}"
                self._add("unknown-gate", path, f"no gate of a pack requires {gate!r}", fix)
            elif not any(writer.may_write(selector(which)) for writer in vocabulary.writers):
                message = f"no suggestor may say that {gate} is passed; only approvals grant it"
                self._add("unknown-gate", path, message, "name the role that approves the move instead")

    def _check_role(self, number: int, move: Transition) -> None:
        if move.role is None:
            return
        place = self._node.nearest("transitions", number, "role").place
        if not self._home.vocabulary.check_role(move.role, place, self._findings):
            return
        if not self._home.asked_by(move.role, self._machine.kind):
            message = f"no approval point of role {move.role} approves proposals of kind {self._machine.kind}"
            self._findings.add("contradictory-check", place, message, "declare one under approval_points")

    def _check_ways(self) -> None:
        reached = _reached(self._machine)
        for number, name in self._listed("states"):
            if name not in reached:
                message = f"nothing leads to {name} from {' or '.join(self._machine.initial)}"
                self._add("unreachable-entity-state", ("states", number), message, "add a transition, or remove it")
            elif name not in self._machine.final and not self._machine.after(name):
                message = f"{name} is not final, and no transition leaves it"
                self._add("dead-entity-state", ("states", number), message, "list it under final, or add a transition")

    def _add(self, finding: str, path: tuple[str | int, ...], message: str, fix: str) -> None:
        self._findings.add(finding, self._node.nearest(*path).place, message, fix)


def _reached(machine: EntityStates) -> Mapping[str, None]:
    """Everywhere that entities can come to, in the order in which they can."""
    reached = dict.fromkeys(machine.initial)
    waiting = list(reached)
    while waiting:
        new = [name for name in machine.after(waiting.pop()) if name not in reached]
        reached.update(dict.fromkeys(new))
        waiting += new
    return reached
