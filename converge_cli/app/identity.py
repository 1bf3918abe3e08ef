"""Identities: Ed25519 key pairs of people, one private key file each in a folder of the user's own.

A private key never leaves its file but to sign; who may decide is said by people.yaml, never by who has a key.
"""

import os
import re
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from converge_cli._internal.ed25519 import new_private_key, public_key_of, sign
from converge_cli._internal.whole_file import write_whole
from converge_cli.app.template import NotWritableError
from converge_cli.core.errors import ConvergeError, did_you_mean

SUFFIX = ".key"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class IdentityError(ConvergeError):
    """An identity can't be made, found or used."""

    code = "IDENTITY_INVALID"


class IdentityExistsError(IdentityError):
    """There is a key of that name; it is never replaced."""

    code = "IDENTITY_EXISTS"


class Identity(NamedTuple):
    """A person's key pair: the name, the public key's text, the file of the private key."""

    name: str
    public_key: str
    file: Path


def new_identity(folder: Path, name: str) -> Identity:
    """Make a key pair; only its owner may read the file.

    Raises:
        IdentityExistsError: there is one.
        IdentityError: the name is none.
        NotWritableError: the file can't be written.
    """
    path = _file(folder, name)
    key = new_private_key()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, [key], private=True)
    except FileExistsError:
        raise IdentityExistsError(
            f"there is a key of {name}", hint="converge identity list shows its public key", where=str(path)
        ) from None
    except OSError as error:
        raise NotWritableError(path, error) from error
    return Identity(name, public_key_of(key), path)


def identities(folder: Path) -> list[Identity]:
    """Every identity here, by name.

    Raises:
        IdentityError: a key file can't be used.
    """
    names = sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}"))
    return [_identity(folder, name) for name in names]


def find_identity(folder: Path, name: str) -> Identity:
    """The identity of a name.

    Raises:
        IdentityError: there is none, or it can't be used.
    """
    if not _file(folder, name).is_file():
        known = [path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}")]
        hint = did_you_mean(name, known) or f"converge identity new {name}"
        raise IdentityError(f"there is no key of {name} here", hint=hint, where=str(folder))
    return _identity(folder, name)


def signer_of(folder: Path, name: str) -> Callable[[bytes], bytes] | None:
    """What signs as a person; None when there is no key of theirs here.

    Raises:
        IdentityError: the key can't be used.
    """
    if _NAME.fullmatch(name) is None or not _file(folder, name).is_file():
        return None
    return partial(sign, _private(_file(folder, name)))


def _identity(folder: Path, name: str) -> Identity:
    path = _file(folder, name)
    return Identity(name, public_key_of(_private(path)), path)


def _file(folder: Path, name: str) -> Path:
    if _NAME.fullmatch(name) is None:
        raise IdentityError(
            f"{name[:80]!r} is not a name for an identity", hint="take the person's id in people.yaml", where=name[:80]
        )
    return folder / f"{name}{SUFFIX}"


def _private(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & _OTHERS:
                raise IdentityError(f"others may read {path}", hint=f"chmod 600 {path}", where=str(path))
            key = file.read()
        public_key_of(key)
    except (OSError, ValueError) as error:
        why = f"{path} can't be used: {error}"
        raise IdentityError(why, hint="it must hold an Ed25519 key", where=str(path)) from error
    return key
