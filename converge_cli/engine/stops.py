"""Which stop applies at the fixed point: the first row of the table that does (the order is a promise)."""

from converge_cli.core.criterion import CriterionResult
from converge_cli.core.stop_reason import Stop, StopReason
from converge_cli.engine.criteria import CriterionBoard
from converge_cli.engine.invariant_checks import InvariantBoard, names_and_facts
from converge_cli.engine.run import Run


def at_fixed_point(run: Run, invariants: InvariantBoard, criteria: CriterionBoard) -> Stop:
    """Judge what is due at the fixed point and name the stop."""
    pending = run.pending()
    if pending:
        # Acceptance is previewed, not due: what people decide may still change it.
        invariants.check("acceptance")
        results = criteria.evaluate(due=True)
        missing = tuple(item for result in results for item in result.missing)
        names = tuple(dict.fromkeys(request.point for request in pending))
        return Stop(StopReason.HUMAN_INTERVENTION_REQUIRED, cycle=run.cycle, names=names, missing=missing)
    violated = invariants.check("semantic")
    accepted = invariants.check("acceptance")
    results = criteria.evaluate(due=True)
    faults = invariants.strict_faults() if run.setting.strict else []
    broken = violated or accepted
    if broken or faults:
        names, facts = names_and_facts([*violated, *accepted])
        return Stop(
            StopReason.INVARIANT_VIOLATED, cycle=run.cycle, names=tuple(dict.fromkeys((*names, *faults))), facts=facts
        )
    return _by_criteria(run, [result for result in results if result.required])


def _by_criteria(run: Run, required: list[CriterionResult]) -> Stop:
    def those(result: str, cause: str | None = None) -> list[CriterionResult]:
        return [item for item in required if item.result == result and cause in {None, item.cause}]

    if not run.job.criteria:
        return Stop(StopReason.CONVERGED, cycle=run.cycle)
    rows = (
        (StopReason.SUGGESTOR_FAILED, those("indeterminate", "failed")),
        (StopReason.POLICY_DENIED, those("unmet", "denied")),
        (StopReason.HUMAN_INTERVENTION_REQUIRED, those("blocked")),
        (StopReason.INDETERMINATE, those("indeterminate")),
        (StopReason.CRITERIA_UNMET, those("unmet")),
    )
    for reason, results in rows:
        if results:
            missing = tuple(item for result in results for item in result.missing)
            names = tuple(result.id for result in results)
            detail = "; ".join(dict.fromkeys(result.reason for result in results))
            return Stop(reason, cycle=run.cycle, names=names, missing=missing, detail=detail)
    return Stop(StopReason.CRITERIA_MET, cycle=run.cycle, names=tuple(item.id for item in required))
