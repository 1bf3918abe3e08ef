"""Invoices and periods with the real engine: what a rogue suggestor tries, the engine or the audit finds out."""

from decimal import Decimal
from typing import Any

import pytest
from shipped_truth import compiled, drive

from converge_cli import ContextView, Effect, ProposedFact, RunResult, Suggestor
from converge_cli.core.pack import InvalidParametersError

SOVEREIGN = "sofia"
"""Needs nobody's approval."""

CUSTOMER = ProposedFact("Seeds", "customer:c", {"id": "c", "name": "C", "address": "A", "tax_id": "T", "active": True})
MARCH = ProposedFact("Seeds", "term:2026-03", {"period": "2026-03", "start": "2026-03-01", "end": "2026-03-31"})


def lines(invoice: str, amount: str, *values: tuple[str, ...], start: int = 1, **fields: Any) -> list[ProposedFact]:
    """The lines of an invoice to the one customer: quantity, unit price and tax rate of each."""
    common = {"invoice": invoice, "customer": "c", "date": "2026-03-30", "amount": amount, "description": "Work"}
    return [
        ProposedFact(
            "Seeds",
            f"line:{invoice}:{number}",
            {**common, "line": number, "quantity": quantity, "unit_price": price, "tax_rate": rate, **fields},
        )
        for number, (quantity, price, rate) in enumerate(values, start)
    ]


def balance(kind: str, amount: str, account: str = "1930", day: str = "2026-03-31") -> ProposedFact:
    """What an account has by the books or the bank at the end of a day."""
    values = {"account": account, "date": day, "balance": amount, **({"name": "Current"} if kind == "account" else {})}
    return ProposedFact("Seeds", f"{kind}:{account}:{day}", values)


def item(name: str, amount: str, **fields: Any) -> ProposedFact:
    """What explains a difference."""
    values = {"id": name, "period": "2026-03", "account": "1930", "date": "2026-03-30", "description": "Deposit"}
    return ProposedFact("Seeds", f"item:{name}", {**values, "amount": amount, "allocated_to": "V-1", **fields})


def entry(name: str, status: str, number: int | None = None, day: str = "2026-03-30") -> ProposedFact:
    """An invoice of the books."""
    values = {"invoice": name, "date": day, "amount": "10.00", "status": status, "number": number}
    return ProposedFact("Seeds", f"entry:{name}", values)


def status(result: RunResult, subject: str) -> str:
    """Where an invoice or a period stands."""
    found: str = result.fact("Strategies", subject).payload.status
    return found


def numbers(result: RunResult) -> dict[str, int]:
    """Invoice -> its number."""
    return {fact.payload.invoice: fact.payload.number for fact in result.current if fact.kind == "number"}


class Late(Suggestor):
    """Brings facts once something is there, a cycle later than everybody else."""

    name = "late"

    def __init__(self, after: str, *facts: ProposedFact, stands: str = "") -> None:
        super().__init__()
        self.facts = facts
        self.stands = stands
        self.reads = (after,)
        self.writes = ("Seeds", "Strategies")

    def execute(self, view: ContextView) -> Effect:
        """The facts, once; `stands` waits until an entity stands there."""
        found = [fact for fact in view.facts(self.reads[0]) if self.stands in getattr(fact.payload, "status", "")]
        return Effect(self.facts if found else ())


ROUNDING = "rounding: {of: line, mode: half_up}"


@pytest.mark.parametrize(
    ("rule", "amount", "values"),
    [
        (ROUNDING, "0.30", [("3", "0.1", "0")]),
        (ROUNDING, "100.00", [("0.5", "200", "0"), ("1", "0", "0")]),
        (ROUNDING, "90.00", [("1", "100", "0"), ("1", "-10.00", "0")]),
        (ROUNDING, "100.00", [("3", "33.333", "0")]),
        # Three times 0.125 of tax: three halves up, down, to even; or 0.375 in one sum.
        (ROUNDING, "1.89", [("1", "0.50", "25"), ("1", "0.50", "25"), ("1", "0.50", "25")]),
        ("rounding: {of: line, mode: down}", "1.86", [("1", "0.50", "25"), ("1", "0.50", "25"), ("1", "0.50", "25")]),
        ("rounding: {of: line, mode: half_even}", "1.86", [("1", "0.50", "25")] * 3),
        ("rounding: {of: rate, mode: half_up}", "1.88", [("1", "0.50", "25")] * 3),
        ("rounding: {of: rate, mode: half_up}", "2.75", [("1", "1.00", "25"), ("1", "1.25", "12"), ("1", "0.10", "0")]),
        # A net of half a minor unit.
        (ROUNDING, "0.02", [("1", "0.005", "0"), ("1", "0.005", "0")]),
        ("rounding: {of: line, mode: down}", "0.00", [("1", "0.005", "0"), ("1", "0.005", "0")]),
        ("rounding: {of: line, mode: half_even}", "0.00", [("1", "0.005", "0"), ("1", "0.005", "0")]),
        ("rounding: {of: rate, mode: half_up}", "0.01", [("1", "0.005", "0"), ("1", "0.005", "0")]),
        (ROUNDING, "999.99", [("1", "1000", "0"), ("1", "-0.005", "0")]),
    ],
)
def test_lines_come_to_the_amount_to_the_minor_unit_by_the_rule_of_the_truth(
    rule: str, amount: str, values: list[tuple[str, ...]]
) -> None:
    """Issued at exactly this amount, and the audit, by its own arithmetic, agrees; a cent more is refused."""
    exact = drive(
        "invoice-issuance", [CUSTOMER, *lines("n", amount, *values)], edit=(ROUNDING, rule), principal=SOVEREIGN
    )
    more = str(Decimal(amount) + Decimal("0.01"))
    off = drive("invoice-issuance", [CUSTOMER, *lines("n", more, *values)], edit=(ROUNDING, rule), principal=SOVEREIGN)

    assert ("issued", "CriteriaMet") == (status(exact, "invoice:n"), exact.reason)
    assert ("draft", "CriteriaMet") == (status(off, "invoice:n"), off.reason)
    assert "refused" == off.fact("Evaluations", "outcome:invoice:n").payload.result


