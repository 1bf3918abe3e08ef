"""Checks that hold whatever happens, and checks that nothing can pass. Only what can be proven is told.

What a field can hold is known from the packs' models; a field that may be null, or of several types, proves nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import inspect

from converge_cli.core import predicate as p
from converge_cli.truth.bounds import follows
from converge_cli.truth.contradictions import includes

FieldType = Callable[[str], inspect.Type | None]
"""The type of a subject's field at a dotted path, when it is certain."""

_NUMBERS = (inspect.DecimalType, inspect.IntType)
_DATES = (inspect.DateType, inspect.DateTimeType)
_HELD: Mapping[str, tuple[type[inspect.Type], ...]] = {
    "decimal": _NUMBERS,
    "ISO date": _DATES,
    "ISO datetime": (inspect.DateTimeType,),
}
_NEEDED = {
    **dict.fromkeys(("integer between", "number between", "number greater", "number less"), "number"),
    **dict.fromkeys(("non-empty string", "matches", "id of"), "text"),
    **dict.fromkeys(("true", "false"), "boolean"),
}
"""What a rule of a table asks for, where values of no other type can follow it."""
_IN_WORDS = {"number": "a number", "text": "text", "boolean": "true or false", "date": "a date"}


def type_at(fields: Mapping[str, inspect.Type], path: str) -> inspect.Type | None:
    """The type at a dotted path; None when the way there leads through what is open or may be null."""
    first, _, rest = path.partition(".")
    kind = fields.get(first)
    if rest and isinstance(kind, inspect.StructType):
        return type_at({field.encode_name: field.type for field in kind.fields}, rest)
    return None if rest else kind


def holds_always(check: p.Check, givens: Sequence[p.Given], type_of: FieldType, *, judged: bool) -> list[str]:
    """Why a check, or a row of its table, can't fail; empty when it can.

    Args:
        judged: whether a clause whose Givens select nothing is left alone (invariants), not failed (criteria).
    """
    if isinstance(check, p.Includes):
        return [f"field {row.field!r}: {why}" for row in check.rows if (why := _row(row, type_of(row.field)))]
    why = _why(check, givens, type_of, judged=judged)
    return [] if why is None else [why]


def _why(check: p.Check, givens: Sequence[p.Given], type_of: FieldType, *, judged: bool) -> str | None:
    if isinstance(check, p.Count):
        return _count(check, givens, judged=judged)
    if isinstance(check, p.ConfidenceAtLeast):
        return "no confidence is below 0" if check.value.plain() == 0 else None
    if isinstance(check, p.Paired):
        own = check.field is not None and check.field == check.equals and includes(check.partner, check.each)
        return "each fact is its own partner" if own else None
    if isinstance(check, p.FieldEquals):
        own = not check.negated and any(_is_itself(given.selection, check) for given in givens)
        return f"field {check.field!r} is compared with itself" if own else None
    return _field_is(check, givens, type_of) if isinstance(check, p.FieldIs) else None


def never_holds(check: p.Check, type_of: FieldType) -> list[str]:
    """Why no fact can pass a check on fields, or a row of its table; empty when one can."""
    if isinstance(check, p.Includes):
        found = [_lost(row.field, type_of(row.field), _NEEDED.get(row.rule.name)) for row in check.rows]
    elif isinstance(check, p.SumIs):
        found = [_lost(check.field, type_of(check.field), "number")]
    else:
        found = [_never(check, type_of) if isinstance(check, p.FieldIs) else None]
    return [why for why in found if why is not None]


def _lost(field: str, kind: inspect.Type | None, needed: str | None) -> str | None:
    held = _literal_type(kind)
    if needed is None or held in {None, needed}:
        return None
    return f"field {field!r} holds {_IN_WORDS[str(held)]}, never {_IN_WORDS[needed]}"


def _never(check: p.FieldIs, type_of: FieldType) -> str | None:
    kind, value = type_of(check.test.field), check.test.values[0]
    if mismatch := mistyped(check.test, kind):
        return mismatch
    choices = _choices(kind)
    lost = check.test.comparison == "is" and not check.negated and choices and value.text not in choices
    return f"field {check.test.field!r} is one of {', '.join(choices)}" if lost else None


