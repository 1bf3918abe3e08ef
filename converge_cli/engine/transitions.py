"""Entity states at promotion: whether a proposal moves its entity as the truth declares, and whom that asks.

Judges by the compiled job and the context alone, so a recorded run is judged as the live one was.
"""

from typing import NamedTuple

from converge_cli.core.approval import ApprovalPoint
from converge_cli.core.entity_states import EntityStates, Transition
from converge_cli.core.passing import is_passed, passed_subject
from converge_cli.engine.candidate import Candidate
from converge_cli.engine.checks import select_proposal
from converge_cli.engine.fields import lookup
from converge_cli.engine.run import Run

ILLEGAL = "TRANSITION_ILLEGAL"
GATE_MISSING = "TRANSITION_GATE_MISSING"


class Refusal(NamedTuple):
    """Why a proposal may not be promoted: the code, and what stood in its way."""

    code: str
    reason: str


class Transitions:
    """The entity states of one run."""

    def __init__(self, run: Run) -> None:
        self._context = run.context
        self._machines = {machine.kind: machine for machine in run.job.entity_states}
        self._points = run.job.approval_points

    @property
    def ask_people(self) -> bool:
        """Whether some move needs somebody's approval."""
        return any(move.role for machine in self._machines.values() for move in machine.transitions)

    def refusal(self, candidate: Candidate) -> Refusal | None:
        """Why the proposal may not move its entity; None when it may, stays where it was, or is no such entity."""
        machine = self._machines.get(candidate.kind)
        if machine is None:
            return None
        target = lookup(candidate.payload, machine.field)
        if target not in machine.states:
            return Refusal(ILLEGAL, f"{candidate.subject} can't be {target}: it may be {_either(machine.states)}")
        if candidate.corrects is not None:
            return self._refused_move(machine, candidate, target)
        if target in machine.initial:
            return None
        begins = f"it begins as {_either(machine.initial)}"
        return Refusal(ILLEGAL, f"{candidate.subject} is new, so it can't be {target}; {begins}")

    def _refused_move(self, machine: EntityStates, candidate: Candidate, target: str) -> Refusal | None:
        source = self._source(machine, candidate)
        if source in machine.final:
            return Refusal(ILLEGAL, f"{candidate.subject} is {source}, and that is final")
        if source == target:
            return None
        move = machine.transition(source, target)
        if move is None:
            allowed = machine.after(source)
            may = f"may become {_either(allowed)}" if allowed else "may become nothing else"
            return Refusal(ILLEGAL, f"{candidate.subject} is {source}, so it can't become {target}; it {may}")
        return self._lacking(move, candidate)

    def points(self, candidate: Candidate) -> tuple[str, ...]:
        """The approval points that a move with a role claims the proposal for."""
        move = self._move(candidate)
        return () if move is None else tuple(point.id for point in self._points_of(move, candidate))

    def rests_on(self, candidate: Candidate) -> tuple[str, ...]:
        """The subjects of the passed gates that a move needs."""
        move, name = self._move(candidate), _name_of(candidate)
        return () if move is None else tuple(passed_subject(gate, name) for gate in move.gates)

    def _move(self, candidate: Candidate) -> Transition | None:
        machine = self._machines.get(candidate.kind)
        if machine is None or candidate.corrects is None:
            return None
        return machine.transition(self._source(machine, candidate), lookup(candidate.payload, machine.field))

    def _source(self, machine: EntityStates, candidate: Candidate) -> str:
        before = self._context.get(candidate.key, candidate.corrects or "", candidate.subject)
        assert before is not None  # noqa: S101  a correction of what is not there was rejected before
        found: str = lookup(before.payload, machine.field)
        return found

    def _lacking(self, move: Transition, candidate: Candidate) -> Refusal | None:
        name = _name_of(candidate)
        where = f"{candidate.subject}, from {move.source} to {move.target}"
        for gate in move.gates:
            if not is_passed(self._context, gate, name):
                return Refusal(GATE_MISSING, f"{where}: gate {gate} is not passed")
        if move.role is not None and not self._points_of(move, candidate):
            return Refusal(ILLEGAL, f"{where}: no approval point of role {move.role} approves it")
        return None

    def _points_of(self, move: Transition, candidate: Candidate) -> list[ApprovalPoint]:
        return [
            point
            for point in self._points
            if move.role is not None and point.role == move.role and select_proposal(candidate, point.approves)
        ]


def _name_of(candidate: Candidate) -> str:
    return candidate.subject.partition(":")[2]


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(names)
