"""API keys: who holds a secret, and what it opens. Must never hold the secret itself: only its SHA-256 is kept.

The secret is 256 random bits, so a plain digest is enough: nobody can try them all, and nothing is shared by two keys.
"""

import re
from collections.abc import Iterable
from typing import Literal, Protocol

import msgspec

from converge_cli._internal.hashing import digest_bytes
from converge_cli.core.errors import ConvergeError
from converge_cli.core.role import Role

SECRET_BYTES = 32
"""How much randomness a secret is made of."""
PREFIX = "cvk_"
"""What every secret begins with, so that it is known for one wherever it turns up."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH = 43
"""Digits of base 62 that 256 bits take."""
_SECRET = re.compile(f"{PREFIX}[0-9A-Za-z]{{{_LENGTH}}}")
_ID_LENGTH = 12

Standing = Literal["valid", "expired", "revoked"]


class ApiKey(msgspec.Struct, frozen=True):
    """One key, as it is kept.

    Attributes:
        id: how it is named in lists and logs; the beginning of its digest.
        digest: SHA-256 of the secret, in hex.
        person: id of whom it speaks for, as in people.yaml.
        roles: what it lets its holder do.
        name: what it is for, in its maker's words; may be "".
        created_at: UTC.
        expires_at: UTC from when on it opens nothing, "" for never.
        revoked_at: UTC since when it opens nothing, "" if it was not revoked.
    """

    id: str
    digest: str
    person: str
    roles: tuple[Role, ...]
    name: str
    created_at: str
    expires_at: str = ""
    revoked_at: str = ""

    def standing(self, now: str) -> Standing:
        """Whether it opens anything at a time (UTC)."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= now else "valid"


class KeyRing(Protocol):
    """The keys of a service, in the store of its jobs. Every call that changes one is a durable transaction."""

    def add(self, key: ApiKey) -> None:
        """Keep a new key.

        Raises:
            KeyExistsError: there is one of that id or digest.
        """
        ...

    def add_first(self, key: ApiKey) -> bool:
        """Keep a key if there is none at all, revoked ones counted; whether it was kept."""
        ...

    def find(self, digest: str) -> ApiKey | None:
        """The key whose secret has a digest, whatever its standing; None for none.

        Raises:
            RecordCorruptError: it is not as it was written.
        """
        ...

    def all(self) -> Iterable[ApiKey]:
        """Every key, the oldest first.

        Raises:
            RecordCorruptError: some are not as they were written; raised after the others have been given.
        """
        ...

    def revoke(self, id: str, now: str) -> ApiKey:  # noqa: A002  what it is called everywhere
        """Have a key open nothing any more; one that was revoked before stays as it is.

        Raises:
            KeyNotFoundError: no such key.
            RecordCorruptError: it is not as it was written.
        """
        ...


class KeyExistsError(ConvergeError):
    """There is such a key already."""

    code = "KEY_EXISTS"

    def __init__(self, key: str) -> None:
        super().__init__(f"there is a key {key} already", hint="make another: converge keys new", where=key)


class KeyNotFoundError(ConvergeError):
    """No key has that id."""

    code = "KEY_NOT_FOUND"

    def __init__(self, key: str, hint: str | None = None) -> None:
        hint = hint or "converge keys list names those there are"
        super().__init__(f"no key {key[:80]!r}", hint=hint, where=key[:80])


def secret_of(random: bytes) -> str:
    """The text of a secret, from `SECRET_BYTES` random bytes."""
    number = int.from_bytes(random, "big")
    digits = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return PREFIX + "".join(reversed(digits))


def digest_of(secret: str) -> str | None:
    """What a key is found by; None for a text that is no secret."""
    return digest_bytes(secret.encode()) if _SECRET.fullmatch(secret) else None


def id_of(digest: str) -> str:
    """How a key with this digest is named."""
    return digest[:_ID_LENGTH]