def test_numbers_go_on_from_the_register_in_the_order_of_the_invoices_without_a_gap() -> None:
    """A refused one between two others takes none."""
    seeds = [CUSTOMER, entry("old", "issued", 7), entry("drafted", "draft")]
    seeds += [*lines("a", "1.00", ("1", "1", "0")), *lines("b", "9.00", ("1", "1", "0"))]
    seeds += lines("c", "1.00", ("1", "1", "0"))
    result = drive("invoice-issuance", seeds, principal=SOVEREIGN)

    assert {"a": 8, "c": 9} == numbers(result)
    assert "CriteriaMet" == result.reason


def test_an_invoice_that_comes_late_gets_the_next_number() -> None:
    """What was numbered keeps its number."""
    late = Late("Strategies:number:*", *lines("b", "1.00", ("1", "1", "0")))
    result = drive("invoice-issuance", [CUSTOMER, *lines("a", "1.00", ("1", "1", "0"))], [late], principal=SOVEREIGN)

    assert ({"a": 1, "b": 2}, "CriteriaMet") == (numbers(result), result.reason)


@pytest.mark.parametrize(("principal", "then"), [("sofia", ["refused", "issued"]), ("anna", ["refused", "reopened"])])
def test_a_customer_who_comes_late_mends_what_was_refused(principal: str, then: list[str]) -> None:
    """The denial is resolved; the invoice is issued, or waits for who approves it."""
    late = Late("Evaluations:outcome:*", CUSTOMER)
    result = drive("invoice-issuance", lines("a", "1.00", ("1", "1", "0")), [late], principal=principal)

    assert then == [fact.payload.result for fact in result.facts if fact.kind == "outcome"]
    assert ["resolved"] == [fact.payload.cause for fact in result.current if fact.kind == "denied"]


def test_a_line_that_comes_after_the_invoice_was_issued_is_found_out() -> None:
    """Issued is final; the audit says what the lines come to."""
    late = Late("Strategies:invoice:*", *lines("a", "1.00", ("1", "5", "0"), start=2), stands="issued")
    result = drive("invoice-issuance", [CUSTOMER, *lines("a", "1.00", ("1", "1", "0"))], [late], principal=SOVEREIGN)

    assert ("issued", "InvariantViolated") == (status(result, "invoice:a"), result.reason)
    assert "its lines come to 6.00, it says 1.00" == result.fact("Diagnostic", "breach:invoice:a").payload.reason


def test_what_waits_for_a_person_is_withdrawn_when_a_line_is_added() -> None:
    """Nobody approves what is not the invoice any more; it is validated and asked about anew when it adds up again."""
    added = lines("a", "1.00", ("1", "5", "0"), ("1", "-5", "0"), start=2)
    late = Late("Strategies:invoice:*", *added, stands="validated")
    result = drive("invoice-issuance", [CUSTOMER, *lines("a", "1.00", ("1", "1", "0"))], [late], principal="anna")

    assert ["draft", "validated", "draft", "validated"] == [
        fact.payload.status for fact in result.facts if fact.kind == "invoice"
    ]
    assert [("invoice:a@5", "invoice_issue")] == [(request.fact, request.point) for request in result.pending]


