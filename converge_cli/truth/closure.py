"""Closure: every clause of a contract has a check, or says why it has none (law 5: nothing declared is inert)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from converge_cli.core.approval import ApprovalPoint
from converge_cli.core.errors import did_you_mean
from converge_cli.core.job import Clause
from converge_cli.truth.contract import Contract
from converge_cli.truth.contract_sections import EvidenceItem, Guarded
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.part import Part
from converge_cli.truth.sections import required_id
from converge_cli.truth.yaml_source import Node


class Closure:
    """Finds the check of every clause of a job, those of merged truths included.

    Attributes:
        checks: ids of what is judged in a run; `gaps` are those of @manual scenarios.
        lost: ids that are declared but did not compile, which is a finding already; None when a whole file is lost.
        others: ids of what exists and checks nothing by itself, with what it is.
    """

    def __init__(
        self,
        checks: frozenset[str],
        gaps: frozenset[str],
        lost: frozenset[str] | None,
        others: Mapping[str, str],
        findings: Findings,
    ) -> None:
        self._checks = checks
        self._gaps = gaps
        self._findings = findings
        self._lost = lost
        self._others = others
        self._root = Node({}, Place("", 1, 1, 1))
        self._required: set[str] = set()

    def clauses(self, part: Part, points: Sequence[ApprovalPoint]) -> list[Clause]:
        """Every clause that a contract declares with its check, in its order; `points` are all of the job."""
        self._root = part.root
        contract = part.contract
        job = contract if isinstance(contract, Contract) else None
        found = []
        for number, mode in enumerate(job.job.failure_modes if job is not None and job.job else []):
            found.append(self._guarded("failure_mode", mode, ("job", "failure_modes", number)))
        for number, limit in enumerate(contract.authority.must_not):
            found.append(self._guarded("must_not", limit, ("authority", "must_not", number)))
        for number, item in enumerate(job.evidence.requires if job is not None and job.evidence else []):
            found.append(self._evidence(item, ("evidence", "requires", number)))
        found += self._approvals(contract.authority.requires_approval, points)
        for constraint in contract.constraints:
            text = constraint.description or "; ".join(constraint.then)
            found.append(Clause("constraint", constraint.id, text, check=constraint.id))
        criteria = job.success_criteria if job is not None else []
        return found + [Clause("criterion", item.id, item.description, check=item.id) for item in criteria]

    def _approvals(self, required: Sequence[str], points: Sequence[ApprovalPoint]) -> Iterator[Clause]:
        """A clause for each required approval that no contract before this one requires as well."""
        roles = {point.id: point.role for point in points}
        for point in required:
            if point not in self._required:
                text = f"{point} is approved by {roles.get(point, 'nobody')}"
                yield Clause("requires_approval", point, text, check=required_id(point))
        self._required.update(required)

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
        mending = None
        if guard in self._gaps:
            message, fix = f"{guard} is @manual: it checks nothing", "say so with deferred: <reason>"
        elif guard in self._others:
            message = f"{guard} is {self._others[guard]}, which checks nothing by itself"
            own = required_id(guard)
            fix = f"name {own}, which keeps that approval" if own in self._checks else self._known_checks()
        else:
            message = f"no invariant, validation, constraint or criterion has the id {guard!r}"
            fix = did_you_mean(guard, self._checks) or self._known_checks()
            mending = self._findings.mending(place, guard, self._checks)
        self._findings.add("undefined-check", place, message, fix, mending)

    def _known_checks(self) -> str:
        return f"the ids are {', '.join(sorted(self._checks)) or 'none'}"
