"""Invoices and periods with the real engine: what a rogue suggestor tries, the engine or the audit finds out."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from pack_bench import ROOT

from converge_cli import ContextView, Effect, Engine, ProposedFact, RunResult, Suggestor
from converge_cli.pack.registry import PackRegistry
from converge_cli.policy.cedar import CedarAuthorizer
from converge_cli.truth.compiler import compile_truth
from converge_cli.truth.people import read_people
from converge_cli.truth.source import Source

PEOPLE = read_people(Source("people.yaml", (ROOT / "truths" / "people.yaml").read_bytes()))
CUSTOMER = ProposedFact("Seeds", "customer:c", {"id": "c", "name": "C", "address": "A", "tax_id": "T", "active": True})


def run(key: str, seeds: list[ProposedFact], *more: Suggestor, principal: str = "sofia") -> RunResult:
    """One run of a shipped truth; the sovereign needs nobody's approval."""
    truth = (ROOT / "truths" / key / "truth.yaml").read_bytes()
    feature = (ROOT / "features" / f"{key}.feature").read_bytes()
    compiled = compile_truth(
        Source("truth.yaml", truth), [Source(f"{key}.feature", feature)], PackRegistry([ROOT / "packs"])
    )
    assert compiled.job is not None, compiled.diagnostics
    engine = Engine(
        more,
        job=compiled.job,
        packs=compiled.packs,
        parameters=compiled.parameters,
        people=PEOPLE,
        principal=principal,
        gate=CedarAuthorizer({pack.name: pack.policy for pack in compiled.packs if pack.policy}),
    )
    return asyncio.run(engine.run(seeds))


def draft(number: str, amount: str) -> ProposedFact:
    """A draft for the one customer."""
    values = {"number": number, "customer": "c", "amount": amount, "date": "2026-03-30"}
    return ProposedFact("Seeds", f"draft:{number}", values)


def line(invoice: str, number: int, quantity: str, price: str) -> ProposedFact:
    """A line of an invoice."""
    values = {"invoice": invoice, "line": str(number), "description": "Work", "quantity": quantity, "unit_price": price}
    return ProposedFact("Seeds", f"line:{invoice}:{number}", values)


def payment(kind: str, name: str, amount: str, reference: str, day: str = "2026-03-10") -> ProposedFact:
    """An entry of the ledger or a movement of the bank."""
    values = {"id": name, "date": day, "amount": amount, "reference": reference}
    return ProposedFact("Seeds", f"{kind}:{name}", values)


MARCH = ProposedFact("Seeds", "term:2026-03", {"period": "2026-03", "start": "2026-03-01", "end": "2026-03-31"})


class Rogue(Suggestor):
    """Moves an entity along with other content, as soon as it stands."""

    name = "rogue"

    def __init__(self, subject: str, **changes: Any) -> None:
        super().__init__()
        self.subject = subject
        self.changes = changes
        self.reads = (f"Strategies:{subject}", "Evaluations:passed:*")
        self.writes = (f"Strategies:{subject}",)

    def execute(self, view: ContextView) -> Effect:
        """The correction, once."""
        found = view.get("Strategies", self.subject)
        if found is None or found.corrects is not None or not view.facts("Evaluations:passed:*"):
            return Effect()
        values = {name: getattr(found.payload, name) for name in found.payload.__struct_fields__}
        return Effect([view.revise("Strategies", self.subject, {**values, **self.changes})])


@pytest.mark.parametrize(
    ("amount", "lines", "status"),
    [
        ("0.30", [("3", "0.1")], "issued"),
        ("100.00", [("0.5", "200"), ("1", "0")], "issued"),
        ("90.00", [("1", "100"), ("1", "-10.00")], "issued"),
        ("100.00", [("3", "33.33")], "draft"),
        ("100.00", [], "draft"),
    ],
)
def test_lines_come_to_the_amount_exactly_or_the_invoice_stays_a_draft(
    amount: str, lines: list[tuple[str, str]], status: str
) -> None:
    """No rounding, no tolerance; discounts are lines like others."""
    seeds = [CUSTOMER, draft("n", amount), *(line("n", at, *values) for at, values in enumerate(lines))]
    result = run("invoice-issuance", seeds)

    assert status == result.fact("Strategies", "invoice:n").payload.status


def test_a_rogue_that_issues_another_amount_stops_the_run() -> None:
    """Two suggestors say different things of one invoice: an honest system does not let the first one win."""
    seeds = [CUSTOMER, draft("n", "100.00"), line("n", 1, "1", "100.00")]
    result = run("invoice-issuance", seeds, Rogue("invoice:n", status="issued", amount=Decimal("900.00")))

    assert ("FactConflict", ("issuance", "rogue")) == (result.reason, result.stop.names)


def test_what_is_issued_never_changes() -> None:
    """Issued is final: neither back to a draft nor to another amount."""

    class Late(Rogue):
        def execute(self, view: ContextView) -> Effect:
            found = view.get("Strategies", self.subject)
            if found is None or found.payload.status != "issued":
                return Effect()
            values = {name: getattr(found.payload, name) for name in found.payload.__struct_fields__}
            return Effect([view.revise("Strategies", self.subject, {**values, **self.changes})])

    seeds = [CUSTOMER, draft("n", "100.00"), line("n", 1, "1", "100.00")]
    for changes in ({"status": "draft"}, {"amount": Decimal("1.00")}):
        result = run("invoice-issuance", seeds, Late("invoice:n", **changes))
        assert (["TRANSITION_ILLEGAL"], "CriteriaMet") == ([item.code for item in result.rejections], result.reason)


@pytest.mark.parametrize(
    ("payments", "entries", "movements"),
    [
        ([("entry", "e1", "5.00", "R"), ("movement", "m1", "5.00", "R")], (), ()),
        ([("entry", "e1", "5.00", "R"), ("movement", "m1", "5.0", "R")], (), ()),
        ([("entry", "e1", "5.00", "R"), ("entry", "e2", "5.00", "R"), ("movement", "m1", "5.00", "R")], ("e2",), ()),
        ([("entry", "e1", "5.00", "R"), ("movement", "m1", "-5.00", "R")], ("e1",), ("m1",)),
        ([("entry", "e1", "5.00", "R"), ("movement", "m1", "5.00", "r")], ("e1",), ("m1",)),
        ([("entry", "e1", "5.00", "R"), ("movement", "m1", "5.00", "R", "2026-04-01")], ("e1",), ()),
        ([], (), ()),
    ],
)
def test_each_entry_has_one_partner_of_the_same_reference_and_amount_in_the_period(
    payments: list[tuple[str, ...]], entries: tuple[str, ...], movements: tuple[str, ...]
) -> None:
    """What has none keeps the period open, and is named."""
    result = run("period-close", [MARCH, *(payment(*values) for values in payments)])
    said = result.fact("Evaluations", "reconciliation:2026-03").payload

    assert (entries, movements) == (said.open_entries, said.open_movements)
    assert ("open" if entries or movements else "closed") == result.fact("Strategies", "period:2026-03").payload.status
