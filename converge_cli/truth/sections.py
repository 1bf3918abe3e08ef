"""The sections that every kind of truth may have, to parts of a job: constraints, approval points, HITL rules."""

from collections.abc import Container, Iterator, Sequence
from pathlib import PurePath
from typing import Any, Literal

from converge_cli.core import predicate as p
from converge_cli.core.approval import ApprovalPoint, HitlRule, Timeout
from converge_cli.core.context_key import KEYS
from converge_cli.core.errors import did_you_mean
from converge_cli.core.invariant import Invariant, Origin, Validation
from converge_cli.truth.clause_ids import ClauseIds
from converge_cli.truth.clause_reader import Clause, ClauseReader
from converge_cli.truth.contract import Contract, SharedContract
from converge_cli.truth.contract_sections import ApprovalPointItem, ConstraintItem, CriterionItem
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.gherkin_source import Step
from converge_cli.truth.vocabulary import Vocabulary
from converge_cli.truth.yaml_source import Node


class Sections:
    """Compiles the common sections of one contract.

    `root` gives the places, `owner` is the key of a truth that is merged into another, else empty, and `escalates`
    says whether the job names the role that a timed-out approval may go to.
    """

    def __init__(
        self,
        contract: Contract | SharedContract,
        root: Node,
        *,
        vocabulary: Vocabulary,
        reader: ClauseReader,
        ids: ClauseIds,
        findings: Findings,
        escalates: bool,
        owner: str = "",
    ) -> None:
        self._sections = contract
        self._root = root
        self._vocabulary = vocabulary
        self._reader = reader
        self._ids = ids
        self._findings = findings
        self._escalates = escalates
        self._owner = owner

    def constraints(self) -> tuple[list[Invariant], list[Validation]]:
        """Constraints on facts as invariants, on proposals as validations; soft ones never refuse."""
        invariants: list[Invariant] = []
        validations: list[Validation] = []
        for number, item in enumerate(self._sections.constraints):
            place = self._place("constraints", number, "id")
            clause = self._clause(("constraints", number), item, "constraint")
            if not self._ids.declare(item.id, place) or clause is None:
                continue
            title = item.description or "; ".join(item.then)
            if item.severity == "hard" and clause.on_proposals:
                validations.append(
                    Validation(item.id, title, clause.given, clause.then, self._origin(place), "CONSTRAINT")
                )
            else:
                invariants.append(self._invariant(item, title, clause, place))
        return invariants, validations

    def _invariant(self, item: ConstraintItem, title: str, clause: Clause, place: Place) -> Invariant:
        soft = item.severity == "soft"
        # A soft constraint on proposals warns about the facts that came of them.
        given = tuple(p.Given("any", given.selection) if given.what == "proposal" else given for given in clause.given)
        late = soft or any(given.what == "fixed point" for given in given)
        late = late or not all(_is_structural(then.check) for then in clause.then)
        return Invariant(
            item.id,
            title,
            "acceptance" if late else "structural",
            given,
            clause.then,
            self._origin(place),
            soft,
        )

    def points(self) -> list[ApprovalPoint]:
        """Approval points with what they approve."""
        found = []
        for number, item in enumerate(self._sections.approval_points):
            place = self._place("approval_points", number, "approves")
            selection = self._reader.read_selection(item.approves, place, proposals=True)
            self._check_point(number, item, selection)
            if selection is not None:
                late = item.timeout
                timeout = Timeout(max(1, int(late.after)), late.action) if late else None
                found.append(
                    ApprovalPoint(
                        item.id,
                        item.role,
                        selection,
                        tuple(dict.fromkeys(item.modes)),
                        tuple(dict.fromkeys(item.not_by)),
                        item.quorum,
                        timeout,
                    )
                )
        return found

    def _check_point(self, number: int, item: ApprovalPointItem, selection: p.Selection | None) -> None:
        if item.timeout and item.timeout.action == "escalate" and not self._escalates:
            place = self._place("approval_points", number, "timeout", "action")
            fix = "add exception: {escalates_to: <role>}"
            self._findings.add("missing-key", place, "a timeout that escalates needs a role to go to", fix)
        if selection is None:
            return
        kinds = self._vocabulary.kinds_of(selection, self._place("approval_points", number), self._findings)
        for at, who in enumerate(item.not_by):
            if who != "principal":
                place = self._place("approval_points", number, "not_by", at)
                self._vocabulary.check_field(who, kinds, place, self._findings)
                if not self._vocabulary.may_name_people(who, kinds):
                    message = f"not_by {who} bars nobody: the field holds no ids of people"
                    self._findings.add("contradictory-check", place, message, "name a field that holds text")

    def hitl(self) -> list[HitlRule]:
        """Human-in-the-loop rules."""
        found = []
        for number, item in enumerate(self._sections.hitl):
            when = item.when
            place = self._place("hitl", number, "when")
            self._vocabulary.check_point(item.point, self._place("hitl", number, "point"), self._findings)
            if all(value is None for value in (when.key, when.kind, when.suggestor, when.confidence_at_most)):
                fix = "give key, kind, suggestor or confidence_at_most"
                self._findings.add(
                    "missing-key", place, "the rule has no condition, so it would ask for everything", fix
                )
            self._check_hitl_words(number, when.key, when.kind, when.suggestor)
            limit = None if when.confidence_at_most is None else format(when.confidence_at_most, "f")
            found.append(HitlRule(item.point, when.key, when.kind, when.suggestor, limit))
        return found

    def _check_hitl_words(self, number: int, key: str | None, kind: str | None, suggestor: str | None) -> None:
        writers = [writer.name for writer in self._vocabulary.writers]
        words: list[tuple[str, str | None, Sequence[str], str, bool]] = [
            ("key", key, sorted(KEYS), "unknown-context-key", True),
            ("kind", kind, sorted(self._vocabulary.kinds), "unknown-kind", self._vocabulary.complete),
            ("suggestor", suggestor, writers, "undefined-check", self._vocabulary.complete),
        ]
        for name, value, known, finding, checked in words:
            if checked and value is not None and value not in known:
                fix = did_you_mean(value, known) or f"known are {', '.join(known)}"
                place = self._place("hitl", number, "when", name)
                self._findings.add(finding, place, f"{name} {value!r} is not known", fix)

    def required(self, points: Sequence[ApprovalPoint], already: Container[str] = ()) -> list[Invariant]:
        """An acceptance invariant for each required approval; `points` are all of the job."""
        by_id = {point.id: point for point in points}
        found = []
        for number, name in enumerate(dict.fromkeys(self._sections.authority.requires_approval)):
            if name in already:
                continue
            place = self._place("authority", "requires_approval", number)
            self._vocabulary.check_point(name, place, self._findings)
            point = by_id.get(name)
            if point is None or not self._ids.declare(required_id(name), place):
                continue
            text = f"nothing that {name} approves is promoted without it"
            then = p.Then(text, p.RequiredApprovalHeld(name, point.approves))
            found.append(Invariant(required_id(name), text, "acceptance", (), (then,), self._origin(place)))
        return found

    def _clause(
        self, path: tuple[Any, ...], item: ConstraintItem | CriterionItem, home: Literal["constraint", "criterion"]
    ) -> Clause | None:
        steps = [*self._steps(path, "given", item.given), *self._steps(path, "then", item.then)]
        return self._reader.read(steps, home, self._place(*path, "id"))

    def _steps(self, path: tuple[Any, ...], keyword: Literal["given", "then"], texts: Sequence[str]) -> Iterator[Step]:
        for number, text in enumerate(texts):
            yield Step(keyword, text.strip(), self._place(*path, keyword, number))

    def _place(self, *path: Any) -> Place:
        return self._root.nearest(*path).place

    def _origin(self, place: Place) -> Origin:
        # Without its folder: a compiled job must not depend on where its files lie.
        return Origin(str(PurePath(self._owner, PurePath(place.file).name)), place.line, place.column)


def required_id(point: str) -> str:
    """The id of the invariant that keeps a required approval."""
    return f"required_{point}"


def _is_structural(check: p.Check) -> bool:
    """Whether a check that does not hold yet can never be mended by more facts (rule 3)."""
    if isinstance(check, p.Count):
        return check.bound == "at most" or (check.bound == "exactly" and check.number == 0)
    if isinstance(check, p.SumIs):
        return check.relation == "not exceed"
    return not isinstance(check, p.Paired | p.Approved | p.EvidenceExists | p.RequiredApprovalHeld)
