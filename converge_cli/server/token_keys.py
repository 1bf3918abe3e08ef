"""The keys that tokens are checked with, from one file: a secret, a public key (PEM), or a set of them (JWKS).

A key is refused that is none for the algorithm of the settings, so that nothing can be checked in another way than was
meant.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from converge_cli.settings import InvalidSettingError, TokenSettings

LEAST_SECRET = 32
"""Bytes that a shared secret has at least: as many as the digest that it makes."""
LEAST_RSA = 2048
"""Bits of an RSA key, at least."""

_MOST_BYTES = 1 << 20
_WHERE = "CONVERGE_JWT_KEY"
_KIND: dict[str, type] = {"RS256": RSAPublicKey, "EdDSA": Ed25519PublicKey}
_TYPE_OF_JWK = {"RS256": "RSA", "EdDSA": "OKP"}


class TokenKeys:
    """Keys of one algorithm: one without a name, or several by their `kid`."""

    def __init__(self, keys: Mapping[str | None, Any]) -> None:
        self._keys = keys

    def key(self, kid: Any) -> Any:
        """The key that a token names; the only one there is, for a token that names none.

        Raises:
            ValueError: there is none of that name, or it was not said which.
        """
        if None in self._keys:
            return self._keys[None]
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if not isinstance(kid, str) or kid not in self._keys:
            raise ValueError("no such key")
        return self._keys[kid]


def read_token_keys(settings: TokenSettings) -> TokenKeys:
    """The keys of the settings.

    Raises:
        InvalidSettingError: the file can't be read, or holds no key for the algorithm.
    """
    data = _read(settings.key)
    if settings.algorithm == "HS256":
        return TokenKeys({None: _secret(settings.key, data)})
    if data.lstrip()[:1] == b"{":
        return TokenKeys(_set(settings, data))
    return TokenKeys({None: _checked(settings, _pem(settings, data))})


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InvalidSettingError(f"{path} can't be read: {error.strerror}", where=_WHERE) from None
    if len(data) > _MOST_BYTES:
        raise _wrong(path, "it is too large for a key")
    return data


def _secret(path: Path, data: bytes) -> bytes:
    secret = data.rstrip(b"\r\n")
    if b"-----BEGIN" in secret or secret.lstrip()[:1] == b"{":
        raise _wrong(path, "HS256 takes a shared secret, and this is a key of another algorithm")
    if len(secret) < LEAST_SECRET:
        raise _wrong(path, f"a secret for HS256 has at least {LEAST_SECRET} bytes, this one has {len(secret)}")
    return secret


def _pem(settings: TokenSettings, data: bytes) -> Any:
    if b"PRIVATE KEY" in data:
        raise _wrong(settings.key, "it is a private key: only the issuer has that; give its public half")
    try:
        return load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise _wrong(settings.key, "it is neither a public key (PEM) nor a set of them (JWKS)") from None


def _set(settings: TokenSettings, data: bytes) -> dict[str | None, Any]:
    import jwt  # noqa: PLC0415  only for sets

    try:
        entries = json.loads(data)["keys"]
        usable = [entry for entry in entries if _is_meant(settings.algorithm, entry)]
        keys = [(entry.get("kid"), jwt.PyJWK(entry, settings.algorithm).key) for entry in usable]
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _wrong(settings.key, "it is no set of keys (JWKS)") from None
    found: dict[str | None, Any] = {}
    for kid, key in keys:
        if kid in found or (kid is None and len(keys) > 1):
            raise _wrong(settings.key, "its keys can't be told from one another: each needs a kid of its own")
        found[kid] = _checked(settings, key)
    if not found:
        raise _wrong(settings.key, f"it holds no key for {settings.algorithm}")
    return found


def _is_meant(algorithm: str, entry: Mapping[str, Any]) -> bool:
    """Whether a key of a set is for signatures of an algorithm; a set may hold others."""
    return bool(
        entry["kty"] == _TYPE_OF_JWK[algorithm]
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", algorithm) == algorithm
    )


def _checked(settings: TokenSettings, key: Any) -> Any:
    if not isinstance(key, _KIND[settings.algorithm]):
        raise _wrong(settings.key, f"it is no public key for {settings.algorithm}")
    if isinstance(key, RSAPublicKey) and key.key_size < LEAST_RSA:
        raise _wrong(settings.key, f"an RSA key has at least {LEAST_RSA} bits, this one has {key.key_size}")
    return key


def _wrong(path: Path, why: str) -> InvalidSettingError:
    hint = "HS256: a file with a secret; RS256 and EdDSA: a public key in PEM, or a JWKS file"
    return InvalidSettingError(f"{path}: {why}", hint=hint, where=_WHERE)
