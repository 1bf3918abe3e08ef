"""The checks of the promotion gate on one proposal, each with a code. They read the context and change nothing."""

from decimal import Decimal, InvalidOperation

import msgspec

from converge_cli.core.built_in_kinds import ENGINE_MODELS
from converge_cli.core.context_key import KEYS, ContextKey
from converge_cli.core.fact import Fact, FactModel
from converge_cli.core.ids import FACT_ID, MAX_ID_LENGTH, next_version, subject_of, version_of
from converge_cli.core.kind import Kind
from converge_cli.core.recorded import RecordedProposal
from converge_cli.engine.candidate import Candidate
from converge_cli.engine.clauses import judge_clause, selects_proposal
from converge_cli.engine.registration import Outside, Registration
from converge_cli.engine.run import Run
from converge_cli.engine.transitions import Transitions

MAX_CONTENT = 16 << 20
"""Bytes of canonical content that a suggestor may propose as one fact; inputs may be larger."""

_CERTAIN = Decimal(1)
_NUMBERS = (int, Decimal)


class RejectedError(Exception):
    """Inside the gate only: a check failed."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class ProposalChecks:
    """What the proposals of one run are judged by, as the context stands."""

    def __init__(self, run: Run, transitions: Transitions | None = None) -> None:
        self._context = run.context
        self._transitions = transitions
        self._judged = run.judged
        self._kinds = {name: kind for name, kind in run.setting.kinds.items() if name not in ENGINE_MODELS}
        self._validations = run.job.validations
        self._reserved = {name: gate.pack for gate in run.job.gates for name in gate.requires}

    def check(
        self, by: Registration | Outside, proposal: RecordedProposal, execution: int, position: int
    ) -> tuple[Candidate | None, Fact | None]:
        """Every check in its order: the candidate, and the fact that has its id already.

        No candidate for what that fact says already, or a held proposal that needs no second judgement.

        Raises:
            RejectedError: a check failed.
        """
        key, fact_id, evidence = proposal.key, proposal.id, proposal.evidence
        if not fact_id and proposal.unreadable is not None:
            raise RejectedError("PAYLOAD_INVALID", proposal.unreadable)
        subject, kind = self._named(key, fact_id)
        if not by.may_write(key, subject):
            raise RejectedError("WRITE_UNDECLARED", f"{by.name} does not declare that it writes {key}:{subject}")
        if kind.name == "passed":
            self._check_reserved(by, subject)
        payload, content = _parse_payload(kind, proposal)
        standing = self._context.get(key, fact_id, subject)
        if standing is not None and standing.content == content:
            return None, standing
        if self._judged and (key, fact_id, content, evidence) in self._judged and self.is_current(evidence):
            return None, standing
        corrects = proposal.corrects
        if corrects is not None or subject != fact_id:
            self._check_correction(proposal, subject)
        confidence = _CERTAIN if proposal.confidence is None else _confidence(proposal.confidence)
        candidate = Candidate(
            key,
            fact_id,
            subject,
            kind.name,
            payload,
            content,
            confidence,
            evidence,
            corrects,
            by.name,
            execution,
            position,
        )
        if evidence:
            self._check_evidence(candidate)
        if len(content) > MAX_CONTENT and key != ContextKey.SEEDS:
            raise RejectedError("TOO_LARGE", f"content has {len(content)} bytes, at most {MAX_CONTENT} are allowed")
        if self._transitions is not None:
            self._check_transition(self._transitions, candidate)
        if self._validations:
            self._validate(candidate)
        return candidate, standing

    def check_again(self, candidate: Candidate) -> None:
        """The checks whose answer may change while a proposal is held.

        Raises:
            RejectedError: a check failed.
        """
        self._check_evidence(candidate)
        if self._transitions is not None:
            self._check_transition(self._transitions, candidate)
        self._validate(candidate)

    def is_current(self, evidence: tuple[str, ...]) -> bool:
        """Whether every fact of an evidence stands."""
        return all(self._context.find(fact_id)[1] for fact_id in evidence)

    def _named(self, key: str, fact_id: str) -> tuple[str, Kind]:
        """The subject and the kind of a well-formed id."""
        if key not in KEYS:
            raise RejectedError("ID_MALFORMED", f"{key!r:.80} is not a context key")
        if len(fact_id) > MAX_ID_LENGTH:
            raise RejectedError("ID_MALFORMED", f"an id is a text of at most {MAX_ID_LENGTH} characters")
        subject, match = fact_id, FACT_ID.fullmatch(fact_id)
        if match is None:  # no first version
            subject = subject_of(fact_id)
            match = FACT_ID.fullmatch(subject)
            if match is None or version_of(fact_id) is None:
                raise RejectedError("ID_MALFORMED", f"{fact_id!r:.120} is not kind:name")
        kind = self._kinds.get(match[1])
        if kind is None:
            if match[1] in ENGINE_MODELS:
                raise RejectedError("ENGINE_OWNED", f"only the engine writes facts of kind {match[1]}")
            raise RejectedError("KIND_UNKNOWN", f"no active pack declares the kind {match[1]}")
        return subject, kind

    def _check_reserved(self, by: Registration | Outside, subject: str) -> None:
        gate = subject.split(":")[1]
        owner = self._reserved.get(gate)
        if owner != by.pack:
            raise RejectedError(
                "GATE_RESERVED", f"only pack {owner or '(none requires it)'} may say that {gate} is passed"
            )

    def _check_correction(self, proposal: RecordedProposal, subject: str) -> None:
        corrects = proposal.corrects
        if corrects is None:
            if "@" in proposal.id:
                raise RejectedError("CORRECTION_INVALID", f"{proposal.id} has a version but corrects nothing")
            return
        if proposal.key == ContextKey.SEEDS:
            raise RejectedError("CORRECTION_INVALID", "Seeds come from outside and can't be corrected")
        standing = self._context.current(proposal.key, subject)
        if standing is not None and standing.id == proposal.id:
            return  # somebody corrected it first, in this cycle: a duplicate or a conflict
        if standing is None or standing.id != corrects:
            raise RejectedError("CORRECTION_INVALID", f"{corrects!r:.120} is not the fact that stands for {subject}")
        if proposal.id != next_version(corrects):
            raise RejectedError("CORRECTION_INVALID", f"the correction of {corrects} must be {next_version(corrects)}")

    def _check_evidence(self, candidate: Candidate) -> None:
        for fact_id in candidate.evidence:
            found, current = self._context.find(fact_id)
            if found is None:
                raise RejectedError("EVIDENCE_UNKNOWN", f"there is no fact {fact_id!r:.120}")
            if not current:
                raise RejectedError("EVIDENCE_SUPERSEDED", f"{fact_id} has been corrected since")

    def _check_transition(self, transitions: Transitions, candidate: Candidate) -> None:
        refusal = transitions.refusal(candidate)
        if refusal is not None:
            raise RejectedError(*refusal)

    def _validate(self, candidate: Candidate) -> None:
        for validation in self._validations:
            if validation.suggestor is not None:
                if validation.suggestor != candidate.suggestor:
                    continue
            elif not selects_proposal(validation.given, candidate):
                continue
            for then, answer in judge_clause(validation.given, validation.then, self._context, candidate).answers:
                if answer.ok is not True:
                    raise RejectedError(validation.code, f"{validation.id}: {answer.detail or then.text}")


def _parse_payload(kind: Kind, recorded: RecordedProposal) -> tuple[FactModel, bytes]:
    if recorded.payload is None:
        raise RejectedError("PAYLOAD_INVALID", f"kind {kind.name}: {recorded.unreadable}")
    try:
        parsed, content = kind.parse_content(recorded.payload)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        raise RejectedError("PAYLOAD_INVALID", f"kind {kind.name}: {error}"[:500]) from error
    for field in parsed.__struct_fields__:
        value = getattr(parsed, field)
        if value or isinstance(value, _NUMBERS):  # 0 and False say something; None, "", () and empty maps do not
            return parsed, content
    raise RejectedError("CONTENT_EMPTY", f"a {kind.name} without content says nothing")


def _confidence(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or not 0 <= number <= 1:
        raise RejectedError("CONFIDENCE_INVALID", f"confidence {text!r:.40} is not a finite number in [0, 1]")
    return number
