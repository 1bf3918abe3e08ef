"""What examples refer to: criteria, invariants, points, inputs, gates. An unknown name is an error."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from converge_cli.core import example as e
from converge_cli.core import predicate as p
from converge_cli.core.approval import authority_point
from converge_cli.core.errors import did_you_mean
from converge_cli.core.example import Example
from converge_cli.core.job import Job
from converge_cli.core.person import AUTHORITIES
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.source import Source
from converge_cli.truth.vacuous import mistyped, type_at
from converge_cli.truth.vocabulary import Vocabulary


class ExampleReferences:
    """Checks the names that the examples of one job use; `lost` are declared ids that did not compile."""

    def __init__(self, job: Job, lost: frozenset[str], vocabulary: Vocabulary, findings: Findings) -> None:
        self._vocabulary = vocabulary
        self._findings = findings
        self._criteria = {item.id for item in job.criteria} | lost
        self._invariants = {item.id for item in job.invariants} | lost
        self._points = {point.id for point in job.approval_points}
        if job.gates:
            # Where policy asks for an authority, the request stands under a point of its own.
            self._points |= {authority_point(authority) for authority in AUTHORITIES}
        self._suggestors = {writer.name for writer in vocabulary.writers}
        self._inputs = {spec.name for spec in job.inputs}
        self._gates = {name for gate in job.gates for name in (gate.action, gate.name)}

    def check(
        self, examples: Iterable[Example], features: Sequence[Source], givens: Mapping[str, Sequence[Place]]
    ) -> None:
        """Add a finding for each name that the truth does not declare; `givens` are the places of each example's."""
        files = {PurePath(source.name).name: source.name for source in features}
        for example in examples:
            refused = {then.expected.id for then in example.then if isinstance(then.expected, e.ProposalIsRejected)}
            for given, place in zip(example.given, givens[example.id], strict=True):
                self._given(given, place, refused)
            for then in example.then:
                self._then(then.expected, self._place(then.origin, files))

    def _place(self, origin: Any, files: dict[str, str]) -> Place:
        place = Place(files.get(origin.file, origin.file), origin.line, origin.column, origin.column)
        return Place(place.file, place.line, place.column, len(self._findings.line(place).rstrip()) + 1)

    def _given(self, given: Any, place: Place, refused: Collection[str]) -> None:
        if isinstance(given, e.PointDecided):
            self._known("unknown-point", "approval point", given.point, self._points, place)
            self._vocabulary.check_person(given.by, self._findings.within(place, f'by "{given.by}"'), self._findings)
        elif isinstance(given, e.InputIs):
            self._known("undefined-check", "input", given.name, self._inputs, place)
        elif isinstance(given, e.Scripted):
            self._scripted(given, place, refused)

    def _scripted(self, given: e.Scripted, place: Place, refused: Collection[str]) -> None:
        """Check a scripted proposal; one that the example expects to be rejected may be as wrong as it likes."""
        if given.suggestor in self._suggestors:
            where = self._findings.within(place, f'"{given.suggestor}"')
            message = f"a pack has a suggestor {given.suggestor!r}, so the script would be a second one of the name"
            self._findings.add("duplicate-id", where, message, "give the scripted one another name")
        if given.id in refused:
            return
        kinds = self._vocabulary.kinds_of(p.Selection(given.key, given.id), place, self._findings)
        for name, _ in given.fields:
            self._vocabulary.check_field(name, kinds, place, self._findings)

    def _fact(self, expected: e.FactHasField, place: Place) -> None:
        kinds = self._vocabulary.kinds_of(p.Selection(expected.key, expected.id), place, self._findings)
        self._vocabulary.check_field(expected.field, kinds, place, self._findings)
        for kind in kinds:
            test = p.FieldTest(expected.field, "is", (expected.value,))
            problem = mistyped(test, type_at(self._vocabulary.fields(kind), expected.field))
            if problem is not None:
                fix = "compare with a value of the field's type"
                self._findings.add("contradictory-check", place, f"nothing can pass: {problem}", fix)

    def _then(self, expected: Any, place: Place) -> None:
        if isinstance(expected, e.CriterionIs):
            self._known("undefined-check", "criterion", expected.id, self._criteria, place)
        elif isinstance(expected, e.InvariantIs):
            self._known("undefined-check", "invariant", expected.id, self._invariants, place)
        elif isinstance(expected, e.GateAnswers):
            self._known("undefined-check", "gate", expected.action, self._gates, place)
        elif isinstance(expected, e.FactHasField):
            self._fact(expected, place)

    def _known(self, finding: str, what: str, name: str, known: set[str], place: Place) -> None:
        if name not in known:
            fix = did_you_mean(name, known) or f"declared: {', '.join(sorted(known)) or 'none'}"
            where = self._findings.within(place, f'"{name}"')
            mending = self._findings.mending(where, name, known)
            self._findings.add(finding, where, f"{what} {name!r} is not declared", fix, mending)
