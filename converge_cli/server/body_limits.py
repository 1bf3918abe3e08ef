"""How large and how deep what a caller sends may be, whatever the door. Looks at bytes before anything parses them."""

import re
from itertools import accumulate

from converge_cli.server.request_errors import RequestMalformedError

MOST_BYTES = 32_000_000
"""Bytes that a body may have; larger inputs belong beside the truth."""
MOST_DEEP = 64
"""Levels of arrays and objects inside one another."""

_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def check_depth(data: bytes) -> None:
    """Raises: RequestMalformedError: arrays and objects are nested too deeply to be looked at."""
    if data.count(b"[") + data.count(b"{") <= MOST_DEEP:
        return
    brackets = _TEXTS.sub(b"", data).translate(None, _NOT_BRACKETS)
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MOST_DEEP:
        raise RequestMalformedError(f"the body is nested more than {MOST_DEEP} levels deep", where="body")
