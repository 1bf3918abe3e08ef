"""Finds a name that stands twice in an object of JSON: readers differ in which of the two they take.

Keeps nothing of what it reads. Must never look at bytes whose depth nobody has checked.
"""

import json
from typing import Any, NamedTuple

from converge_cli.server.request_errors import RequestMalformedError

_MOST_TOLD = 200


class _Repeated(NamedTuple):
    name: str
    path: str


def check_names(data: bytes, where: str = "$") -> None:
    """Look at JSON that was read already.

    Args:
        where: what the value is called, in the place that is told.

    Raises:
        RequestMalformedError: a name stands twice in one object; tells which and where.
    """
    found = _in(json.loads(data or b"null", object_pairs_hook=_object, parse_int=_nothing, parse_float=_nothing))
    if found is not None:
        told = f"{found.name[:_MOST_TOLD]!r} is given twice in one object"
        raise RequestMalformedError(told, hint="keep one of them", where=f"{where}{found.path}"[:_MOST_TOLD])


def _object(pairs: list[tuple[str, Any]]) -> _Repeated | None:
    """Of an object that is well nothing is left, so what is looked at costs little."""
    seen: set[str] = set()
    for name, value in pairs:
        inner = _Repeated(name, "") if name in seen else _in(value)
        if inner is not None:
            return inner._replace(path=f".{name}{inner.path}")
        seen.add(name)
    return None


def _in(value: Any) -> _Repeated | None:
    if isinstance(value, list):
        for place, item in enumerate(value):
            inner = _in(item)
            if inner is not None:
                return inner._replace(path=f"[{place}]{inner.path}")
        return None
    return value if isinstance(value, _Repeated) else None


def _nothing(_: str) -> None:
    """Numbers mean nothing here."""
