"""Judges invariants: structural after each merge, semantic each cycle, acceptance at the fixed point.

All violations are collected, never the first only. What can't be told (a field is absent) does not hold: an
invariant fails closed.
"""

from collections.abc import Iterable

from converge_cli.core.event import InvariantChecked
from converge_cli.core.invariant import Invariant, InvariantClass, InvariantResult, InvariantVerdict, Violation
from converge_cli.engine.clauses import Watch, judge_clause
from converge_cli.engine.engine_notes import note_violations
from converge_cli.engine.run import Run


class InvariantBoard:
    """Keeps the verdict of each invariant of a run up to date, and records every change."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._watches = {item.id: Watch(item.given, item.then, run.context) for item in run.job.invariants}
        self._of_class: dict[InvariantClass, list[Invariant]] = {"structural": [], "semantic": [], "acceptance": []}
        for item in run.job.invariants:
            self._of_class[item.when].append(item)

    def check(self, which: InvariantClass) -> list[InvariantResult]:
        """Judge the invariants of a class; returns the violated ones that count now.

        A soft one counts only when the run is strict, and then at the fixed point alone (class acceptance).
        """
        violated = []
        for invariant in self._of_class[which]:
            result = self._result(invariant)
            if result.verdict == "violated" and not invariant.soft:
                violated.append(result)
        return violated

    def strict_faults(self) -> list[str]:
        """What a strict run counts as violated at its fixed point: soft violations, the unexercised, the deferred."""
        faults = [
            result.id
            for result in self._run.invariants.values()
            if result.verdict == "not exercised" or (result.soft and result.verdict == "violated")
        ]
        return faults + [clause.id for clause in self._run.job.clauses if clause.deferred is not None]

    def note_semantic(self) -> None:
        """State the semantic violations as notes, so that suggestors can repair them."""
        for invariant in self._of_class["semantic"]:
            if not invariant.soft:
                result = self._run.invariants.get(invariant.id)
                if result is not None:
                    note_violations(self._run, invariant.id, result.violations)

    def _result(self, invariant: Invariant) -> InvariantResult:
        run = self._run
        known = run.invariants.get(invariant.id)
        if known is not None and not self._watches[invariant.id].changed():
            return known
        result = judge_invariant(run, invariant)
        if result != known:
            run.invariants[invariant.id] = result
            run.log.add(InvariantChecked, cycle=run.cycle, result=result)
        return result


def judge_invariant(run: Run, invariant: Invariant) -> InvariantResult:
    """What an invariant comes to on the context as it stands."""
    judged = judge_clause(invariant.given, invariant.then, run.context)
    violations = tuple(
        Violation(invariant.id, then.text, tuple(sorted(fact.id for fact in answer.facts)), answer.detail)
        for then, answer in judged.answers
        if answer.ok is not True
    )
    verdict: InvariantVerdict = "violated" if violations else "holds" if judged.exercised else "not exercised"
    return InvariantResult(invariant.id, invariant.when, verdict, invariant.soft, violations)


def names_and_facts(results: Iterable[InvariantResult]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids of the invariants, and of the facts that violate them."""
    results = list(results)
    facts = {fact for result in results for violation in result.violations for fact in violation.facts}
    return tuple(result.id for result in results), tuple(sorted(facts))
