"""Shows what runs came to, for people: the verdict of each rule, which runs exercise and violate it, and the shares.

Failed examples are findings, shown as such; here they are only counted.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from converge_cli.app.examples.clause_evidence import OWN_RUN, JudgedClause
from converge_cli.app.examples.truth_examples import TruthExamples
from converge_cli.trace.glyphs import glyph
from converge_cli.trace.sanitize import safe
from converge_cli.trace.wording import plural

_NAMED = 2
"""Runs that violate a rule which are named; --json names all."""


def run_report(runs: Sequence[TruthExamples], not_run: Sequence[str]) -> Iterator[str]:
    """A block per job, then the shares."""
    for examples in runs:
        yield from _job(examples)
    yield from (f"{safe(key)}  not run: it does not compile" for key in not_run)
    if runs:
        yield _shares(runs)


def _job(examples: TruthExamples) -> Iterator[str]:
    passed = sum(item.ok for item in examples.outcomes)
    own = f"its own run ends {examples.own.reason}" if examples.own is not None else _no_own(examples)
    yield f"{safe(examples.truth.job.truth)}  {own}; {passed} of {plural(len(examples.outcomes), 'example')} passed"
    wide = max((len(item.id) for item in examples.clauses), default=0)
    for clause in examples.clauses:
        yield from _rule(clause, wide)
    for (name, code), count in _failures(examples).items():
        yield f"  {glyph('failed')} suggestor {safe(name)} failed ({safe(code)}) in {plural(count, 'run')}"
    yield ""


def _failures(examples: TruthExamples) -> Counter[tuple[str, str]]:
    """Suggestor and code -> in how many runs; an example may pass in spite of it."""
    results = [examples.own, *(item.result for item in examples.outcomes)]
    return Counter(failure for result in results if result is not None for failure in result.failures.items())


def _no_own(examples: TruthExamples) -> str:
    if examples.own_error is not None:
        return "it can't run on its own inputs"
    return f"no run of its own: {safe(examples.no_own)}"


def _rule(clause: JudgedClause, wide: int) -> Iterator[str]:
    mark = glyph(clause.verdict)
    count = len(clause.exercised_by)
    verb = "met by" if clause.sort == "criterion" else "exercised by"
    shown = f"{verb} {plural(count, 'run')}" if count else ""
    line = f"  {mark} {clause.verdict:<13}  {clause.sort:<10}  {safe(clause.id):<{wide}}  {shown}".rstrip()
    if clause.violated_by and clause.sort != "criterion":
        line += f", violated by {len(clause.violated_by)}"
    yield line
    if clause.sort != "criterion":
        yield from _violating(clause)


def _violating(clause: JudgedClause) -> Iterator[str]:
    names = ["its own run" if name == OWN_RUN else safe(name) for name in clause.violated_by]
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield f"      by {', '.join(names[:_NAMED])}{more}"


def _shares(runs: Sequence[TruthExamples]) -> str:
    passed, failed, skipped, manual = (sum(column) for column in zip(*(item.counts for item in runs), strict=True))
    scenarios = passed + failed + skipped + manual
    clauses = [clause for examples in runs for clause in examples.truth.job.clauses]
    deferred = sum(clause.deferred is not None for clause in clauses)
    return (
        f"{plural(scenarios, 'scenario')}: {passed} passed, {failed} failed, "
        f"{_share(skipped, scenarios)} skipped (not exercised), {_share(manual, scenarios)} manual; "
        f"{plural(len(clauses), 'clause')}: {_share(deferred, len(clauses))} deferred"
    )


def _share(count: int, of: int) -> str:
    return f"{count} ({100 * count / of:.0f} %)" if count else "0"
