"""Law in a receipt: each clause that the truth declares, the check that keeps it, what that came to, on which facts."""

from collections.abc import Mapping
from typing import Any

from converge_cli.core.job import Job

AT_THE_GATE = "at the gate"
"""A check on every proposal before it could become a fact: a validation, or an approval point."""


def law_of(job: Job, outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Clauses with their checks and facts, checks that no clause names, and what no check keeps."""
    verdicts = _verdicts(outcome)
    clauses = [
        {
            "clause": item.clause,
            "id": item.id,
            "text": item.text,
            "check": item.check,
            "deferred": item.deferred,
            **_kept(item.check, verdicts),
        }
        for item in job.clauses
    ]
    named = {item.check for item in job.clauses}
    titles = {item.id: item.title for item in job.invariants} | {item.id: item.description for item in job.criteria}
    checks = [
        {"id": check, "text": title, **_kept(check, verdicts)} for check, title in titles.items() if check not in named
    ]
    return {"clauses": clauses, "checks": checks, "manual": list(job.manual)}


def _verdicts(outcome: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found = {item["id"]: {"verdict": item["verdict"], "facts": item["facts"]} for item in outcome["invariants"]}
    for item in outcome["criteria"]:
        found[item["id"]] = {"verdict": item["result"], "facts": item["evidence"]}
    return found


def _kept(check: str | None, verdicts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    if check is None:
        return {"verdict": "deferred", "facts": []}
    return verdicts.get(check, {"verdict": AT_THE_GATE, "facts": []})
