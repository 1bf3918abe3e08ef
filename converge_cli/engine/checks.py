"""Judging one check against selected facts. Three values: yes, no, can't tell (a field is absent or mistyped).

Set-based: a check costs in proportion to the facts that it selects, not to the context.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Context as DecimalContext
from decimal import Decimal, DecimalException, Inexact, Overflow
from functools import lru_cache
from typing import Any, NamedTuple

from converge_cli.core import predicate as p
from converge_cli.core.context import Context
from converge_cli.core.selector import selector
from converge_cli.engine.fields import ABSENT, lookup, plain_number, test_field, texts
from converge_cli.engine.rules import follows

_EXACT = DecimalContext(prec=1000, traps=[Inexact, Overflow])
"""Sums are exact, or can't be told: no rounding, so no order of addition."""


class Answer(NamedTuple):
    """What a check came to.

    Attributes:
        ok: True, False, or None when a field is absent or mistyped.
        facts: the facts that it counted, paired or judged; those at fault when `ok` is not True.
        exercised: whether it selected anything.
        detail: what is wrong, in words.
    """

    ok: bool | None
    facts: tuple[Any, ...] = ()
    exercised: bool = True
    detail: str = ""


class Selected(NamedTuple):
    """The facts of a selection, and those of which the tested field is absent or mistyped."""

    facts: tuple[Any, ...]
    unclear: tuple[Any, ...] = ()


def select(context: Context, selection: p.Selection) -> Selected:
    """The current facts that a selection selects."""
    return _where(context.live(selector(selection.selector)).facts(), selection.where)


def select_proposal(candidate: Any, selection: p.Selection) -> bool:
    """Whether a selection selects a proposal; one whose tested field is unclear is selected (fail closed)."""
    which = selector(selection.selector)
    if candidate.key != which.key or not which.matches(candidate.subject):
        return False
    return selection.where is None or test_field(candidate.payload, selection.where) is not False


def judge(check: p.Check, subject: Sequence[Any] | None, context: Context) -> Answer:
    """Judge one check.

    Args:
        check: the check.
        subject: what the clause's Givens selected (facts, or the one proposal); None when it has no Givens.
        context: for the selections that the check makes itself.
    """
    return _JUDGES[type(check)](check, subject if subject is not None else (), context)


def _where(facts: tuple[Any, ...], test: p.FieldTest | None) -> Selected:
    if test is None:
        return Selected(facts)
    kept, unclear = [], []
    for fact in facts:
        passed = test_field(fact.payload, test)
        if passed:
            kept.append(fact)
        elif passed is None:
            unclear.append(fact)
    return Selected(tuple(kept), tuple(unclear))


def _count(check: p.Count, subject: Sequence[Any], context: Context) -> Answer:
    chosen = Selected(tuple(subject)) if check.selection is None else select(context, check.selection)
    number, unclear = len(chosen.facts), len(chosen.unclear)
    detail = f"{number} found, {check.bound} {check.number} wanted"
    if check.bound == "at least":
        ok = number >= check.number
        sure = ok or number + unclear < check.number
    elif check.bound == "at most":
        ok = number <= check.number
        sure = not ok or number + unclear <= check.number
    else:
        ok = number == check.number
        sure = number > check.number or number + unclear < check.number or unclear == 0
    if not sure:
        field = check.selection.where.field if check.selection and check.selection.where else ""
        return Answer(None, chosen.unclear, True, f"field {field} is absent or of another type")
    return Answer(ok, chosen.facts, bool(chosen.facts), "" if ok else detail)


def _each(subject: Iterable[Any], test: Callable[[Any], bool | None], detail: str) -> Answer:
    """Every fact of the subject must pass; those that do not are named."""
    judged: list[Any] = []
    wrong: list[Any] = []
    unclear: list[Any] = []
    for fact in subject:
        passed = test(fact)
        (judged if passed else unclear if passed is None else wrong).append(fact)
    if wrong:
        return Answer(False, tuple(wrong), True, detail)
    if unclear:
        return Answer(None, tuple(unclear), True, f"{detail}: the field is absent or of another type")
    return Answer(True, tuple(judged), bool(judged))


