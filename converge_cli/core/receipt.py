"""A receipt's statement: everything that a run did, as one value that whoever has the run's events can build again.

Writer and verifier call the same function: what a file says beyond its events, its materials and the content of its
facts is compared with what they give, so nothing in it can be said freely. Pure; must never trust a file.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli._internal.hashing import GENESIS, chain_link, digest_bytes
from converge_cli.core import event as e
from converge_cli.core.job import Job
from converge_cli.core.receipt_law import law_of

SCHEMA = "converge.receipt/1"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:converge:receipt:1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"

Rows = list[dict[str, Any]]


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


def statement_of(told: Told) -> dict[str, Any]:
    """The statement.

    Raises:
        KeyError: the bytes of a part are not there.
        (IndexError, TypeError, ValueError): the events are not those of a run that came to rest.
    """
    events = [e.decode_event(text) for text in told.texts]
    first = events[0]
    if not isinstance(first, e.RunStarted):
        raise ValueError("the first event is not RunStarted")
    hashes = hashes_of(told.texts)
    outcome = _outcome(events)
    job = msgspec.json.decode(told.bytes_of[first.job], type=Job)
    predicate = {
        "schema": SCHEMA,
        "run": _run(first, events),
        "materials": _materials(events, told.bytes_of),
        "inputs": _inputs(events),
        "law": law_of(job, outcome),
        "facts": _facts(events, told.contents),
        "rejections": _rejections(events),
        "gates": _gates(events),
        "approvals": _approvals(events),
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
        "subject": [{"name": first.run, "digest": {"sha256": hashes[-1]}}],
        "predicateType": PREDICATE,
        "predicate": predicate,
    }


def hashes_of(texts: Iterable[bytes]) -> list[str]:
    """The hash of each event, in the chain."""
    head, hashes = GENESIS, []
    for text in texts:
        head = chain_link(head, text)
        hashes.append(head.hex())
    return hashes


def _run(first: e.RunStarted, events: Sequence[e.RunEvent]) -> dict[str, Any]:
    return {
        "id": first.run,
        "truth": first.truth,
        "title": first.title,
        "engine": first.engine,
        "principal": first.principal,
        "strict": first.strict,
        "started_at": first.at,
        "last_event_at": events[-1].at,
    }


def _materials(events: Iterable[e.RunEvent], bytes_of: Mapping[str, bytes]) -> Rows:
    rows = []
    for part in parts_of(events):
        if part.part == "input" and part.digest not in bytes_of:
            continue
        data = bytes_of[part.digest]
        rows.append({"part": part.part, "name": part.name, "digest": digest_bytes(data), **as_text(data)})
    return rows


def as_text(data: bytes) -> dict[str, str]:
    """Bytes as a member of a material: text where they are text, else base64."""
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _inputs(events: Iterable[e.RunEvent]) -> Rows:
    return [
        {"name": item.name, "source": item.source, "digest": item.digest}
        for event in events
        if isinstance(event, e.RunStarted | e.RunResumed)
        for item in event.inputs
    ]


def _facts(events: Sequence[e.RunEvent], contents: Sequence[bytes]) -> Rows:
    promoted = [event for event in events if isinstance(event, e.FactPromoted)]
    if len(promoted) != len(contents):
        raise ValueError(f"{len(promoted)} facts were promoted, {len(contents)} are told")
    return [_fact(event, events, content) for event, content in zip(promoted, contents, strict=True)]


def _fact(event: e.FactPromoted, events: Sequence[e.RunEvent], content: bytes) -> dict[str, Any]:
    fact = {
        "seq": event.seq,
        "cycle": event.cycle,
        "key": event.key,
        "id": event.id,
        "content": content.decode(),
        "corrects": event.corrects,
        "suggestor": "engine",
        "confidence": "1",
        "evidence": [],
    }
    if event.content is not None:
        return fact
    by, proposal = proposal_of(event, events)
    return fact | {
        "suggestor": by,
        "confidence": proposal.confidence or "1",
        "evidence": list(proposal.evidence),
        "execution": event.execution,
        "position": event.position,
        "gate": event.gate,
        "approvals": list(event.approvals),
    }


def proposal_of(event: Any, events: Sequence[e.RunEvent]) -> tuple[str, e.RecordedProposal]:
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


def _rejections(events: Sequence[e.RunEvent]) -> Rows:
    rows = []
    for event in events:
        if isinstance(event, e.ProposalRejected):
            code, reason = event.code, event.reason
        elif isinstance(event, e.ProposalDenied):
            code, reason = event.cause.upper(), event.detail or ", ".join(event.by)
        else:
            continue
        by = proposal_of(event, events)[0]
        rows.append(
            {"seq": event.seq, "key": event.key, "id": event.id, "suggestor": by, "code": code, "reason": reason}
        )
    return rows


def _gates(events: Iterable[e.RunEvent]) -> Rows:
    return [
        {
            "seq": event.seq,
            "gate": event.gate,
            "fact": event.fact,
            "outcome": event.decision.outcome,
            "rules": list(event.decision.rules),
            "missing": list(event.decision.missing),
            "source": event.decision.source,
            "policy": event.decision.policy_hash,
        }
        for event in events
        if isinstance(event, e.GateDecided)
    ]


def _approvals(events: Iterable[e.RunEvent]) -> Rows:
    """Every request, with what people decided on it, what was refused, and the event that used it up."""
    rows: dict[str, dict[str, Any]] = {}
    for event in events:
        if isinstance(event, e.ApprovalRequested):
            asked = event.request
            rows[asked.id] = {
                "seq": event.seq,
                "request": asked.id,
                "point": asked.point,
                "digest": asked.digest,
                "key": asked.key,
                "fact": asked.fact,
                "who": asked.role or asked.authority or "",
                "quorum": asked.quorum,
                "decisions": [],
                "refused": [],
                "spent": None,
            }
        elif isinstance(event, e.ApprovalDecided):
            rows[event.approval.request]["decisions"].append(
                {"seq": event.seq, "at": event.at, **msgspec.to_builtins(event.approval)}
            )
        elif isinstance(event, e.DecisionRefused) and event.approval.request in rows:
            refusal = {"seq": event.seq, "by": event.approval.by, "code": event.code}
            rows[event.approval.request]["refused"].append(refusal)
        elif isinstance(event, e.ApprovalSpent):
            for request in event.requests:
                rows[request]["spent"] = event.seq
    return list(rows.values())


def _outcome(events: Sequence[e.RunEvent]) -> dict[str, Any]:
    rest = resting(events)
    if rest is None:
        raise ValueError("the run did not come to rest")
    criteria, invariants = verdicts_before(events, rest.seq)
    return {
        "seq": rest.seq,
        "final": isinstance(rest, e.RunStopped),
        "reason": rest.stop.reason.value,
        "detail": rest.stop.detail,
        "cycles": rest.stop.cycle,
        "digest": rest.outcome,
        "criteria": [
            {"id": item.id, "result": item.result, "required": item.required, "evidence": list(item.evidence)}
            for item in criteria.values()
        ],
        "invariants": [
            {
                "id": item.id,
                "verdict": item.verdict,
                "soft": item.soft,
                "facts": [fact for found in item.violations for fact in found.facts],
            }
            for item in invariants.values()
        ],
    }


def resting(events: Sequence[e.RunEvent]) -> e.RunPaused | e.RunStopped | None:
    """The pause or stop after which nothing but decisions came; None for a run that is, or died, under way."""
    for event in reversed(events):
        if isinstance(event, e.RunPaused | e.RunStopped):
            return event
        if not isinstance(event, e.ApprovalDecided | e.DecisionRefused | e.TimerFired):
            return None
    return None


def verdicts_before(events: Iterable[e.RunEvent], seq: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What criteria and invariants had come to before an event, in the order in which they were first judged."""
    criteria: dict[str, Any] = {}
    invariants: dict[str, Any] = {}
    for event in events:
        if event.seq >= seq:
            break
        if isinstance(event, e.CriterionEvaluated):
            criteria[event.result.id] = event.result
        elif isinstance(event, e.InvariantChecked):
            invariants[event.result.id] = event.result
    return criteria, invariants


def payload_of(told: Told) -> bytes:
    """The canonical bytes of the statement."""
    return encode(statement_of(told))
