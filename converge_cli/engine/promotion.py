"""The promotion gate: the only door into the context (law 1). Its checks run in a fixed order, each with a code.

A rejection is an event and a note; it never stops the run. Only a fact conflict and a budget do.
"""

from decimal import Decimal, InvalidOperation

import msgspec

from converge_cli.core.context_key import KEYS, ContextKey
from converge_cli.core.event import FactPromoted, ProposalRejected, ProposalWithdrawn, RecordedProposal
from converge_cli.core.fact import Fact, FactModel
from converge_cli.core.ids import FACT_ID, MAX_ID_LENGTH, next_version, subject_of, version_of
from converge_cli.core.kind import ENGINE_MODELS, Kind
from converge_cli.core.provenance import PromotionRecord
from converge_cli.core.stop_reason import Stop, StopReason
from converge_cli.engine.approval_desk import ApprovalDesk
from converge_cli.engine.candidate import Candidate, Held
from converge_cli.engine.clauses import judge_clause, selects_proposal
from converge_cli.engine.engine_notes import note_acceptance, note_rejection, resolve_denial
from converge_cli.engine.halt import Halt
from converge_cli.engine.registration import Outside, Registration
from converge_cli.engine.run import Rejection, Run, Spelling
from converge_cli.engine.transitions import GATE_MISSING, Transitions

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


