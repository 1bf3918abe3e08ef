"""Ed25519 (RFC 8032) key pairs, signatures, and the one text form of a public key. Must never keep a private key."""

import base64
import binascii
from typing import Any

PREFIX = "ed25519:"
"""What the text of a public key begins with; 43 characters of base64 and `=` follow."""


_P = 2**255 - 19
_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_WEAK = frozenset({0, 1, _P - 1, _ORDER_8, _P - _ORDER_8})
"""The y of the eight points of small order: without any secret a signature can be made for them that fits anything."""


def new_private_key() -> bytes:
    """A new private key, as the PEM text of PKCS #8, which other tools read as well."""
    from cryptography.hazmat.primitives import serialization as s  # noqa: PLC0415  only who signs pays for the library
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    key = Ed25519PrivateKey.generate()
    return key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())


def public_key_of(private: bytes) -> str:
    """The text of the public key that belongs to a private key.

    Raises:
        ValueError: the PEM text holds no Ed25519 key.
    """
    return public_text(_loaded(private).public_key().public_bytes_raw())


def sign(private: bytes, message: bytes) -> bytes:
    """The 64 bytes of the signature; the same for the same key and message.

    Raises:
        ValueError: the PEM text holds no Ed25519 key.
    """
    signature: bytes = _loaded(private).sign(message)
    return signature


def verifies(public: str, message: bytes, signature: bytes) -> bool:
    """Whether a signature was made over this message by the owner of the key; False for a text that is no key."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    raw = public_bytes(public)
    if raw is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_text(raw: bytes) -> str:
    """The text of a public key's 32 bytes."""
    return PREFIX + base64.b64encode(raw).decode()


def public_bytes(text: str) -> bytes | None:
    """The 32 bytes of a public key's text; None when it is not exactly such a text, or of a key that proves nothing."""
    raw = decoded(text.removeprefix(PREFIX))
    if raw is None or len(raw) != 32 or text != public_text(raw):
        return None
    y = int.from_bytes(raw, "little") & ((1 << 255) - 1)
    return raw if y < _P and y not in _WEAK else None


def decoded(text: str) -> bytes | None:
    """The bytes of base64, None when it is not exactly what encoding them gives."""
    try:
        raw = base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def _loaded(private: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    key = load_pem_private_key(private, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("it is a key of another kind")
    return key
