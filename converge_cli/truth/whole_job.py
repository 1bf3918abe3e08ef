"""The rules that need a whole job, what was merged into it included: what can come about, who can decide, which ids."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from converge_cli.core.approval import ApprovalPoint
from converge_cli.core.criterion import Criterion
from converge_cli.core.job import Job
from converge_cli.truth.clause_ids import ClauseIds
from converge_cli.truth.contract import Contract
from converge_cli.truth.contract_reader import criterion_id
from converge_cli.truth.contradictions import Contradictions
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.pack_uses import PackUses
from converge_cli.truth.part import Part
from converge_cli.truth.reachability import Reachability
from converge_cli.truth.vocabulary import Vocabulary
from converge_cli.truth.wording import check_wording


class WholeJob:
    """Checks one compiled job against the contracts that it came of; the first part is the job's own."""

    def __init__(self, job: Job, parts: Sequence[Part], vocabulary: Vocabulary, findings: Findings) -> None:
        self._job = job
        self._parts = parts
        self._own = parts[0]
        self._vocabulary = vocabulary
        self._findings = findings

    def check(self, contract: Contract, uses: PackUses) -> None:
        """Add a finding for everything that does not fit together."""
        self._check_ids(contract)
        self._check_feature_names()
        self._check_people(contract)
        check_wording(self._own, self._findings)
        if not any(item.required for item in contract.success_criteria) and not contract.evidence:
            place = self._own.root.keys.get("success_criteria", self._own.root.place)
            message = "no criterion is required, so nothing decides the job"
            self._findings.add("no-required-criterion", place, message, "make one criterion required: true")
        if self._vocabulary.complete:
            self._check_reachability(uses)
            Contradictions(self._job, self._findings).check(
                [(item, self._criterion_place(item)) for item in self._job.criteria]
            )

    def _check_reachability(self, uses: PackUses) -> None:
        reachability = Reachability(self._vocabulary, self._job.inputs, self._findings)
        lost = [item for item in self._job.criteria if item.required and reachability.unreachable(item)]
        others = uses.others() if lost else []
        for item in lost:
            reachability.check(item, self._criterion_place(item), others)
        evidence = {clause.id for clause in self._job.clauses if clause.clause == "evidence"}
        for item in self._job.criteria:
            if item.id not in evidence:
                reachability.check_vacuous(item, self._criterion_place(item))
        for output in self._job.outputs:
            reachability.check_output(output.name, output.selection, self._own.place("outputs", output.name))
        for part, number, point in self._points():
            reachability.check_point(point, self._job, part.place("approval_points", number, "id"))
        for part in self._parts:
            for number, rule in enumerate(part.contract.hitl):
                reachability.check_hitl(rule, part.place("hitl", number, "when"))

    def _points(self) -> Iterator[tuple[Part, int, ApprovalPoint]]:
        """Every approval point that compiled, with where it is declared."""
        for part in self._parts:
            for number, item in enumerate(part.contract.approval_points):
                point = self._job.point(item.id)
                if point is not None:
                    yield part, number, point

    def _check_people(self, contract: Contract) -> None:
        if contract.authority.actor is not None:
            place = self._own.place("authority", "actor")
            self._vocabulary.check_person(contract.authority.actor, place, self._findings)
        if contract.exception is not None:
            place = self._own.place("exception", "escalates_to")
            self._vocabulary.check_role(contract.exception.escalates_to, place, self._findings)
        for part, number, point in self._points():
            place = part.place("approval_points", number, "role")
            if self._vocabulary.check_role(point.role, place, self._findings):
                self._check_quorum(point, part.place("approval_points", number, "quorum"), place)

    def _check_quorum(self, point: ApprovalPoint, quorum: Place, role: Place) -> None:
        people = self._vocabulary.people or ()
        holders = [person.id for person in people if point.role in person.roles]
        # Whom `not_by` bars is known in a run only, and `--as` may name another principal. It is certain only where
        # everybody holds the role: then the principal is one of them, whoever that is.
        barred = "principal" in point.not_by and self._job.principal is not None and len(holders) == len(people)
        if not holders or len(holders) - barred >= point.quorum:
            return
        needed = "one person" if point.quorum == 1 else f"{point.quorum} people"
        message = f"{point.id} waits for {needed} with the role {point.role}; {' and '.join(holders)} may decide"
        message += ", but not whoever the job is done for" if barred else ""
        fix = "give more people the role, or lower the quorum" if point.quorum > 1 else "give another person the role"
        self._findings.add("unreachable-quorum", role if point.quorum == 1 else quorum, message, fix)

    def _check_ids(self, contract: Contract) -> None:
        points, clauses = ClauseIds(self._findings), ClauseIds(self._findings)
        for part in self._parts:
            for number, point in enumerate(part.contract.approval_points):
                points.declare(point.id, part.place("approval_points", number, "id"))
        for number, mode in enumerate(contract.job.failure_modes if contract.job else ()):
            clauses.declare(mode.id, self._own.place("job", "failure_modes", number, "id"))
        for part in self._parts:
            for number, limit in enumerate(part.contract.authority.must_not):
                clauses.declare(limit.id, part.place("authority", "must_not", number, "id"))

    def _check_feature_names(self) -> None:
        """Scenarios are told apart by the name of their file and their line."""
        seen: dict[str, str] = {}
        for part in self._parts:
            for number, source in enumerate(part.features):
                first = seen.setdefault(PurePath(source.name).name, source.name)
                if first != source.name:
                    message = f"two features of one job are called {PurePath(source.name).name}: {first}, {source.name}"
                    place = part.place("features", number)
                    self._findings.add("duplicate-name", place, message, "rename one of the files")

    def _criterion_place(self, item: Criterion) -> Place:
        """Where a criterion or an item of evidence is declared."""
        found = criterion_id(self._own.root, item.id)
        return self._own.root.place if found is None else found.place