class PromotionGate:
    """Judges the proposals of one run, in the order in which they are submitted."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._context = run.context
        self._kinds = {name: kind for name, kind in run.setting.kinds.items() if name not in ENGINE_MODELS}
        self._validations = run.job.validations
        self._transitions = Transitions(run) if run.job.entity_states else None
        self.desk = ApprovalDesk(run, self._transitions)
        asks = bool(run.job.gates or run.job.hitl or run.job.required_approvals)
        self._needs_people = asks or (self._transitions is not None and self._transitions.ask_people)
        self._corrected = 0
        self._reserved = {name: gate.pack for gate in run.job.gates for name in gate.requires}

    def submit(self, by: Registration | Outside, proposal: RecordedProposal, execution: int, position: int) -> None:
        """Judge one proposal: promote it, park it, deny it, reject it, or ignore what was judged before.

        What is judged is what was recorded, so a recorded run is judged as the live one was.

        Raises:
            Halt: two suggestors say different things of one subject, or the fact budget is used up.
        """
        run = self._run
        if run.rejected and self._was_rejected(by, proposal):
            return
        try:
            candidate, standing = self._parse(by, proposal, execution, position)
            if candidate is None:
                return
            if candidate.evidence:
                self._check_evidence(candidate)
            if len(candidate.content) > MAX_CONTENT:
                _check_size(candidate)
            if self._transitions is not None:
                self._check_transition(self._transitions, candidate)
            if self._validations:
                self._validate(candidate)
        except RejectedError as rejected:
            self._reject(by, proposal, execution, position, rejected)
            return
        if standing is not None or run.held:
            self._settle_conflict(candidate, standing)
        if run.rejected:
            self._resolve_rejection(by, proposal)
        if self._needs_people:
            self._rule(Held(candidate))
        else:
            self._promote(candidate, None, ())

    def reask(self, held: Held) -> None:
        """Judge a held proposal again, because what its request was built from changed.

        The checks that look at the context come first, as they did before anybody was asked.
        """
        try:
            self._check_evidence(held.candidate)
            if self._transitions is not None:
                self._check_transition(self._transitions, held.candidate)
            self._validate(held.candidate)
        except RejectedError as rejected:
            self.withdraw(held, f"{rejected.code}: {rejected.reason}")
        else:
            self._rule(held)

    def _parse(
        self, by: Registration | Outside, proposal: RecordedProposal, execution: int, position: int
    ) -> tuple[Candidate | None, Fact | None]:
        """The checks on form, write, kind and payload, with the fact that has this id already.

        No candidate for a duplicate or what was judged before.
        """
        key, fact_id = proposal.key, proposal.id
        evidence, corrects = proposal.evidence, proposal.corrects
        if proposal.unreadable is not None and not fact_id:
            raise RejectedError("PAYLOAD_INVALID", proposal.unreadable)
        subject, kind = self._check_id(key, fact_id)
        if not by.may_write(key, subject):
            raise RejectedError("WRITE_UNDECLARED", f"{by.name} does not declare that it writes {key}:{subject}")
        kind_name = kind.name
        if kind_name == "passed":
            self._check_reserved(by, subject)
        payload, content = _parse_payload(kind, proposal)
        standing = self._context.get(key, fact_id)
        if standing is not None and standing.content == content:
            self._run.duplicates += 1
            return None, standing
        judged = self._run.judged
        if judged and (key, fact_id, content, evidence) in judged and self._is_current(evidence):
            self._run.duplicates += 1
            return None, standing
        if corrects is not None or subject != fact_id:
            self._check_correction(proposal, subject)
        confidence = _CERTAIN if proposal.confidence is None else _confidence(proposal.confidence)
        candidate = Candidate(
            key,
            fact_id,
            subject,
            kind_name,
            payload,
            content,
            confidence,
            evidence,
            corrects,
            by.name,
            execution,
            position,
        )
        return candidate, standing

    def _check_id(self, key: str, fact_id: str) -> tuple[str, Kind]:
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
        name = match[1]
        kind = self._kinds.get(name)
        if kind is None:
            if name in ENGINE_MODELS:
                raise RejectedError("ENGINE_OWNED", f"only the engine writes facts of kind {name}")
            raise RejectedError("KIND_UNKNOWN", f"no active pack declares the kind {name}")
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

    def _is_current(self, evidence: tuple[str, ...]) -> bool:
        return all(self._context.find(fact_id)[1] for fact_id in evidence)

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

    def _was_rejected(self, by: Registration | Outside, proposal: RecordedProposal) -> bool:
        code = self._run.rejected.get(spelling(by.name, proposal))
        # What was missing may have come since, so that alone is judged anew.
        if code in {None, "EVIDENCE_UNKNOWN", GATE_MISSING} or not self._is_current(proposal.evidence):
            return False
        self._run.duplicates += 1
        return True

    def _reject(
        self,
        by: Registration | Outside,
        proposal: RecordedProposal,
        execution: int,
        position: int,
        rejected: RejectedError,
    ) -> None:
        run = self._run
        same = spelling(by.name, proposal)
        if same in run.rejected:
            run.duplicates += 1
            return
        run.rejected[same] = rejected.code
        run.log.add(
            ProposalRejected,
            cycle=run.cycle,
            key=proposal.key,
            id=proposal.id,
            execution=execution,
            position=position,
            code=rejected.code,
            reason=rejected.reason,
        )
        run.rejections.append(Rejection(proposal.key, proposal.id, by.name, rejected.code, rejected.reason, run.cycle))
        note_rejection(run, by.name, proposal, rejected.code)

    def _resolve_rejection(self, by: Registration | Outside, proposal: RecordedProposal) -> None:
        """What was rejected passes now: what it lacked has come. The note of that is corrected."""
        code = self._run.rejected.get(spelling(by.name, proposal))
        if code is not None:
            note_acceptance(self._run, by.name, proposal, code)

    def _settle_conflict(self, candidate: Candidate, standing: Fact | None) -> None:
        """An honest system does not let the first one win: the run stops and names both."""
        if standing is not None:
            raise Halt(
                Stop(
                    StopReason.FACT_CONFLICT,
                    cycle=self._run.cycle,
                    names=(standing.suggestor, candidate.suggestor),
                    facts=(candidate.id,),
                    detail=f"{standing.suggestor} and {candidate.suggestor} say different things of {candidate.id}",
                )
            )
        held = self._run.held.get((candidate.key, candidate.id))
        if held is not None:
            self.withdraw(held, "other content was proposed for the same subject")

    def _rule(self, held: Held) -> None:
        ruling = self.desk.rule(held)
        if ruling.promote:
            # Charged and promoted first: a budget that halts here must leave the proposal held.
            self._promote(held.candidate, ruling.gate, ruling.spent)
            self.desk.close(held)
            drop_held(self._run, held)
        else:
            self._run.judged.add(held.candidate.identity)

    def _promote(self, candidate: Candidate, gate: int | None, spent: tuple[str, ...]) -> None:
        run = self._run
        run.meter.charge_fact(run.cycle)
        log = run.log
        log.put(
            FactPromoted(
                log.seq + 1,
                log.at,
                run.cycle,
                candidate.key,
                candidate.id,
                candidate.execution,
                candidate.position,
                gate,
                spent,
                None,
                candidate.corrects,
            )
        )
        add_fact(run, candidate, gate, spent)
        if spent:
            self.desk.spend(candidate, spent)

    def withdraw_superseded(self) -> None:
        """Withdraw the held proposals that rest on facts which have been corrected since."""
        if self._corrected == self._context.corrected:
            return
        self._corrected = self._context.corrected
        for held in list(self._run.held.values()):
            for fact_id in held.candidate.evidence:
                if not self._context.find(fact_id)[1]:
                    self.withdraw(held, f"its evidence {fact_id} was corrected")
                    break

    def withdraw(self, held: Held, reason: str) -> None:
        """Close a held proposal and its open requests: what people were asked no longer stands."""
        run, candidate = self._run, held.candidate
        requests = self.desk.close(held, "superseded")
        run.log.add(
            ProposalWithdrawn,
            **candidate.named(run.cycle),
            reason=reason,
            requests=requests,
        )
        drop_held(run, held)
        if held.cause == "denied":  # a person's no is final, and stays noted
            resolve_denial(run, candidate)


def spelling(by: str, proposal: RecordedProposal) -> Spelling:
    """Equal for proposals that are the same in every respect, by the same suggestor."""
    payload = b"" if proposal.payload is None else bytes(proposal.payload)
    return by, proposal.key, proposal.id, payload, proposal.evidence, proposal.confidence, proposal.corrects


def drop_held(run: Run, held: Held) -> None:
    """Forget a held proposal; the same may be proposed again."""
    run.held.pop((held.candidate.key, held.candidate.id), None)
    run.judged.discard(held.candidate.identity)


def add_fact(run: Run, candidate: Candidate, gate: int | None, spent: tuple[str, ...]) -> None:
    """Put a promoted proposal into the context; also used when a recorded run is rebuilt."""
    run.context.add(
        Fact(
            candidate.key,
            candidate.id,
            candidate.kind,
            candidate.payload,
            candidate.content,
            candidate.confidence,
            candidate.evidence,
            candidate.suggestor,
            candidate.corrects,
            len(run.context.facts),
            PromotionRecord(run.cycle, candidate.execution, candidate.position, gate, spent),
        )
    )


def _check_size(candidate: Candidate) -> None:
    size = len(candidate.content)
    if size > MAX_CONTENT and candidate.key != ContextKey.SEEDS:
        raise RejectedError("TOO_LARGE", f"content has {size} bytes, at most {MAX_CONTENT} are allowed")


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
