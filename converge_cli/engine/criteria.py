"""Judges success criteria: met with least evidence, blocked, indeterminate or unmet, in that order of preference."""

from collections.abc import Iterator

from converge_cli.core.criterion import Cause, Criterion, CriterionResult, Missing
from converge_cli.core.event import CriterionEvaluated
from converge_cli.core.predicate import Absent, Check, Count
from converge_cli.core.selector import Selector, selector
from converge_cli.engine.candidate import Held
from converge_cli.engine.clauses import Judged, Watch, judge_clause, looked_at
from converge_cli.engine.flow_questions import gates_of
from converge_cli.engine.run import Run


class CriterionBoard:
    """Keeps the result of each criterion of a run up to date."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._watches = {item.id: Watch(item.given, item.then, run.context) for item in run.job.criteria}
        self._judged: dict[str, Judged] = {}

    def evaluate(self, *, due: bool) -> list[CriterionResult]:
        """The result of every criterion as things stand; at a stop (`due`) each is recorded."""
        results = []
        for criterion in self._run.job.criteria:
            result = self._result(criterion)
            if due or result != self._run.criteria.get(criterion.id):
                self._run.log.add(CriterionEvaluated, cycle=self._run.cycle, result=result, due=due)
                self._run.criteria[criterion.id] = result
            results.append(result)
        return results

    def _result(self, criterion: Criterion) -> CriterionResult:
        if self._watches[criterion.id].changed() or criterion.id not in self._judged:
            self._judged[criterion.id] = judge_clause(criterion.given, criterion.then, self._run.context)
        judged = self._judged[criterion.id]
        evidence = _evidence(judged)
        if judged.ok is True and evidence:
            return CriterionResult(criterion.id, "met", criterion.required, evidence)
        missing = tuple(_missing(self._run, criterion))
        if missing:
            waits = "; ".join(f"{item.name}: {item.who}" for item in missing)
            cause: Cause = "approval" if missing[0].what == "approval" else "missing input"
            return CriterionResult(
                criterion.id, "blocked", criterion.required, (), cause, f"waits for {waits}", missing
            )
        return _not_met(self._run, criterion, judged)


def _evidence(judged: Judged) -> tuple[str, ...]:
    """Exactly the facts that the checks counted, paired or judged, in id order; none if a check selected nothing."""
    if any(not answer.exercised and not _may_select_nothing(then.check) for then, answer in judged.answers):
        return ()
    return tuple(sorted({fact.id for _, answer in judged.answers for fact in answer.facts}))


def _may_select_nothing(check: Check) -> bool:
    """Whether a check says that something is not there; it can support a criterion, but prove nothing alone."""
    return isinstance(check, Absent) or (isinstance(check, Count) and (check.bound == "at most" or check.number == 0))


def _missing(run: Run, criterion: Criterion) -> Iterator[Missing]:
    """The pending requests that stand between the run and the criterion, and inputs that were not given."""
    pending = run.pending()
    asked = {request: held for held in run.held.values() for request in held.requests.values()} if pending else {}
    for request in pending:
        points = {request.point} if request.authority is None else _points_of_its_gate(run, asked.get(request.id))
        if points & set(criterion.blocked_by):
            yield Missing(
                criterion.id,
                "approval",
                request.point,
                request.role or f"a person of {request.authority} authority",
                request.requested_at,
                request.until,
                request.id,
                request.fact,
            )
    for name, since in run.missing_inputs.items():
        yield Missing(criterion.id, "input", name, "whoever runs this", since)


def _points_of_its_gate(run: Run, held: Held | None) -> set[str]:
    """An authority request counts for each point of its gate."""
    if held is None:
        return set()
    return {point for gate in gates_of(run, held.candidate) for point in gate.approvals}


def _not_met(run: Run, criterion: Criterion, judged: Judged) -> CriterionResult:
    looked = tuple(looked_at(criterion.given, criterion.then))
    unclear = next((answer for _, answer in judged.answers if answer.ok is None), None)
    if unclear is not None:
        reason = f"{unclear.detail}: {', '.join(fact.id for fact in unclear.facts[:5])}"
        return CriterionResult(criterion.id, "indeterminate", criterion.required, (), "absent field", reason)
    for registration in run.registrations if run.failures else ():
        code = run.failures.get(registration.name)
        if code is not None and _could_write(registration.writes, looked):
            cause: Cause = "unavailable" if code == "UNAVAILABLE" else "failed"
            reason = f"suggestor {registration.name} {'had no backend' if cause == 'unavailable' else 'failed'}"
            return CriterionResult(criterion.id, "indeterminate", criterion.required, (), cause, reason)
    for held in run.held.values():
        if held.cause is not None and any(_selects(which.text, held) for which in looked):
            refused: Cause = "denied" if held.cause == "denied" else "rejected"
            why = f": {held.detail}" if held.detail else ""
            reason = f"{held.candidate.id} was {refused} by {', '.join(held.by)}{why}"
            return CriterionResult(criterion.id, "unmet", criterion.required, (), refused, reason)
    details = [answer.detail for _, answer in judged.answers if answer.ok is False and answer.detail]
    reason = "; ".join(details) or "nothing was found"
    return CriterionResult(criterion.id, "unmet", criterion.required, (), "not produced", reason)


def _could_write(writes: tuple[Selector, ...], looked: tuple[Selector, ...]) -> bool:
    return any(mine.overlaps(which) for mine in writes for which in looked)


def _selects(text: str, held: Held) -> bool:
    which = selector(text)
    return which.key == held.candidate.key and which.matches(held.candidate.subject)
