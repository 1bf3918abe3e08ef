"""The outcome digest: equal for equal inputs over every door, on any machine, any day."""

from hashlib import sha256

from converge_cli._internal.canonical_json import encode
from converge_cli.core.stop_reason import StopReason
from converge_cli.engine.run import Run


def outcome_digest(run: Run, reason: StopReason) -> str:
    """SHA-256, in hex, over what a run came to: facts, verdicts, stop reason; no run ids, times or given reasons.

    Hashed are, each followed by a newline: the canonical JSON of {reason, criteria: [[id, result, evidence]],
    invariants: [[id, verdict]]}, then per fact, sorted, key, id, content and the corrected id, joined by NUL.
    """
    verdicts = {
        "reason": reason.value,
        "criteria": [[item.id, item.result, item.evidence] for item in run.criteria.values()],
        "invariants": [[item.id, item.verdict] for item in sorted(run.invariants.values(), key=lambda item: item.id)],
    }
    # Sorted as text: UTF-8 keeps the order of code points, so their bytes have the same order.
    lines = ["\0".join((fact.key, fact.id, fact.content.decode(), fact.corrects or "")) for fact in run.context.facts]
    lines.sort()
    return sha256("\n".join((encode(verdicts).decode(), *lines, "")).encode()).hexdigest()
