"""DSSE: the envelope of a signed statement (github.com/secure-systems-lab/dsse), and what exactly is signed."""

import base64
from typing import Any

from converge_cli._internal.canonical_json import decode, encode
from converge_cli._internal.ed25519 import decoded


class NoEnvelopeError(ValueError):
    """The bytes are no envelope, or not its own canonical encoding; the message says where."""


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: type and payload, each with its length, so that neither can pass for the other."""
    name = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def envelope(payload_type: str, payload: bytes, signatures: list[tuple[str, bytes]]) -> bytes:
    """The canonical JSON of an envelope; each signature stands with the id of its key."""
    return encode(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": payload_type,
            "signatures": [{"keyid": key, "sig": base64.b64encode(made).decode()} for key, made in signatures],
        }
    )


def open_envelope(data: bytes, payload_type: str) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Payload and signatures of an envelope.

    Raises:
        NoEnvelopeError: it is none of this type, or another encoding of one.
    """
    try:
        read: Any = decode(data)
    except (ValueError, RecursionError):
        raise NoEnvelopeError("it is not JSON") from None
    if not isinstance(read, dict) or set(read) != {"payload", "payloadType", "signatures"}:
        raise NoEnvelopeError("it is not an envelope of payload, payloadType and signatures")
    if read["payloadType"] != payload_type:
        raise NoEnvelopeError(f"payloadType is not {payload_type}")
    payload = decoded(read["payload"]) if isinstance(read["payload"], str) else None
    if payload is None:
        raise NoEnvelopeError("payload is not base64")
    listed = read["signatures"] if isinstance(read["signatures"], list) else [None]
    signatures = [_signature(number, item) for number, item in enumerate(listed)]
    if envelope(payload_type, payload, signatures) != data:
        raise NoEnvelopeError("the file is not its own canonical encoding")
    return payload, signatures


def _signature(number: int, item: Any) -> tuple[str, bytes]:
    if (
        isinstance(item, dict)
        and set(item) == {"keyid", "sig"}
        and all(isinstance(text, str) for text in item.values())
    ):
        made = decoded(item["sig"])
        if made is not None:
            return item["keyid"], made
    raise NoEnvelopeError(f"signatures[{number}] is not a keyid with a sig")