def _includes(check: p.Includes, subject: Sequence[Any], context: Context) -> Answer:
    for row in check.rows:
        rule = " ".join((row.rule.name, *row.rule.args))

        def passes(fact: Any, row: p.FieldRule = row) -> bool:
            return follows(lookup(fact.payload, row.field), row.rule, context)

        answer = _each(
            subject,
            passes,
            f"field {row.field} must be {rule}",
        )
        if answer.ok is not True:
            return answer
    return Answer(True, tuple(subject), bool(subject))


def _forbidden(check: p.ForbiddenTerms, subject: Sequence[Any], _context: Context) -> Answer:
    for fact in subject:
        for text in texts(fact.payload):
            for term in check.terms:
                if _word(term.term).search(text):
                    return Answer(False, (fact,), True, f"contains {term.term!r}: {term.reason}")
    return Answer(True, tuple(subject), bool(subject))


@lru_cache(maxsize=1024)
def _word(term: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(term)}(?!\w)", re.IGNORECASE)


def _field_is(check: p.FieldIs, subject: Sequence[Any], _context: Context) -> Answer:
    def passes(fact: Any) -> bool | None:
        passed = test_field(fact.payload, check.test)
        return passed if passed is None or not check.negated else not passed

    wanted = " ".join((check.test.comparison.removeprefix("is "), *(value.text for value in check.test.values)))
    return _each(subject, passes, f"field {check.test.field} must {'not ' if check.negated else ''}be {wanted}")


def _unique(check: p.FieldUnique, subject: Sequence[Any], _context: Context) -> Answer:
    seen: dict[Any, Any] = {}
    unclear = []
    for fact in subject:
        value = lookup(fact.payload, check.field)
        if value is ABSENT or value is None:
            unclear.append(fact)
        elif value in seen:
            return Answer(False, (seen[value], fact), True, f"field {check.field} must be unique, twice {value}")
        else:
            seen[value] = fact
    if unclear:
        return Answer(None, tuple(unclear), True, f"field {check.field} is absent")
    return Answer(True, tuple(subject), bool(subject))


def _field_equals(check: p.FieldEquals, subject: Sequence[Any], context: Context) -> Answer:
    other = context.current(check.other.key, check.other.id)
    wanted = ABSENT if other is None else lookup(other.payload, check.other.field)
    detail = f"field {check.field} must {'not ' if check.negated else ''}equal {check.other.field} of {check.other.id}"

    def passes(fact: Any) -> bool | None:
        value = lookup(fact.payload, check.field)
        if value is ABSENT or value is None or wanted is ABSENT or wanted is None:
            return None
        return bool(value == wanted) != check.negated

    answer = _each(subject, passes, detail)
    return answer._replace(facts=(*answer.facts, other)) if other is not None and answer.exercised else answer


def _sum(check: p.SumIs, subject: Sequence[Any], context: Context) -> Answer:
    total, judged = Decimal(0), list(subject)
    for fact in subject:
        number = plain_number(lookup(fact.payload, check.field))
        if number is None:
            return Answer(None, (fact,), True, f"field {check.field} is absent or not a number")
        try:
            total = _EXACT.add(total, number)
        except DecimalException:
            return Answer(None, (fact,), True, f"the sum of {check.field} has too many digits to be exact")
    limit = Decimal(check.value.text) if check.value is not None else None
    if check.other is not None:
        other = context.current(check.other.key, check.other.id)
        limit = None if other is None else plain_number(lookup(other.payload, check.other.field))
        if other is None or limit is None:
            return Answer(
                None, tuple(judged), True, f"{check.other.field} of {check.other.id} is absent or not a number"
            )
        judged.append(other)
    assert limit is not None  # noqa: S101  the grammar gives a value or another field
    ok = total == limit if check.relation == "equal" else total <= limit
    return Answer(
        ok,
        tuple(judged),
        bool(subject),
        "" if ok else f"sum of {check.field} is {total}, must {check.relation} {limit}",
    )


