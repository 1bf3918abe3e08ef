"""The human path: whether a person's decision counts, and recording it. A refused decision is recorded too."""

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli.core.approval import Approval, Decision, Mode, signature_fits, signed_form
from converge_cli.core.event import ApprovalDecided, DecisionRefused, RunStarted, decode_event
from converge_cli.core.person import Person, at_least
from converge_cli.core.port import Clock, EventSink, Experience, RunRow
from converge_cli.engine.event_log import EventLog
from converge_cli.engine.keeping import keep_people
from converge_cli.engine.request_book import decide
from converge_cli.engine.run import Asked, open_requests
from converge_cli.engine.timers import fire_timers


class Decided(NamedTuple):
    """What became of a decision: accepted when there is no code."""

    approval: Approval
    code: str | None = None
    detail: str = ""


class Statement(NamedTuple):
    """What a person says.

    Attributes:
        sign: makes a signature with the person's own key.
        at: when it was said, for one that was signed elsewhere; None for now.
    """

    decision: Decision
    reason: str
    mode: Mode
    sign: Callable[[bytes], bytes] | None = None
    at: str | None = None


def judge_decision(asked: Asked, person: Person, said: Statement, row: RunRow, now: str) -> Decided:
    """Whether a person may decide a request so, now."""
    request = asked.request
    too_late = f"it could be decided until {request.until}"
    timed_out = asked.status == "rejected" and all(item.decision != "rejected" for item in asked.approvals)
    approval = Approval(
        request=request.id,
        digest=request.digest,
        decision=said.decision,
        by=person.id,
        role=request.role or person.authority,
        reason=said.reason,
        mode=said.mode,
        decided_at=said.at or now,
    )
    if said.sign is not None and person.public_key is not None:
        signature = base64.b64encode(said.sign(signed_form(approval))).decode()
        approval = msgspec.structs.replace(approval, signature=signature)
    for applies, code, detail in (
        (row.status == "stopped", "RUN_ENDED", f"the run has ended: {row.reason}"),
        (asked.status == "spent", "APPROVAL_SPENT", "the approval has been given and used"),
        (asked.status == "superseded", "PROPOSAL_CHANGED", "the proposal or what it rests on has changed since"),
        (asked.status == "closed", "REQUEST_CLOSED", "what was asked no longer stands"),
        (timed_out, "TIMED_OUT", too_late),
        (asked.status in {"approved", "rejected"}, "ALREADY_DECIDED", f"it has been {asked.status}"),
        (request.until is not None and request.until <= now, "TIMED_OUT", too_late),
        (
            person.id in request.not_by,
            "SELF_APPROVAL",
            f"not_by excludes {person.id}; another {request.role or 'person'} decides",
        ),
        (request.role is not None and request.role not in person.roles, "ROLE_MISSING", f"needs role {request.role}"),
        (
            request.authority is not None and not at_least(person.authority, request.authority),
            "AUTHORITY_TOO_LOW",
            f"needs {request.authority} authority",
        ),
        (
            person.id in request.in_vain,
            "APPROVAL_IN_VAIN",
            f"policy would refuse it with {person.id} all the same",
        ),
        (said.mode not in request.modes, "MODE_FORBIDDEN", f"may be decided {' or '.join(request.modes)} only"),
        (
            any(item.by == person.id for item in asked.approvals),
            "SAME_PERSON",
            f"{person.id} has decided already; {request.quorum} different people are needed",
        ),
        (not said.reason.strip(), "REASON_MISSING", "a decision needs a reason"),
    ):
        if applies:
            return Decided(approval, code, detail)
    return _signed(approval, person.public_key)


def _signed(approval: Approval, public_key: str | None) -> Decided:
    """A decision of a person who has a key counts only with their signature; checked last, since that takes longer."""
    if public_key is None:
        return Decided(approval)
    if approval.signature is None:
        return Decided(approval, "SIGNATURE_MISSING", f"{approval.by} has a key; a decision must be signed with it")
    if not signature_fits(approval, public_key):
        return Decided(approval, "SIGNATURE_INVALID", f"it is not signed with the key of {approval.by} in people.yaml")
    return Decided(approval)


def record_decisions(
    decisions: list[Decided],
    row: RunRow,
    requests: Mapping[str, Asked],
    store: Experience,
    clock: Clock,
    sink: EventSink | None,
    people: Iterable[Person] = (),
) -> RunRow:
    """Append decisions, accepted and refused, to the run's events in one transaction; returns the new row.

    Args:
        decisions: as they were judged.
        row: the run's row as it stands.
        requests: every request of the run; accepted decisions are counted in them.
        store, clock, sink: where they are recorded, when, and who sees it.
        people: whom they were judged with; kept when they are no longer those that the run began with.

    Raises:
        ConcurrentAppendError: somebody decided at the same moment; nothing was recorded.
    """
    log = _opened(row, store, clock, sink)
    known = _changed_people(log, store, people)
    for decided in decisions:
        if decided.code is None:
            decide(requests[decided.approval.request], decided.approval)
            log.add(ApprovalDecided, approval=decided.approval, people=known)
        else:
            log.add(DecisionRefused, approval=decided.approval, code=decided.code, detail=decided.detail, people=known)
    counted = any(decided.code is None for decided in decisions)
    return _committed(log, _changed(log, row, requests) if counted else row)


def record_timers(requests: Mapping[str, Asked], row: RunRow, store: Experience, clock: Clock) -> RunRow:
    """Append to a paused run's events what becomes of requests whose time is up; returns the new row.

    Raises:
        ConcurrentAppendError: somebody decided at the same moment; nothing was recorded.
    """
    log = _opened(row, store, clock, None)
    fire_timers(requests, log)
    return _committed(log, _changed(log, row, requests))


def _changed(log: EventLog, row: RunRow, requests: Mapping[str, Asked]) -> RunRow:
    """The row with what is still asked of people."""
    still = open_requests(requests, touched=True)
    return msgspec.structs.replace(row, pending=len(still.pending), waiting=log.keep(encode(still)))


def _changed_people(log: EventLog, store: Experience, people: Iterable[Person]) -> str | None:
    digest = keep_people(log, people)
    first = decode_event(next(iter(store.read(log.run))))
    return digest if digest and isinstance(first, RunStarted) and first.people != digest else None


def _opened(row: RunRow, store: Experience, clock: Clock, sink: EventSink | None) -> EventLog:
    log = EventLog(row.run, clock, store, sink)
    log.restore(row)
    log.tick()
    return log


def _committed(log: EventLog, row: RunRow) -> RunRow:
    made = [row]

    def new_row(head: str) -> RunRow:
        made.append(
            msgspec.structs.replace(row, started_at=log.started_at, updated_at=log.updated_at, seq=log.seq, head=head)
        )
        return made[-1]

    log.commit(new_row)
    return made[-1]