def test_two_suggestors_that_say_different_things_of_one_invoice_stop_the_run() -> None:
    """An honest system does not let the first one win."""
    values = {"invoice": "a", "customer": "c", "date": "2026-03-30", "lines": 1, "net": "9", "tax": "0"}
    forged = ProposedFact("Strategies", "invoice:a", {**values, "amount": "9", "status": "draft"})
    late = Late("Evaluations:review:*", forged)
    result = drive("invoice-issuance", [CUSTOMER, *lines("a", "1.00", ("1", "1", "0"))], [late], principal=SOVEREIGN)

    assert ("FactConflict", ("invoice-issuance", "late")) == (result.reason, result.stop.names)


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        ({"customer": "d"}, "its lines name different customers: c, d"),
        ({"date": "2026-03-31"}, "its lines name different dates: 2026-03-30, 2026-03-31"),
        ({"amount": "3.00"}, "its lines name different amounts: 2.00, 3.00"),
    ],
)
def test_lines_that_do_not_agree_about_their_invoice_are_not_balanced(second: dict[str, str], problem: str) -> None:
    """Nothing is guessed of which of them is right."""
    seeds = [CUSTOMER, *lines("a", "2.00", ("1", "1", "0"))]
    (other,) = lines("a", "2.00", ("1", "1", "0"), start=2)
    seeds.append(ProposedFact("Seeds", other.id, {**other.payload, **second}))
    result = drive("invoice-issuance", seeds, principal=SOVEREIGN)

    assert (problem, "draft") == (
        result.fact("Evaluations", "review:a").payload.line_problems[0],
        status(result, "invoice:a"),
    )


BOOKS = (balance("account", "100.00"), balance("statement", "90.00"), item("r", "10.00"))


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        (BOOKS, None),
        ((*BOOKS, entry("a", "issued", 1)), None),
        ((*BOOKS, entry("a", "draft", day="2026-04-01")), None),
        ((*BOOKS, balance("account", "7.00", day="2026-02-28")), None),
        ((), "no account has a balance in the books on 2026-03-31"),
        ((balance("account", "90.00"),), "account 1930 has no balance of the bank on 2026-03-31"),
        ((*BOOKS, balance("statement", "1.00", "1950")), "account 1950 of the bank is not in the books on 2026-03-31"),
        ((*BOOKS, item("s", "0.00", allocated_to=" ")), "item s is open: Deposit, 0.00"),
        (
            (*BOOKS, item("s", "1.00", account="1999")),
            "item s is of account 1999, which is not in the books on 2026-03-31",
        ),
        ((*BOOKS, item("s", "0.00", date="2026-04-01")), "item s of 2026-04-01 is later than the period"),
        ((*BOOKS, entry("a", "draft")), "invoice a of 2026-03-30 is not issued: draft"),
        ((*BOOKS, entry("a", "validated", day="2026-03-31")), "invoice a of 2026-03-31 is not issued: validated"),
        (
            (*BOOKS, item("s", "-0.01")),
            "account 1930: 100.00 in the books, 90.00 at the bank, 9.99 explained, so 0.01 is not",
        ),
    ],
)
def test_a_period_closes_when_nothing_is_left_and_else_says_what_is(
    facts: tuple[ProposedFact, ...], problem: str | None
) -> None:
    """What is of another period changes nothing."""
    result = drive("period-close", [MARCH, *facts], principal=SOVEREIGN)
    said = result.fact("Evaluations", "reconciliation:2026-03").payload

    assert ((problem,) if problem else ()) == said.problems
    assert ("open" if problem else "closed", "CriteriaMet") == (status(result, "period:2026-03"), result.reason)


def test_a_period_that_was_closed_before_is_not_closed_again() -> None:
    """The register of closings says so."""
    closing = ProposedFact("Seeds", "closing:2026-03", {"period": "2026-03", "closed_on": "2026-04-02"})
    result = drive("period-close", [MARCH, *BOOKS, closing], principal=SOVEREIGN)

    assert "open" == status(result, "period:2026-03")
    assert result.fact("Evaluations", "outcome:period:2026-03").payload.reason.endswith(
        "it was closed before, on 2026-04-02"
    )


def test_an_item_that_comes_after_the_period_was_closed_is_found_out() -> None:
    """Closed is final; the audit says which account differs now."""
    late = Late("Strategies:period:*", item("s", "5.00"), stands="closed")
    result = drive("period-close", [MARCH, *BOOKS], [late], principal=SOVEREIGN)

    assert ("closed", "InvariantViolated") == (status(result, "period:2026-03"), result.reason)
    assert "account 1930 differs by -5.00" == result.fact("Diagnostic", "breach:period:2026-03").payload.reason


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"rounding": {"of": "invoice"}}, "rounding.of 'invoice' is none of the choices"),
        ({"numbers": {"digits": 0}}, "digits is from 1 to 12"),
        ({"numbers": {"first": 0}}, "first is 1 or more"),
        ({"customer_needs": ["phone"]}, "'phone' is none of the choices"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(parameters: dict[str, Any], said: str) -> None:
    """With the reason, before anything runs."""
    (pack,) = compiled("period-close").packs
    with pytest.raises(InvalidParametersError, match=said):
        pack.parse_parameters(parameters)


def test_three_hundred_invoices_in_one_run_are_issued_and_numbered_one_by_one() -> None:
    """Each tenth does not add up, and takes no number."""
    seeds = [CUSTOMER]
    for number in range(300):
        seeds += lines(f"i{number}", "2.00" if number % 10 == 0 else "1.00", ("1", "1", "0"))
    result = drive("invoice-issuance", seeds, principal=SOVEREIGN)

    assert (list(range(1, 271)), "CriteriaMet") == (sorted(numbers(result).values()), result.reason)
