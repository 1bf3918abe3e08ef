"""A receipt's statement: everything that a run did, as one value that whoever has the run's events can build again.

Writer and verifier call the same function: what a file says beyond its events, its materials and the content of its
facts is compared with what they give, so nothing in it can be said freely. Pure; must never trust a file. The order of
its sections and the words in them are a format that others read: a change needs a new `SCHEMA`.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from converge_cli._internal.canonical_json import decode, encode
from converge_cli._internal.hashing import GENESIS, chain_link, digest_bytes
from converge_cli.core import event as e
from converge_cli.core.receipt_law import law_of
from converge_cli.core.recorded import RecordedProposal

SCHEMA = "converge.receipt/1"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:converge:receipt:1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"

Plain = dict[str, Any]
"""An event, or what is told of one, as plain values."""

_DECISIONS = ("ApprovalRequested", "ApprovalDecided", "DecisionRefused", "TimerFired", "ApprovalSpent")
_REFUSED = ("ProposalRejected", "ProposalDenied")
_GIVEN = ("RunStarted", "RunResumed")
_AFTER_REST = ("ApprovalDecided", "DecisionRefused", "TimerFired")


class Part(NamedTuple):
    """Bytes that events name by their SHA-256. An input's stand in a receipt when its writer chose to embed them."""

    part: str
    name: str
    digest: str


class Told(NamedTuple):
    """What a statement is built from.

    Attributes:
        texts: the canonical bytes of every event, in order.
        bytes_of: SHA-256 -> bytes, of the parts; an input's only when it is to be embedded.
        contents: the canonical content of every fact, in order of promotion.
    """

    texts: Sequence[bytes]
    bytes_of: Mapping[str, bytes]
    contents: Sequence[bytes]


def parts_of(events: Iterable[e.RunEvent]) -> list[Part]:
    """The parts that events name, each once, in order."""
    found: dict[Part, None] = {}
    for event in events:
        if isinstance(event, e.RunStarted):
            found |= dict.fromkeys(Part(item.part, item.name, item.digest) for item in event.sources)
            found[Part("job", event.truth, event.job)] = None
        if isinstance(event, e.RunStarted | e.RunResumed):
            found |= dict.fromkeys(Part("policy", item.name, item.policy) for item in event.packs)
            found[Part("registry", "registry", event.registry or "")] = None
            found |= dict.fromkeys(Part("input", item.name, item.digest) for item in event.inputs)
        people = getattr(event, "people", None)
        found[Part("people", "people", people or "")] = None
    return [part for part in found if part.digest]


def statement_of(told: Told) -> Plain:
    """The statement.

    Raises:
        KeyError: the bytes of a part are not there.
        (IndexError, TypeError, ValueError): the events are not those of a run that came to rest.
    """
    events: list[Plain] = [decode(text) for text in told.texts]
    first, hashes, outcome = events[0], hashes_of(told.texts), _outcome(events)
    predicate = {
        "schema": SCHEMA,
        "run": first,
        "materials": _materials(parts_of(map(e.decode_event, told.texts)), told.bytes_of),
        "inputs": [item for event in events if event["type"] in _GIVEN for item in event.get("inputs", ())],
        "law": law_of(decode(told.bytes_of[first["job"]]), outcome),
        "facts": _facts(events, told.contents),
        "rejections": [event | {"suggestor": _proposed(event, events)[0]} for event in _of(events, *_REFUSED)],
        "gates": _of(events, "GateDecided"),
        "approvals": _of(events, *_DECISIONS),
        "outcome": outcome,
        "events": {
            "count": len(events),
            "head": hashes[-1],
            "hashes": hashes,
            "texts": [text.decode() for text in told.texts],
        },
    }
    return {
        "_type": STATEMENT,
        "subject": [{"name": first["run"], "digest": {"sha256": hashes[-1]}}],
        "predicateType": PREDICATE,
        "predicate": predicate,
    }


