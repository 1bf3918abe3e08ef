"""The promotion gate: the only door into the context (law 1). Its checks run in a fixed order, each with a code.

A rejection is an event and a note; it never stops the run. Only a fact conflict and a budget do.
"""

from converge_cli.core.event import FactPromoted, ProposalRejected, ProposalWithdrawn
from converge_cli.core.fact import Fact
from converge_cli.core.provenance import PromotionRecord
from converge_cli.core.recorded import RecordedProposal
from converge_cli.core.stop_reason import Stop, StopReason
from converge_cli.engine.approval_desk import ApprovalDesk
from converge_cli.engine.candidate import Candidate, Held
from converge_cli.engine.engine_notes import note_acceptance, note_rejection, resolve_denial
from converge_cli.engine.halt import Halt
from converge_cli.engine.proposal_checks import ProposalChecks, RejectedError
from converge_cli.engine.registration import Outside, Registration
from converge_cli.engine.run import Rejection, Run, Spelling
from converge_cli.engine.transitions import GATE_MISSING, Transitions


class PromotionGate:
    """Judges the proposals of one run, in the order in which they are submitted."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._context = run.context
        transitions = Transitions(run) if run.job.entity_states else None
        self._checks = ProposalChecks(run, transitions)
        self.desk = ApprovalDesk(run, transitions)
        asks = bool(run.job.gates or run.job.hitl or run.job.required_approvals)
        self._needs_people = asks or (transitions is not None and transitions.ask_people)
        self._corrected = 0

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
            candidate, standing = self._checks.check(by, proposal, execution, position)
        except RejectedError as rejected:
            self._reject(by, proposal, execution, position, rejected)
            return
        if candidate is None:
            run.duplicates += 1
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
            self._checks.check_again(held.candidate)
        except RejectedError as rejected:
            self.withdraw(held, f"{rejected.code}: {rejected.reason}")
        else:
            self._rule(held)

    def _was_rejected(self, by: Registration | Outside, proposal: RecordedProposal) -> bool:
        code = self._run.rejected.get(spelling(by.name, proposal))
        # What was missing may have come since, so that alone is judged anew.
        if code in {None, "EVIDENCE_UNKNOWN", GATE_MISSING} or not self._checks.is_current(proposal.evidence):
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
