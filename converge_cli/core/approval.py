"""Approvals: humans approve, suggestors cannot (law 7). Bound to a digest, used once."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli._internal.dsse import pae
from converge_cli._internal.ed25519 import decoded, verifies
from converge_cli._internal.hashing import digest_bytes
from converge_cli.core.person import Authority, Person, at_least
from converge_cli.core.predicate import Selection

Mode = Literal["interactive", "delegated", "ci"]
Decision = Literal["approved", "rejected"]


class Timeout(msgspec.Struct, frozen=True):
    """What happens when nobody decides: after `seconds`, reject or escalate; never silently approve."""

    seconds: int
    action: Literal["reject", "escalate"]


class ApprovalPoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """Declared by a truth: who decides what, how, and until when.

    Attributes:
        approves: the proposals that it is about.
        modes: how a decision may be given.
        not_by: who may not decide: `principal` (of the gate) or person fields of the proposal.
        quorum: how many distinct people must say yes.
    """

    id: str
    role: str
    approves: Selection
    modes: tuple[Mode, ...] = ("interactive",)
    not_by: tuple[str, ...] = ()
    quorum: int = 1
    timeout: Timeout | None = None


class HitlRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Human in the loop: proposals that match every condition given are claimed by `point`."""

    point: str
    key: str | None = None
    kind: str | None = None
    suggestor: str | None = None
    confidence_at_most: str | None = None


class Why(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why somebody is asked: criteria that wait, the gate's action and deciding rules, the values that it saw."""

    criteria: tuple[str, ...] = ()
    gate: str | None = None
    outcome: str | None = None
    rules: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    hitl: tuple[str, ...] = ()


class ApprovalRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question to people: may exactly this proposal become a fact?

    Attributes:
        id: `<run>.<point>.<first 12 hex digits of the digest>`.
        digest: SHA-256 of {point, key, id, kind, content, evidence}: what is approved, and nothing else.
        role: who may decide; None when an authority is asked for instead.
        authority: at least this authority decides (point `authority_<level>`).
        not_by: person ids that may not decide.
        in_vain: person ids of the authority with whom policy would refuse all the same.
        until: UTC time after which nobody may decide, or None.
    """

    id: str
    point: str
    digest: str
    key: str
    fact: str
    kind: str
    content: msgspec.Raw
    evidence: tuple[str, ...]
    suggestor: str
    requested_at: str
    summary: str = ""
    why: Why = Why()
    role: str | None = None
    authority: Authority | None = None
    not_by: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = ("interactive",)
    quorum: int = 1
    until: str | None = None
    on_timeout: Literal["reject", "escalate"] | None = None
    escalates_to: str | None = None
    in_vain: tuple[str, ...] = ()


SIGNED_TYPE = "application/vnd.converge.approval+json"


class Approval(msgspec.Struct, frozen=True, omit_defaults=True):
    """One person's decision on one request.

    Attributes:
        decided_at: UTC time at which it was made; "" in records of versions that kept only that of the event.
        signature: base64 of the Ed25519 signature over `signed_form`, by the person's key.
    """

    request: str
    digest: str
    decision: Decision
    by: str
    role: str
    reason: str
    mode: Mode
    decided_at: str = ""
    signature: str | None = None


class OpenRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request that nobody has settled yet, with who has said yes already where several people are needed."""

    request: ApprovalRequest
    given: tuple[Approval, ...] = ()


class OpenRequests(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a paused run asks of people, kept beside its index entry: whoever looks need not read the run.

    Attributes:
        touched: whether people have decided, or a time was up, since the run paused.
    """

    pending: tuple[OpenRequest, ...] = ()
    touched: bool = False


def signed_form(approval: Approval) -> bytes:
    """What a person signs: the DSSE form of the canonical JSON of everything but the signature."""
    return pae(SIGNED_TYPE, encode(msgspec.structs.replace(approval, signature=None)))


def signature_fits(approval: Approval, public_key: str) -> bool:
    """Whether a decision is signed by the owner of a public key (its text)."""
    signature = decoded(approval.signature or "")
    return bool(signature) and verifies(public_key, signed_form(approval), signature or b"")


def approval_digest(point: str, key: str, fact_id: str, kind: str, content: bytes, evidence: tuple[str, ...]) -> str:
    """What an approval is bound to: SHA-256 over the canonical JSON of the point and the whole proposal."""
    return digest_bytes(
        encode(
            {
                "point": point,
                "key": key,
                "id": fact_id,
                "kind": kind,
                "content": msgspec.Raw(content),
                "evidence": evidence,
            }
        )
    )


def request_id(run: str, point: str, digest: str) -> str:
    """The id that people type: `<run>.<point>.<12 hex>`."""
    return f"{run}.{point}.{digest[:12]}"


def authority_point(authority: Authority) -> str:
    """The point of a request that asks for an authority."""
    return f"authority_{authority}"


def deciders(request: ApprovalRequest, people: Iterable[Person]) -> tuple[str, ...]:
    """Ids of the people who may decide a request: by role or authority, and not excluded."""
    return tuple(
        person.id
        for person in people
        if person.id not in {*request.not_by, *request.in_vain}
        and (request.role is None or request.role in person.roles)
        and (request.authority is None or at_least(person.authority, request.authority))
    )


def plain_content(request: ApprovalRequest) -> Any:
    """The proposal's content as plain values."""
    return msgspec.json.decode(request.content)
