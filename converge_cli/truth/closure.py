"""Closure and reachability: nothing declared is inert (law 5), and every required criterion can come to be met."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from converge_cli.core import predicate as p
from converge_cli.core.approval import ApprovalPoint
from converge_cli.core.criterion import Criterion
from converge_cli.core.errors import did_you_mean
from converge_cli.core.job import Clause, InputSpec, Job
from converge_cli.core.selector import Selector, selector
from converge_cli.truth.contract import Contract, EvidenceItem, Guarded
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.vocabulary import Vocabulary, Writer
from converge_cli.truth.yaml_source import Node


class Closure:
    """Finds the check of every clause.

    Attributes:
        checks: ids of what is judged in a run; `gaps` are those of @manual scenarios.
        lost: ids that are declared but did not compile, which is a finding already; None when a whole file is lost.
    """

    def __init__(
        self, root: Node, checks: frozenset[str], gaps: frozenset[str], lost: frozenset[str] | None, findings: Findings
    ) -> None:
        self._root = root
        self._checks = checks
        self._gaps = gaps
        self._findings = findings
        self._lost = lost

    def clauses(self, contract: Contract) -> list[Clause]:
        """Every declared clause with its check, in the order of the contract."""
        found = []
        for number, mode in enumerate(contract.job.failure_modes if contract.job else []):
            found.append(self._guarded("failure_mode", mode, ("job", "failure_modes", number)))
        for number, limit in enumerate(contract.authority.must_not):
            found.append(self._guarded("must_not", limit, ("authority", "must_not", number)))
        for number, item in enumerate(contract.evidence.requires if contract.evidence else []):
            found.append(self._evidence(item, ("evidence", "requires", number)))
        roles = {point.id: point.role for point in contract.approval_points}
        for point in contract.authority.requires_approval:
            text = f"{point} is approved by {roles.get(point, 'nobody')}"
            found.append(Clause("requires_approval", point, text, check=required_id(point)))
        for constraint in contract.constraints:
            text = constraint.description or "; ".join(constraint.then)
            found.append(Clause("constraint", constraint.id, text, check=constraint.id))
        criteria = contract.success_criteria
        return found + [Clause("criterion", item.id, item.description, check=item.id) for item in criteria]

    def _guarded(self, what: Literal["failure_mode", "must_not"], item: Guarded, path: tuple[Any, ...]) -> Clause:
        self._check_one_answer(item.id, path, {"guarded_by": item.guarded_by, "deferred": item.deferred})
        if item.guarded_by is not None:
            self._check_guard(item.guarded_by, path)
        return Clause(what, item.id, item.text, check=item.guarded_by, deferred=item.deferred)

    def _evidence(self, item: EvidenceItem, path: tuple[Any, ...]) -> Clause:
        answers = {"satisfied_by": item.satisfied_by, "guarded_by": item.guarded_by, "deferred": item.deferred}
        self._check_one_answer(item.id, path, answers)
        if item.guarded_by is not None:
            self._check_guard(item.guarded_by, path)
        check = item.id if item.satisfied_by is not None else item.guarded_by
        return Clause("evidence", item.id, item.text or item.satisfied_by or "", check=check, deferred=item.deferred)

    def _check_one_answer(self, clause_id: str, path: tuple[Any, ...], answers: Mapping[str, str | None]) -> None:
        given = [name for name, value in answers.items() if value is not None]
        if given == ["deferred"]:
            place = self._root.nearest(*path, "deferred").place
            fix = "name its check, with " + " or ".join(name for name in answers if name != "deferred")
            self._findings.add("deferred-clause", place, f"nothing checks {clause_id}: {answers['deferred']}", fix)
        if len(given) == 1:
            return
        place = self._root.nearest(*path, "id").place
        if given:
            fix = "keep one of them"
            self._findings.add("invalid-value", place, f"{clause_id} has both {' and '.join(given)}", fix)
        else:
            fix = (
                f"add {', '.join(name for name in answers if name != 'deferred')} or deferred: <why there is no check>"
            )
            self._findings.add("unguarded-clause", place, f"nothing checks {clause_id}", fix)

    def _check_guard(self, guard: str, path: tuple[Any, ...]) -> None:
        if guard in self._checks or self._lost is None or guard in self._lost:
            return
        place = self._root.nearest(*path, "guarded_by").place
        if guard in self._gaps:
            message, fix = f"{guard} is @manual: it checks nothing", "say so with deferred: <reason>"
        else:
            message = f"no invariant, validation, constraint or criterion has the id {guard!r}"
            fix = did_you_mean(guard, self._checks) or f"the ids are {', '.join(sorted(self._checks)) or 'none'}"
        self._findings.add("undefined-check", place, message, fix)


def required_id(point: str) -> str:
    """The id of the invariant that keeps a required approval."""
    return f"required_{point}"


class Reachability:
    """Whether what a required criterion needs can be written by a registered suggestor, or comes in as an input."""

    def __init__(self, vocabulary: Vocabulary, inputs: Sequence[InputSpec], findings: Findings) -> None:
        self._vocabulary = vocabulary
        self._inputs = [selector(f"Seeds:{spec.kind}:*") for spec in inputs]
        self._findings = findings

    def check(self, criterion: Criterion, place: Place, others: Sequence[Writer]) -> None:
        """Add a finding for each selection that nothing can fill; `others` are suggestors of packs not in use."""
        for selection in _needed(criterion):
            which = selector(selection.selector)
            if self._reachable(which):
                continue
            packs = sorted({writer.pack for writer in others if writer.may_write(which)})
            fix = f"add pack {packs[0]}" if packs else "add the pack that writes it, or mend the id pattern"
            message = f"criterion {criterion.id} needs {selection.selector}, which no suggestor may write"
            self._findings.add("unreachable-criterion", place, message, fix)

    def unreachable(self, criterion: Criterion) -> bool:
        """Whether it needs something that nothing can fill."""
        return not all(self._reachable(selector(selection.selector)) for selection in _needed(criterion))

    def check_point(self, point: ApprovalPoint, job: Job, place: Place) -> None:
        """Add a finding when nothing can ever ask for an approval of this point.

        `blocked_by` asks nobody: it only says which pending request a criterion waits for.
        """
        asking = {*job.required_approvals, *(rule.point for rule in job.hitl)}
        asking.update(name for gate in job.gates for name in gate.approvals)
        if point.id not in asking:
            message = f"nothing asks for an approval of {point.id}"
            fix = "name it in requires_approval or hitl, or remove it"
        elif not self._reachable(selector(point.approves.selector)):
            message = f"no suggestor may write {point.approves.selector}, which {point.id} approves"
            fix = "mend the key or the id pattern of approves"
        else:
            return
        self._findings.add("unused-approval-point", place, message, fix)

    def _reachable(self, which: Selector) -> bool:
        # Facts under Diagnostic are the engine's own.
        if which.key == "Diagnostic" or any(seed.overlaps(which) for seed in self._inputs):
            return True
        return any(writer.may_write(which) for writer in self._vocabulary.writers)


def _needed(criterion: Criterion) -> Iterator[p.Selection]:
    for given in criterion.given:
        if given.selection is not None:
            yield given.selection
    for then in criterion.then:
        check = then.check
        if isinstance(check, p.Count) and check.selection is not None and check.number > 0 and check.bound != "at most":
            yield check.selection
        elif isinstance(check, p.Paired):
            yield check.each
            yield check.partner
        elif isinstance(check, p.EvidenceExists):
            yield check.selection
