"""The rules of the `it must include:` table, one function each."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from converge_cli.core.context import Context
from converge_cli.core.ids import subject_of
from converge_cli.core.predicate import Rule
from converge_cli.engine.fields import ABSENT, matches, plain_number


def follows(value: Any, rule: Rule, context: Context) -> bool:
    """Whether a field's value follows a rule; an absent value follows none."""
    if value is ABSENT or value is None:
        return False
    return _RULES[rule.name](value, rule.args, context)


def _is_number_between(value: Any, args: tuple[str, ...], _context: Context) -> bool:
    number = plain_number(value)
    return number is not None and Decimal(args[0]) <= number <= Decimal(args[1])


def _is_integer_between(value: Any, args: tuple[str, ...], context: Context) -> bool:
    number = plain_number(value)
    return number is not None and number == number.to_integral_value() and _is_number_between(value, args, context)


def _is_iso_date(value: Any, _args: tuple[str, ...], _context: Context) -> bool:
    if isinstance(value, date):
        return True
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_iso_datetime(value: Any, _args: tuple[str, ...], _context: Context) -> bool:
    if isinstance(value, datetime):
        return True
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _is_decimal(value: Any, _args: tuple[str, ...], _context: Context) -> bool:
    if plain_number(value) is not None:
        return True
    try:
        return isinstance(value, str) and Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _is_greater(value: Any, args: tuple[str, ...], _context: Context) -> bool:
    number = plain_number(value)
    return number is not None and number > Decimal(args[0])


def _is_less(value: Any, args: tuple[str, ...], _context: Context) -> bool:
    number = plain_number(value)
    return number is not None and number < Decimal(args[0])


def _is_one_of(value: Any, args: tuple[str, ...], _context: Context) -> bool:
    return (str(value).lower() if isinstance(value, bool) else str(value)) in args


def _is_fact_id(value: Any, args: tuple[str, ...], context: Context) -> bool:
    return isinstance(value, str) and context.get(args[0], value, subject_of(value)) is not None


_RULES: dict[str, Callable[[Any, tuple[str, ...], Context], bool]] = {
    "non-empty string": lambda value, _args, _context: isinstance(value, str) and bool(value.strip()),
    "integer between": _is_integer_between,
    "number between": _is_number_between,
    "number greater": _is_greater,
    "number less": _is_less,
    "one of": _is_one_of,
    "matches": lambda value, args, _context: isinstance(value, str) and matches(args[0], value) is True,
    "true": lambda value, _args, _context: value is True,
    "false": lambda value, _args, _context: value is False,
    "ISO date": _is_iso_date,
    "ISO datetime": _is_iso_datetime,
    "decimal": _is_decimal,
    "id of": _is_fact_id,
    "list of at least": lambda value, args, _context: isinstance(value, tuple) and len(value) >= int(args[0]),
}
