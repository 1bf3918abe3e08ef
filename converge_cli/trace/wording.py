"""Phrases that more than one display uses: results, gate answers, decisions. All text in them is made safe here."""

from datetime import tzinfo

from converge_cli.core.approval import Approval, ApprovalRequest
from converge_cli.core.criterion import CriterionResult, Missing
from converge_cli.core.event import GateDecided
from converge_cli.core.invariant import InvariantResult
from converge_cli.core.stop_reason import CONVERGED_REASONS, StopReason
from converge_cli.trace.sanitize import safe
from converge_cli.trace.when import local_time

REASON = 300
"""Characters of a reason, a detail or a title that a display shows."""

RESULT_GLYPHS = {"met": "done", "unmet": "rejected", "blocked": "parked", "indeterminate": "note"}
VERDICT_GLYPHS = {"holds": "done", "violated": "rejected", "not exercised": "note"}
CONVERGED = CONVERGED_REASONS
WAITING = StopReason.HUMAN_INTERVENTION_REQUIRED
_IDS = 12


def plural(count: int, noun: str) -> str:
    """`1 proposal`, `2 proposals`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def ids_text(ids: tuple[str, ...], most: int = _IDS) -> str:
    """Ids, each whole; how many more there are above a limit."""
    shown = ", ".join(map(safe, ids[:most]))
    return f"{shown} and {len(ids) - most} more" if len(ids) > most else shown


def who_decides(request: ApprovalRequest) -> str:
    """The role or authority that decides a request."""
    return safe(request.role) if request.role else f"authority {request.authority}"


def criterion_text(result: CriterionResult, zone: tzinfo | None = None) -> str:
    """What a criterion came to, without its id: evidence, whom it waits for, or why not; times in the zone, or UTC."""
    if result.result == "met":
        return ids_text(result.evidence)
    if result.result == "blocked" and result.missing:
        return "; ".join(_missing(item, zone) for item in result.missing)
    return safe(": ".join(filter(None, (result.cause, result.reason))), REASON)


def _missing(item: Missing, zone: tzinfo | None) -> str:
    if item.what == "input":
        return f"input {safe(item.name)}: {safe(item.who)} gives it"
    until = f", until {time_text(item.until, zone)}" if item.until else ""
    return f"{safe(item.name)}: {safe(item.who)} decides{until}"


def time_text(utc: str, zone: tzinfo | None) -> str:
    """A time in the reader's zone, or as it was recorded."""
    return safe(utc if zone is None else local_time(utc, zone))


def decision_text(given: Approval) -> str:
    """`approved by mona (procurement_manager): "three bids compared"`."""
    return f'{given.decision} by {safe(given.by)} ({safe(given.role)}): "{safe(given.reason, REASON)}"'


def violation_text(result: InvariantResult) -> str:
    """Which checks do not hold, on which facts."""
    details = "; ".join(
        ": ".join(filter(None, (safe(item.check, REASON), safe(item.detail, REASON))))
        + (f" ({ids_text(item.facts)})" if item.facts else "")
        for item in result.violations[:3]
    )
    return f"{details}; {len(result.violations) - 3} more" if len(result.violations) > 3 else details


def gate_text(event: GateDecided) -> str:
    """What a gate answered: outcome, what would unlock it, rules, missing gates, the error."""
    decision = event.decision
    parts: list[str] = [decision.outcome]
    wanted = [*map(safe, decision.approvals), *([f"authority {decision.authority}"] if decision.authority else [])]
    if wanted:
        parts.append(f"needs {' and '.join(wanted)}")
    if decision.rules:
        parts.append(f"rule {', '.join(map(safe, decision.rules))}")
    if decision.missing:
        parts.append(f"missing gate {', '.join(map(safe, decision.missing))}")
    if decision.source == "error":
        parts.append(f"error: {safe(decision.detail, REASON)}")
    elif decision.outcome == "REJECT" and decision.detail:
        parts.append(safe(decision.detail, REASON))
    return ", ".join(parts)
