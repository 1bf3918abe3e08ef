"""What an explanation draws of a fact: its content as it is, the times of questions in the reader's zone."""

from collections.abc import Iterator
from datetime import timedelta, timezone
from typing import Any

from converge_cli.trace.explain_tree import Branch, explain_tree

ZONE = timezone(timedelta(hours=2))
TIME = "2026-03-01T23:30:00.000000Z"
REQUEST: dict[str, Any] = {
    "request": "r.boss.1",
    "point": "boss",
    "fact": "deal:a",
    "who": "chief",
    "quorum": 1,
    "until": TIME,
    "decisions": [],
}
CLAIM: dict[str, Any] = {
    "key": "Strategies",
    "id": "deal:a",
    "standing": "parked",
    "suggestor": "dealer",
    "cycle": 1,
    "content": {"until": TIME, "requests": [{"until": TIME}]},
    "confidence": "1",
    "evidence": [],
    "corrects": None,
    "corrected_by": None,
    "code": None,
    "by": [],
    "reason": "",
    "gate": None,
    "requests": [REQUEST],
}
FACT: dict[str, Any] = {
    "what": "fact",
    "run_id": "r",
    "id": "deal:a",
    "claims": {"deal:a": CLAIM},
    "clauses": [],
    "falls": {"facts": [], "proposals": [], "criteria": []},
}


def lines(tree: Branch) -> Iterator[tuple[str, str]]:
    """Label and text of every branch."""
    yield tree.label, tree.text
    for branch in tree.below:
        yield from lines(branch)


def test_a_time_in_a_fact_stays_as_it_was_promoted() -> None:
    """It is the content that people approved; only until when they are asked is told in their own zone."""
    told = dict(lines(explain_tree(FACT, ZONE)))
    assert (2, True) == (told["says"].count(TIME), "until 2026-03-02 01:30" in told["approval boss"])
