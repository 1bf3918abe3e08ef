"""Merges the effects of a cycle: records what each suggestor proposed, then judges it, in registration order."""

from collections.abc import Sequence

from converge_cli.core.event import RecordedProposal, SuggestorExecuted, SuggestorFailed
from converge_cli.core.fact import ProposedFact
from converge_cli.engine.eligibility import Eligibility
from converge_cli.engine.engine_notes import RESOLVED, note_failure
from converge_cli.engine.execution import Execution
from converge_cli.engine.promotion import PromotionGate
from converge_cli.engine.recording import record_proposals
from converge_cli.engine.registration import Outside, Registration
from converge_cli.engine.run import Run


def merge(run: Run, gate: PromotionGate, eligibility: Eligibility, executions: Sequence[Execution]) -> None:
    """Record every execution first, so that nothing done is lost when a budget or a conflict cuts the merge short.

    Raises:
        Halt: a fact conflict or a budget.
    """
    recorded = []
    for execution in executions:
        if execution.cut:
            continue
        if execution.halt is None:
            eligibility.executed(execution)
            recorded.append((execution, _record(run, execution)))
    for execution, seq in recorded:
        if execution.failure is None:
            judge(run, gate, execution.registration, seq, execution.proposals)
    for execution in executions:
        if execution.halt is not None:
            raise execution.halt


def judge(
    run: Run, gate: PromotionGate, by: Registration | Outside, execution: int, proposals: Sequence[RecordedProposal]
) -> None:
    """Judge the proposals of one execution, in the order in which they were made."""
    if by.name in run.failures:
        del run.failures[by.name]
        note_failure(run, by.name, RESOLVED)
    for position, proposal in enumerate(proposals):
        gate.submit(by, proposal, execution, position)


def feed(run: Run, gate: PromotionGate, by: Outside, proposals: Sequence[ProposedFact]) -> None:
    """Bring proposals from outside in, through the same gate.

    Raises:
        Halt: a fact conflict or a budget.
    """
    recorded = record_proposals(proposals)
    seq = _executed(run, by.name, len(run.context.facts), recorded, 0)
    judge(run, gate, by, seq, recorded)


def _record(run: Run, execution: Execution) -> int:
    name = execution.registration.name
    if execution.failure is None:
        return _executed(run, name, execution.view, execution.proposals, execution.elapsed_us)
    code, detail = execution.failure
    seq = run.log.add(SuggestorFailed, cycle=run.cycle, suggestor=name, view=execution.view, code=code, detail=detail)
    run.failures[name] = code
    note_failure(run, name, code)
    return seq


def _executed(run: Run, name: str, view: int, proposals: tuple[RecordedProposal, ...], elapsed_us: int) -> int:
    return run.log.add(
        SuggestorExecuted,
        cycle=run.cycle,
        suggestor=name,
        view=view,
        proposals=proposals,
        elapsed_us=elapsed_us,
    )
