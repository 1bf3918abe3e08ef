"""Recorded events as ledger entries: one entry an event, whose payload is the event's own bytes.

So a mirror can be compared with the record, and the head of a run can be computed from it. Pure.
"""

import msgspec

from converge_cli._internal.hashing import digest_bytes
from converge_cli.core.ledger import MAX_PAYLOAD, NewEntry

KEYS = {
    "RunStarted": "intents",
    "RunResumed": "intents",
    "ApprovalRequested": "intents",
    "ApprovalDecided": "intents",
    "ApprovalSpent": "intents",
    "DecisionRefused": "intents",
    "FactPromoted": "facts",
    "SuggestorExecuted": "proposals",
    "ProposalRejected": "proposals",
    "ProposalParked": "proposals",
    "ProposalDenied": "proposals",
    "ProposalWithdrawn": "proposals",
    "InvariantChecked": "evals",
    "CriterionEvaluated": "evals",
    "GateDecided": "evals",
    "CycleStarted": "traces",
    "SuggestorFailed": "traces",
    "TimerFired": "traces",
    "BudgetCharged": "traces",
    "RunPaused": "traces",
    "RunStopped": "traces",
}
"""Type of an event -> key of its entry; an event that is not listed is a trace."""

_PREFIX = "event:"


class _Head(msgspec.Struct):
    """What has to be known of an event; the rest stays bytes."""

    type: str
    seq: int


_DECODER = msgspec.json.Decoder(_Head)


def entry_of_event(data: bytes) -> NewEntry:
    """The entry of an event's canonical bytes. An event too large for a ledger is represented by its SHA-256.

    Raises:
        msgspec.MsgspecError: the bytes are no event.
    """
    head = _DECODER.decode(data)
    metadata = {"type": head.type}
    if len(data) > MAX_PAYLOAD:
        metadata |= {"omitted": f"{len(data)} bytes", "sha256": digest_bytes(data)}
        data = b""
    return NewEntry(f"{_PREFIX}{head.seq}", KEYS.get(head.type, "traces"), data, metadata)


def event_sequence(entry_id: str) -> int | None:
    """The sequence of the event that an entry mirrors; None for an entry of somebody else."""
    number = entry_id.removeprefix(_PREFIX)
    return int(number) if number != entry_id and number.isdecimal() and number.isascii() and len(number) < 20 else None
