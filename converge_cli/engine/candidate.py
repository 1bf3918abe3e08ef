"""A proposal inside the promotion gate: parsed, with its canonical bytes. Not yet a fact."""

from decimal import Decimal
from typing import Any

import msgspec

from converge_cli.core.approval import approval_digest


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """What the gate, the checks and people judge.

    Attributes:
        subject: the id without its version.
        content: canonical JSON bytes of the payload.
        execution, position: which proposal of which SuggestorExecuted event it is.
    """

    key: str
    id: str
    subject: str
    kind: str
    payload: Any
    content: bytes
    confidence: Decimal
    evidence: tuple[str, ...]
    corrects: str | None
    suggestor: str
    execution: int
    position: int

    def digest(self, point: str) -> str:
        """What an approval at this point is bound to."""
        return approval_digest(point, self.key, self.id, self.kind, self.content, self.evidence)

    def named(self, cycle: int) -> dict[str, Any]:
        """What every event about this proposal begins with."""
        return {
            "cycle": cycle,
            "key": self.key,
            "id": self.id,
            "execution": self.execution,
            "position": self.position,
        }

    @property
    def identity(self) -> tuple[str, str, bytes, tuple[str, ...]]:
        """Equal for proposals that say the same on the same evidence."""
        return self.key, self.id, self.content, self.evidence


class Held:
    """A proposal that is parked (waits for people) or denied (refused, unless what it was judged on changes).

    Attributes:
        claims: points that must say yes; empty for a denied one that no point claims.
        cause: None while parked, `denied` by a gate or `rejected` by a person.
        by: rules and gates, or points, that denied it; `detail` says it in a sentence.
        requests: point -> id of its approval request.
        asked: newest fact about a passed gate when policy was last asked.
        rests_on: the subjects of those that its requests are built from; None when it was not asked since the run
            was taken up again.
        fresh: whether a decision on it has come in since then.
    """

    __slots__ = ("asked", "by", "candidate", "cause", "claims", "detail", "fresh", "requests", "rests_on")

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate
        self.claims: tuple[str, ...] = ()
        self.cause: str | None = None
        self.by: tuple[str, ...] = ()
        self.detail = ""
        self.requests: dict[str, str] = {}
        self.asked = -1
        self.rests_on: tuple[str, ...] | None = None
        self.fresh = False
