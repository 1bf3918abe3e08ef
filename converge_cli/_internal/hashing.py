"""Digests: SHA-256 over canonical bytes, and the link of the event chain."""

from hashlib import sha256
from typing import Any

from converge_cli._internal.canonical_json import encode

GENESIS = bytes(32)
"""The hash before the first event of a chain."""


def digest(value: Any) -> str:
    """SHA-256, in hex, of the value's canonical JSON."""
    return sha256(encode(value)).hexdigest()


def digest_bytes(data: bytes) -> str:
    """SHA-256, in hex, of bytes as they are."""
    return sha256(data).hexdigest()


def chain_link(previous: bytes, canonical: bytes) -> bytes:
    """Hash of one event: SHA-256(0x00 || previous hash || canonical bytes), 32 bytes.

    The leading zero separates leaves from inner nodes, as in RFC 6962.
    """
    return sha256(b"\x00" + previous + canonical).digest()
