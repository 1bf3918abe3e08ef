"""Explains codes of findings: what each means, why it matters, what gives it, how it is mended and suppressed."""

from typing import Any

from converge_cli.truth.code_examples.catalogue import EXAMPLES, SPOKEN
from converge_cli.truth.code_examples.example import Example
from converge_cli.truth.codes import GROUPS, DiagnosticKind, kinds_named

_NEVER = {
    "gap": "never; a gap is counted, whatever its reason",
    "run": "never; a run has shown it",
    "suppression": "never; mend the comment itself",
}


def explain_codes(word: str) -> list[dict[str, Any]]:
    """The codes that a word means: a code, a name, a group, or the beginning of a code; empty when it means none."""
    return [_explained(kind) for kind in kinds_named(word)]


def how_to_suppress(kind: DiagnosticKind) -> str:
    """The comment that suppresses a kind of finding, or why none does."""
    if kind.suppressible:
        return f"# converge: ignore {kind.code} -- <reason>"
    return _NEVER.get(kind.group, "never; an error keeps the truth from running")


def _explained(kind: DiagnosticKind) -> dict[str, Any]:
    example = EXAMPLES.get(kind.name)
    return {
        "code": kind.code,
        "name": kind.name,
        "group": kind.group,
        "about": GROUPS[kind.group],
        "severity": kind.severity,
        "title": kind.title,
        "why": kind.why,
        "example": None if example is None else _shown(example),
        "spoken": SPOKEN.get(kind.name),
        "suppress": how_to_suppress(kind),
    }


def _shown(example: Example) -> dict[str, str]:
    bad: str = example.where
    if example.encoding != "utf-8":
        bad += f", saved as {example.encoding.upper()}"
    if example.run:
        bad += ", seen with --run"
    return {"where": example.where, "bad_where": bad, "bad": example.bad, "good": example.good}
