"""Merges the effects of a cycle: records what each suggestor proposed, then judges it, in registration order."""

from collections.abc import Sequence

from converge_cli.core.call import RecordedCall
from converge_cli.core.event import SuggestorExecuted, SuggestorFailed
from converge_cli.core.recorded import RecordedProposal
from converge_cli.engine.eligibility import Eligibility
from converge_cli.engine.engine_notes import RESOLVED, note_failure
from converge_cli.engine.execution import Execution
from converge_cli.engine.promotion import PromotionGate
from converge_cli.engine.registration import Outside, Registration
from converge_cli.engine.run import Run, Unmerged

Feed = tuple[str, tuple[RecordedProposal, ...]]
"""Who brings something from outside, and what."""


def merge(run: Run, gate: PromotionGate, eligibility: Eligibility, executions: Sequence[Execution]) -> None:
    """Record every execution first, so that nothing done is lost when a budget or a conflict cuts the merge short.

    Raises:
        Halt: a fact conflict or a budget.
    """
    recorded = []
    for execution in executions:
        if execution.cut or execution.halt is not None:
            continue
        eligibility.executed(execution)
        if execution.failure is None:
            by, proposals = execution.registration, execution.proposals
            by.since = _executed(run, by.name, execution.view, proposals, execution.elapsed_us, execution.calls)
            recorded.append(execution)
        else:
            _failed(run, execution, execution.failure)
    if run.charges.made:
        _settle_charges(run, executions)
    for execution in recorded:
        by = execution.registration
        judge(run, gate, by, by.since, execution.proposals)
    for execution in executions:
        if execution.halt is not None:
            raise execution.halt


def judge(
    run: Run,
    gate: PromotionGate,
    by: Registration | Outside,
    execution: int,
    proposals: tuple[RecordedProposal, ...],
    first: int = 0,
) -> None:
    """Judge the proposals of one execution, from position `first` on, in the order in which they were made.

    Raises:
        Halt: a fact conflict or a budget.
    """
    if by.name in run.failures:
        del run.failures[by.name]
        note_failure(run, by.name, RESOLVED)
    for position, proposal in enumerate(proposals[first:], first):
        gate.submit(by, proposal, execution, position)


def record_feeds(run: Run, feeds: Sequence[Feed]) -> list[Unmerged]:
    """Record everything that comes from outside before any of it is judged, so that no budget can lose some of it."""
    view, recorded = len(run.context.facts), []
    for name, proposals in feeds:
        recorded.append(Unmerged(Outside(name), _executed(run, name, view, proposals, 0), proposals))
    return recorded


def _settle_charges(run: Run, executions: Sequence[Execution]) -> None:
    for execution in executions:
        if not execution.cut and execution.halt is None:
            run.charges.settle(execution.registration.name, again=execution.again)


def _failed(run: Run, execution: Execution, failure: tuple[str, str]) -> None:
    by, (code, detail) = execution.registration, failure
    name, view, calls = by.name, execution.view, execution.calls
    seq = run.log.add(
        SuggestorFailed,
        cycle=run.cycle,
        suggestor=name,
        view=view,
        code=code,
        detail=detail,
        calls=calls,
        again=execution.again,
    )
    if calls:
        by.since = seq
    run.failures[name] = code
    run.failed_words[name] = detail
    note_failure(run, name, code)


def _executed(
    run: Run,
    name: str,
    view: int,
    proposals: tuple[RecordedProposal, ...],
    elapsed_us: int,
    calls: tuple[RecordedCall, ...] = (),
) -> int:
    log = run.log
    return log.put(SuggestorExecuted(log.seq + 1, log.at, run.cycle, name, view, proposals, elapsed_us, calls))
