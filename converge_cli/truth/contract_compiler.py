"""What only a job's contract has, to parts of a job: criteria, evidence, outputs, the day when its authority lapses."""

from datetime import date

from converge_cli.core import predicate as p
from converge_cli.core.criterion import Criterion
from converge_cli.core.job import Output
from converge_cli.truth.clause_ids import ClauseIds
from converge_cli.truth.clause_reader import ClauseReader
from converge_cli.truth.contract import Contract
from converge_cli.truth.findings import Findings
from converge_cli.truth.sections import Sections
from converge_cli.truth.vocabulary import Vocabulary
from converge_cli.truth.yaml_source import Node


class ContractCompiler(Sections):
    """Compiles the sections of one job's contract; `root` gives the places."""

    def __init__(
        self,
        contract: Contract,
        root: Node,
        *,
        vocabulary: Vocabulary,
        reader: ClauseReader,
        ids: ClauseIds,
        findings: Findings,
    ) -> None:
        super().__init__(
            contract,
            root,
            vocabulary=vocabulary,
            reader=reader,
            ids=ids,
            findings=findings,
            escalates=contract.exception is not None,
        )
        self._contract = contract

    def criteria(self, evidence: dict[str, p.Selection]) -> list[Criterion]:
        """Success criteria, then one required criterion for each evidence item."""
        found = []
        for number, item in enumerate(self._contract.success_criteria):
            place = self._place("success_criteria", number, "id")
            clause = self._clause(("success_criteria", number), item, "criterion")
            for at, point in enumerate(item.blocked_by):
                self._vocabulary.check_point(
                    point, self._place("success_criteria", number, "blocked_by", at), self._findings
                )
            if not self._ids.declare(item.id, place) or clause is None:
                continue
            if all(_is_absence(then.check) for then in clause.then):
                fix = "check for something that exists, or write a constraint"
                message = f"criterion {item.id} only asks that things be absent, so nothing could prove it"
                self._findings.add("absence-only-criterion", place, message, fix)
            found.append(
                Criterion(item.id, item.description, clause.then, clause.given, item.required, tuple(item.blocked_by))
            )
        for name, selection in evidence.items():
            found.append(self._evidence_criterion(name, selection))
        return found

    def _evidence_criterion(self, name: str, selection: p.Selection) -> Criterion:
        items = self._contract.evidence.requires if self._contract.evidence else []
        text = next((item.text or item.satisfied_by or "" for item in items if item.id == name), "")
        then = p.Then(f'evidence "{name}" exists', p.Count("at least", 1, selection))
        return Criterion(name, text, (then,))

    def outputs(self) -> list[Output]:
        """Named results."""
        found = []
        for name, text in self._contract.outputs.items():
            selection = self._reader.read_selection(text, self._place("outputs", name), proposals=False)
            if selection is not None:
                found.append(Output(name, selection))
        return found

    def expires(self, today: str | None) -> str | None:
        """The date after which the authority has lapsed, with a finding when it has by `today`."""
        text = self._contract.authority.expires
        if text is None:
            return None
        place = self._place("authority", "expires")
        try:
            last = date.fromisoformat(text).isoformat()
        except ValueError as error:
            self._findings.add("invalid-value", place, f"{text} is not a date: {error}", "write YYYY-MM-DD")
            return None
        if today is not None and today > last:
            message = f"the authority expired on {last}, so no run can start"
            self._findings.add("expired-authority", place, message, "have it renewed and write its new last day")
        return last


def _is_absence(check: p.Check) -> bool:
    if isinstance(check, p.Count):
        return check.bound == "at most" or check.number == 0
    return isinstance(check, p.Absent)
