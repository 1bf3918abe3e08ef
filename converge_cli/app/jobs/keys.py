"""Makes, lists and revokes the API keys of a service. A secret is given out once, by who made it, and kept nowhere."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from converge_cli._internal.later import later
from converge_cli.core.api_key import SECRET_BYTES, ApiKey, KeyNotFoundError, KeyRing, digest_of, id_of, secret_of
from converge_cli.core.errors import ConvergeError, did_you_mean
from converge_cli.core.person import PERSON_ID
from converge_cli.core.port import Clock
from converge_cli.core.role import Role

OPERATOR = "operator"
"""Whose the first key is: nobody of people.yaml, so that it can run the service and decide nothing."""
OPERATOR_ROLES = (Role.SUBMIT, Role.READ, Role.OPERATE)

_MOST_PERSON = 200
_MOST_NAME = 100
_MOST_SECONDS = 36_500 * 86_400


class KeyInvalidError(ConvergeError):
    """A key can't be as it was asked for."""

    code = "KEY_INVALID"


@dataclass(frozen=True, slots=True)
class KeySetting:
    """What keys are made with.

    Attributes:
        ring: where they are kept.
        clock: says when.
        random: as many bytes, that nobody can guess.
        lasting: whether other processes see them; not where the store is in memory.
    """

    ring: KeyRing
    clock: Clock
    random: Callable[[int], bytes]
    lasting: bool


class MadeKey(NamedTuple):
    """A new key with its secret, which nobody can be told again."""

    key: ApiKey
    secret: str


def is_person(text: str) -> bool:
    """Whether a text can be a person's id."""
    return len(text) <= _MOST_PERSON and re.fullmatch(PERSON_ID, text) is not None


def new_key(
    setting: KeySetting, person: str, roles: Iterable[Role], *, name: str = "", seconds: Decimal | None = None
) -> MadeKey:
    """Make a key.

    Args:
        setting: where it is kept.
        person: for whom it speaks.
        roles: what it lets its holder do.
        name: what it is for.
        seconds: how long it opens anything; None for ever.

    Raises:
        KeyInvalidError: nobody can have that id, there are no roles, or it could not last so long.
        StoreUnavailableError: it can't be kept.
    """
    _require_lasting(setting)
    if not is_person(person):
        hint = "letters, digits, dots, dashes, underscores and @, as in people.yaml"
        raise KeyInvalidError(f"{person[:80]!r} is no person's id", hint=hint, where="person")
    if len(name) > _MOST_NAME or not name.isprintable():
        raise KeyInvalidError(f"a name is one line of at most {_MOST_NAME} characters", where="name")
    made = _made(setting, person, roles, name, seconds)
    setting.ring.add(made.key)
    return made


def first_key(setting: KeySetting) -> MadeKey | None:
    """Make the first key of a store, for whoever starts the service; None when there is or was any.

    It is the `OPERATOR`'s: it submits, sees, cancels and resumes every job, and decides nothing.

    Raises:
        StoreUnavailableError: it can't be kept.
    """
    made = _made(setting, OPERATOR, OPERATOR_ROLES, "first start", None)
    return made if setting.ring.add_first(made.key) else None


def revoke_key(setting: KeySetting, key: str) -> ApiKey:
    """Have a key open nothing any more, from the next request on.

    Raises:
        KeyNotFoundError: no key has that id.
        StoreUnavailableError: it can't be written.
    """
    _require_lasting(setting)
    if digest_of(key) is not None:  # never in an error, which stands on screens and in logs
        raise KeyInvalidError(
            "that is a key's secret; a key is named by its id",
            hint=f"converge keys revoke {id_of(digest_of(key) or '')}",
            where="KEY",
        )
    try:
        return setting.ring.revoke(key, setting.clock.now())
    except KeyNotFoundError:
        known = [item.id for item in setting.ring.all()]
        raise KeyNotFoundError(key, did_you_mean(key, known)) from None


def key_data(key: ApiKey, now: str) -> dict[str, Any]:
    """A key as data, without anything that would help to guess its secret."""
    return {
        "id": key.id,
        "person": key.person,
        "roles": list(key.roles),
        "name": key.name,
        "created_at": key.created_at,
        "expires_at": key.expires_at or None,
        "revoked_at": key.revoked_at or None,
        "standing": key.standing(now),
    }


def _made(setting: KeySetting, person: str, roles: Iterable[Role], name: str, seconds: Decimal | None) -> MadeKey:
    wanted = set(roles)
    if not wanted:
        raise KeyInvalidError(
            "a key without roles opens nothing", hint=f"--role, one or more of {', '.join(Role)}", where="role"
        )
    now = setting.clock.now()
    secret = secret_of(setting.random(SECRET_BYTES))
    digest = digest_of(secret) or ""
    ordered = tuple(role for role in Role if role in wanted)
    return MadeKey(ApiKey(id_of(digest), digest, person, ordered, name, now, _until(now, seconds)), secret)


def _until(now: str, seconds: Decimal | None) -> str:
    if seconds is None:
        return ""
    if not 0 < seconds <= _MOST_SECONDS:
        raise KeyInvalidError(
            "a key lasts longer than no time and at most a hundred years", hint="--expires 90d", where="expires"
        )
    return later(now, float(seconds))


def _require_lasting(setting: KeySetting) -> None:
    if not setting.lasting:
        raise KeyInvalidError(
            "the store is in memory: a key would be gone with this command, and no server would know it",
            hint="CONVERGE_STORAGE_BACKEND=sqlite, or the key that converge serve prints when it starts",
            where="storage.backend",
        )
