"""Canonical JSON: the one byte form of every value that is hashed, compared or stored.

Keys are sorted, there is no white space, text is UTF-8 and decimals are strings, so any JSON library with
sorted keys and compact separators can reproduce the bytes. Must never grow a second encoding.
"""

from typing import Any

import msgspec


def _plain(value: Any) -> Any:
    """Turn a type that JSON does not know into one that it does (frozen mappings into dicts)."""
    as_dict = getattr(value, "_as_dict", None)
    if as_dict is None:
        msg = f"{type(value).__name__} has no canonical JSON form"
        raise TypeError(msg)
    return as_dict()


_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=_plain)

encode = _ENCODER.encode
"""Canonical bytes of a value. Raises TypeError, ValueError, OverflowError or RecursionError when it has none."""


def decode(data: bytes | str) -> Any:
    """Return the plain Python value of JSON bytes.

    Raises:
        msgspec.DecodeError: the bytes are not JSON.
    """
    return msgspec.json.decode(data)
