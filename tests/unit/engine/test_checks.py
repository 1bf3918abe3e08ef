"""Every check and rule in three values: yes, no, can't tell; and what a clause makes of them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from engine_kit import KINDS, Inner, Note, each, note, number_is, text_is

from converge_cli import ProposedFact
from converge_cli.core import predicate as p
from converge_cli.core.built_in_kinds import ENGINE_MODELS
from converge_cli.core.context import Context
from converge_cli.core.fact import Columns, Fact, FactModel, FrozenMap
from converge_cli.core.kind import Kind
from converge_cli.core.predicate import FieldTest, Selection, Value
from converge_cli.core.provenance import PromotionRecord
from converge_cli.core.selector import selector
from converge_cli.engine.candidate import Candidate
from converge_cli.engine.checks import judge, select, select_proposal
from converge_cli.engine.clauses import judge_clause
from converge_cli.engine.fields import ABSENT, lookup
from converge_cli.engine.fields import test_field as passes
from converge_cli.engine.rules import follows

ALL = {name: Kind(name, model) for name, model in {**KINDS, **ENGINE_MODELS}.items()}
TWO = Value("number", "2")


def standing(*proposals: ProposedFact, approvals: tuple[str, ...] = ()) -> Context:
    """A context in which these stand."""
    context = Context()
    for index, item in enumerate(proposals):
        kind = item.id.partition(":")[0]
        payload, content = ALL[kind].parse(item.payload)
        record = PromotionRecord(1, 1, index, None, approvals)
        context.add(
            Fact(
                item.key,
                item.id,
                kind,
                payload,
                content,
                Decimal(str(item.confidence)),
                item.evidence,
                "s",
                item.corrects,
                index,
                record,
            )
        )
    return context


def number(name: str, value: str | None = None, **options: Any) -> ProposedFact:
    """`Signals note:<name>` with a number."""
    return note("Signals", f"note:{name}", name, number=None if value is None else Decimal(value), **options)


TARGET = note("Evaluations", "note:target", "a", number=Decimal(2))
NO_TARGET = note("Evaluations", "note:target", "a")
YES = ProposedFact(
    "Diagnostic",
    "approval:boss:1",
    {"point": "boss", "subject": "s", "digest": "d", "decision": "approved", "by": ["ann"], "role": "chief"},
)
NO = ProposedFact("Diagnostic", "approval:boss:2", {**YES.payload, "decision": "rejected"})
OF_TARGET = p.FieldOf("number", "note:target", "Evaluations")
SIGNALS = Selection("Signals")
TWOS = Selection("Signals", where=number_is("is", "2"))
TAGGED = Selection("Evaluations", "note:*")

# check, facts, answer, ids of the answer, exercised
CASES: list[tuple[str, p.Check, list[ProposedFact], bool | None, set[str], bool]] = [
    ("at least, enough", p.Count("at least", 2, SIGNALS), [number("a"), number("b")], True, {"a", "b"}, True),
    ("at least, too few", p.Count("at least", 2, SIGNALS), [number("a")], False, {"a"}, True),
    ("at least, none", p.Count("at least", 1, SIGNALS), [], False, set(), False),
    ("at least, one unclear could do", p.Count("at least", 1, TWOS), [number("a")], None, {"a"}, True),
    ("at least, unclear not needed", p.Count("at least", 1, TWOS), [number("a"), number("b", "2")], True, {"b"}, True),
    ("at least, unclear not enough", p.Count("at least", 3, TWOS), [number("a")], False, set(), False),
    ("at most, fewer", p.Count("at most", 1, SIGNALS), [number("a")], True, {"a"}, True),
    ("at most, more", p.Count("at most", 0, SIGNALS), [number("a")], False, {"a"}, True),
    ("at most, unclear could be too many", p.Count("at most", 0, TWOS), [number("a")], None, {"a"}, True),
    ("at most, unclear can not matter", p.Count("at most", 1, TWOS), [number("a")], True, set(), False),
    ("exactly, right", p.Count("exactly", 1, SIGNALS), [number("a")], True, {"a"}, True),
    ("exactly, wrong", p.Count("exactly", 2, SIGNALS), [number("a")], False, {"a"}, True),
    ("exactly, unclear decides", p.Count("exactly", 1, TWOS), [number("a")], None, {"a"}, True),
    ("exactly, unclear can not reach", p.Count("exactly", 3, TWOS), [number("a")], False, set(), False),
    ("exactly, too many anyhow", p.Count("exactly", 0, TWOS), [number("a"), number("b", "2")], False, {"b"}, True),
    ("subject counted", p.Count("at least", 1), [number("a")], True, {"a"}, True),
    ("field is", p.FieldIs(number_is("is", "2")), [number("a", "2")], True, {"a"}, True),
    ("field is not so", p.FieldIs(number_is("is", "2")), [number("a", "3"), number("b", "2")], False, {"a"}, True),
    ("field absent", p.FieldIs(number_is("is", "2")), [number("a")], None, {"a"}, True),
    ("field wrong beats absent", p.FieldIs(number_is("is", "2")), [number("a"), number("b", "3")], False, {"b"}, True),
    ("field mistyped", p.FieldIs(FieldTest("text", "is", (TWO,))), [number("a")], None, {"a"}, True),
    ("field must not be", p.FieldIs(number_is("is", "2"), negated=True), [number("a", "3")], True, {"a"}, True),
    ("field must not be but is", p.FieldIs(number_is("is", "2"), negated=True), [number("a", "2")], False, {"a"}, True),
    ("must not be of absent", p.FieldIs(number_is("is", "2"), negated=True), [number("a")], None, {"a"}, True),
    ("nan says nothing", p.FieldIs(number_is("is at most", "2")), [number("a", "sNaN")], None, {"a"}, True),
    ("infinity says nothing", p.FieldIs(number_is("is at least", "2")), [number("a", "Infinity")], None, {"a"}, True),
    ("unique", p.FieldUnique("number"), [number("a", "1"), number("b", "2")], True, {"a", "b"}, True),
    ("twice", p.FieldUnique("number"), [number("a", "1"), number("b", "1.0")], False, {"a", "b"}, True),
    ("unique, one absent", p.FieldUnique("number"), [number("a"), number("b", "1")], None, {"a"}, True),
    (
        "twice beats absent",
        p.FieldUnique("number"),
        [number("c"), number("a", "1"), number("b", "1")],
        False,
        {"a", "b"},
        True,
    ),
    ("equals", p.FieldEquals("number", OF_TARGET), [number("a", "2"), TARGET], True, {"a", "target"}, True),
    ("equals not", p.FieldEquals("number", OF_TARGET), [number("a", "3"), TARGET], False, {"a", "target"}, True),
    (
        "not equals",
        p.FieldEquals("number", OF_TARGET, negated=True),
        [number("a", "3"), TARGET],
        True,
        {"a", "target"},
        True,
    ),
    (
        "not equals but does",
        p.FieldEquals("number", OF_TARGET, negated=True),
        [number("a", "2"), TARGET],
        False,
        {"a", "target"},
        True,
    ),
    ("equals, mine absent", p.FieldEquals("number", OF_TARGET), [number("a"), TARGET], None, {"a", "target"}, True),
    (
        "equals, theirs absent",
        p.FieldEquals("number", OF_TARGET),
        [number("a", "2"), NO_TARGET],
        None,
        {"a", "target"},
        True,
    ),
    ("equals, no such fact", p.FieldEquals("number", OF_TARGET), [number("a", "2")], None, {"a"}, True),
    ("sum equal", p.SumIs("number", "equal", TWO), [number("a", "1.5"), number("b", "0.5")], True, {"a", "b"}, True),
    ("sum unequal", p.SumIs("number", "equal", TWO), [number("a", "1.5")], False, {"a"}, True),
    (
        "sum within",
        p.SumIs("number", "not exceed", None, OF_TARGET),
        [number("a", "2"), TARGET],
        True,
        {"a", "target"},
        True,
    ),
    ("sum beyond", p.SumIs("number", "not exceed", TWO), [number("a", "2.01")], False, {"a"}, True),
    ("sum of absent", p.SumIs("number", "equal", TWO), [number("a")], None, {"a"}, True),
    (
        "sum against absent",
        p.SumIs("number", "equal", None, OF_TARGET),
        [number("a", "2"), NO_TARGET],
        None,
        {"a"},
        True,
    ),
    ("sum against nothing", p.SumIs("number", "equal", None, OF_TARGET), [number("a", "2")], None, {"a"}, True),
    (
        "sum that has no exact form",
        p.SumIs("number", "equal", TWO),
        [number("a", "1E+999999"), number("b", "1")],
        None,
        {"b"},
        True,
    ),
    (
        "sum is exact",
        p.SumIs("number", "not exceed", TWO),
        [number("a", "2"), number("b", "0.00000000000000000000000000000001")],
        False,
        {"a", "b"},
        True,
    ),
    ("paired", p.Paired(SIGNALS, TAGGED, "text", "text"), [number("a"), TARGET], True, {"a", "target"}, True),
    ("alone", p.Paired(SIGNALS, TAGGED, "text", "text"), [number("b"), TARGET], False, {"b"}, True),
    (
        "pair by an absent field",
        p.Paired(SIGNALS, TAGGED, "number", "number"),
        [number("a"), TARGET],
        None,
        {"a"},
        True,
    ),
    (
        "two absent fields are no pair",
        p.Paired(SIGNALS, TAGGED, "number", "number"),
        [number("a"), NO_TARGET],
        None,
        {"a"},
        True,
    ),
    ("pair of an unclear one", p.Paired(TWOS, TAGGED, "text", "text"), [number("a"), TARGET], None, {"a"}, True),
    (
        "pair with an unclear partner",
        p.Paired(SIGNALS, Selection("Evaluations", where=number_is("is", "2")), "text", "text"),
        [number("b", "1"), NO_TARGET],
        None,
        {"target"},
        True,
    ),
    (
        "referenced",
        p.Paired(SIGNALS, TAGGED),
        [number("a"), note("Evaluations", "note:r", tags=("note:a",))],
        True,
        {"a", "r"},
        True,
    ),
    ("not referenced", p.Paired(SIGNALS, TAGGED), [number("a"), TARGET], False, {"a"}, True),
    ("nothing to pair", p.Paired(SIGNALS, TAGGED, "text", "text"), [TARGET], True, set(), False),
    ("absent", p.Absent(SIGNALS), [TARGET], True, set(), False),
    ("present", p.Absent(SIGNALS), [number("a")], False, {"a"}, True),
    ("perhaps present", p.Absent(TWOS), [number("a")], None, {"a"}, True),
    ("approved", p.Approved("boss"), [YES], True, {"approval:boss:1"}, True),
    ("approved by role", p.Approved("boss", "chief"), [YES], True, {"approval:boss:1"}, True),
    ("approved by another role", p.Approved("boss", "clerk"), [YES], False, set(), False),
    ("only rejected", p.Approved("boss"), [NO], False, set(), False),
    ("evidence", p.EvidenceExists("e", SIGNALS), [number("a")], True, {"a"}, True),
    ("no evidence", p.EvidenceExists("e", SIGNALS), [], False, set(), False),
    ("unclear evidence", p.EvidenceExists("e", TWOS), [number("a")], None, {"a"}, True),
    ("confident", p.ConfidenceAtLeast(Value("number", "0.5")), [number("a", confidence=0.5)], True, {"a"}, True),
    ("not confident", p.ConfidenceAtLeast(Value("number", "0.5")), [number("a", confidence=0.4)], False, {"a"}, True),
    ("proposes only there", p.ProposesOnly("s", ("Signals",)), [number("a")], True, {"a"}, True),
    ("proposes elsewhere", p.ProposesOnly("s", ("Evaluations",)), [number("a")], False, {"a"}, True),
    ("another's proposal", p.ProposesOnly("t", ("Evaluations",)), [number("a")], True, set(), False),
    ("without its approval", p.RequiredApprovalHeld("boss", SIGNALS), [number("a")], False, {"a"}, True),
    ("unclear without its approval", p.RequiredApprovalHeld("boss", TWOS), [number("a")], False, {"a"}, True),
    ("nothing that needed it", p.RequiredApprovalHeld("boss", SIGNALS), [], True, set(), True),
    (
        "term",
        p.ForbiddenTerms((p.Term("cheap", "vague"),)),
        [note("Signals", "note:a", "very CHEAP!")],
        False,
        {"a"},
        True,
    ),
    (
        "part of a word",
        p.ForbiddenTerms((p.Term("cheap", "vague"),)),
        [note("Signals", "note:a", "cheaper")],
        True,
        {"a"},
        True,
    ),
    (
        "term in a list",
        p.ForbiddenTerms((p.Term("cheap", "vague"),)),
        [note("Signals", "note:a", tags=("cheap",))],
        False,
        {"a"},
        True,
    ),
    ("includes", p.Includes((p.FieldRule("text", p.Rule("non-empty string")),)), [number("a")], True, {"a"}, True),
    (
        "includes not",
        p.Includes((p.FieldRule("owner", p.Rule("non-empty string")),)),
        [number("a")],
        False,
        {"a"},
        True,
    ),
]


@pytest.mark.parametrize(
    ("check", "facts", "ok", "named", "exercised"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_each_check_says_yes_no_or_that_it_can_not_tell(
    check: p.Check, facts: list[ProposedFact], ok: bool | None, named: set[str], exercised: bool
) -> None:
    """With the facts that it counted, paired or judged, or those at fault, and whether it selected anything."""
    context = standing(*facts)
    subject = context.live(selector("Signals")).facts()
    answer = judge(check, subject, context)
    ids = {fact.id.removeprefix("note:") for fact in answer.facts}

    assert (ok, named, exercised) == (answer.ok, ids, answer.exercised)
    assert bool(answer.detail) or answer.ok is not None


def test_every_kind_of_check_is_in_the_table() -> None:
    """A new check needs its three values here."""
    from typing import get_args

    assert set(get_args(p.Check)) == {type(case[1]) for case in CASES}


def test_a_required_approval_holds_for_a_fact_that_was_promoted_with_it() -> None:
    """Its promotion names a request of that point."""
    context = standing(number("a"), approvals=("r1.boss.0123456789ab",))

    assert judge(p.RequiredApprovalHeld("boss", SIGNALS), (), context).ok is True
    assert judge(p.RequiredApprovalHeld("other", SIGNALS), (), context).ok is False


COMPARISONS: list[tuple[str, Any, str, tuple[Value, ...], bool | None]] = [
    ("number", Decimal(2), "is", (TWO,), True),
    ("number", Decimal("2.0"), "is", (TWO,), True),
    ("number", Decimal(3), "is not", (TWO,), True),
    ("number", Decimal(3), "is greater than", (TWO,), True),
    ("number", Decimal(2), "is greater than", (TWO,), False),
    ("number", Decimal(1), "is less than", (TWO,), True),
    ("number", Decimal(2), "is less than", (TWO,), False),
    ("number", Decimal(2), "is at least", (TWO,), True),
    ("number", Decimal(1), "is at least", (TWO,), False),
    ("number", Decimal(2), "is at most", (TWO,), True),
    ("number", Decimal(3), "is at most", (TWO,), False),
    ("number", Decimal(2), "is one of", (Value("number", "1"), TWO), True),
    ("number", Decimal(3), "is one of", (Value("number", "1"), TWO), False),
    ("number", Decimal(3), "is one of", (Value("text", "3"), TWO), None),
    ("number", None, "is", (TWO,), None),
    ("number", None, "exists", (), False),
    ("number", Decimal(0), "exists", (), True),
    ("text", "abc", "matches", (Value("text", "^a.c$"),), True),
    ("text", "abd", "matches", (Value("text", "^a.c$"),), False),
    ("number", Decimal(1), "matches", (Value("text", "1"),), None),
    ("text", "b", "is greater than", (Value("text", "a"),), True),
    ("text", "2", "is", (TWO,), None),
    ("sure", True, "is", (Value("boolean", "true"),), True),
    ("sure", False, "is", (Value("boolean", "true"),), False),
    ("sure", True, "is", (Value("number", "1"),), None),
    ("sure", True, "is greater than", (Value("boolean", "false"),), None),
]


@pytest.mark.parametrize(("field", "value", "comparison", "values", "wanted"), COMPARISONS)
def test_comparisons_tell_equal_different_and_incomparable(
    field: str, value: Any, comparison: Any, values: tuple[Value, ...], wanted: bool | None
) -> None:
    """A literal of another type is never silently unequal."""
    assert wanted is passes(Note(**{field: value}), FieldTest(field, comparison, values))


class Dated(FactModel, frozen=True):
    """A day, and a moment."""

    day: date
    moment: datetime
    columns: Columns
    steps: tuple[FrozenMap[str, int], ...] = ()


DATED = Dated(
    day=date(2026, 11, 21),
    moment=datetime.fromisoformat("2026-11-21T10:00:00+00:00"),
    columns=Columns({"q": "1"}),
    steps=(FrozenMap({"n": 7}),),
)


def test_dates_compare_with_dates_and_moments_by_their_day() -> None:
    """Text that looks like a date is text."""
    day = Value("date", "2026-11-21")

    assert passes(DATED, FieldTest("day", "is", (day,))) is True
    assert passes(DATED, FieldTest("moment", "is at most", (day,))) is True
    assert passes(DATED, FieldTest("day", "is less than", (day,))) is False
    assert passes(Note(text="2026-11-21"), FieldTest("text", "is", (day,))) is None


def test_a_path_leads_through_models_maps_and_positions() -> None:
    """What is not there is absent, whatever the path looks like."""
    assert (3, "1", 7) == (
        lookup(Note(inner=Inner(depth=3)), "inner.depth"),
        lookup(DATED, "columns.q"),
        lookup(DATED, "steps.0.n"),
    )
    for path in (
        "nope",
        "inner.depth.more",
        "columns.z",
        "steps.1",
        "steps.²",
        "steps.-1",
        "__class__",
        "columns._items",
    ):
        assert lookup(DATED, path) is ABSENT


RULES: list[tuple[str, tuple[str, ...], list[Any], list[Any]]] = [
    ("non-empty string", (), ["x"], ["", "  ", 1, None, ABSENT]),
    ("integer between", ("1", "3"), [1, 3, Decimal("2.0")], [0, 4, Decimal("1.5"), "2", True, None]),
    ("number between", ("0", "1"), [0, 1, Decimal("0.5")], [Decimal("1.01"), -1, "0", False]),
    ("number greater", ("1",), [2, Decimal("1.1")], [1, "2", True]),
    ("number less", ("1",), [0, Decimal("0.9")], [1, "0", False]),
    ("one of", ("a", "2", "true"), ["a", 2, True], ["b", 3, False]),
    ("matches", ("^a",), ["abc"], ["bac", 1]),
    ("true", (), [True], [False, 1, "true"]),
    ("false", (), [False], [True, 0, "false"]),
    ("ISO date", (), ["2026-11-21", date(2026, 11, 21)], ["21.11.2026", "2026-13-01", 20261121]),
    ("ISO datetime", (), ["2026-11-21T10:00:00", datetime.fromisoformat("2026-11-21T10:00:00")], ["soon", 5]),
    ("decimal", (), [Decimal("1.5"), 2, "1.50"], ["x", "NaN", "Infinity", True, None]),
    ("id of", ("Signals",), ["note:a"], ["note:b", "note:target", 5]),
    ("list of at least", ("2",), [("a", "b")], [("a",), "ab", None]),
]


@pytest.mark.parametrize(("name", "args", "good", "bad"), RULES, ids=[rule[0] for rule in RULES])
def test_each_rule_of_the_include_table_knows_what_follows_it(
    name: str, args: tuple[str, ...], good: list[Any], bad: list[Any]
) -> None:
    """An absent value follows no rule."""
    context = standing(number("a"), TARGET)
    rule = p.Rule(name, args)

    assert [True] * len(good) == [follows(value, rule, context) for value in good]
    assert [False] * len(bad) == [follows(value, rule, context) for value in bad]
    assert follows(ABSENT, rule, context) is False


def test_every_rule_is_in_the_table() -> None:
    """A new rule needs its row here."""
    from converge_cli.engine.rules import _RULES

    assert set(_RULES) == {rule[0] for rule in RULES}


BIG = p.Then("big", p.FieldIs(number_is("is at least", "2")))


def test_a_clause_whose_givens_select_nothing_is_not_exercised() -> None:
    """Neither holds nor violated; any one empty Given is enough."""
    context = standing(number("a", "1"))
    nothing = (*each("Signals"), p.Given("contains", Selection("Hypotheses")))

    judged = judge_clause(nothing, (BIG,), context)

    assert (False, ()) == (judged.exercised, judged.answers)


def test_a_clause_whose_given_can_not_be_told_can_not_be_told() -> None:
    """A tested field that is absent makes the whole clause unclear, never silently empty."""
    judged = judge_clause(each("Signals", where=number_is("is", "2")), (BIG,), standing(number("a")))

    assert (None, True) == (judged.ok, judged.exercised)


@pytest.mark.parametrize(
    ("values", "ok"), [(["2"], True), (["2", "1"], False), (["2", None], None), ([None, "1"], False)]
)
def test_a_clause_is_no_before_it_is_unclear_before_it_is_yes(values: list[str | None], ok: bool | None) -> None:
    """Over all of its checks and facts."""
    facts = [number(f"n{index}", value) for index, value in enumerate(values)]

    assert ok is judge_clause(each("Signals"), (BIG,), standing(*facts)).ok


def test_a_clause_without_givens_is_exercised_by_what_its_checks_select() -> None:
    """`no fact exists` that finds none has seen nothing; one that finds some has."""
    absent = p.Then("absent", p.Absent(SIGNALS))

    assert judge_clause((), (absent,), standing()).exercised is False
    assert judge_clause((), (absent,), standing(number("a"))).exercised is True
    assert judge_clause((p.Given("fixed point"),), (absent,), standing()).exercised is False


def test_selections_see_only_what_stands_and_see_through_versions() -> None:
    """A corrected fact is not selected, its correction is."""
    context = standing(number("a", "1"), number("a@2", "2", corrects="note:a"))

    assert ["note:a@2"] == [fact.id for fact in select(context, Selection("Signals", "note:a")).facts]
    assert [] == [fact.id for fact in select(context, Selection("Signals", where=number_is("is", "1"))).facts]


def test_a_proposal_whose_tested_field_is_unclear_is_selected() -> None:
    """So that approvals and validations fail closed."""
    context = standing(number("a"), note("Signals", "note:b", "b", number=Decimal(3)))
    unclear, clear = (
        Candidate("Signals", f.id, f.id, "note", f.payload, f.content, f.confidence, (), None, "s", 1, 0)
        for f in context.live(selector("Signals")).facts()
    )

    assert (True, False) == (select_proposal(unclear, TWOS), select_proposal(clear, TWOS))
    assert select_proposal(clear, Selection("Signals", where=text_is("b"))) is True
    assert select_proposal(clear, Selection("Evaluations")) is False