def payload_of(told: Told) -> bytes:
    """The canonical bytes of the statement."""
    return encode(statement_of(told))


def hashes_of(texts: Iterable[bytes]) -> list[str]:
    """The hash of each event, in the chain."""
    head, hashes = GENESIS, []
    for text in texts:
        head = chain_link(head, text)
        hashes.append(head.hex())
    return hashes


def came_to_rest(events: Sequence[e.RunEvent]) -> bool:
    """Whether a run paused or stopped, and nothing but decisions came after that."""
    later = (event for event in reversed(events) if type(event).__name__ not in _AFTER_REST)
    return isinstance(next(later, None), e.RunPaused | e.RunStopped)


def proposal_of(event: Any, events: Sequence[e.RunEvent]) -> tuple[str, RecordedProposal]:
    """Who proposed what an event is about, and the proposal.

    Raises:
        ValueError: there is no such proposal.
    """
    place, made = event.execution or 0, None
    if 0 < place < event.seq:
        made = events[place - 1]
    if not isinstance(made, e.SuggestorExecuted) or not 0 <= event.position < len(made.proposals):
        raise ValueError(f"event {event.seq} refers to a proposal that is not there")
    return made.suggestor, made.proposals[event.position]


def verdicts_before(events: Sequence[Plain], seq: int) -> tuple[list[Plain], list[Plain]]:
    """What criteria and invariants had come to before an event, in the order in which they were first judged."""
    criteria, invariants = {}, {}
    for event in events[: seq - 1]:
        if event["type"] == "CriterionEvaluated":
            criteria[event["result"]["id"]] = event["result"]
        elif event["type"] == "InvariantChecked":
            invariants[event["result"]["id"]] = event["result"]
    return list(criteria.values()), list(invariants.values())


def as_text(data: bytes) -> dict[str, str]:
    """Bytes as a member of a material: text where they are text, else base64."""
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _of(events: Iterable[Plain], *kinds: str) -> list[Plain]:
    return [event for event in events if event["type"] in kinds]


def _materials(parts: Iterable[Part], bytes_of: Mapping[str, bytes]) -> list[Plain]:
    rows = []
    for part in parts:
        if part.part == "input" and part.digest not in bytes_of:
            continue
        data = bytes_of[part.digest]
        rows.append({"part": part.part, "name": part.name, "digest": digest_bytes(data), **as_text(data)})
    return rows


def _facts(events: Sequence[Plain], contents: Sequence[bytes]) -> list[Plain]:
    promoted = _of(events, "FactPromoted")
    if len(promoted) != len(contents):
        raise ValueError(f"{len(promoted)} facts were promoted, {len(contents)} are told")
    return [_fact(event, events, content) for event, content in zip(promoted, contents, strict=True)]


def _fact(event: Plain, events: Sequence[Plain], content: bytes) -> Plain:
    """The event, with the content as text, and of the proposal who made it, how surely and on what evidence."""
    by, said = ("engine", {}) if "content" in event else _proposed(event, events)
    evidence = said.get("evidence", [])
    own = {"suggestor": by, "confidence": said.get("confidence", "1"), "evidence": evidence}
    return event | own | {"content": content.decode()}


def _proposed(event: Plain, events: Sequence[Plain]) -> tuple[str, Plain]:
    place = event.get("execution", 0)
    made = events[place - 1] if 0 < place < event["seq"] else {}
    if made.get("type") != "SuggestorExecuted":
        raise ValueError(f"event {event['seq']} refers to no execution")
    return made["suggestor"], made["proposals"][event.get("position", 0)]


def _outcome(events: Sequence[Plain]) -> Plain:
    end = next((event for event in reversed(events) if event["type"] not in _AFTER_REST), {})
    if end.get("type") not in {"RunPaused", "RunStopped"}:
        raise ValueError("the run did not come to rest")
    criteria, invariants = verdicts_before(events, end["seq"])
    return {"end": end, "criteria": criteria, "invariants": invariants}
