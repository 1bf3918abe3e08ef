"""Tables below steps: field rules, forbidden terms, field values. Each has its header row."""

import re
from collections.abc import Iterator
from decimal import Decimal

from converge_cli.core.errors import did_you_mean
from converge_cli.core.predicate import FieldRule, Rule, Term
from converge_cli.truth.step_grammar import Argument, Cell, StepProblem, read_field, read_key, read_regex, unquote

_X = r"(-?[0-9]+(?:\.[0-9]+)?)"
_I = r"(-?[0-9]+)"
_ITEM = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^",]+?)\s*(?:,|$)')
_RULES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("non-empty string", "non-empty string", re.compile("non-empty string")),
    ("integer between", "integer between a and b", re.compile(rf"integer between {_I} and {_I}")),
    ("number between", "number between a and b", re.compile(rf"number between {_X} and {_X}")),
    ("number greater", "number greater than x", re.compile(rf"number greater than {_X}")),
    ("number less", "number less than x", re.compile(rf"number less than {_X}")),
    ("one of", "one of a, b", re.compile(r"one of (.+)")),
    ("matches", "matches /re/", re.compile(r"matches (/.+/)")),
    ("true", "true", re.compile("true")),
    ("false", "false", re.compile("false")),
    ("ISO date", "ISO date", re.compile("ISO date")),
    ("ISO datetime", "ISO datetime", re.compile("ISO datetime")),
    ("decimal", "decimal", re.compile("decimal")),
    ("id of", 'id of a "K" fact', re.compile(r'id of an? ("[^"]*") fact')),
    ("list of at least", "list of at least n", re.compile(r"list of at least ([0-9]{1,9})")),
)
RULES: tuple[str, ...] = tuple(shown for _, shown, _ in _RULES)
"""The rules of the table `it must include:`, as people write them."""


def pairs(argument: Argument, left: str, right: str) -> Iterator[tuple[Cell, Cell]]:
    """The rows below the header `| left | right |`.

    Raises:
        StepProblem: the header is missing, a row has not two cells, or there is no row.
    """
    header = argument.rows[0]
    if [cell.text for cell in header] != [left, right]:
        raise StepProblem(
            "step-argument",
            f"the table must begin with the header | {left} | {right} |",
            f"add the row | {left} | {right} | on top",
            place=header[0].place,
        )
    if len(argument.rows) == 1:
        raise StepProblem("step-argument", "the table has no row below its header", "add rows", place=header[0].place)
    seen: dict[str, Cell] = {}
    for first, second in argument.rows[1:]:
        if first.text in seen:
            raise StepProblem("step-argument", f"{left} {first.text!r} is given twice", "keep one", place=first.place)
        if not first.text:
            raise StepProblem("step-argument", f"an empty {left}", "fill it in, or remove the row", place=first.place)
        seen[first.text] = first
        yield first, second


def field_rules(argument: Argument) -> tuple[FieldRule, ...]:
    """The rows of `it must include:`."""
    return tuple(FieldRule(_field(field), _rule(rule)) for field, rule in pairs(argument, "field", "rule"))


def terms(argument: Argument) -> tuple[Term, ...]:
    """The rows of `it must not contain any forbidden term:`."""
    found = []
    for term, reason in pairs(argument, "term", "reason"):
        if not reason.text:
            raise StepProblem("step-argument", f"term {term.text!r} has no reason", "say why", place=reason.place)
        found.append(Term(term.text, reason.text))
    return tuple(found)


def _field(cell: Cell) -> str:
    try:
        return read_field(f'"{cell.text}"')
    except StepProblem as problem:
        problem.place = cell.place
        raise


def _rule(cell: Cell) -> Rule:
    for name, _, pattern in _RULES:
        match = pattern.fullmatch(cell.text)
        if match:
            return _checked(name, tuple(match.groups()), cell)
    fix = did_you_mean(cell.text, RULES) or f"the rules are {', '.join(RULES)}"
    raise StepProblem("step-argument", f"{cell.text!r} is not a rule", fix, place=cell.place)


def _checked(name: str, args: tuple[str, ...], cell: Cell) -> Rule:
    try:
        if name.endswith("between") and Decimal(args[0]) > Decimal(args[1]):
            raise StepProblem(
                "contradictory-check", f"no number lies {cell.text.partition(' ')[2]}", "put the smaller number first"
            )
        if name == "matches":
            args = (read_regex(args[0]),)
        elif name == "id of":
            args = (read_key(args[0]),)
        elif name == "one of":
            args = tuple(unquote(item) if item.startswith('"') else item for item in _ITEM.findall(args[0]))
    except StepProblem as problem:
        problem.place = cell.place
        raise
    return Rule(name, args)
