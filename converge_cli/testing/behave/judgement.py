"""What is known of one scenario before behave walks through it: why to skip it, and what fails where."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from converge_cli.app.examples.clause_evidence import JudgedClause
from converge_cli.app.examples.truth_examples import ExampleOutcome, TruthExamples, told


class Judgement(NamedTuple):
    """One scenario, judged.

    Attributes:
        skip: why it is neither passed nor failed; empty when it is judged.
        whole: why it fails before any of its steps; empty when they are judged.
        every_then: why each Then fails; empty when Thens are judged one by one.
        thens: line of a Then -> why it fails, empty when it holds.
    """

    skip: str = ""
    whole: str = ""
    every_then: str = ""
    thens: Mapping[int, str] | None = None

    def fault(self, step_type: str, line: int) -> str:
        """Why the step at a line fails; empty when it passes."""
        if self.whole or step_type != "then":
            return self.whole
        if self.thens is not None and line not in self.thens:
            return self.every_then or "this Then was not compiled, so nothing has judged it"
        return self.every_then or (self.thens or {}).get(line, "")


def judge_scenario(examples: TruthExamples, file: str, line: int, row: int) -> Judgement:
    """The scenario that begins at a line of a feature file; `row` is the outline's row, from 1, else 0."""
    clauses = [
        item for item in examples.clauses if item.origin and (item.origin.file, item.origin.line) == (file, line)
    ]
    outcomes = [
        item for item in examples.outcomes if (item.example.origin.file, item.example.origin.line) == (file, line)
    ]
    for clause in clauses:
        if _is_row(clause.id, row):
            return _of_clause(clause, examples)
    for outcome in outcomes:
        if _is_row(outcome.example.id, row):
            return _of_outcome(outcome)
    return Judgement(
        whole=f"truth {examples.truth.location.key} has not compiled this scenario, so nothing has judged it"
    )


def together(named: Sequence[tuple[str, Judgement]]) -> Judgement:
    """One scenario of a feature that several truths use (key, judgement): it must hold for each that judges it."""
    if len(named) == 1:
        return named[0][1]
    judged = [(key, item) for key, item in named if not item.skip]
    if not judged:
        return Judgement(skip="; ".join(f"{key}: {item.skip}" for key, item in named))
    lines = {line for _, item in judged for line in item.thens or ()}
    return Judgement(
        whole="\n".join(f"{key}: {item.whole}" for key, item in judged if item.whole),
        every_then="; ".join(f"{key}: {item.every_then}" for key, item in judged if item.every_then),
        thens={line: _faults(judged, line) for line in sorted(lines)} if lines else None,
    )


def _faults(judged: Sequence[tuple[str, Judgement]], line: int) -> str:
    found = [(key, (item.thens or {}).get(line)) for key, item in judged]
    return "; ".join(f"{key}: {fault}" for key, fault in found if fault)


def _is_row(clause_id: str, row: int) -> bool:
    # The compiler numbers the rows of an outline at the end of their ids.
    return row == 0 or clause_id.rpartition("_")[2] == str(row)


def _of_clause(clause: JudgedClause, examples: TruthExamples) -> Judgement:
    if examples.own_fault:
        return Judgement(whole=examples.own_fault)
    if clause.verdict == "not exercised":
        return Judgement(skip=f"not exercised: {clause.detail}")
    return Judgement(every_then=clause.detail)


def _of_outcome(outcome: ExampleOutcome) -> Judgement:
    if outcome.error is not None:
        return Judgement(whole=f"the example can't run: {told(outcome.error)}")
    # A step of a pack stands for several checks in one line: none of them may hide another.
    faults: dict[int, list[str]] = {}
    for check in outcome.checks:
        faults.setdefault(check.expected.origin.line, []).append(outcome.explain(check))
    return Judgement(thens={line: "; ".join(filter(None, told)) for line, told in faults.items()})
