"""What the engine itself writes under Diagnostic: approvals, violations, denials, rejections, failures.

Ids hold a digest, content holds codes, never a message or a time; a note that no longer holds is corrected.
"""

from decimal import Decimal
from typing import Literal

import msgspec

from converge_cli._internal.canonical_json import encode
from converge_cli._internal.hashing import digest
from converge_cli.core.approval import Decision
from converge_cli.core.built_in_kinds import ApprovalNote, DeniedNote, FailureNote, RejectedNote, ViolationNote
from converge_cli.core.context_key import ContextKey
from converge_cli.core.event import FactPromoted
from converge_cli.core.fact import Fact, FactModel
from converge_cli.core.ids import next_version
from converge_cli.core.invariant import Violation
from converge_cli.core.provenance import PromotionRecord
from converge_cli.core.recorded import RecordedProposal
from converge_cli.core.selector import selector
from converge_cli.engine.candidate import Candidate
from converge_cli.engine.registration import ENGINE
from converge_cli.engine.run import Asked, Run

DenialCause = Literal["denied", "rejected", "resolved"]

RESOLVED = "RESOLVED"
_KEY = ContextKey.DIAGNOSTIC.value
_CERTAIN = Decimal(1)


def write_note(run: Run, subject: str, payload: FactModel) -> bool:
    """Write what the engine has to say of a subject; False when it says so already."""
    standing = run.context.current(_KEY, subject)
    content = encode(payload)
    if standing is not None and standing.content == content:
        return False
    fact_id = subject if standing is None else next_version(standing.id)
    corrects = None if standing is None else standing.id
    run.log.add(FactPromoted, cycle=run.cycle, key=_KEY, id=fact_id, content=msgspec.Raw(content), corrects=corrects)
    add_note(run, fact_id, content, corrects)
    return True


def add_note(run: Run, fact_id: str, content: bytes, corrects: str | None) -> None:
    """Put a note into the context; also used when a recorded run is rebuilt."""
    kind = fact_id.partition(":")[0]
    run.context.add(
        Fact(
            key=_KEY,
            id=fact_id,
            kind=kind,
            payload=run.setting.kinds[kind].parse_bytes(content),
            content=content,
            confidence=_CERTAIN,
            evidence=(),
            suggestor=ENGINE,
            corrects=corrects,
            index=len(run.context.facts),
            promotion=PromotionRecord(run.cycle, None, 0),
        )
    )


def note_approval(run: Run, asked: Asked, decision: Decision) -> None:
    """Written once, when a request is decided."""
    request = asked.request
    by = tuple(approval.by for approval in asked.approvals if approval.decision == decision)
    role = asked.approvals[-1].role if asked.approvals else ""
    write_note(
        run,
        f"approval:{request.point}:{request.digest[:12]}",
        ApprovalNote(
            point=request.point, subject=request.fact, digest=request.digest, decision=decision, by=by, role=role
        ),
    )


def note_rejection(run: Run, suggestor: str, proposal: RecordedProposal, code: str) -> None:
    """A proposal failed a check of the promotion gate."""
    said = RejectedNote(subject=proposal.id, code=code, suggestor=suggestor)
    write_note(run, _rejection_subject(suggestor, proposal, code), said)


def note_acceptance(run: Run, suggestor: str, proposal: RecordedProposal, code: str) -> None:
    """A proposal that failed a check passed when it was made again."""
    said = RejectedNote(subject=proposal.id, code=RESOLVED, suggestor=suggestor)
    write_note(run, _rejection_subject(suggestor, proposal, code), said)


def _rejection_subject(suggestor: str, proposal: RecordedProposal, code: str) -> str:
    return f"rejected:{digest([code, suggestor, proposal])[:12]}"


def note_denial(run: Run, candidate: Candidate, cause: DenialCause, by: tuple[str, ...]) -> None:
    """A gate or a person refused a proposal; cause `resolved` when that no longer holds."""
    write_note(run, denial_subject(candidate), DeniedNote(subject=candidate.id, cause=cause, by=by))


def denial_subject(candidate: Candidate) -> str:
    """The id under which a denial of this proposal stands."""
    return f"denied:{candidate.digest('')[:12]}"


def rejected_before(run: Run, candidate: Candidate) -> tuple[str, ...]:
    """The points at which people refused exactly this proposal earlier in the run."""
    standing = run.context.current(_KEY, denial_subject(candidate))
    if standing is None or standing.payload.cause != "rejected":
        return ()
    by: tuple[str, ...] = standing.payload.by
    return by


def resolve_denial(run: Run, candidate: Candidate) -> None:
    """Correct the note of a denial that no longer holds."""
    if run.context.current(_KEY, denial_subject(candidate)) is not None:
        note_denial(run, candidate, "resolved", ())


def note_violations(run: Run, invariant: str, violations: tuple[Violation, ...]) -> None:
    """State the violations of a semantic invariant that hold now, and correct those that no longer do."""
    holding = {}
    for violation in violations:
        short = digest([invariant, violation.check, violation.facts])[:12]
        holding[f"violation:{invariant}:{short}"] = violation.facts
    for fact in run.context.live(selector(f"Diagnostic:violation:{invariant}:*")).facts():
        if fact.subject not in holding and fact.payload.code != RESOLVED:
            write_note(run, fact.subject, ViolationNote(invariant=invariant, code=RESOLVED, facts=fact.payload.facts))
    for subject, facts in holding.items():
        write_note(run, subject, ViolationNote(invariant=invariant, code="VIOLATED", facts=facts))


def note_failure(run: Run, suggestor: str, code: str) -> None:
    """A suggestor failed; RESOLVED when it ran again without failing."""
    write_note(run, f"failure:{suggestor}", FailureNote(suggestor=suggestor, code=code))
