"""What examples refer to: criteria, invariants, points, inputs, gates. An unknown name is an error."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from converge_cli.core import example as e
from converge_cli.core.approval import authority_point
from converge_cli.core.errors import did_you_mean
from converge_cli.core.example import Example
from converge_cli.core.job import Job
from converge_cli.core.person import AUTHORITIES
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.source import Source
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
        self._inputs = {spec.name for spec in job.inputs}
        self._gates = {name for gate in job.gates for name in (gate.action, gate.name)}

    def check(
        self, examples: Iterable[Example], features: Sequence[Source], givens: Mapping[str, Sequence[Place]]
    ) -> None:
        """Add a finding for each name that the truth does not declare; `givens` are the places of each example's."""
        files = {PurePath(source.name).name: source.name for source in features}
        for example in examples:
            for given, place in zip(example.given, givens[example.id], strict=True):
                self._given(given, place)
            for then in example.then:
                self._then(then.expected, self._place(then.origin, files))

    def _place(self, origin: Any, files: dict[str, str]) -> Place:
        place = Place(files.get(origin.file, origin.file), origin.line, origin.column, origin.column)
        return Place(place.file, place.line, place.column, len(self._findings.line(place).rstrip()) + 1)

    def _given(self, given: Any, place: Place) -> None:
        if isinstance(given, e.PointDecided):
            self._known("unknown-point", "approval point", given.point, self._points, place)
            self._vocabulary.check_person(given.by, self._findings.within(place, f'by "{given.by}"'), self._findings)
        elif isinstance(given, e.InputIs):
            self._known("undefined-check", "input", given.name, self._inputs, place)

    def _then(self, expected: Any, place: Place) -> None:
        if isinstance(expected, e.CriterionIs):
            self._known("undefined-check", "criterion", expected.id, self._criteria, place)
        elif isinstance(expected, e.InvariantIs):
            self._known("undefined-check", "invariant", expected.id, self._invariants, place)
        elif isinstance(expected, e.GateAnswers):
            self._known("undefined-check", "gate", expected.action, self._gates, place)

    def _known(self, finding: str, what: str, name: str, known: set[str], place: Place) -> None:
        if name not in known:
            fix = did_you_mean(name, known) or f"declared: {', '.join(sorted(known)) or 'none'}"
            where = self._findings.within(place, f'"{name}"')
            self._findings.add(finding, where, f"{what} {name!r} is not declared", fix)
