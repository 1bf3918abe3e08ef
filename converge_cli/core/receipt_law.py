"""Law in a receipt: each clause that the truth declares, the check that keeps it, what that came to, on which facts."""

from collections.abc import Mapping
from typing import Any

_AT_THE_GATE: Mapping[str, Any] = {"verdict": "at the gate", "facts": []}
"""A check on every proposal before it could become a fact: a validation, or an approval point."""


def law_of(job: Mapping[str, Any], outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Clauses with their checks and facts, checks that no clause names, and what no check keeps.

    Args:
        job: the compiled job as plain values.
        outcome: the results of criteria and invariants.
    """
    verdicts = _verdicts(outcome)
    titles = {item["id"]: item["title"] for item in job.get("invariants", ())}
    titles |= {item["id"]: item["description"] for item in job.get("criteria", ())}
    clauses: list[dict[str, Any]] = [
        {**item, **verdicts.get(item.get("check"), _AT_THE_GATE)} for item in job.get("clauses", ())
    ]
    named = {item.get("check") for item in clauses}
    checks = [
        {"check": check, "text": text, **verdicts.get(check, _AT_THE_GATE)}
        for check, text in titles.items()
        if check not in named
    ]
    return {"clauses": clauses, "checks": checks, "manual": job.get("manual", [])}


def _verdicts(outcome: Mapping[str, Any]) -> dict[str | None, dict[str, Any]]:
    found: dict[str | None, dict[str, Any]] = {None: {"verdict": "deferred", "facts": []}}
    for item in outcome["invariants"]:
        facts = [fact for violation in item.get("violations", ()) for fact in violation["facts"]]
        found[item["id"]] = {"verdict": item["verdict"], "facts": facts}
    for item in outcome["criteria"]:
        found[item["id"]] = {"verdict": item["result"], "facts": item.get("evidence", [])}
    return found
