"""Looks again at every agreement and audit, by register, folder and log alone: it shares no code with what decided."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from converge_cli import ContextView, Effect, Fact, ProposedFact, Suggestor

from .facts import Action, Agreement, Audit, Breach, Contract, Permission
from .readings import ACTIONS, AGREEMENTS, AUDITS, BREACHES, CONTRACTS, DOCUMENTS, PERMISSIONS

_ASKED_BY = {"drafted": "amend", "reviewed": "review", "signed": "sign", "executed": "execute"}


class Oversee(Suggestor):
    """Names every agreement that should not stand where it does, and whatever misstates who asked for what."""

    name = "oversight"
    reads = (CONTRACTS, DOCUMENTS, ACTIONS, PERMISSIONS, AGREEMENTS, AUDITS)
    writes = (BREACHES,)

    def execute(self, view: ContextView) -> Effect:
        """Propose a breach for each of them, and close those that no longer hold."""
        contracts = {fact.payload.id: fact.payload for fact in view.facts(CONTRACTS)}
        actions = {fact.payload.id: fact.payload for fact in view.facts(ACTIONS)}
        shelf = {fact.payload.name: fact.payload.sha256 for fact in view.facts(DOCUMENTS)}
        found = [
            (fact, [*_unasked(fact.payload, actions), *_unfounded(fact.payload, contracts, actions, shelf)])
            for fact in view.facts(AGREEMENTS)
        ]
        found += [(fact, list(_borrowed(fact.payload, actions))) for fact in view.facts(PERMISSIONS)]
        numbers = _numbers(actions.values())
        found += [(fact, list(_misstated(fact.payload, actions, numbers))) for fact in view.facts(AUDITS)]
        known = {fact.subject for fact in view.facts(BREACHES)}
        told = [(fact, reasons) for fact, reasons in found if reasons or f"breach:{fact.subject}" in known]
        return Effect(_said(view, fact, reasons) for fact, reasons in told)


def _said(view: ContextView, fact: Fact, reasons: list[str]) -> ProposedFact | None:
    payload = Breach(about=fact.id, reason="; ".join(reasons) or "mended", open=bool(reasons))
    return view.revise("Diagnostic", f"breach:{fact.subject}", payload, evidence=[fact])


def _unasked(agreement: Agreement, actions: Mapping[str, Action]) -> Iterator[str]:
    if agreement.after is None:
        if agreement.stands != "drafted":
            yield "it moved, and nobody asked for it"
        return
    asked = actions.get(agreement.after)
    if asked is None or asked.contract != agreement.contract or asked.action != _ASKED_BY[agreement.stands]:
        yield f"nobody asked that it be {agreement.stands}"
    elif asked.by != agreement.by:
        yield f"{asked.by} asked for it, not {agreement.by}"


def _unfounded(
    agreement: Agreement, contracts: Mapping[str, Contract], actions: Mapping[str, Action], shelf: Mapping[str, str]
) -> Iterator[str]:
    contract = contracts.get(agreement.contract)
    if contract is None:
        yield "it is of no contract in the register"
        return
    if (agreement.title, agreement.value) != (contract.title, contract.value):
        yield "title or value is not as it is registered"
    if agreement.stands == "drafted":
        return
    if any(shelf.get(paper.file) != paper.sha256 for paper in contract.documents):
        yield "its documents are not those that were registered"
    latest = [review for review in contract.reviews if review.version == contract.version]
    if not latest or not all(review.cleared and all(item.closed for item in review.points) for review in latest):
        yield "its legal review is not done"
    asked = actions.get(agreement.after or "")
    if agreement.stands in {"signed", "executed"} and asked is not None:
        missing = _unsigned(contract, asked.on)
        if missing:
            yield f"not bound on {asked.on}: {', '.join(missing)}"


def _unsigned(contract: Contract, day: date) -> list[str]:
    bound = {
        item.party
        for item in contract.signatures
        if item.version == contract.version
        and item.signed_on is not None
        and item.signed_on <= day <= (item.valid_until or date.max)
    }
    return [party.id for party in contract.parties if party.side != "ours" and party.id not in bound]


def _borrowed(permission: Permission, actions: Mapping[str, Action]) -> Iterator[str]:
    asked = actions.get(permission.action)
    if asked is None:
        yield "nobody asked for this"
    elif (permission.contract, permission.by, permission.did) != (asked.contract, asked.by, asked.action):
        yield f"{asked.by} asked to {asked.action} {asked.contract}, and {permission.by} was permitted"


def _misstated(audit: Audit, actions: Mapping[str, Action], numbers: Mapping[str, int]) -> Iterator[str]:
    asked = actions.get(audit.action)
    if asked is None:
        yield "nobody did this"
        return
    told = (audit.contract, audit.by, audit.did, audit.on)
    if told != (asked.contract, asked.by, asked.action, asked.on):
        yield f"{asked.by} asked to {asked.action} {asked.contract} on {asked.on}, which is not what it says"
    if audit.number != numbers[asked.id]:
        yield f"it was number {numbers[asked.id]} on {asked.contract}"


def _numbers(actions: Iterable[Action]) -> dict[str, int]:
    """Action -> its place among those on the same contract, from 1."""
    so_far: Counter[str] = Counter()
    found = {}
    for asked in actions:
        so_far[asked.contract] += 1
        found[asked.id] = so_far[asked.contract]
    return found