def _paired(check: p.Paired, _subject: Sequence[Any], context: Context) -> Answer:
    each, partners = select(context, check.each), select(context, check.partner)
    by_value: dict[Any, Any] = {}
    for partner in sorted(partners.facts, key=lambda fact: fact.id, reverse=True):
        values = [lookup(partner.payload, check.field)] if check.field else texts(partner.payload)
        by_value.update(dict.fromkeys(values, partner))
    judged: list[Any] = []
    alone: list[Any] = []
    unclear = list(each.unclear)
    for fact in each.facts:
        value = lookup(fact.payload, check.equals) if check.equals else fact.id
        if value is ABSENT or value is None:
            unclear.append(fact)
        elif value in by_value:
            judged += [fact, by_value[value]]
        else:
            alone.append(fact)
    if alone and partners.unclear:
        return Answer(None, partners.unclear, True, "a tested field is absent or of another type")
    if alone:
        return Answer(False, tuple(alone), True, f"no {check.partner.selector} for {alone[0].id}")
    if unclear:
        return Answer(None, tuple(unclear), True, "a tested field is absent or of another type")
    return Answer(True, tuple(judged), bool(judged))


def _absent(check: p.Absent, _subject: Sequence[Any], context: Context) -> Answer:
    chosen = select(context, check.selection)
    if chosen.facts:
        return Answer(False, chosen.facts, True, f"{len(chosen.facts)} found, none wanted")
    if chosen.unclear:
        return Answer(None, chosen.unclear, True, "a tested field is absent or of another type")
    return Answer(True, (), False)


def _approved(check: p.Approved, _subject: Sequence[Any], context: Context) -> Answer:
    notes = [
        fact
        for fact in approvals_of(context, check.point)
        if fact.payload.decision == "approved" and check.role in {None, fact.payload.role}
    ]
    wanted = f"an approval for {check.point}" + (f" by {check.role}" if check.role else "")
    return Answer(bool(notes), tuple(notes), bool(notes), "" if notes else f"{wanted} is missing")


def approvals_of(context: Context, point: str) -> tuple[Any, ...]:
    """The approval facts of a point, yes and no."""
    return context.live(selector(f"Diagnostic:approval:{point}:*")).facts()


def _evidence(check: p.EvidenceExists, _subject: Sequence[Any], context: Context) -> Answer:
    chosen = select(context, check.selection)
    if chosen.unclear and not chosen.facts:
        return Answer(None, chosen.unclear, True, "a tested field is absent or of another type")
    return Answer(
        bool(chosen.facts),
        chosen.facts,
        bool(chosen.facts),
        "" if chosen.facts else f"evidence {check.name} is missing",
    )


def _confidence(check: p.ConfidenceAtLeast, subject: Sequence[Any], _context: Context) -> Answer:
    limit = Decimal(check.value.text)
    return _each(subject, lambda fact: bool(fact.confidence >= limit), f"its confidence must be at least {limit}")


def _proposes_only(check: p.ProposesOnly, subject: Sequence[Any], _context: Context) -> Answer:
    mine = [item for item in subject if item.suggestor == check.suggestor]
    return _each(mine, lambda item: item.key in check.keys, f"proposes only under {', '.join(check.keys)}")


def _required_approval(check: p.RequiredApprovalHeld, _subject: Sequence[Any], context: Context) -> Answer:
    selected = select(context, check.approves)
    # Fail closed, as at promotion: a fact whose tested field is unclear needed the approval too.
    chosen = (*selected.facts, *selected.unclear)
    wrong = tuple(
        fact for fact in chosen if not any(spent.split(".")[1] == check.point for spent in fact.promotion.approvals)
    )
    if wrong:
        return Answer(False, wrong, True, f"promoted without the approval {check.point}")
    return Answer(True, chosen, True)


_JUDGES: dict[type, Callable[[Any, Sequence[Any], Context], Answer]] = {
    p.Count: _count,
    p.Includes: _includes,
    p.ForbiddenTerms: _forbidden,
    p.FieldIs: _field_is,
    p.FieldUnique: _unique,
    p.FieldEquals: _field_equals,
    p.SumIs: _sum,
    p.Paired: _paired,
    p.Absent: _absent,
    p.Approved: _approved,
    p.EvidenceExists: _evidence,
    p.ConfidenceAtLeast: _confidence,
    p.ProposesOnly: _proposes_only,
    p.RequiredApprovalHeld: _required_approval,
}