def mistyped(test: p.FieldTest, kind: inspect.Type | None) -> str | None:
    """Why a test of a field can never be told, since its value is of another type; or None."""
    wanted = _literal_type(kind)
    if wanted is None or not test.values:
        return None
    found = (
        "text"
        if test.comparison == "matches"
        else next((value.type for value in test.values if value.type != wanted), wanted)
    )
    return None if found == wanted else f"field {test.field!r} holds {_IN_WORDS[wanted]}, never {_IN_WORDS[found]}"


def _count(check: p.Count, givens: Sequence[p.Given], *, judged: bool) -> str | None:
    if check.bound != "at least":
        return None
    if check.number == 0:
        return "at least 0 holds whatever happens"
    selected = [given.selection for given in givens if given.selection is not None]
    same = check.selection is None or any(includes(check.selection, selection) for selection in selected)
    return "the Given selects one already" if check.number == 1 and same and judged and givens else None


def _is_itself(selection: p.Selection | None, check: p.FieldEquals) -> bool:
    other = check.other
    same = selection is not None and (selection.key, selection.id) == (other.key, other.id)
    return same and check.field == other.field


def _field_is(check: p.FieldIs, givens: Sequence[p.Given], type_of: FieldType) -> str | None:
    facts = [given.selection for given in givens if given.what in {"any", "contains", "proposal"}]
    wheres = [selection.where for selection in facts if selection is not None]
    if wheres and not check.negated and all(where == check.test for where in wheres):
        return "the Given selects by the same test"
    if wheres and all(where is not None and follows(check, where) for where in wheres):
        return "it holds of all that the Given selects"
    choices = _choices(type_of(check.test.field))
    excluded = check.negated and check.test.comparison == "is" and choices and check.test.values[0].text not in choices
    return f"field {check.test.field!r} is one of {', '.join(choices)}" if excluded else None


def _row(row: p.FieldRule, kind: inspect.Type | None) -> str | None:
    name, args = row.rule.name, row.rule.args
    if name == "list of at least" and int(args[0]) == 0:
        return "every list has at least 0 items"
    if name == "matches" and _matches_everything(args[0]):
        return f"/{args[0]}/ matches every text"
    held = "it can hold nothing else"
    if name == "one of" and _choices(kind) and set(_choices(kind)) <= set(args):
        return held
    whole = isinstance(kind, inspect.IntType) and _always_within(name, args, kind)
    return held if whole or isinstance(kind, _HELD.get(name, ())) else None


def _always_within(name: str, args: Sequence[str], kind: inspect.IntType) -> bool:
    low = kind.ge if kind.ge is not None else None if kind.gt is None else kind.gt + 1
    high = kind.le if kind.le is not None else None if kind.lt is None else kind.lt - 1
    above = low is not None and (low > float(args[0]) if name == "number greater" else low >= float(args[0]))
    below = high is not None and (high < float(args[-1]) if name == "number less" else high <= float(args[-1]))
    return {"number greater": above, "number less": below}.get(name, name.endswith("between") and above and below)


def _matches_everything(pattern: str) -> bool:
    """Whether a search for a pattern succeeds in every text: it can match nothing at all, and stands nowhere fixed."""
    import regex  # noqa: PLC0415  what the engine searches with; only truths with patterns need it

    # Between both anchors a text of several lines can fail.
    loose = pattern.removeprefix("^") if not pattern.endswith("$") else pattern.removesuffix("$")
    fixed = regex.search(r"[\^$]|\\[AZzbBGmMK]|\(\?[^:isx]", loose)
    return fixed is None and regex.compile(loose).fullmatch("") is not None


def _choices(kind: inspect.Type | None) -> tuple[str, ...]:
    if isinstance(kind, inspect.LiteralType):
        return tuple(str(value) for value in kind.values)
    return ("true", "false") if isinstance(kind, inspect.BoolType) else ()


def _literal_type(kind: inspect.Type | None) -> str | None:
    """What the step language calls the values of a type."""
    if isinstance(kind, inspect.LiteralType):
        return "text" if all(isinstance(value, str) for value in kind.values) else None
    names: Iterator[tuple[str, tuple[type, ...]]] = iter(
        (("number", _NUMBERS), ("date", _DATES), ("boolean", (inspect.BoolType,)), ("text", (inspect.StrType,)))
    )
    return next((name for name, types in names if isinstance(kind, types)), None)
