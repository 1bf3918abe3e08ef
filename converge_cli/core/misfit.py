"""What the reading of a typed value found amiss, in the words of our users. Must never say more than was found."""

import re
from typing import NamedTuple

import msgspec

_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
    "date": "a date such as 2030-01-31",
    "datetime": "a time such as 2030-01-31T12:00:00Z",
}
_WRONG = re.compile(r"Expected `([^`]+)`(?:, got `([^`]+)`)?(.*)", re.DOTALL)
_KEY = re.compile(r"Object (missing required|contains unknown) field `([^`]+)`")
_CHOICE = re.compile(r"Invalid enum value (.+)", re.DOTALL)
_FORM = re.compile(r"Invalid (?:RFC3339 encoded )?(decimal|date|datetime)\b.*")
_PART = re.compile(r"\[[^\]]*\]|[^.\[\]]+")
_LIMITS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}


class Misfit(NamedTuple):
    """Why a value does not fit its model.

    Attributes:
        path: names and `[number]`s that lead to the value at fault.
        key: the key that is missing there or is not known, when one is.
    """

    message: str
    path: tuple[str, ...]
    key: str | None = None


def misfit(error: Exception) -> Misfit:
    """What an error says that was raised while a value was read; what a model says itself stays as it is."""
    message, _, path = str(error).partition(" - at `$")
    # msgspec does not tell under which key of a mapping: `[...]`.
    parts = tuple(part for part in _PART.findall(path.rstrip("`")) if part != "[...]")
    if not isinstance(error, msgspec.ValidationError):
        return Misfit(message, parts)
    if match := _KEY.fullmatch(message):
        told = f"{match[2]} is missing" if match[1].startswith("missing") else f"there is no {match[2]}"
        return Misfit(told, parts, match[2])
    if match := _FORM.fullmatch(message):
        return Misfit(f"must be {_TYPES[match[1]]}", parts)
    if match := _WRONG.fullmatch(message):
        got = f", not {_words(match[2])}" if match[2] else ""
        return Misfit(f"must be {_words(match[1])}{_limited(match[3])}{got}", parts)
    if match := _CHOICE.fullmatch(message):
        return Misfit(f"{match[1]} is none of the choices", parts)
    return Misfit(message, parts)


def _limited(text: str) -> str:
    limited = re.sub(r"[<>]=?(?= )", lambda match: _LIMITS[match[0]], text)
    return limited.replace(" matching regex ", " that matches ").replace(", got ", ", not ")


def _words(types: str) -> str:
    return " or ".join(dict.fromkeys(_TYPES.get(name, name) for name in types.split(" | ")))
