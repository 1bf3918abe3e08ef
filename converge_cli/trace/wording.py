"""Phrases that more than one display uses: results, gate answers, decisions. All text in them is made safe here."""

import re
from collections.abc import Sequence
from datetime import tzinfo

from converge_cli.core.approval import Approval, ApprovalRequest, deciders
from converge_cli.core.criterion import CriterionResult, Missing
from converge_cli.core.event import GateDecided
from converge_cli.core.invariant import InvariantResult
from converge_cli.core.person import Person
from converge_cli.core.stop_reason import CONVERGED_REASONS, StopReason
from converge_cli.trace.sanitize import safe
from converge_cli.trace.when import local_time

REASON = 300
"""Characters of a reason, a detail or a title that a display shows."""

CONVERGED = CONVERGED_REASONS
WAITING = StopReason.HUMAN_INTERVENTION_REQUIRED
_IDS = 12
_HUNDREDTHS = 2
_AMOUNT = re.compile(r"-?[0-9]{1,40}\.[0-9]+")


def plural(count: int, noun: str) -> str:
    """`1 proposal`, `2 proposals`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def ids_text(ids: tuple[str, ...], most: int = _IDS) -> str:
    """Ids, each whole; how many more there are above a limit."""
    shown = ", ".join(map(safe, ids[:most]))
    return f"{shown} and {len(ids) - most} more" if len(ids) > most else shown


def who_decides(request: ApprovalRequest, people: Sequence[Person] = ()) -> str:
    """The role or authority that decides a request and, of the people that are known, who that is, by id."""
    asked = safe(request.role) if request.role else f"authority {request.authority}"
    if not people:
        return asked
    return f"{asked} ({ids_text(deciders(request, people)) or 'nobody among the people'})"


def who_words(request: ApprovalRequest, people: Sequence[Person] = ()) -> str:
    """Who may decide, and who may not."""
    parts = [who_decides(request, people)]
    if request.quorum > 1:
        parts.append(f"{request.quorum} different people")
    if request.not_by:
        parts.append(f"not {', '.join(map(safe, request.not_by))}")
    if request.modes != ("interactive",):
        parts.append(f"modes {', '.join(request.modes)}")
    return "; ".join(parts)


def spoken(name: str) -> str:
    """A field's name as people say it: `human_approval_present` is human approval present."""
    return safe(name, REASON).replace("_", " ")


def amount_text(value: str) -> str:
    """A value that policy saw; an amount, which has two decimals, with its thousands set apart: 15,000.00."""
    whole, point, hundredths = value.partition(".")
    if point and len(hundredths) == _HUNDREDTHS and _AMOUNT.fullmatch(value):
        return f"{int(whole):,}.{hundredths}" if int(whole) else value
    return safe(value, REASON)


def criterion_text(result: CriterionResult, zone: tzinfo | None = None) -> str:
    """What a criterion came to, without its id: evidence, whom it waits for, or why not; times in the zone, or UTC."""
    if result.result == "met":
        return ids_text(result.evidence)
    if result.result == "blocked" and result.missing:
        return "; ".join(_waiting(result.missing, zone))
    return safe(": ".join(filter(None, (result.cause, result.reason))), REASON)


def _waiting(missing: Sequence[Missing], zone: tzinfo | None) -> list[str]:
    """Who can give what is missing; where several facts wait, which ones wait for whom."""
    several = len({item.fact for item in missing if item.what == "approval"}) > 1
    groups: dict[object, list[Missing]] = {}
    for number, item in enumerate(missing):
        alone = None if several and item.what == "approval" else number
        groups.setdefault((alone, item.name, item.who), []).append(item)
    return [_waits(group, zone, several=several) for group in groups.values()]


def _waits(group: Sequence[Missing], zone: tzinfo | None, *, several: bool) -> str:
    first = group[0]
    if first.what == "input":
        return f"input {safe(first.name)}: {safe(first.who)} gives it"
    facts = tuple(item.fact for item in group if item.fact) if several else ()
    on = f" on {ids_text(facts)}" if facts else ""
    ends = sorted({item.until for item in group if item.until})
    until = f", {'the first ' if len(ends) > 1 else ''}until {time_text(ends[0], zone)}" if ends else ""
    return f"{safe(first.name)}: {safe(first.who)} decides{on}{until}"


def time_text(utc: str, zone: tzinfo | None) -> str:
    """A time in the reader's zone, or as it was recorded."""
    return safe(utc if zone is None else local_time(utc, zone))


def is_early(reason: str | None, verdict: str, when: str) -> bool:
    """Whether a violation does not count yet: while people are asked, only structural invariants bind."""
    return reason == WAITING and verdict == "violated" and when != "structural"


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
