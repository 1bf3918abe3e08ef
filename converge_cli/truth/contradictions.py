"""Criteria that a hard rule of the same job forbids: the one can only be met where the other is broken.

Only what can be proven is told: a rule whose Givens hold whenever the criterion is met, on the same facts.
"""

from collections.abc import Iterable, Iterator, Sequence

from converge_cli.core import predicate as p
from converge_cli.core.criterion import Criterion
from converge_cli.core.invariant import Invariant, Validation
from converge_cli.core.job import Job
from converge_cli.core.selector import selector
from converge_cli.truth.bounds import rules_out
from converge_cli.truth.findings import Findings, Place

Rule = Invariant | Validation


class Contradictions:
    """Compares the criteria of a job with its hard rules."""

    def __init__(self, job: Job, findings: Findings) -> None:
        self._rules: Sequence[Rule] = [
            *(item for item in job.invariants if not item.soft),
            *(item for item in job.validations if item.suggestor is None),
        ]
        self._findings = findings

    def check(self, criteria: Iterable[tuple[Criterion, Place]]) -> None:
        """Add a finding for each criterion that a rule forbids."""
        for criterion, place in criteria:
            for wanted, number in _wanted(criterion):
                rule = next((rule for rule in self._rules if _forbids(rule, wanted, number)), None)
                if rule is not None:
                    message = f"criterion {criterion.id} needs {_told(wanted, number)}, which {rule.id} forbids"
                    self._findings.add("contradictory-check", place, message, "mend one of the two")


def _wanted(criterion: Criterion) -> Iterator[tuple[p.Selection, int]]:
    for then in criterion.then:
        check = then.check
        if isinstance(check, p.Count) and check.selection is not None and check.bound != "at most" and check.number:
            yield check.selection, check.number
        elif isinstance(check, p.EvidenceExists):
            yield check.selection, 1


def _told(wanted: p.Selection, number: int) -> str:
    return f"{'a fact' if number == 1 else f'{number} facts'} under {wanted.words}"


def _forbids(rule: Rule, wanted: p.Selection, number: int) -> bool:
    holds = all(given.what == "fixed point" or includes(given.selection, wanted) for given in rule.given)
    return holds and any(_excludes(then.check, rule, wanted, number) for then in rule.then)


def _excludes(check: p.Check, rule: Rule, wanted: p.Selection, number: int) -> bool:
    """Whether a check can't hold once so many facts of a selection exist."""
    if isinstance(check, p.Absent):
        return includes(check.selection, wanted)
    if isinstance(check, p.Count) and check.bound != "at least":
        subject = [given.selection for given in rule.given if given.selection is not None]
        chosen = check.selection or (subject[0] if len(subject) == 1 else None)
        return number > check.number and includes(chosen, wanted)
    judged = [given.selection for given in rule.given if given.what in {"any", "proposal"}]
    on_subject = any(includes(selection, wanted) for selection in judged)
    return isinstance(check, p.FieldIs) and on_subject and wanted.where is not None and rules_out(check, wanted.where)


def includes(wide: p.Selection | None, narrow: p.Selection) -> bool:
    """Whether everything that one selection selects is selected by the other."""
    if wide is None or (wide.where is not None and wide.where != narrow.where):
        return False
    return selector(wide.selector).covers(selector(narrow.selector))
