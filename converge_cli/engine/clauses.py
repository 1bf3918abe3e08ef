"""Judging a clause: its Givens select, its checks judge. One place for invariants, criteria and validations."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from converge_cli.core import predicate as p
from converge_cli.core.context import Context, LiveSelection
from converge_cli.core.selector import Selector, selector
from converge_cli.engine.checks import Answer, Selected, approvals_of, judge, select, select_proposal


class Judged(NamedTuple):
    """What a clause came to: one answer per check, and whether anything was selected at all."""

    answers: tuple[tuple[p.Then, Answer], ...]
    exercised: bool

    @property
    def ok(self) -> bool | None:
        """False if a check does not hold, else None if one can't tell, else True."""
        results = [answer.ok for _, answer in self.answers]
        return False if False in results else (None if None in results else True)


def judge_clause(given: Sequence[p.Given], then: Sequence[p.Then], context: Context, candidate: Any = None) -> Judged:
    """Judge a clause on the context, or on one proposal before promotion."""
    gathered = [_gather(item, context, candidate) for item in given if item.what != "fixed point"]
    unclear = tuple(fact for chosen in gathered for fact in chosen.unclear)
    if unclear:
        lost = Answer(None, unclear, True, "a tested field is absent or of another type")
        return Judged(tuple((item, lost) for item in then), True)
    if any(not chosen.facts for chosen in gathered):
        return Judged((), False)
    subject = tuple({id(fact): fact for chosen in gathered for fact in chosen.facts}.values()) if gathered else None
    if candidate is not None:
        subject = (candidate,)
    answers = tuple((item, judge(item.check, subject, context)) for item in then)
    # A clause that selects with its Givens is exercised by them; else its own checks must have selected something.
    exercised = bool(gathered) or any(answer.exercised or answer.ok is not True for _, answer in answers)
    return Judged(answers, exercised)


def selects_proposal(given: Sequence[p.Given], candidate: Any) -> bool:
    """Whether a validation is about this proposal."""
    return any(
        item.what == "proposal" and item.selection is not None and select_proposal(candidate, item.selection)
        for item in given
    )


def _gather(given: p.Given, context: Context, candidate: Any) -> Selected:
    if given.what == "approval":
        return Selected(approvals_of(context, given.point or ""))
    assert given.selection is not None  # noqa: S101  the grammar gives every other Given a selection
    if given.what == "proposal":
        chosen = candidate is not None and select_proposal(candidate, given.selection)
        return Selected((candidate,) if chosen else ())
    return select(context, given.selection)


class Watch:
    """Tells whether anything that a clause looks at has changed, so that it is judged only then."""

    __slots__ = ("_context", "_lives", "_seen")

    def __init__(self, given: Sequence[p.Given], then: Sequence[p.Then], context: Context) -> None:
        self._lives: tuple[LiveSelection, ...] = tuple(
            context.live(which) for which in dict.fromkeys(looked_at(given, then))
        )
        self._context = context
        self._seen = -1

    def changed(self) -> bool:
        """Whether there is something new since the last call; True the first time."""
        seen, self._seen = self._seen, len(self._context.facts)
        if seen < 0:
            return True
        for live in self._lives:  # noqa: SIM110  asked in each cycle: a generator costs as much as the test
            if live.newest >= seen:
                return True
        return False


def looked_at(given: Sequence[p.Given], then: Sequence[p.Then]) -> Iterator[Selector]:
    """Every selector whose facts can change what a clause comes to."""
    for item in given:
        if item.selection is not None:
            yield selector(item.selection.selector)
        if item.point is not None:
            yield selector(f"Diagnostic:approval:{item.point}:*")
    for step in then:
        yield from _looked_at_by(step.check)


def _looked_at_by(check: p.Check) -> Iterator[Selector]:
    for selection in p.selections_of(check):
        yield selector(selection.selector)
    other = getattr(check, "other", None)
    if other is not None:
        yield selector(f"{other.key}:{other.id}")
    if isinstance(check, p.Approved):
        yield selector(f"Diagnostic:approval:{check.point}:*")
    if isinstance(check, p.Includes):
        yield from (selector(row.rule.args[0]) for row in check.rows if row.rule.name == "id of")
