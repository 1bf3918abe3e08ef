"""What the runs of a truth show, as findings at the places that they are about: a scenario, a Then, a clause.

Must never judge: what is broken, missing or not shown has been told by the runs.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from converge_cli.app.examples.clause_evidence import JudgedClause
from converge_cli.app.examples.truth_examples import EarlierRunHungError, ExampleOutcome, TruthExamples
from converge_cli.app.shown_path import shown
from converge_cli.core.invariant import Origin
from converge_cli.truth.contract_reader import criterion_id
from converge_cli.truth.diagnostics import Diagnostic
from converge_cli.truth.files import read_source
from converge_cli.truth.findings import Findings, Place
from converge_cli.truth.yaml_source import read_yaml


class _Told(NamedTuple):
    """One thing to say; `clause` is the id of what has no origin of its own."""

    finding: str
    message: str
    fix: str
    origin: Origin | None = None
    clause: str = ""


def run_findings(examples: TruthExamples, folder: Path) -> tuple[Diagnostic, ...]:
    """Every finding of the runs of a truth; paths are told as from `folder`.

    Raises:
        ConvergeError: a file of the truth can't be read any more.
    """
    told = list(_own(examples))
    for outcome in examples.outcomes:
        told += _outcome(outcome, examples)
    for clause in examples.clauses:
        told += _clause(clause, examples)
    if not told:
        return ()
    places = _Places(examples, folder)
    for item in told:
        places.findings.add(item.finding, places.of(item), item.message, item.fix)
    return places.findings.sorted()


def _own(examples: TruthExamples) -> Iterator[_Told]:
    if examples.own_error is not None:
        yield _Told("example-failed", examples.own_fault, examples.own_error.hint or "mend the input")
    elif examples.own_fault:
        fix = f"mend the input, the pack or the budget; converge run {examples.truth.job.truth} shows the run"
        yield _Told("example-failed", examples.own_fault, fix)


def _outcome(outcome: ExampleOutcome, examples: TruthExamples) -> Iterator[_Told]:
    example = outcome.example
    name = f"example {example.title!r}{_row(outcome, examples)} of {examples.truth.job.truth}"
    if outcome.error is not None and not isinstance(outcome.error, EarlierRunHungError):
        fix = outcome.error.hint or "mend what it gives"
        yield _Told("example-failed", f"{name} can't run: {outcome.error.message}", fix, example.origin)
    for check in outcome.checks:
        if not check.ok:
            fix = "mend the truth or the pack, or what this sentence expects"
            yield _Told("example-failed", f"{outcome.explain(check)} ({name})", fix, check.expected.origin)


def _row(outcome: ExampleOutcome, examples: TruthExamples) -> str:
    """Which row of an outline an example is; "" for one that is none."""
    rows = [item.example.id for item in examples.outcomes if item.example.origin == outcome.example.origin]
    return f", row {rows.index(outcome.example.id) + 1}," if len(rows) > 1 else ""


def _clause(clause: JudgedClause, examples: TruthExamples) -> Iterator[_Told]:
    truth = examples.truth.job.truth
    if clause.verdict == "violated":
        finding = "soft-violated" if clause.soft else "example-failed"
        yield _Told(finding, f"{clause.id} of {truth}: {clause.detail}", _mending(clause), clause.origin, clause.id)
    elif clause.verdict == "not exercised" and not examples.own_fault:
        deed = "meets it" if clause.sort == "criterion" else "selects what it is about"
        message = f"{clause.sort} {clause.id} of {truth} is not exercised: {clause.detail}"
        yield _Told("not-exercised", message, f"add an @e2e scenario that {deed}", clause.origin, clause.id)


def _mending(clause: JudgedClause) -> str:
    if clause.on_proposals:
        return 'mend who proposes it, or let the example say: Then proposal "..." is rejected with its code'
    return f'mend what breaks it, or let the example say: Then invariant "{clause.id}" is violated'


class _Places:
    """The texts of a truth, and where its clauses stand in them."""

    def __init__(self, examples: TruthExamples, folder: Path) -> None:
        self.findings = Findings()
        truth = examples.truth
        source = read_source(truth.location.file, shown(truth.location.file, folder))
        self._contract = source.name
        self._root = read_yaml(source, self.findings)
        # Origins name files as the compiler does: by their names alone, what is merged with its folder.
        self._names = {truth.location.file.name: source.name}
        for path in truth.features:
            self._names[path.name] = self._read(path, folder)
        for merged in truth.merged:
            self._names[f"{merged.key}/{merged.file.name}"] = self._read(merged.file, folder)

    def of(self, told: _Told) -> Place:
        """The stretch of a line that a finding is about."""
        if told.origin is not None:
            return self._whole(told.origin, told.clause)
        node = criterion_id(self._root, told.clause) if told.clause and self._root is not None else None
        return self.findings.whole_file(self._contract) if node is None else node.place

    def _read(self, path: Path, folder: Path) -> str:
        source = read_source(path, shown(path, folder))
        self.findings.read(source)
        return source.name

    def _whole(self, origin: Origin, clause: str) -> Place:
        """From the origin to the end of its line; of the clause's id alone when that is what stands there."""
        start = Place(self._names.get(origin.file, origin.file), origin.line, origin.column, origin.column + 1)
        text = self.findings.line(start)
        if clause and text.startswith(clause, origin.column - 1):
            return Place(start.file, start.line, start.column, start.column + len(clause))
        return Place(start.file, start.line, start.column, len(text.rstrip()) + 1)
