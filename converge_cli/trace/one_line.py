"""Content of a fact as a few words on one line. Must never let one value pass for two."""

import re
from typing import Any

import msgspec

from converge_cli._internal.canonical_json import decode
from converge_cli.trace.sanitize import CUT, safe
from converge_cli.trace.wording import amount_text, spoken

_NEEDS_QUOTES = frozenset(',:;{}[]"\\')
_MAX_DEPTH = 4
_MAX_ITEMS = 40
_SHORT = 24
_CHOICE = re.compile(r"[a-z]+(_[a-z]+)*")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def one_line(content: bytes | None, limit: int = 160, *, beside: str = "") -> str:
    """Canonical content as `name value, name value`, cut with … above the limit; "" for none.

    A text alone stands as it is. Values that hold a separator are quoted. Amounts come first, long texts last. Fields
    and amounts read as in everything else that people see: `years in business 4, price 15,000.00`.

    Args:
        beside: the id that stands beside it; what the id says already is left out.
    """
    if content is None:
        return ""
    try:
        value = decode(content)
    except (msgspec.DecodeError, RecursionError):
        return safe(content.decode("utf-8", "replace"), limit)
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("text"), str):
        return safe(value["text"], limit)
    if isinstance(value, dict):
        said = set(beside.split(":"))
        told = {name: item for name, item in _some(value.items()) if not _is_said(item, said)}
        told = dict(sorted(told.items(), key=lambda pair: _weight(pair[1])))
        parts = [f"{_word(spoken(name), limit)} {_shown(item, 1, limit)}" for name, item in (told or value).items()]
        return safe(", ".join(parts), limit)
    return safe(_shown(value, 0, limit), limit)


def whole_content(content: bytes, limit: int = 4000) -> str:
    """Canonical content as `{name: value, ...}`, everything of it up to the limit, for what people approve."""
    try:
        value = decode(content)
    except (msgspec.DecodeError, RecursionError):
        return safe(content.decode("utf-8", "replace"), limit)
    return safe(_exact(value), limit)


def _is_said(item: Any, said: set[str]) -> bool:
    """Whether the id beside it says this already: the value itself, or a fact id that ends in it."""
    return isinstance(item, str) and (item in said or (":" in item and item.rpartition(":")[2] in said))


def _weight(item: Any) -> int:
    """What people look for first: amounts and flags, what was decided, names, then sentences, lists, and nothing."""
    if item is None or item in ({}, []):
        return 5
    if isinstance(item, dict | list):
        return 4
    if not isinstance(item, str) or _NUMBER.fullmatch(item):
        return 0
    if len(item) > _SHORT:
        return 3
    return 1 if _CHOICE.fullmatch(item) else 2


def _some(items: Any) -> list[Any]:
    return [item for item, _ in zip(items, range(_MAX_ITEMS), strict=False)]


def _shown(value: Any, depth: int, limit: int) -> str:
    if isinstance(value, dict | list) and (depth >= _MAX_DEPTH or not value):
        return CUT if value else ("{}" if isinstance(value, dict) else "[]")
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{_word(k, limit)}: {_shown(v, depth + 1, limit)}" for k, v in _some(value.items())) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(_shown(item, depth + 1, limit) for item in _some(value)) + "]"
    # Its comma has no space behind it, so it separates nothing; a text with one would be quoted.
    return amount_text(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else _word(value, limit)


def _exact(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_word(name)}: {_exact(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_exact(item) for item in value) + "]"
    return _word(value)


def _word(value: Any, limit: int | None = None) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        return str(value)
    text = value if limit is None else value[: limit + 1]
    if not text or text != text.strip() or not _NEEDS_QUOTES.isdisjoint(text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text
