"""Examining contracts: is the review done, have the counterparties signed, are the documents as registered?"""

from collections.abc import Iterator
from datetime import date

from converge_cli import ContextView, Effect, Fact, Passed, ProposedFact, Suggestor

from .facts import BINDING, Check, Contract, Signature
from .log import undecided
from .readings import ACTIONS, AUDITS, CHECKS, CONTRACTS, DOCUMENTS, REVIEWED, SIGNED


class Examine(Suggestor):
    """Says of every contract what is lacking, and passes the gates of what lacks nothing.

    A signature must bind on the day of the next action that signs or executes the contract, which is that of the
    last one when all are decided: there is no clock but the log.
    """

    name = "examination"
    reads = (CONTRACTS, DOCUMENTS, ACTIONS, AUDITS)
    writes = (CHECKS, REVIEWED, SIGNED)

    def execute(self, view: ContextView) -> Effect:
        """Propose checks and passed gates where what stands says something else."""
        files = {fact.payload.name: fact for fact in view.facts(DOCUMENTS)}
        days = _binding_days(view)
        return Effect(item for fact in view.facts(CONTRACTS) for item in self._examine(view, fact, files, days))

    def _examine(
        self, view: ContextView, fact: Fact, files: dict[str, Fact], days: dict[str, date]
    ) -> Iterator[ProposedFact | None]:
        contract: Contract = fact.payload
        papers = [files[paper.file] for paper in contract.documents if paper.file in files]
        altered = tuple(_altered(contract, files))
        review = (*altered, *_review_lacks(contract))
        day = days.get(contract.id)
        signature = (*altered, *_signature_lacks(contract, day))
        found = {"on": day, "review_lacks": review, "signature_lacks": signature}
        said = Check(contract=contract.id, version=contract.version, **found)
        yield view.revise("Evaluations", f"check:{fact.name}", said, evidence=[fact, *papers])
        reviewed = f"version {contract.version} is cleared by {', '.join(_reviewers(contract))}, with no point open"
        signed = f"version {contract.version} is signed by {', '.join(_counterparties(contract))}"
        for gate, lacks, reason in (("legal_review", review, reviewed), ("counterparty_signed", signature, signed)):
            yield _passed(view, fact, gate, lacks=lacks, reason=reason, papers=papers)


def _binding_days(view: ContextView) -> dict[str, date]:
    """Contract -> the day of the first undecided action that binds it, or else of the last decided one."""
    binding = [fact.payload for fact in view.facts(ACTIONS) if fact.payload.action in BINDING]
    waiting = [fact.payload for fact in undecided(view) if fact.payload.action in BINDING]
    return {asked.contract: asked.on for asked in (*binding, *reversed(waiting))}


def _passed(
    view: ContextView, fact: Fact, gate: str, *, lacks: tuple[str, ...], reason: str, papers: list[Fact]
) -> ProposedFact | None:
    subject = f"passed:{gate}:{fact.name}"
    if lacks and view.get("Evaluations", subject) is None:
        return None
    said = Passed(gate=gate, resource=fact.payload.id, reason="; ".join(lacks) or reason, holds=not lacks)
    return view.revise("Evaluations", subject, said, evidence=[fact, *papers])


def _altered(contract: Contract, files: dict[str, Fact]) -> Iterator[str]:
    for paper in contract.documents:
        found = files.get(paper.file)
        if found is None:
            yield f"document {paper.file} is not in the folder"
        elif found.payload.sha256 != paper.sha256:
            yield f"document {paper.file} is not the one that was registered"


def _reviewers(contract: Contract) -> list[str]:
    return sorted({review.by for review in contract.reviews if review.version == contract.version and review.cleared})


def _review_lacks(contract: Contract) -> Iterator[str]:
    reviews = [review for review in contract.reviews if review.version == contract.version]
    if not reviews:
        yield f"nobody reviewed version {contract.version}"
    for review in reviews:
        if not review.cleared:
            yield f"{review.by} did not clear version {contract.version}"
        for point in review.points:
            if not point.closed:
                yield f"review point {point.id} is open" + (f" (clause {point.clause})" if point.clause else "")


def _counterparties(contract: Contract) -> list[str]:
    return [party.id for party in contract.parties if party.side == "counterparty"]


def _signature_lacks(contract: Contract, day: date | None) -> Iterator[str]:
    if day is None:
        yield "nobody asks to sign or execute it"
        return
    wanted = _counterparties(contract)
    strangers = [
        item.party for item in contract.signatures if item.party not in {party.id for party in contract.parties}
    ]
    for party in wanted:
        found = [item for item in contract.signatures if item.party == party]
        faults = [_fault(item, contract, day) for item in found]
        if None not in faults:
            others = f" ({', '.join(strangers)} did, who is no party)" if strangers and not found else ""
            yield f"{party} has not signed{others}" if not found else f"{party}: {'; '.join(filter(None, faults))}"


def _fault(signature: Signature, contract: Contract, day: date) -> str | None:
    if signature.signed_on is None:
        return "the signature is blank"
    if signature.version != contract.version:
        return f"signed version {signature.version}, not {contract.version}"
    if signature.signed_on > day:
        return f"signed on {signature.signed_on}, after {day}"
    if signature.valid_until is not None and signature.valid_until < day:
        return f"the signature expired on {signature.valid_until}"
    return None
