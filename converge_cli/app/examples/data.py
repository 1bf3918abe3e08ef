"""What the runs of a truth came to, as data: an entry of `runs` in `validate --run --json`. Pinned by tests."""

from collections.abc import Sequence
from typing import Any

from converge_cli.app.examples.clause_evidence import JudgedClause
from converge_cli.app.examples.truth_examples import ExampleCounts, ExampleOutcome, TruthExamples, told
from converge_cli.core.example import Gap
from converge_cli.core.invariant import Origin


def runs_data(runs: Sequence[TruthExamples], not_run: Sequence[str]) -> dict[str, Any]:
    """What `validate --run` adds: the runs of each job, the jobs that don't compile, and the totals."""
    counts = [examples.counts for examples in runs]
    clauses = [clause for examples in runs for clause in examples.truth.job.clauses]
    return {
        "runs": [examples_data(examples) for examples in runs],
        "not_run": list(not_run),
        "totals": {
            "scenarios": {name: sum(getattr(item, name) for item in counts) for name in ExampleCounts._fields},
            "clauses": {"all": len(clauses), "deferred": sum(clause.deferred is not None for clause in clauses)},
        },
    }


def examples_data(examples: TruthExamples) -> dict[str, Any]:
    """The runs of one truth: its own, its examples, and what all of them show of each rule."""
    job = examples.truth.job
    return {
        "truth": job.truth,
        "own": {
            "stop": None if examples.own is None else examples.own.reason,
            "failures": {} if examples.own is None else examples.own.failures,
            "skipped": examples.no_own,
            "fault": examples.own_fault,
        },
        "rules": [_rule(item, examples) for item in examples.clauses],
        "examples": [_example(item) for item in examples.outcomes],
        "manual": [_gap(item) for item in examples.gaps],
        "deferred": [
            {"clause": item.clause, "id": item.id, "reason": item.deferred}
            for item in job.clauses
            if item.deferred is not None
        ],
        "scenarios": examples.counts._asdict(),
    }


def _rule(clause: JudgedClause, examples: TruthExamples) -> dict[str, Any]:
    return {
        "id": clause.id,
        "title": clause.title,
        "sort": clause.sort,
        "soft": clause.soft,
        **_place(clause.origin),
        "verdict": clause.verdict,
        "scenario": examples.verdict_of(clause) if clause.is_scenario else None,
        "detail": clause.detail,
        "exercised_by": list(clause.exercised_by),
        "violated_by": list(clause.violated_by),
    }


def _example(outcome: ExampleOutcome) -> dict[str, Any]:
    example = outcome.example
    return {
        "id": example.id,
        "title": example.title,
        **_place(example.origin),
        "scenario": outcome.verdict,
        "stop": None if outcome.result is None else outcome.result.reason,
        "failures": {} if outcome.result is None else outcome.result.failures,
        "error": None if outcome.error is None else told(outcome.error),
        "checks": [
            {
                "text": check.expected.text,
                **_place(check.expected.origin),
                "ok": check.ok,
                "detail": outcome.explain(check),
            }
            for check in outcome.checks
        ],
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {"id": gap.id, "title": gap.title, **_place(gap.origin), "scenario": "skipped"}


def _place(origin: Origin | None) -> dict[str, Any]:
    return {"file": origin.file, "line": origin.line} if origin is not None else {"file": None, "line": None}
