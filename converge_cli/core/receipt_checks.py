"""Whether the events of a receipt agree with each other: what its hashes alone can't tell. Pure.

Checked is what needs no pack and no policy engine: order, promotions, evidence, approvals with their digests, quorums
and signatures, policies, outcome digests. That the rules were applied rightly is for `converge replay --verify`.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, ClassVar

import msgspec

from converge_cli._internal.canonical_json import decode, encode
from converge_cli._internal.dsse import pae
from converge_cli._internal.ed25519 import decoded, verifies
from converge_cli._internal.hashing import digest
from converge_cli.core import event as e
from converge_cli.core.approval import SIGNED_TYPE, Approval, ApprovalRequest, approval_digest, request_id
from converge_cli.core.ids import kind_of
from converge_cli.core.person import Person
from converge_cli.core.receipt import Told, proposal_of, verdicts_before


class DisagreementError(ValueError):
    """An event does not agree with what came before it."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"event {seq}: {why}")


def check_events(told: Told) -> None:
    """Go through the events of a receipt whose hashes and digests fit.

    Raises:
        DisagreementError: naming the first event that is at fault.
    """
    _Checks(told).run()


class _Checks:
    def __init__(self, told: Told) -> None:
        self._events = [e.decode_event(text) for text in told.texts]
        self._plain = [decode(text) for text in told.texts]
        self._bytes_of = told.bytes_of
        self._contents = told.contents
        self._facts: dict[tuple[str, str], tuple[e.FactPromoted, bytes]] = {}
        self._ids: set[str] = set()
        self._requests: dict[str, ApprovalRequest] = {}
        self._decisions: dict[str, list[Approval]] = {}
        self._spent: set[str] = set()
        self._policies: set[str] = set()
        self._people = ""

    def run(self) -> None:
        for place, event in enumerate(self._events, start=1):
            if event.seq != place:
                raise DisagreementError(place, f"its sequence is {event.seq}")
            if (place == 1) != isinstance(event, e.RunStarted):
                raise DisagreementError(place, "a run has one RunStarted, its first event")
            handler = self._HANDLERS.get(type(event))
            if handler is not None:
                handler(self, event)

    def _started(self, event: e.RunStarted) -> None:
        if event.schema != e.SCHEMA:
            raise DisagreementError(event.seq, f"its schema is {event.schema}, not {e.SCHEMA}")
        self._people = event.people
        self._packs(event)

    def _packs(self, event: e.RunStarted | e.RunResumed) -> None:
        for pack in event.packs:
            if pack.policy:
                files: Any = msgspec.json.decode(self._bytes_of[pack.policy])
                self._policies.add(digest({"policies": files["policies"], "schema": files["schema"]}))

    def _gate(self, event: e.GateDecided) -> None:
        named = event.decision.policy_hash
        if named and named not in self._policies:
            raise DisagreementError(event.seq, f"policy {named} is not among the materials")

    def _promoted(self, event: e.FactPromoted) -> None:
        content = self._contents[len(self._facts)]
        if (event.key, event.id) in self._facts:
            raise DisagreementError(event.seq, f"{event.key} {event.id} is a fact already")
        if event.corrects is not None and (event.key, event.corrects) not in self._facts:
            raise DisagreementError(event.seq, f"it corrects {event.corrects}, which is not there")
        if event.content is not None:
            if bytes(event.content) != content:
                raise DisagreementError(event.seq, f"the content of {event.id} is another")
        else:
            self._proposed(event)
        self._facts[event.key, event.id] = event, content
        self._ids.add(event.id)

    def _proposed(self, event: e.FactPromoted) -> None:
        _, proposal = proposal_of(event, self._events)
        if (proposal.key, proposal.id, proposal.corrects) != (event.key, event.id, event.corrects):
            raise DisagreementError(event.seq, f"{event.id} is not what its execution proposed")
        for fact in proposal.evidence:
            if fact not in self._ids:
                raise DisagreementError(event.seq, f"its evidence {fact} is not there")
        if event.gate is not None:
            answer = self._events[event.gate - 1] if 0 < event.gate < event.seq else None
            if not isinstance(answer, e.GateDecided) or (answer.fact, answer.decision.outcome) != (event.id, "PROMOTE"):
                raise DisagreementError(event.seq, f"event {event.gate} is no gate that lets {event.id} in")
        if event.approvals:
            after = self._events[event.seq] if event.seq < len(self._events) else None
            if not isinstance(after, e.ApprovalSpent) or after.requests != event.approvals:
                raise DisagreementError(event.seq, "the approvals that it names are not spent with it")

    def _requested(self, event: e.ApprovalRequested) -> None:
        asked = event.request
        content = msgspec.json.encode(decode(asked.content))
        if asked.digest != approval_digest(asked.point, asked.key, asked.fact, asked.kind, content, asked.evidence):
            raise DisagreementError(event.seq, f"the digest of {asked.id} is not that of what is asked")
        if asked.id != request_id(self._plain[0]["run"], asked.point, asked.digest):
            raise DisagreementError(event.seq, f"{asked.id} is the id of another request")
        self._requests[asked.id] = asked
        self._decisions.setdefault(asked.id, [])

    def _decided(self, event: e.ApprovalDecided) -> None:
        said = event.approval
        asked = self._requests.get(said.request)
        if asked is None or asked.digest != said.digest:
            raise DisagreementError(event.seq, f"nothing was asked that {said.by} could decide")
        people = self._listed(event.people if event.people is not None else self._people)
        person = people.get(said.by)
        if person is None:
            raise DisagreementError(event.seq, f"{said.by} is not among the people")
        if person.public_key is not None and not _signed(self._plain[event.seq - 1]["approval"], person.public_key):
            raise DisagreementError(event.seq, f"the decision is not signed by {said.by}, who has a key")
        self._decisions[said.request].append(said)

    def _listed(self, people: str) -> Mapping[str, Person]:
        listed = msgspec.json.decode(self._bytes_of[people], type=list[Person]) if people else []
        return {person.id: person for person in listed}

    def _spending(self, event: e.ApprovalSpent) -> None:
        fact = self._facts.get((event.key, event.fact))
        if fact is None or fact[0].seq != event.seq - 1 or fact[0].approvals != event.requests:
            raise DisagreementError(event.seq, "it is not spent on the fact before it")
        evidence = proposal_of(fact[0], self._events)[1].evidence
        for name in event.requests:
            asked = self._requests.get(name)
            if asked is None or name in self._spent:
                raise DisagreementError(event.seq, f"approval {name} was never asked for, or is spent already")
            self._spent.add(name)
            kind = kind_of(event.fact)
            if asked.digest != approval_digest(asked.point, event.key, event.fact, kind, fact[1], evidence):
                raise DisagreementError(event.seq, f"what {name} approves is not {event.fact}")
            said = self._decisions[name]
            yes = {item.by for item in said if item.decision == "approved"}
            if len(yes) < asked.quorum or any(item.decision == "rejected" for item in said):
                raise DisagreementError(event.seq, f"{name} was not approved")

    def _rested(self, event: e.RunPaused | e.RunStopped) -> None:
        criteria, invariants = verdicts_before(self._plain, event.seq)
        verdicts = {
            "reason": event.stop.reason.value,
            "criteria": [[item["id"], item["result"], item.get("evidence", [])] for item in criteria],
            "invariants": sorted([item["id"], item["verdict"]] for item in invariants),
        }
        lines = sorted(
            b"\0".join((fact.key.encode(), fact.id.encode(), content, (fact.corrects or "").encode()))
            for fact, content in self._facts.values()
        )
        if sha256(b"\n".join((encode(verdicts), *lines, b""))).hexdigest() != event.outcome:
            raise DisagreementError(event.seq, "its outcome digest is not that of the facts and verdicts before it")

    _HANDLERS: ClassVar[Mapping[type, Callable[["_Checks", Any], None]]] = {
        e.RunStarted: _started,
        e.RunResumed: _packs,
        e.GateDecided: _gate,
        e.FactPromoted: _promoted,
        e.ApprovalRequested: _requested,
        e.ApprovalDecided: _decided,
        e.ApprovalSpent: _spending,
        e.RunPaused: _rested,
        e.RunStopped: _rested,
    }


def _signed(approval: Mapping[str, Any], public_key: str) -> bool:
    """Whether a decision is signed as it stands: with every member, also those that this version does not know."""
    form = {name: value for name, value in approval.items() if name != "signature"}
    return verifies(public_key, pae(SIGNED_TYPE, encode(form)), decoded(approval.get("signature") or "") or b"")
